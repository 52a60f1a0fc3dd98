"""How fast are tiles, beside the library that pathology servers in Python use today?

`python -m benchmarks.tiles` starts the real service (one process, its own routes, authentication)
and large_image behind the same kind of server on the same generated files, and asks both in turn.
"""
