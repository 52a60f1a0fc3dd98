"""What is asked of the graph engine, as a value that can be stored with an Activity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from graphql_api.editing.texts import valid_description, valid_name
from graphql_api.graph.edges import NODES
from graphql_api.graph.request_limits import (
    MAX_OPTIONS,
    MAX_WAY,
    require_affix,
    require_few,
    require_namespaces,
)
from shared.errors import Invalid
from shared.models.annotations import ANNOTATION_CLASSES
from shared.models.links import ANNOTATION_LINKS, LINKS
from shared.refs import ALIASES

KINDS = (
    "move_to_group", "change_owner", "duplicate", "delete", "restore", "purge", "change_level",
    "undo", "expire",
)  # fmt: skip
DRY_RUN = "dry_run"
"""The key of a booked request that says that it is only to be shown."""
TAG_POLICIES = ("LEAVE", "COPY", "MATCH_BY_NAME")

BASES: Mapping[str, str] = {
    **dict.fromkeys(ANNOTATION_CLASSES, "Annotation"),
    "TextAnnotation": "Annotation",
    "TagAnnotation": "TextAnnotation",
    "CommentAnnotation": "TextAnnotation",
    "XmlAnnotation": "TextAnnotation",
    "BasicAnnotation": "Annotation",
    "NumericAnnotation": "BasicAnnotation",
    "LongAnnotation": "NumericAnnotation",
    "DoubleAnnotation": "NumericAnnotation",
    "BooleanAnnotation": "BasicAnnotation",
    "TimestampAnnotation": "BasicAnnotation",
    "TermAnnotation": "BasicAnnotation",
    "TypeAnnotation": "Annotation",
    "FileAnnotation": "TypeAnnotation",
    **{kind.name: "IAnnotationLink" for kind in ANNOTATION_LINKS},
}
"""OME's tree of classes, as far as requests may name parents: class to its parent."""
_PARTS = ("Channel", "PlaneInfo", "Shape", "ChannelBinding", "MapPair", "FilesetEntry")
_KNOWN = {*NODES, *LINKS, *BASES, *BASES.values(), *_PARTS}
_SPELLINGS = {"RenderingSettings": "RenderingDef", "Experimenter": "User"}


def lineage(class_name: str) -> list[str]:
    """A class and its parents, the most specific first."""
    found = [class_name]
    while found[-1] in BASES:
        found.append(BASES[found[-1]])
    return found


def class_named(text: str) -> str:
    """The class behind a name of a request; raises `Invalid` for an unknown one."""
    name = _SPELLINGS.get(text, text)
    if name not in _KNOWN:
        name = ALIASES.get(name, name)
    if name not in _KNOWN:
        name = name.replace("Experimenter", "User").replace("UserGroup", "Group")
    if name not in _KNOWN:
        raise Invalid(
            f"There is no class {text[:80]!r}.", hint="Name a class of OME, such as TagAnnotation."
        )
    return name


@dataclass(frozen=True, slots=True)
class ChildOption:
    """What to take along or leave, of what is reached; only the first fitting option counts."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    include_namespaces: tuple[str, ...] = ()
    exclude_namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewContainer:
    """A container to be made for what is moved."""

    class_name: str
    name: str
    description: str | None = None

    def __post_init__(self) -> None:
        name = valid_name(self.name, ("newContainer", "name"))
        object.__setattr__(self, "name", name)
        valid_description(self.description, ("newContainer", "description"))


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """One operation; references are texts such as `Image:51`. What a kind has no use for is
    ignored.
    """

    kind: str
    targets: tuple[str, ...] = ()
    start_from: tuple[str, ...] = ()
    options: tuple[ChildOption, ...] = ()
    group: str | None = None
    into: str | None = None
    new_container: NewContainer | None = None
    tag_policy: str = "LEAVE"
    owner: str | None = None
    all_data_of: tuple[str, ...] = ()
    merge_identical_links: bool = False
    give_rendering_settings: bool = False
    duplicate: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    name_prefix: str = ""
    name_suffix: str = ""
    purge: bool = False
    permissions: str | None = None
    activity: str | None = None
    """Restore and undo: the Activity whose effect is meant."""
    plan_id: int | None = None
    """The stored plan that is to be executed just as it was shown."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise Invalid(f"There is no operation {self.kind!r}.", hint=f"One of {KINDS}.")
        if self.tag_policy not in TAG_POLICIES:
            raise Invalid("Unknown tagPolicy.", hint=f"One of {', '.join(TAG_POLICIES)}.")
        require_few(self.options, ("options",), MAX_OPTIONS)
        require_few(self.start_from, ("startFrom",), MAX_WAY)
        for words in ("duplicate", "reference", "ignore"):
            require_few(getattr(self, words), (words,))
        require_affix(self.name_prefix, ("namePrefix",))
        require_affix(self.name_suffix, ("nameSuffix",))
        for number, option in enumerate(self.options):
            _check(option, ("options", str(number)))

    def to_json(self) -> dict[str, Any]:
        """The request as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> OperationRequest:
        """The request from what `to_json` made."""
        known = {each.name for each in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(item) if isinstance(item, list) else item
            for name, item in value.items()
            if name in known
        }
        values["options"] = tuple(
            ChildOption(**{name: tuple(words) for name, words in option.items()})
            for option in values.get("options", ())
        )
        if values.get("new_container"):
            values["new_container"] = NewContainer(**values["new_container"])
        return cls(**values)


def _check(option: ChildOption, path: tuple[str, ...]) -> None:
    require_few(option.include, (*path, "include"))
    require_few(option.exclude, (*path, "exclude"))
    require_namespaces(option.include_namespaces, (*path, "includeNamespaces"))
    require_namespaces(option.exclude_namespaces, (*path, "excludeNamespaces"))
    for name in (*option.include, *option.exclude):
        class_named(name)
    if not option.include and not option.exclude:
        raise Invalid("An option names no class.", hint="Fill include or exclude.")
    if option.include_namespaces and option.exclude_namespaces:
        raise Invalid(
            "An option both includes and excludes namespaces.", hint="Use two options instead."
        )
