"""What is copied, what the copies refer to, and what forbids it (semantics 3.6).

Everything downward is copied, whoever owns it, unless the request names its class: to be referred
to, or to be ignored. Here the state IN means "copied" and REFER "the copies refer to it".
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, literal, not_, select

from graphql_api.graph.edges import CARRIERS, CODES, EDGES, Edge, Kind, edges_of, rows_of, table_of
from graphql_api.graph.planner.blockers import blocker_row
from graphql_api.graph.planner.expand import code_of, node_columns
from graphql_api.graph.planner.tables import reached_rows
from graphql_api.graph.policies.rules import Cross, Follow, Hold, Outcome, Policy, Step
from graphql_api.graph.request import class_named, lineage
from graphql_api.graph.words import Reason, State
from shared.auth.rules import Action
from shared.auth.select import allowed, visible
from shared.errors import Invalid
from shared.models.annotations import ANNOTATION_CLASSES

if TYPE_CHECKING:
    from graphql_api.graph.request import OperationRequest
    from shared.auth.principal import Principal

_FILESET = EDGES["Image.fileset_id"]
_DISPLAY = (EDGES["RenderingDef.pixels_id"], EDGES["Thumbnail.pixels_id"])
_OPTICS = (
    EDGES["FilterSetEmissionFilterLink"], EDGES["FilterSetExcitationFilterLink"],
    EDGES["LightPathEmissionFilterLink"], EDGES["LightPathExcitationFilterLink"],
)  # fmt: skip
_REAGENT = EDGES["WellReagentLink"]
WHOLE_OR_REFERRED = ("LogicalChannel", "Experiment")
"""Copied only together with everything that uses them, else the copies refer to them."""
_INSTRUMENT = {
    edge.target: edge.source
    for edge in edges_of(Kind.PART)
    if edge.source in {"Instrument", "Experiment"}
}
_FOLLOWING = {
    **_INSTRUMENT,
    "ObjectiveSettings": "Objective",
    "DetectorSettings": "Detector",
    "LightSettings": "LightSource",
    "FilesetEntry": "OriginalFile",
}
"""Classes that cannot be without another one: they share its fate unless they are named."""
ROI_HOLDER = Reason.CHILD_NOT_INCLUDED
"""The mark of an image that is referred to only because a ROI on it is copied."""


class Mode(StrEnum):
    """What becomes of a class."""

    DUPLICATE = "duplicate"
    REFERENCE = "reference"
    IGNORE = "ignore"


class Modes:
    """The request's three lists: the most specific class that matches wins; default: copied."""

    def __init__(self, request: OperationRequest) -> None:
        self._named: dict[str, Mode] = {}
        lists = {
            Mode.DUPLICATE: request.duplicate,
            Mode.REFERENCE: request.reference,
            Mode.IGNORE: request.ignore,
        }
        for mode, names in lists.items():
            for text in names:
                name = class_named(text)
                if self._named.setdefault(name, mode) is not mode:
                    raise Invalid(
                        f"{text[:80]} stands in two lists (bad-class).",
                        hint="Name a class in one of duplicate, reference and ignore.",
                        path=(mode.value,),
                    )
        for name, modes in (("LogicalChannel", {Mode.IGNORE}), ("Pixels", {*Mode} - {"duplicate"})):
            if self.of(name) in modes:
                raise Invalid(
                    f"An image cannot be copied without its {name}.",
                    hint="Leave the class out of ignore and reference.",
                    path=(self.of(name).value,),
                )

    def of(self, class_name: str) -> Mode:
        """What becomes of a class."""
        for name in lineage(class_name):
            if name in self._named:
                return self._named[name]
        needed = _FOLLOWING.get(class_name)
        if needed is None:
            return Mode.DUPLICATE
        mode = self.of(needed)
        settled = class_name in _INSTRUMENT or mode is Mode.IGNORE
        return mode if settled else Mode.DUPLICATE

    @property
    def refers(self) -> bool:
        """Something is to be referred to."""
        return Mode.REFERENCE in self._named.values()


def duplicate_policy(principal: Principal, modes: Modes, *, leaves: bool) -> Policy:
    """The rules for copying; `leaves` when the copies are made in another group."""
    rules = _Rules(principal, modes)
    whole = modes.of("Fileset") is Mode.DUPLICATE
    return Policy(
        follows=tuple(rules.follows()),
        holds=tuple(_holds(leaves=leaves, whole=whole)),
        crosses=(Cross(_FILESET, Reason.FILESET_SPLIT),) if whole else (),
        links=rules.link,
    )


