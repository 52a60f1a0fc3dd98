"""The services behind the mutations: rights, rows, journal and epoch, in one transaction each.

Nothing here knows of GraphQL. Each raises errors of `shared.errors`, several at once as an
`ExceptionGroup`; then nothing has changed.
"""
