"""A stage on which everybody tries everything: each trial has an object of its own.

People in every role, a group of every level, and for each pair one fresh object per trial, all of
`owner`. Operations run on the executable schema, each with the statements that it took.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from graphql import ExecutionResult, execute, parse, validate
from sqlalchemy import select

from graphql_api.compiler.completion import PlannedExecutor
from graphql_api.context import RequestContext
from graphql_api.settings import ApiSettings
from shared.auth.keys import SecretKeys
from shared.auth.principal import load_principal
from shared.database import counted_statements
from shared.models import MODELS, Base
from shared.models.annotations import NS_TAG_SET
from shared.models.images import Channel
from shared.models.light import reused_aliases
from shared.models.people import GUEST_GROUP, GroupPermissions, Privilege, Session
from shared.storage import LocalStorage
from tests.support.browsing import KEY, schema
from tests.support.people import (
    add_member,
    make_group,
    make_link,
    make_part,
    make_row,
    make_user,
    special_group,
)

if TYPE_CHECKING:
    from graphql import DocumentNode
    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.settings import Settings

LEVELS = tuple(GroupPermissions)
RESTRICTED = {
    "admin-nothing": (),
    "admin-write": (Privilege.WRITE_OWNED, Privilege.WRITE_FILE, Privilege.WRITE_MANAGED_REPO),
    "admin-delete": (Privilege.DELETE_OWNED,),
    "admin-chgrp": (Privilege.CHGRP,),
    "admin-chown": (Privilege.CHOWN,),
}
ROLES = (
    "owner", "member", "leader", "outsider", "guest", "admin-full", *RESTRICTED,
    "admin-member", "owner-read-token", "owner-import-token", "chief-write-token", "sudo",
)  # fmt: skip
"""`sudo` is the full administrator acting as the plain member; tokens have the one scope named."""
PERSON = {
    "owner-read-token": "owner", "owner-import-token": "owner", "chief-write-token": "admin-full",
    "sudo": "member",
}  # fmt: skip
SCOPES = {
    "owner-read-token": frozenset({"read"}),
    "owner-import-token": frozenset({"import"}),
    "chief-write-token": frozenset({"write"}),
}
UNKNOWN = 999_999_999
LINKED = {
    "ImageAnnotationLink": ("Image", "Annotation"), "DatasetImageLink": ("Dataset", "Image"),
}  # fmt: skip
"""Classes of links with the classes of their ends."""
PARENTS = {
    "Pixels": ("Image", "image_id"), "Roi": ("Image", "image_id"), "Well": ("Plate", "plate_id"),
    "PlateAcquisition": ("Plate", "plate_id"), "Reagent": ("Screen", "screen_id"),
}  # fmt: skip
WELL_PLACE = {"Well": {"row": 0, "column": 0}}


@cache
def _parsed(text: str) -> DocumentNode:
    document = parse(text)
    faults = validate(schema()._schema, document)
    assert not faults, faults
    return document


@dataclass(frozen=True)
class At:
    """One trial: who, at which level, on what."""

    stage: Stage
    role: str
    level: GroupPermissions
    ref: str

    def own(self, class_name: str) -> str:
        """Something of the acting person's own in the same group."""
        return self.stage.own[self.person, self.level, class_name]

    @property
    def person(self) -> str:
        """Who acts."""
        return PERSON.get(self.role, self.role)

    @property
    def elsewhere(self) -> str:
        """A group into which the acting person may move his things."""
        return f"Group:{self.stage.elsewhere}"

    @property
    def recipient(self) -> str:
        """A member of every group, who is neither owner nor acts."""
        return f"User:{self.stage.people['recipient']}"


@dataclass
class Answer:
    """What was answered, and the statements that it took."""

    data: dict[str, Any]
    statements: int


