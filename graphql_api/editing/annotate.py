"""Annotate one or thousands of objects at once; the number of statements does not depend on them.

New tags, comments and files are made once per group and attached to every target there; key-value
pairs and ratings are made for each target, so that editing one object never changes another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from graphql_api.editing.annotation_rows import (
    Maker,
    Pairs,
    by_group,
    make_annotations,
    new_link,
    require_creation,
    tag_values,
    write_pairs,
)
from graphql_api.editing.attachable import refuse_ratings, require_attachable
from graphql_api.editing.carriers import hold_carriers
from graphql_api.editing.containers import NewContainer, owner_of_new
from graphql_api.editing.idempotency import once
from graphql_api.editing.links import NewLink, open_event, save_links
from graphql_api.editing.new_annotations import (
    PER_TARGET,
    NewAnnotation,
    checked_annotation,
    make_per_target,
    make_shared,
)
from graphql_api.editing.places import load_group
from graphql_api.editing.ratings import rate
from graphql_api.editing.targets import Target, find_targets
from graphql_api.editing.texts import (
    require_few_pairs,
    valid_description,
    valid_name,
    valid_namespace,
    valid_pairs,
    valid_text,
)
from shared.auth.epoch import bump_epoch
from shared.clock import now
from shared.errors import Conflict, Invalid
from shared.journal import record
from shared.models.annotations import ANNOTATION_CLASSES, NS_CLIENT_MAP
from shared.models.images import OriginalFile
from shared.models.links import LINKS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.refs import ObjectRef

MAX_TARGETS = 10_000
MAX_LINKS = 50_000
MAX_RATING = 5


@dataclass(frozen=True, slots=True)
class NewFile:
    """An attachment whose bytes lie in storage already, under a name of their own per group."""

    upload: str
    name: str
    size: int
    sha1: str
    mimetype: str | None = None
    storage_names: Mapping[int, str] = field(default_factory=dict)
    """By group id."""


@dataclass(frozen=True, slots=True)
class Annotating:
    """What is to be attached to which objects; ids as they were given."""

    targets: tuple[str, ...]
    tags: tuple[str, ...] = ()
    new_tags: tuple[tuple[str, str | None], ...] = ()
    """Text and description."""
    comment: str | None = None
    rating: int | None = None
    namespace: str | None = NS_CLIENT_MAP
    pairs: Pairs = ()
    files: tuple[str, ...] = ()
    """File annotations that are there already, by id."""
    new_files: tuple[NewFile, ...] = ()
    annotations: tuple[str, ...] = ()
    """Annotations of any class that are there already, by id."""
    made: tuple[NewAnnotation, ...] = ()
    group: str | None = None
    """Where annotations of people and groups lie."""
    owner: str | None = None
    """For whom, where the caller may write for others."""


@dataclass(slots=True)
class _Made:
    annotations: list[ObjectRef]
    links: list[NewLink]
    inner: list[NewLink] = field(default_factory=list)
    """From new lists to what they hold."""


def annotate(
    database: Database, principal: Principal, wanted: Annotating, key: str | None = None
) -> tuple[list[ObjectRef], list[ObjectRef]]:
    """Attach everything to every target; answers the annotations and the caller's links.

    Raises `NotFound`, `Denied` naming a target, a tag or a group, or `Invalid`, alone or as a
    group; then nothing was done.
    """
    clean = checked(wanted)
    with database.write() as connection:
        refs = once(
            connection,
            principal,
            "annotate",
            key,
            asdict(clean),
            lambda: write_annotations(connection, principal, clean),
        )
    return (
        [ref for ref in refs if ref.class_name not in LINKS],
        [ref for ref in refs if ref.class_name in LINKS],
    )


def checked(wanted: Annotating) -> Annotating:
    """The same with clean texts; raises `Invalid` for what no state of things could allow."""
    if not wanted.targets:
        raise Invalid("The list targets is empty.", hint="Name at least one.", path=("targets",))
    attached = len(wanted.tags) + len(wanted.new_tags) + len(wanted.files) + len(wanted.new_files)
    attached += len(wanted.annotations) + len(wanted.made)
    attached += (wanted.comment is not None) + (wanted.rating is not None) + bool(wanted.pairs)
    if not attached:
        raise Invalid(
            "There is nothing to attach.", hint="Give tags, a comment, a rating, pairs or files."
        )
    if len(wanted.targets) > MAX_TARGETS or len(wanted.targets) * attached > MAX_LINKS:
        raise Invalid(
            f"{len(wanted.targets)} targets and {attached} annotations are too many at once.",
            hint=f"Give at most {MAX_TARGETS} targets, and make at most {MAX_LINKS} links.",
            path=("targets",),
        )
    pairs = len(wanted.pairs)
    pairs += sum(len(new.value) for new in wanted.made if new.class_name == PER_TARGET)
    require_few_pairs(len(wanted.targets) * pairs)
    if wanted.rating is not None and not 0 <= wanted.rating <= MAX_RATING:
        raise Invalid("A rating is a number from 0 to 5.", path=("rating",))
    if wanted.rating is not None and wanted.owner is not None:
        raise Invalid(
            "A rating is the caller's own.", hint="Leave out the owner.", path=("owner",)
        )  # fmt: skip
    return Annotating(
        targets=tuple(dict.fromkeys(wanted.targets)),
        tags=tuple(dict.fromkeys(wanted.tags)),
        new_tags=tuple(
            (
                valid_name(text, ("newTags", str(place), "name")),
                valid_description(more, ("newTags", str(place), "description")),
            )
            for place, (text, more) in enumerate(wanted.new_tags)
        ),
        comment=None if wanted.comment is None else valid_text(wanted.comment, ("comment",)),
        rating=wanted.rating,
        namespace=valid_namespace(wanted.namespace, ("keyValues", "namespace")),
        pairs=valid_pairs(wanted.pairs, ("keyValues", "pairs")),
        files=tuple(dict.fromkeys(wanted.files)),
        new_files=wanted.new_files,
        annotations=tuple(dict.fromkeys(wanted.annotations)),
        made=tuple(
            checked_annotation(new, ("newAnnotations", str(place)))
            for place, new in enumerate(wanted.made)
        ),
        group=wanted.group,
        owner=wanted.owner,
    )


def write_annotations(
    connection: Connection, principal: Principal, wanted: Annotating
) -> list[ObjectRef]:
    """Attach everything, as part of the caller's write transaction; annotations, then links."""
    given = [*wanted.tags, *wanted.files, *wanted.annotations]
    targets = hold_carriers(connection, principal, wanted.targets, given, wanted.group)
    tags = find_targets(connection, principal, wanted.tags, ["TagAnnotation"], path=("tags",))
    files = find_targets(connection, principal, wanted.files, ["FileAnnotation"], path=("files",))
    others = find_targets(
        connection, principal, wanted.annotations, ANNOTATION_CLASSES, path=("annotations",)
    )
    there = list(dict.fromkeys([*tags, *files, *others]))
    listed = list_members(connection, principal, wanted.made)
    owner_id = _owner(connection, principal, wanted, targets)
    require_attachable(principal, targets, [*there, *listed.values()], owner_id)
    refuse_ratings(connection, others)
    event_id = open_event(connection, principal, "annotate")
    made = _Made([target.ref for target in there], [])
    for group_id, members in by_group(targets).items():
        maker = Maker(owner_id, load_group(connection, group_id), event_id)
        new = _shared(connection, principal, maker, wanted)
        for each in wanted.made:
            if each.class_name == PER_TARGET:
                own = make_per_target(connection, principal, maker, each, members)
                made.annotations += [link.child.ref for link in own]
                made.links += own
                continue
            one = make_shared(connection, principal, maker, each)
            new.append(one)
            made.inner += [new_link(one, listed[text], owner_id) for text in each.members]
        shared = [*there, *new]
        made.annotations += [one.ref for one in new]
        made.links += [new_link(target, one, owner_id) for one in shared for target in members]
        _own(connection, principal, maker, wanted, members, made)
    saved = save_links(connection, [*made.links, *made.inner], event_id)
    bump_epoch(connection)
    return [*made.annotations, *(saved[link] for link in made.links)]