class _Rules:
    def __init__(self, principal: Principal, modes: Modes) -> None:
        self.principal, self.modes = principal, modes

    def follows(self) -> list[Follow]:
        """Each edge that leads somewhere."""
        edges = [*edges_of(Kind.CONTAINS, Kind.ANNOTATES, Kind.REFERS), *_OPTICS]
        found = [Follow(edge, self.thing) for edge in edges if self._is_open(edge)]
        found += [
            Follow(edge, self.display if edge in _DISPLAY else self.thing)
            for edge in edges_of(Kind.PART)
            if self.modes.of(edge.target) is Mode.DUPLICATE
        ]
        found += [
            # A copied objective stands on a copy of its instrument.
            Follow(edge, self.thing, upward=True)
            for edge in edges_of(Kind.PART)
            if edge.source in {"Instrument", "Experiment"}
        ]
        if self._is_open(_REAGENT):
            found.append(Follow(_REAGENT, _reagent))
        if self.modes.of("Fileset") is Mode.DUPLICATE:
            found.append(Follow(_FILESET, _member, upward=True, least=State.FORCED))
        return found

    def _is_open(self, edge: Edge) -> bool:
        """Neither the link nor the part through which the edge runs nor its end is ignored."""
        if edge.link is not None and self.modes.of(edge.link.name) is not Mode.DUPLICATE:
            return False
        if edge.part and self.modes.of(edge.part) is Mode.IGNORE:
            return False
        return edge.target == "Annotation" or self.modes.of(edge.target) is not Mode.IGNORE

    def thing(self, step: Step) -> Sequence[Outcome]:
        """Copied, referred to or left, by the class; what cannot be seen is left."""
        unseen: Outcome = (
            not_(visible(self.principal, step.row)), State.STAY, Reason.NOT_PERMITTED
        )  # fmt: skip
        if step.class_name != "Annotation":
            return [unseen, (None, _state(self.modes.of(step.class_name)), None)]
        by_mode: dict[Mode, list[str]] = {}
        for name in ANNOTATION_CLASSES:
            by_mode.setdefault(self.modes.of(name), []).append(name)
        return [
            unseen,
            *((step.is_a(*names), _state(mode), None) for mode, names in by_mode.items()),
        ]

    def display(self, step: Step) -> Sequence[Outcome]:
        """The settings and thumbnails of the image's owner alone."""
        return [(step.same_owner(), State.IN, None), (None, State.STAY, None)]

    def link(self, ends: Any) -> Sequence[Outcome]:
        """Links below what is copied; the far end may be an original."""
        if self.modes.of(ends.edge.link.name) is not Mode.DUPLICATE:
            return [(None, State.STAY, None)]
        copied = ends.parent.state >= int(State.IN)
        far = ends.child.state.in_([int(State.REFER), int(State.IN), int(State.FORCED)])
        return [(and_(copied, far), State.IN, None), (None, State.STAY, None)]


def _state(mode: Mode) -> State:
    return {
        Mode.DUPLICATE: State.IN, Mode.REFERENCE: State.REFER, Mode.IGNORE: State.STAY
    }[mode]  # fmt: skip


def _member(_step: Step) -> Sequence[Outcome]:
    """The images of a fileset that is itself a target."""
    return [(None, State.FORCED, None)]


def _reagent(_step: Step) -> Sequence[Outcome]:
    """A reagent is copied with its screen; with its well alone it stays behind."""
    return [(None, State.STAY, Reason.PARENT_NOT_INCLUDED)]


def _holds(*, leaves: bool, whole: bool) -> list[Hold]:
    found = [Hold(_FILESET, Reason.FILESET_SPLIT)] if whole else []
    if leaves:
        return found  # a copy in another group refers to nothing here
    for edge in edges_of(Kind.REFERS, Kind.PART):
        if edge.kind is Kind.REFERS and edge.target in WHOLE_OR_REFERRED:
            found.append(Hold(edge, Reason.SHARED_INSTRUMENT))
        elif edge.source in WHOLE_OR_REFERRED:
            found.append(Hold(edge, Reason.SHARED_INSTRUMENT, initially=False))
    return found


def holders(principal: Principal, modes: Modes) -> Any:
    """(cls, id, owner_id, group_id, sub, code) of images that copied ROIs lie on while they are not
    copied themselves: the copies refer to them where one may draw there, else to none.
    """
    roi, row, image, reached = (
        reached_rows(), rows_of("Roi"), rows_of("Image"), reached_rows()
    )  # fmt: skip
    able = allowed(principal, Action.ANNOTATE, image, "Image")
    outcome: Outcome = (able, State.REFER, ROI_HOLDER)
    if modes.of("Image") is Mode.REFERENCE:
        outcome = (None, State.REFER, None)
    joined = (
        roi.join(row, row.c.id == roi.c.id)
        .join(image, image.c.id == row.c.image_id)
        .outerjoin(reached, and_(reached.c.cls == CODES["Image"], reached.c.id == image.c.id))
    )
    return (
        select(*node_columns("Image", image), code_of([outcome]).label("code"))
        .select_from(joined)
        .where(
            roi.c.cls == CODES["Roi"], roi.c.state >= int(State.IN), reached.c.id.is_(None),
            image.c.trash_id.is_(None),
        )
    )  # fmt: skip


def unlawful(principal: Principal) -> list[Any]:
    """Blockers: what the copies would refer to though one may not, and scripts."""
    found = []
    for name in CODES:
        if name in CARRIERS or table_of(name).c.get("parent_id") is not None:
            continue
        action = Action.ANNOTATE if name == "Annotation" else Action.LINK
        row, thing = reached_rows(), rows_of(name)
        found.append(
            select(*blocker_row(Reason.NOT_PERMITTED, name, row.c.id))
            .select_from(row.join(thing, thing.c.id == row.c.id))
            .where(
                row.c.cls == CODES[name], row.c.state == int(State.REFER), row.c.reason == 0,
                not_(allowed(principal, action, thing, name)),
            )
        )  # fmt: skip
    row, file = reached_rows(), rows_of("OriginalFile")
    found.append(
        select(*blocker_row(Reason.NOT_PERMITTED, "OriginalFile", row.c.id))
        .select_from(row.join(file, file.c.id == row.c.id))
        .where(
            row.c.cls == literal(CODES["OriginalFile"]), row.c.state >= int(State.IN),
            file.c.repo == "scripts",
        )
    )  # fmt: skip
    return found
