"""`editKeyValues` and `importKeyValues`: key-value pairs of many objects at once."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.key_value_import import TableImport, import_key_values
from graphql_api.editing.key_value_table import TableRow, decode_table, read_table
from graphql_api.editing.key_values import PairEdit, edit_key_values
from graphql_api.editing.texts import valid_namespace
from graphql_api.importing.consumed import consume, read_upload
from graphql_api.schema.mutations.annotation_inputs import KeyValueInput
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.transport_deadline import extend_deadline
from graphql_api.schema.types.references import LazyActivity
from shared.models.annotations import NS_CLIENT_MAP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.refs import ObjectRef

Info = strawberry.Info[RequestContext, None]
MAX_BYTES = 32 * 2**20
"""Of an uploaded table."""
MORE_TIME_S = 60.0
"""For a whole table."""
_NAMESPACE = "Which kind of pairs; people edit those of the default."


@strawberry.input(description="A key that gets another name.")
class RenameKeyInput:
    """One key."""

    from_: str = strawberry.field(name="from", description="The key as it is.")
    to: str = strawberry.field(description="The key as it shall be.")


@strawberry.input(description="Pairs that give way to others, wherever they are just these.")
class ReplacePairsInput:
    """Identical annotations."""

    from_: list[KeyValueInput] = strawberry.field(
        name="from", description="What an annotation says now: exactly these, in this order."
    )
    to: list[KeyValueInput] = strawberry.field(description="What it shall say.")


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
    replace: ReplacePairsInput | None = strawberry.field(
        default=None, description="Identical annotations to be edited together; done first."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key within 24 hours edits once."
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
            "Map annotations with one of the keys that stand on further objects too or that the "
            "caller may not change."
        ),
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was changed."
    )


@strawberry.enum(description="Why a row of a table set nothing.")
class UnmatchedReason(Enum):
    """Why a row set nothing."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="No object there is called so.")
    AMBIGUOUS = strawberry.enum_value("AMBIGUOUS", description="Several objects are called so.")
    REPEATED = strawberry.enum_value("REPEATED", description="An earlier row named the object.")


@strawberry.type(description="A row of a table that set nothing.")
class UnmatchedRow:
    """A row that set nothing."""

    row: int = strawberry.field(description="Its line in the table, from 1.")
    value: str = strawberry.field(description="How it names its object.")
    reason: UnmatchedReason = strawberry.field(description="Why it set nothing.")


@strawberry.enum(description="Which objects the rows of a table name.")
class KeyValueTarget(Enum):
    """Classes of objects."""

    IMAGE = strawberry.enum_value("Image", description="Images.")
    DATASET = strawberry.enum_value("Dataset", description="Datasets.")
    PROJECT = strawberry.enum_value("Project", description="Projects.")
    FOLDER = strawberry.enum_value("Folder", description="Folders.")
    SCREEN = strawberry.enum_value("Screen", description="Screens.")
    PLATE = strawberry.enum_value("Plate", description="Plates.")
    PLATE_ACQUISITION = strawberry.enum_value("PlateAcquisition", description="Runs of plates.")
    WELL = strawberry.enum_value("Well", description="Wells, by labels such as B7.")


@strawberry.input(description="Where the table is: exactly one of the two.", one_of=True)
class KeyValueSource:
    """A table."""

    csv: strawberry.Maybe[str] = strawberry.field(description="The table itself, as text.")
    upload: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="A finished upload of the caller that holds it; it is used up."
    )


@strawberry.input(description="A table of key-value pairs and where its objects are.")
class ImportKeyValuesInput:
    """Input of `importKeyValues`."""

    within: list[strawberry.ID] = strawberry.field(
        description="The objects themselves, or containers, plates or screens that hold them."
    )
    source: KeyValueSource = strawberry.field(
        description=(
            "A line of headings and a line per object. The columns OBJECT_ID and OBJECT_NAME name "
            "the object, else the first: by id if its heading has the word id, else by name. The "
            "other headings are the keys; a heading may repeat. A second line that begins with "
            "`namespace` names a namespace per column."
        )
    )
    type: KeyValueTarget = strawberry.field(
        default=KeyValueTarget.IMAGE, description="Which objects the rows name."
    )
    separator: str | None = strawberry.field(
        default=None, description="Between cells; guessed from the headings when left out."
    )
    value_separator: str | None = strawberry.field(
        default=None, description="Between several values in one cell; none when left out."
    )
    namespace: str | None = strawberry.field(default=NS_CLIENT_MAP, description=_NAMESPACE)
    dry_run: bool = strawberry.field(
        default=False, description="Only say which rows would set nothing."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key within 24 hours imports once."
    )


