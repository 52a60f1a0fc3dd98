"""Who you are and what you may do: passwords, sessions, grants, and the one table of rights.

Nothing outside this package may spell out a right: ask `decide` for one object, `select` for sets.
"""
