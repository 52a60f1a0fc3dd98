"""The one table of rights: who may do what, at which level of the group.

It is data, interpreted twice: by `decide` in Python for one object and by `select` in SQL for sets.
Leaders and administrators lose a right on other people's data in private groups ("critical" in
OMERO) by having only the shared levels in their row; the owner's own row is always there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from shared.models.annotations import ANNOTATION_CLASSES
from shared.models.links import ANNOTATION_LINKS, CONTAINER_LINKS
from shared.models.people import GroupPermissions, Privilege
from shared.models.rois import SHAPE_CLASSES
from shared.refs import ALIASES


class Action(StrEnum):
    """What somebody may want to do with an object."""

    VIEW = "view"
    DOWNLOAD = "download"
    VIEW_LABEL = "view_label"
    """See a slide's label and macro pictures, which may show a patient's name."""
    UPDATE = "update"
    DELETE = "delete"
    ANNOTATE = "annotate"
    LINK = "link"
    MOVE_TO_GROUP = "move_to_group"
    CHANGE_OWNER = "change_owner"
    DUPLICATE = "duplicate"
    SAVE_RENDERING = "save_rendering"
    CREATE_IN = "create_in"
    """Create something of this class in this object's group."""
    CREATE_FOR_OTHERS = "create_for_others"
    """Create something there that belongs to somebody else."""

    @property
    def words(self) -> str:
        """As a sentence says it before an object's id: `change the owner of` Image:5."""
        return _WORDS.get(self, self.value)


_WORDS = {
    Action.VIEW_LABEL: "see the label of",
    Action.MOVE_TO_GROUP: "move",
    Action.CHANGE_OWNER: "change the owner of",
    Action.SAVE_RENDERING: "save rendering settings of",
    Action.CREATE_IN: "create anything in",
    Action.CREATE_FOR_OTHERS: "create anything for others in",
}


class DenialReason(StrEnum):
    """Why not; the codes are part of the GraphQL schema."""

    NOT_OWNER = "NOT_OWNER"
    GROUP_PRIVATE = "GROUP_PRIVATE"
    GROUP_READ_ONLY = "GROUP_READ_ONLY"
    NOT_MEMBER = "NOT_MEMBER"
    PRIVILEGE_MISSING = "PRIVILEGE_MISSING"
    CLASS_NOT_LEGAL = "CLASS_NOT_LEGAL"
    OWNER_CANNOT_CHANGE_OWNER = "OWNER_CANNOT_CHANGE_OWNER"


class Who(StrEnum):
    """In what capacity somebody acts."""

    OWNER = "owner"
    MEMBER = "member"
    LEADER = "leader"
    ADMINISTRATOR = "administrator"


class Scope(StrEnum):
    """What a personal access token is good for; a session has no scopes and may do everything."""

    READ = "read"
    WRITE = "write"
    IMPORT = "import"
    ADMIN = "admin"


class FileLocation(StrEnum):
    """Where an OriginalFile lies (`original_file.repo`); anything else counts as ELSEWHERE."""

    MANAGED = "managed"
    SCRIPTS = "scripts"
    ELSEWHERE = ""


Levels = frozenset[GroupPermissions]
_EVERY: Levels = frozenset(GroupPermissions)
_SHARED: Levels = _EVERY - {GroupPermissions.PRIVATE}
_ANNOTATED: Levels = frozenset({GroupPermissions.READ_ANNOTATE, GroupPermissions.READ_WRITE})
_WRITTEN: Levels = frozenset({GroupPermissions.READ_WRITE})

FilePrivileges = Mapping[FileLocation, Privilege]
_WRITE_FILES: FilePrivileges = MappingProxyType(
    {
        FileLocation.MANAGED: Privilege.WRITE_MANAGED_REPO,
        FileLocation.SCRIPTS: Privilege.WRITE_SCRIPT_REPO,
        FileLocation.ELSEWHERE: Privilege.WRITE_FILE,
    }
)
_DELETE_FILES: FilePrivileges = MappingProxyType(
    {
        FileLocation.MANAGED: Privilege.DELETE_MANAGED_REPO,
        FileLocation.SCRIPTS: Privilege.DELETE_SCRIPT_REPO,
        FileLocation.ELSEWHERE: Privilege.DELETE_FILE,
    }
)
FILE_CLASS = "OriginalFile"


@dataclass(frozen=True, slots=True)
class Alternative:
    """One sufficient reason: a capacity, at some levels, for administrators with a privilege.

    `on_files` replaces `privilege` for OriginalFiles, by where the file lies.
    """

    who: Who
    levels: Levels = _EVERY
    privilege: Privilege | None = None
    on_files: FilePrivileges | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """An action: any alternative suffices, on an object that is visible, of a legal class."""

    alternatives: tuple[Alternative, ...]
    scopes: frozenset[Scope]
    classes: frozenset[str] | None = None
    """Classes that are legal targets, as in OMERO's list for the operation; None: all."""
    guests: bool = False
    """Whether the built-in guest may do it; a guest creates nothing."""


def _own() -> Alternative:
    return Alternative(Who.OWNER)


