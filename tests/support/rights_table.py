"""Which mutation each flag of `viewerCan` speaks of: one line per mutation and classes.

A mutation that lands is added here; the walk in `tests/properties/test_flags_tell_the_truth.py`
does the rest. `given` makes the input in which nothing but the object itself can be refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.models.people import GroupPermissions
from tests.support.profiles import examples

if TYPE_CHECKING:
    from tests.support.rights_stage import At


@dataclass(frozen=True)
class Trial:
    """A mutation, the flag that announces it, and the classes on which it is tried."""

    flag: str
    mutation: str
    classes: tuple[str, ...]
    given: Callable[[At], dict[str, Any]]
    plans: bool = False
    """A graph operation: many statements each. By day it is only planned, on one database and the
    two outermost levels; at night done, everywhere, on many classes."""

    def is_due(self, level: GroupPermissions, dialect: str) -> bool:
        """Whether this run tries it there."""
        outermost = {GroupPermissions.PRIVATE, GroupPermissions.READ_WRITE}
        return IS_NIGHT or not self.plans or (dialect == "sqlite" and level in outermost)


IS_NIGHT = examples(1) > 1
CONTAINERS = ("Project", "Dataset", "Folder", "Screen", "Plate", "Image")
POINT = '{"type": "Point", "coordinates": [1, 2]}'
DRY = {"dryRun": not IS_NIGHT}


def whole(always: str) -> tuple[str, ...]:
    """Classes on which a graph operation is tried: one in an ordinary run, many at night."""
    many = ("Project", "Dataset", "Image", "Screen", "Plate", "Folder", "TagAnnotation", "Roi")
    return many if IS_NIGHT else (always,)


TRIALS = (
    *(
        Trial("update", f"update{name}", (name,), lambda at: {"id": at.ref, "name": "new"})
        for name in CONTAINERS
    ),
    Trial("update", "updateTag", ("TagAnnotation",), lambda at: {"id": at.ref, "name": "new"}),
    Trial(
        "update", "updateAnnotation", ("CommentAnnotation",),
        lambda at: {"id": at.ref, "text": "new"},
    ),
    Trial("update", "updateRoi", ("Roi",), lambda at: {"id": at.ref, "name": "new"}),
    Trial(
        "update", "renameChannels", ("Image",), lambda at: {"targets": [at.ref], "names": ["new"]}
    ),
    Trial(
        "update", "updateWell", ("Well",), lambda at: {"id": at.ref, "status": "new"}
    ),
    Trial(
        "update", "updatePixels", ("Pixels",),
        lambda at: {"id": at.ref, "physicalSizeX": {"value": 0.5}},
    ),
    Trial(
        "annotate", "createAnnotation", ("Plate",),
        lambda at: {"targets": [at.ref], "value": {"doubleValue": 0.5}},
    ),
    Trial(
        "annotate", "editKeyValues", ("Dataset",),
        lambda at: {"targets": [at.ref], "set": [{"key": "k", "value": "v"}]},
    ),
    Trial(
        "annotate", "importRois", ("Image",),
        lambda at: {"image": at.ref, "source": {"text": POINT}},
    ),
    *(
        Trial("update", f"update{name}", (name,), lambda at: {"id": at.ref})
        for name in ("PlateAcquisition", "Reagent", "WellSample")
    ),
    Trial("update", "updateTagSet", ("TagSet",), lambda at: {"id": at.ref, "name": "new"}),
    Trial(
        "annotate", "importKeyValues", ("Image",),
        lambda at: {
            "within": [at.ref], "source": {"csv": f"OBJECT_ID,k\n{at.ref.partition(':')[2]},v\n"}
        },
    ),
    Trial(
        "link", "relink", ("Dataset",),
        lambda at: {"children": [at.own("Image")], "to": at.ref},
    ),
    Trial(
        "link", "relink", ("Image",),
        lambda at: {"children": [at.ref], "to": at.own("Dataset")},
    ),
    Trial("delete", "deleteRoi", ("Roi",), lambda at: {"targets": [at.ref]}),
    Trial("delete", "unannotate", ("ImageAnnotationLink",), lambda at: {"links": [at.ref]}),
    Trial("delete", "unlink", ("DatasetImageLink",), lambda at: {"links": [at.ref]}),
    Trial("annotate", "annotate", CONTAINERS, lambda at: {"targets": [at.ref], "comment": "hm"}),
    Trial("annotate", "createRoi", ("Image",), lambda at: {"image": at.ref, "shapes": []}),
    Trial(
        "link", "link", ("Project",),
        lambda at: {"parents": [at.ref], "children": [at.own("Dataset")]},
    ),
    Trial(
        "link", "link", ("Dataset",),
        lambda at: {"parents": [at.own("Project")], "children": [at.ref]},
    ),
    Trial(
        "link", "link", ("Image",),
        lambda at: {"parents": [at.own("Dataset")], "children": [at.ref]},
    ),
    Trial(
        "link", "link", ("Screen",),
        lambda at: {"parents": [at.ref], "children": [at.own("Plate")]},
    ),
    Trial(
        "link", "link", ("Plate",),
        lambda at: {"parents": [at.own("Screen")], "children": [at.ref]},
    ),
    Trial(
        "link", "link", ("Folder",),
        lambda at: {"parents": [at.ref], "children": [at.own("Image")]},
    ),
    Trial(
        "saveRendering", "saveRenderingSettings", ("Image",),
        lambda at: {"image": at.ref, "settings": {"model": "COLOR"}},
    ),
    Trial("delete", "delete", whole("Image"), lambda at: {"targets": [at.ref]} | DRY, plans=True),
    Trial(
        "moveToGroup", "moveToGroup", whole("Dataset"),
        lambda at: {"targets": [at.ref], "group": at.elsewhere} | DRY, plans=True,
    ),
    Trial(
        "changeOwner", "changeOwner", whole("Image"),
        lambda at: {"targets": [at.ref], "owner": at.recipient} | DRY, plans=True,
    ),
    Trial(
        "duplicate", "duplicate", whole("Dataset"),
        lambda at: {"targets": [at.ref]} | DRY, plans=True,
    ),
)  # fmt: skip

_MAKES = "makes something, in a group whose `mayCreate` is proved with the rules of creation"
_PEOPLE = "administration: proved for each privilege in `tests/scenarios/test_administration*.py`"
_OWN = "concerns the caller's own login, tokens, Activities or files"
_BY_IMAGE = "tells each refused image with its reason instead of refusing the whole"
_TRASHED = "starts at what nobody sees any more, by the rights of those who may delete it"
UNTRIED = {
    **dict.fromkeys(
        ("createProject", "createDataset", "createScreen", "createFolder", "createTag",
         "createTagSet", "createReagent", "importFiles", "uploadLookupTable"), _MAKES,
    ),
    **dict.fromkeys(
        ("addToGroup", "createGroup", "createUser", "createUsers", "deactivateUser", "deleteGroup",
         "deleteUser", "reactivateUser", "removeFromGroup", "setAdminPrivileges",
         "setDefaultGroup", "setGroupPermissions", "sudo", "updateGroup", "updateUser"), _PEOPLE,
    ),
    **dict.fromkeys(
        ("login", "logout", "changePassword", "createToken", "revokeToken", "endSessions",
         "cancelActivity", "retryActivity", "dismissActivities", "undoActivity", "executePlan"),
        _OWN,
    ),
    **dict.fromkeys(("applyRenderingSettings", "resetRenderingSettings"), _BY_IMAGE),
    **dict.fromkeys(("restore", "purge"), _TRASHED),
}  # fmt: skip
"""Mutations that no flag of an object announces, and why."""
