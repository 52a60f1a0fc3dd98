"""`editKeyValues` and `importKeyValues`: key-value pairs of many objects at once."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.key_value_table import import_key_values
from graphql_api.editing.key_values import PairEdit, edit_key_values
from graphql_api.schema.mutations.annotate import KeyValueInput
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from shared.models.annotations import NS_CLIENT_MAP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql_api.schema.types.activities import Activity
    from shared.refs import ObjectRef

Info = strawberry.Info[RequestContext, None]
LazyActivity = Annotated["Activity", strawberry.lazy("graphql_api.schema.types.activities")]
_NAMESPACE = "Which kind of pairs; people edit those of the default."


@strawberry.input(description="A key that gets another name.")
class RenameKeyInput:
    """One key."""

    from_: str = strawberry.field(name="from", description="The key as it is.")
    to: str = strawberry.field(description="The key as it shall be.")


@strawberry.input(description="What to change in the pairs of which objects.")
class EditKeyValuesInput:
    """Input of `editKeyValues`."""

    targets: list[strawberry.ID] = strawberry.field(description="At most 10,000 objects.")
    namespace: str | None = strawberry.field(default=NS_CLIENT_MAP, description=_NAMESPACE)
    set: list[KeyValueInput] = strawberry.field(
        default_factory=list,
        description="All pairs of each of these keys give way to those listed; new keys come last.",
    )
    rename: list[RenameKeyInput] = strawberry.field(
        default_factory=list, description="Keys that get another name; done before `set`."
    )
    remove: list[str] = strawberry.field(
        default_factory=list, description="Keys whose pairs are taken away; exact."
    )


@strawberry.type(description="What was changed, or why nothing was.")
class EditKeyValuesPayload:
    """Answer of `editKeyValues`."""

    changed: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Map annotations that were changed."
    )
    created: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Map annotations made for objects that had none."
    )
    left_alone: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description=(
            "Map annotations with one of the keys that stand on several objects or that the "
            "caller may not change."
        ),
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was changed."
    )


@strawberry.enum(description="Why a row of a table set nothing.")
class UnmatchedReason(Enum):
    """Why a row set nothing."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="No image there is called so.")
    AMBIGUOUS = strawberry.enum_value("AMBIGUOUS", description="Several images are called so.")
    REPEATED = strawberry.enum_value("REPEATED", description="An earlier row named the image.")


@strawberry.type(description="A row of a table that set nothing.")
class UnmatchedRow:
    """A row that set nothing."""

    row: int = strawberry.field(description="Its line in the table, from 1.")
    value: str = strawberry.field(description="What its first cell says.")
    reason: UnmatchedReason = strawberry.field(description="Why it set nothing.")


@strawberry.input(description="A table of key-value pairs and where its images are.")
class ImportKeyValuesInput:
    """Input of `importKeyValues`."""

    within: list[strawberry.ID] = strawberry.field(
        description="Images, containers, plates or screens in which the images are looked for."
    )
    csv: str = strawberry.field(
        description=(
            "A line of headings and a line per image. The first column names the image: by id if "
            "its heading has the word id, else by name. The other headings are the keys."
        )
    )
    separator: str | None = strawberry.field(
        default=None, description="Between cells; guessed from the headings when left out."
    )
    namespace: str | None = strawberry.field(default=NS_CLIENT_MAP, description=_NAMESPACE)


@strawberry.type(description="What a table set, or why it set nothing.")
class ImportKeyValuesPayload:
    """Answer of `importKeyValues`."""

    activity: LazyActivity | None = strawberry.field(
        default=None, description="The import, which has ended; its result is the images."
    )
    image_count: int = strawberry.field(default=0, description="How many images got pairs.")
    unmatched: list[UnmatchedRow] = strawberry.field(
        default_factory=list, description="Rows that set nothing; the first 1,000 of them."
    )
    unmatched_count: int = strawberry.field(
        default=0, description="How many rows set nothing in all."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was set."
    )


def _edit_key_values(info: Info, input: EditKeyValuesInput) -> EditKeyValuesPayload:
    """Edit pairs."""
    context = info.context

    def work() -> EditKeyValuesPayload:
        edit = PairEdit(
            tuple((pair.key, pair.value) for pair in input.set),
            tuple((each.from_, each.to) for each in input.rename),
            tuple(input.remove),
        )
        targets = [str(each) for each in input.targets]
        done = edit_key_values(
            context.database, context.require_principal(), targets, edit, input.namespace
        )
        return EditKeyValuesPayload(
            changed=_ids(done.changed), created=_ids(done.created), left_alone=_ids(done.left_alone)
        )

    return attempt(context, work, lambda found: EditKeyValuesPayload(errors=found))


def _import_key_values(info: Info, input: ImportKeyValuesInput) -> ImportKeyValuesPayload:
    """Import pairs."""
    context = info.context

    def work() -> ImportKeyValuesPayload:
        done = import_key_values(
            context.database,
            context.require_principal(),
            input.csv,
            [str(each) for each in input.within],
            namespace=input.namespace,
            separator=input.separator,
        )
        context.renew()
        (activity,) = fetch_nodes(info, [done.activity], "activity")
        rows = [
            UnmatchedRow(row=each.row, value=each.value, reason=UnmatchedReason(each.reason))
            for each in done.unmatched
        ]
        return ImportKeyValuesPayload(
            activity=activity,
            image_count=len(done.images),
            unmatched=rows,
            unmatched_count=done.unmatched_count,
        )

    return attempt(context, work, lambda found: ImportKeyValuesPayload(errors=found))


def _ids(refs: Iterable[ObjectRef]) -> list[strawberry.ID]:
    return [strawberry.ID(str(ref)) for ref in refs]


@strawberry.type
class KeyValueMutations:
    """Mutations of this file."""

    edit_key_values: EditKeyValuesPayload = strawberry.field(
        resolver=_edit_key_values,
        description="Set, rename and remove keys in what many objects carry.",
    )
    import_key_values: ImportKeyValuesPayload = strawberry.field(
        resolver=_import_key_values, description="Set the pairs of many images from a table."
    )
