"""cancelActivity: its maker and administrators may; nobody else learns of it."""

from __future__ import annotations

from typing import Any

from shared.activities.queue import book
from shared.database import Database
from tests.support.graphql_client import GraphQLClient
from tests.support.people import make_group, make_user

CANCEL = """
mutation($id: ID!) { cancelActivity(input: {activity: $id}) {
  activity { id state viewerCan { cancel } } errors { __typename target } } }
"""


async def test_who_may_cancel_and_when(api: GraphQLClient, database: Database) -> None:
    with database.write() as connection:
        ada, bob = make_user(connection, "ada"), make_user(connection, "bob")
        make_group(connection, "lab", "rwrw--", members=[bob], owners=[ada])
        number = book(
            connection, kind="import", user_id=bob, sudoer_id=None, session_id=None, request={}
        )
    ref = f"Activity:{number}"

    async def cancel(user: int, text: str = ref) -> Any:
        return await api.data(CANCEL, {"id": text}, user=user)

    for text in (ref, "Activity:999", "Image:1", "x"):
        unseen = await cancel(ada, text)
        assert unseen["errors"] == [{"__typename": "NotFound", "target": text}]
    done = await cancel(bob)
    assert done["errors"] == []
    assert done["activity"] == {"id": ref, "state": "CANCELLED", "viewerCan": {"cancel": False}}
    again = await cancel(bob)
    assert again["errors"] == [{"__typename": "Conflict", "target": ref}]
