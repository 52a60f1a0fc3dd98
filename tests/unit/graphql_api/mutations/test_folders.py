"""createFolder: a folder lies in another by a column, which takes the right to link into it."""

from __future__ import annotations

from sqlalchemy import select

from shared.database import Database
from shared.models.containers import Folder
from tests.support.graphql_client import GraphQLClient
from tests.support.people import make_group, make_row, make_user

CREATE = """
mutation($input: CreateFolderInput!) { createFolder(input: $input) {
  folder { id name parentFolder { id } group { id } } errors { __typename target } } }
"""


async def test_a_folder_lies_in_another_of_its_group(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        ada, bob = make_user(connection, "ada"), make_user(connection, "bob")
        make_group(connection, "first", "rwra--", members=[ada])
        lab = make_group(connection, "lab", "rwra--", members=[ada, bob])
        top = make_row(connection, Folder, owner=ada, group=lab)
    given = {"name": "inner", "parent": f"Folder:{top}"}
    made = await api.data(CREATE, {"input": given}, user=ada)
    assert made["errors"] == []
    assert made["folder"]["parentFolder"] == {"id": f"Folder:{top}"}
    assert made["folder"]["group"] == {"id": f"Group:{lab}"}
    refused = await api.data(CREATE, {"input": given}, user=bob)
    assert refused["folder"] is None
    assert refused["errors"] == [{"__typename": "Denied", "target": f"Folder:{top}"}]
    alone = await api.data(CREATE, {"input": {"name": "outer"}}, user=bob)
    assert alone["folder"]["parentFolder"] is None
    with database.read() as connection:
        assert len(connection.execute(select(Folder.id)).all()) == 3
