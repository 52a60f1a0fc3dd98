"""What lies in what, as trees of objects show it: the steps of a path, with the lists they mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql_api.compiler.declare import Foreign, Linked
from graphql_api.schema.types.annotation_where import is_tag_set
from shared.models.links import LINKS
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import ColumnElement

    from graphql_api.compiler.scope import Scope


@dataclass(frozen=True, slots=True)
class Up:
    """A step to what holds an object; `field` is the holder's list in which the object stands.

    By a link table, by a column of the object (`column`) or by a column of the holder (`reverse`).
    """

    parent: str
    field: str | None = None
    link: str | None = None
    column: str | None = None
    reverse: str | None = None
    only: Callable[[Any], ColumnElement[bool]] | None = None
    """Which holders count, as a condition on their table."""

    def plan(self, class_name: str) -> Linked | Foreign:
        """The list of the holder, as its field declares it."""
        if self.link is not None:
            narrow = _tags if class_name == "Annotation" else None
            return Linked(class_name, LINKS[self.link].model, narrow=narrow)
        return Foreign(class_name, self.column or "")


Edge = tuple[Up | None, ObjectRef | None, ObjectRef]
"""A step with its holder and its object; a root has neither step nor holder."""


def _tags(scope: Scope, _arguments: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    return [scope.table.c.class_name == "TagAnnotation"]


STEPS: Mapping[str, tuple[Up, ...]] = {
    "Dataset": (Up("Project", "datasets", link="ProjectDatasetLink"),),
    "Image": (
        Up("Dataset", "images", link="DatasetImageLink"),
        Up("Folder", "images", link="FolderImageLink"),
        Up("WellSample", reverse="image_id"),
    ),
    "Plate": (Up("Screen", "plates", link="ScreenPlateLink"),),
    "PlateAcquisition": (Up("Plate", "plateAcquisitions", column="plate_id"),),
    "Well": (Up("Plate", "wells", column="plate_id"),),
    "WellSample": (
        Up("Well", "wellSamples", column="well_id"),
        Up("PlateAcquisition", "wellSamples", column="plate_acquisition_id"),
    ),
    "Folder": (Up("Folder", "childFolders", column="parent_folder_id"),),
    "Roi": (
        Up("Image", "rois", column="image_id"),
        Up("Folder", "rois", link="FolderRoiLink"),
    ),
    "Shape": (Up("Roi", "shapes", column="roi_id"),),
    "Reagent": (Up("Screen", "reagents", column="screen_id"),),
    "Annotation": (Up("Annotation", "tags", link="AnnotationAnnotationLink", only=is_tag_set),),
}
"""By class: what holds its objects. Filesets are no containers of a tree."""
ROOTS: Mapping[str, str] = {
    "Project": "projects", "Dataset": "datasets", "Image": "images", "Screen": "screens",
    "Plate": "plates", "Folder": "folders",
}  # fmt: skip
"""Lists at the query root in which the first step of a path stands."""
CAN_BE_ORPHANED = frozenset({"Dataset", "Image", "Plate"})