def _member(levels: Levels) -> Alternative:
    return Alternative(Who.MEMBER, levels)


def _leader(levels: Levels = _EVERY) -> Alternative:
    return Alternative(Who.LEADER, levels)


def _admin(
    privilege: Privilege | None = None,
    levels: Levels = _EVERY,
    on_files: FilePrivileges | None = None,
) -> Alternative:
    return Alternative(Who.ADMINISTRATOR, levels, privilege, on_files)


_READING = frozenset(Scope)
_WRITING = frozenset({Scope.WRITE})
_IMPORTING = frozenset({Scope.WRITE, Scope.IMPORT})
_CONTAINER_LINK_CLASSES = frozenset(kind.name for kind in CONTAINER_LINKS)

MOVABLE = frozenset({
    "Instrument", "Annotation", "Dataset", "Project", "Folder", "Image", "OriginalFile",
    "RenderingDef", "Thumbnail", "Experiment", "Fileset", "Job", "Roi", "Plate", "Screen",
})  # fmt: skip
"""Legal targets of moveToGroup."""
GIVABLE = MOVABLE | {"Reagent", "IAnnotationLink", "JobOriginalFileLink"} | _CONTAINER_LINK_CLASSES
"""Legal targets of changeOwner."""
DUPLICABLE = (MOVABLE - {"RenderingDef", "Thumbnail"}) | {"LogicalChannel", "StatsInfo"}
"""Legal targets of duplicate: what can stand by itself; a Well goes with its plate."""

_VIEWERS = (_own(), _member(_SHARED), _leader(), _admin())
RULES: Mapping[Action, Rule] = MappingProxyType({
    Action.VIEW: Rule(_VIEWERS, _READING, guests=True),
    Action.DOWNLOAD: Rule(_VIEWERS, _READING, guests=True),
    Action.VIEW_LABEL: Rule((_own(), _leader(), _admin()), _READING, guests=True),
    Action.UPDATE: Rule(
        (_own(), _member(_WRITTEN), _leader(), _admin(Privilege.WRITE_OWNED, _EVERY, _WRITE_FILES)),
        _WRITING,
    ),
    Action.DELETE: Rule(
        (
            _own(), _member(_WRITTEN), _leader(),
            _admin(Privilege.DELETE_OWNED, _EVERY, _DELETE_FILES),
        ),
        _WRITING,
    ),
    Action.ANNOTATE: Rule(
        (_own(), _member(_ANNOTATED), _leader(_SHARED), _admin(Privilege.WRITE_OWNED, _SHARED)),
        _WRITING,
    ),
    Action.LINK: Rule(
        (_own(), _member(_WRITTEN), _leader(_SHARED), _admin(Privilege.WRITE_OWNED, _SHARED)),
        _IMPORTING,
    ),
    Action.MOVE_TO_GROUP: Rule((_own(), _admin(Privilege.CHGRP)), _WRITING, MOVABLE),
    Action.CHANGE_OWNER: Rule((_leader(), _admin(Privilege.CHOWN)), _WRITING, GIVABLE),
    Action.DUPLICATE: Rule(
        (_member(_EVERY), _admin(Privilege.WRITE_OWNED)), _WRITING, DUPLICABLE
    ),
    Action.SAVE_RENDERING: Rule(
        (_own(), _member(_SHARED), _leader(_SHARED), _admin(Privilege.WRITE_OWNED, _SHARED)),
        _WRITING,
    ),
    Action.CREATE_IN: Rule(
        (_member(_EVERY), _admin(Privilege.WRITE_OWNED, _EVERY, _WRITE_FILES)), _IMPORTING
    ),
    Action.CREATE_FOR_OTHERS: Rule(
        (_admin(Privilege.WRITE_OWNED, _EVERY, _WRITE_FILES),), _IMPORTING
    ),
})  # fmt: skip
"""Every action's rule. Whoever may not view an object may do nothing with it."""

_BASES: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(ANNOTATION_CLASSES, "Annotation")
    | dict.fromkeys(SHAPE_CLASSES, "Shape")
    | dict.fromkeys((kind.name for kind in ANNOTATION_LINKS), "IAnnotationLink")
    | {printed: stored for stored, printed in ALIASES.items() if stored == "RenderingDef"}
)


def base_class(class_name: str) -> str:
    """The class under which the table lists `class_name`: TagAnnotation is an Annotation."""
    return _BASES.get(class_name, class_name)


def is_legal(rule: Rule, class_name: str) -> bool:
    """Whether objects of this class are targets of the action at all."""
    return rule.classes is None or base_class(class_name) in rule.classes


def file_location(repo: str | None) -> FileLocation:
    """Where a file lies, from its column `repo`."""
    return FileLocation(repo) if repo in {"managed", "scripts"} else FileLocation.ELSEWHERE


def privilege_needed(
    alternative: Alternative, class_name: str, location: FileLocation | None
) -> Privilege | None:
    """The privilege that an administrator needs under `alternative`; None when none at all."""
    if alternative.on_files is not None and class_name == FILE_CLASS:
        return alternative.on_files[location or FileLocation.ELSEWHERE]
    return alternative.privilege
