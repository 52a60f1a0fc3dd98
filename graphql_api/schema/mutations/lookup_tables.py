"""`uploadLookupTable`: another lookup table for everybody, by whoever holds the privilege."""

from __future__ import annotations

import strawberry

from graphql_api.context import RequestContext
from graphql_api.editing.lookup_tables import decoded, require_table_uploader, upload_table
from graphql_api.importing.consumed import consume, read_upload
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.types.lookup_tables import LookupTable, all_lookup_tables
from shared.rendering.lut_files import MAX_LUT_BYTES

Info = strawberry.Info[RequestContext, None]


@strawberry.input(description="Where the file is: exactly one of the three.", one_of=True)
class LookupTableContent:
    """The file."""

    base64: strawberry.Maybe[str] = strawberry.field(
        description="Its bytes in base64, at most 64 KiB of them: binary or text."
    )
    text: strawberry.Maybe[str] = strawberry.field(
        description="A text table: rows of red, green and blue, an index before them if wanted."
    )
    upload: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="A finished upload of the caller that holds it; it is used up."
    )


@strawberry.input(description="A lookup table and its name.")
class UploadLookupTableInput:
    """Input of `uploadLookupTable`."""

    name: str = strawberry.field(
        description="Its name, ending in .lut; it cannot be given again to another table."
    )
    content: LookupTableContent = strawberry.field(description="The file.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key within 24 hours uploads once."
    )


@strawberry.type(description="The new table, or why there is none.")
class UploadLookupTablePayload:
    """Answer of `uploadLookupTable`."""

    lookup_table: LookupTable | None = strawberry.field(
        default=None, description="The table, as everybody may use it now."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was kept."
    )


def _upload_lookup_table(info: Info, input: UploadLookupTableInput) -> UploadLookupTablePayload:
    """Keep a lookup table."""
    context = info.context

    def work() -> UploadLookupTablePayload:
        principal = context.require_principal()
        require_table_uploader(principal)
        uuid = str(input.content.upload.value) if input.content.upload else None
        made = upload_table(
            context.database,
            principal,
            input.name,
            _content(context, input.content),
            input.idempotency_key,
            first=None if uuid is None else lambda each: consume(each, principal, uuid),
        )
        context.renew()
        tables = all_lookup_tables(context.connection)
        found = next(table for table in tables if table.id == str(made))
        return UploadLookupTablePayload(lookup_table=found)

    return attempt(context, work, lambda found: UploadLookupTablePayload(errors=found))


def _content(context: RequestContext, given: LookupTableContent) -> bytes:
    if given.upload:
        return read_upload(
            context.database,
            context.storage,
            context.require_principal(),
            str(given.upload.value),
            MAX_LUT_BYTES,
            ("content", "upload"),
        )
    if given.text:
        return given.text.value.encode()
    return decoded(given.base64.value) if given.base64 else b""


@strawberry.type
class LookupTableMutations:
    """Mutations of this file."""

    upload_lookup_table: UploadLookupTablePayload = strawberry.field(
        resolver=_upload_lookup_table,
        description=(
            "Keep a lookup table (binary or text `.lut`, at most 64 KiB) for everybody. It takes "
            "an administrator with the privilege WriteScriptRepo."
        ),
    )
