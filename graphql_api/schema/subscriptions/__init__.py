"""What can be subscribed to, over graphql-transport-ws only.

A subscription is no stream of its own here: `routes.live` runs the operation once for each change,
with that change as the root value and the rights of that moment, like any other query.
"""

from __future__ import annotations

import strawberry

from graphql_api.schema.subscriptions.activities import ActivitySubscriptions


@strawberry.type(description="What can be watched, over graphql-transport-ws.")
class Subscription(ActivitySubscriptions):
    """Root of subscriptions."""