@strawberry.type(description="What a table set, or why it set nothing.")
class ImportKeyValuesPayload:
    """Answer of `importKeyValues`."""

    activity: LazyActivity | None = strawberry.field(
        default=None,
        description="The import, which has ended; its result is the objects. Null for a dry run.",
    )
    object_count: int = strawberry.field(default=0, description="How many objects got pairs.")
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
            _pairs(input.set),
            tuple((each.from_, each.to) for each in input.rename),
            tuple(input.remove),
            None
            if input.replace is None
            else (_pairs(input.replace.from_), _pairs(input.replace.to)),
        )
        targets = [str(each) for each in input.targets]
        done = edit_key_values(
            context.database,
            context.require_principal(),
            targets,
            edit,
            input.namespace,
            input.idempotency_key,
        )
        return EditKeyValuesPayload(
            changed=_ids(done.changed), created=_ids(done.created), left_alone=_ids(done.left_alone)
        )

    return attempt(context, work, lambda found: EditKeyValuesPayload(errors=found))


def _import_key_values(info: Info, input: ImportKeyValuesInput) -> ImportKeyValuesPayload:
    """Import pairs."""
    context = info.context

    def work() -> ImportKeyValuesPayload:
        extend_deadline(MORE_TIME_S)
        principal = context.require_principal()
        uuid = str(input.source.upload.value) if input.source.upload else None
        wanted = TableImport(
            lambda: _table(context, input),
            [str(each) for each in input.within],
            _given(input),
            str(input.type.value),
            input.dry_run,
        )
        done = import_key_values(
            context.database,
            principal,
            wanted,
            key=input.idempotency_key,
            first=None if uuid is None else lambda each: consume(each, principal, uuid),
        )
        context.renew()
        activity = None
        if done.activity is not None:
            (activity,) = fetch_nodes(info, [done.activity], "activity")
        rows = [
            UnmatchedRow(row=each.row, value=each.value, reason=UnmatchedReason(each.reason))
            for each in done.unmatched
        ]
        return ImportKeyValuesPayload(
            activity=activity,
            object_count=len(done.objects),
            unmatched=rows,
            unmatched_count=done.unmatched_count,
        )

    return attempt(context, work, lambda found: ImportKeyValuesPayload(errors=found))


def _given(given: ImportKeyValuesInput) -> dict[str, Any]:
    source = given.source
    return {
        "within": [str(each) for each in given.within],
        "csv": source.csv.value if source.csv else None,
        "upload": str(source.upload.value) if source.upload else None,
        "type": given.type.name,
        "separators": [given.separator, given.value_separator],
        "namespace": given.namespace,
    }


def _table(context: RequestContext, given: ImportKeyValuesInput) -> list[TableRow]:
    """The rows of the table, from the input or from the upload."""
    source = given.source
    if source.upload:
        uuid, principal = str(source.upload.value), context.require_principal()
        path = ("source", "upload")
        text = decode_table(
            read_upload(context.database, context.storage, principal, uuid, MAX_BYTES, path)
        )
    else:
        text = source.csv.value if source.csv else ""
    return read_table(
        text,
        separator=given.separator,
        value_separator=given.value_separator,
        namespace=valid_namespace(given.namespace),
    )


def _pairs(given: Iterable[KeyValueInput]) -> tuple[tuple[str, str], ...]:
    return tuple((pair.key, pair.value) for pair in given)


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
        resolver=_import_key_values, description="Set the pairs of many objects from a table."
    )
