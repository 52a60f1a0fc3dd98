"""The darkroom: how images look. Reads through the chunk index, renders, encodes, keeps.

It agrees with the GraphQL API through the database, sessions, grants and addresses, and never
imports it.
"""