def _owner(
    connection: Connection, principal: Principal, wanted: Annotating, targets: Sequence[Target]
) -> int:
    """To whom annotations and links will belong; raises as `owner_of_new`, for each group."""
    if wanted.owner is None:
        return principal.user_id
    asked = NewContainer("Annotation", "", owner=wanted.owner)
    found = {
        owner_of_new(connection, principal, asked, load_group(connection, group_id), None)
        for group_id in by_group(targets)
    }
    return found.pop()


def list_members(
    connection: Connection,
    principal: Principal,
    made: Sequence[NewAnnotation],
    path: tuple[str, ...] = ("newAnnotations",),
) -> dict[str, Target]:
    """What new lists are to hold, by id as it was given; raises `NotFound`."""
    texts = list(dict.fromkeys(text for new in made for text in new.members))
    found = find_targets(connection, principal, texts, ANNOTATION_CLASSES, path=path)
    return dict(zip(texts, found, strict=True))


def _shared(
    connection: Connection, principal: Principal, maker: Maker, wanted: Annotating
) -> list[Target]:
    """What is made once for all targets of a group."""
    made: list[Target] = []
    for text, description in wanted.new_tags:
        require_creation(principal, "TagAnnotation", maker.group)
        values = tag_values(text, description)
        made += make_annotations(connection, maker, "TagAnnotation", **values)
    if wanted.comment is not None:
        require_creation(principal, "CommentAnnotation", maker.group)
        made += make_annotations(
            connection, maker, "CommentAnnotation", text_value=wanted.comment
        )  # fmt: skip
    for file in wanted.new_files:
        require_creation(principal, "FileAnnotation", maker.group)
        if maker.group.id not in file.storage_names:
            raise Conflict("A target has just been moved.", hint="Send it again.")
        number = _stored_file(connection, maker, file)
        made += make_annotations(connection, maker, "FileAnnotation", file_id=number)
    return made