@dataclass
class Stage:
    """Everybody and everything; ids are numbers, references texts."""

    database: Database
    settings: Settings
    people: dict[str, int] = field(default_factory=dict)
    groups: dict[GroupPermissions, int] = field(default_factory=dict)
    elsewhere: int = 0
    own: dict[tuple[str, GroupPermissions, str], str] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    """Through what a link is seen: its parent."""
    _principals: dict[str, Principal] = field(default_factory=dict)
    _sessions: dict[str, int] = field(default_factory=dict)

    @cached_property
    def _services(self) -> tuple[ApiSettings, SecretKeys, LocalStorage]:
        settings = ApiSettings(**self.settings.model_dump() | {"secret_key": KEY})
        return settings, SecretKeys.load(settings), LocalStorage(settings.data_dir)

    def open(self) -> Stage:
        """Make the people and the groups."""
        with self.database.write() as connection:
            for role in ("recipient", *(each for each in ROLES if each not in PERSON)):
                kept = RESTRICTED.get(role)
                withheld = frozenset(Privilege) - frozenset(kept or ())
                is_admin = role.startswith("admin")
                self.people[role] = make_user(
                    connection, f"{role}-person", is_admin=is_admin,
                    withheld=() if role == "admin-full" or not is_admin else withheld,
                )  # fmt: skip
                self._sessions[role] = make_part(
                    connection, Session, token_hash=f"hash-{role}", user_id=self.people[role],
                    created_at=0, expires_at=2**52, idle_s=10**9,
                )  # fmt: skip
            add_member(connection, self.people["guest"], special_group(connection, GUEST_GROUP))
            members = [
                self.people[each] for each in ("owner", "member", "recipient", "guest",
                                               "admin-member")
            ]  # fmt: skip
            for level in LEVELS:
                self.groups[level] = make_group(
                    connection, f"lab {level.name}", level, members=members,
                    owners=[self.people["leader"]],
                )  # fmt: skip
            everybody = list(self.people.values())
            self.elsewhere = make_group(connection, "elsewhere", "rwra--", members=everybody)
            for level in LEVELS:
                for role, number in self.people.items():
                    for name in ("Project", "Dataset", "Image", "Screen", "Plate", "Folder"):
                        made = self.make(connection, name, number, level)
                        self.own[role, level, name] = made
        return self

    def make(
        self, connection: Connection, class_name: str, owner: int, level: GroupPermissions
    ) -> str:
        """A fresh object with what hangs on it."""
        group = self.groups[level]

        values: dict[str, Any]

        def row(model: str, **values: Any) -> int:
            return make_row(connection, MODELS[model], owner=owner, group=group, **values)

        if class_name in LINKED:
            holder, held = LINKED[class_name]
            values = {"class_name": "CommentAnnotation"} if held == "Annotation" else {}
            parent, child = row(holder), row(held, **values)
            link = make_link(connection, class_name, parent, child, owner=owner, group=group)
            self.holders[f"{class_name}:{link}"] = f"{holder}:{parent}"
            return f"{class_name}:{link}"
        if class_name == "TagSet":
            values = {"class_name": "TagAnnotation", "namespace": NS_TAG_SET, "text_value": "set"}
            return f"TagAnnotation:{row('Annotation', **values)}"
        if class_name.endswith("Annotation"):
            number = row("Annotation", class_name=class_name, text_value="word")
            return f"{class_name}:{number}"
        values = {}
        if class_name in PARENTS:
            parent_class, column = PARENTS[class_name]
            values = {column: row(parent_class)} | WELL_PLACE.get(class_name, {})
        if class_name == "WellSample":
            well = row("Well", plate_id=row("Plate"), **WELL_PLACE["Well"])
            values = {"well_id": well, "position": 0}
        number = row(class_name, **values)
        if class_name == "Image":
            pixels = row("Pixels", image_id=number)
            logical, stats = row("LogicalChannel", name="DAPI"), row("StatsInfo")
            make_part(
                connection, Channel, pixels_id=pixels, position=0, logical_channel_id=logical,
                stats_info_id=stats,
            )  # fmt: skip
        return f"{class_name}:{number}"

    def principal(self, role: str) -> Principal:
        """The role as it stands; rights do not change on this stage."""
        found = self._principals.get(role)
        if found is None:
            person = PERSON.get(role, role)
            sudoer = self.people["admin-full"] if role == "sudo" else None
            with self.database.read() as connection:
                found = load_principal(
                    connection, self.people[person],
                    session_id=None if role in SCOPES else self._sessions[person],
                    token_id=1 if role in SCOPES else None,
                    sudoer_id=sudoer, scopes=SCOPES.get(role),
                )  # fmt: skip
            self._principals[role] = found
        return found

    def ask(self, role: str, document: str, **variables: Any) -> Answer:
        """Run a document, which must be a good one, as this role."""
        settings, keys, storage = self._services
        context = RequestContext(
            database=self.database,
            storage=storage,
            settings=settings,
            keys=keys,
            principal=self.principal(role),
        )
        try:
            with counted_statements() as count, reused_aliases():
                result = execute(
                    schema()._schema, _parsed(document), context_value=context,
                    variable_values=variables, executor_class=PlannedExecutor,
                )  # fmt: skip
        finally:
            context.release()
        assert isinstance(result, ExecutionResult)
        assert not result.errors, result.errors
        assert result.data is not None
        return Answer(result.data, len(count))

    def digest(self) -> dict[str, str]:
        """Of every table all rows, digested: equal when nothing at all has changed."""
        found = {}
        with self.database.read() as connection:
            for table in Base.metadata.sorted_tables:
                rows = connection.execute(select(table).order_by(*table.primary_key.columns))
                whole = hashlib.sha256()
                for row in rows:
                    whole.update(repr(tuple(row)).encode())
                found[table.name] = whole.hexdigest()
        return found
