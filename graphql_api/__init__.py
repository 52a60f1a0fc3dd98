"""The registry: who owns what and how it hangs together, answered as GraphQL.

`app.build_app` is the only wiring; nothing happens at import.
"""
