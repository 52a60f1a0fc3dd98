"""Subscriptions over WebSocket: the protocol graphql-transport-ws, spoken at `/graphql`.

`socket` holds one connection, `protocol` knows the messages and close codes, `feed` notices what
has changed.
"""
