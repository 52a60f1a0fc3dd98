"""Objectives, microscopes and planes of OME-XML.

An image names its objective by `ObjectiveSettings` (once `ObjectiveRef`); the objective itself
stands in an `Instrument` elsewhere in the document, and ids are only unique within it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.pixels.metadata import ObjectiveMetadata, PlaneMetadata
from shared.pixels.readers.ome_values import (
    attribute,
    number,
    positive_quantity,
    quantity,
    whole_number,
)
from shared.pixels.xml import child, children

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


class Instruments:
    """The instruments of a document, found by the references of an image."""

    def __init__(self, root: Element) -> None:
        found = children(root, "Instrument")
        self._only = found[0] if len(found) == 1 else None
        self._by_id = {element.get("ID", ""): element for element in found}

    def of(self, image: Element) -> Element | None:
        """Answer the instrument that the image names, else the only one."""
        reference = child(image, "InstrumentRef")
        if reference is None:
            return self._only
        return self._by_id.get(reference.get("ID", ""), self._only)

    def microscope(self, image: Element) -> Element | None:
        """Answer the microscope's element, or None."""
        return child(self.of(image), "Microscope")

    def objective(self, image: Element) -> ObjectiveMetadata | None:
        """Answer the objective that the image refers to, or the only one of its instrument."""
        instrument = self.of(image)
        if instrument is None:
            return None
        objectives = children(instrument, "Objective")
        settings = child(image, "ObjectiveSettings", "ObjectiveRef")
        if settings is None:
            element = objectives[0] if len(objectives) == 1 else None
        else:
            wanted = settings.get("ID")
            element = next((o for o in objectives if o.get("ID") == wanted), None)
        return None if element is None else _objective(element)


def _objective(element: Element) -> ObjectiveMetadata:
    return ObjectiveMetadata(
        model=attribute(element, "Model"),
        manufacturer=attribute(element, "Manufacturer"),
        nominal_magnification=number(element, "NominalMagnification", "Magnification"),
        lens_na=number(element, "LensNA"),
        immersion=attribute(element, "Immersion"),
        correction=attribute(element, "Correction"),
        working_distance=positive_quantity(element, "WorkingDistance", "µm"),
    )


def planes_of(pixels: Element) -> tuple[PlaneMetadata, ...]:
    """Answer timing and stage position of the planes that state any."""
    return tuple(
        plane for element in children(pixels, "Plane") if (plane := _plane(element)) is not None
    )


def _plane(element: Element) -> PlaneMetadata | None:
    # Before 2010 timing and position stood in children of their own.
    timing = child(element, "PlaneTiming")
    timing = element if timing is None else timing
    stage = child(element, "StagePosition")
    stage = element if stage is None else stage
    z = whole_number(element, "TheZ")
    c = whole_number(element, "TheC")
    t = whole_number(element, "TheT")
    if z is None or c is None or t is None:
        return None
    values = (
        quantity(timing, "DeltaT", "s"),
        quantity(timing, "ExposureTime", "s"),
        quantity(stage, "PositionX", "reference frame"),
        quantity(stage, "PositionY", "reference frame"),
        quantity(stage, "PositionZ", "reference frame"),
    )
    if not any(values):
        return None
    return PlaneMetadata(z, c, t, *values)