def _own(
    connection: Connection,
    principal: Principal,
    maker: Maker,
    wanted: Annotating,
    members: Sequence[Target],
    made: _Made,
) -> None:
    """What each target gets for itself."""
    if wanted.pairs:
        require_creation(principal, "MapAnnotation", maker.group)
        maps = make_annotations(
            connection, maker, "MapAnnotation", len(members), namespace=wanted.namespace
        )
        write_pairs(connection, {one.ref.id: wanted.pairs for one in maps})
        made.annotations += [one.ref for one in maps]
        made.links += [
            new_link(target, one, maker.owner_id) for target, one in zip(members, maps, strict=True)
        ]
    if wanted.rating is not None:
        require_creation(principal, "LongAnnotation", maker.group)
        rated = rate(connection, principal, maker, members, wanted.rating)
        made.annotations += [link.child.ref for link in rated]
        made.links += rated


def _stored_file(connection: Connection, maker: Maker, file: NewFile) -> int:
    table: Any = OriginalFile.__table__
    moment = now()
    number: int = connection.execute(
        insert(table)
        .values(
            owner_id=maker.owner_id, group_id=maker.group.id, creation_event_id=maker.event_id,
            update_event_id=maker.event_id, created_at=moment, updated_at=moment, version=1,
            name=file.name, path="", size=file.size,
            storage_name=file.storage_names[maker.group.id],
            hasher="SHA1-160", hash=file.sha1, mimetype=file.mimetype,
        )
        .returning(table.c.id)
    ).scalar_one()  # fmt: skip
    group_id = maker.group.id
    record(connection, maker.event_id, "OriginalFile", "INSERT", [number], group_id=group_id)
    return number
