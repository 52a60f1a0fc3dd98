"""The set-based planner: a selection becomes one statement per distinct relation, for all parents.

Types declare their fields with `declare`; nothing here knows a type of the schema by name. Reads
never pass through the ORM, and answers are plain rows that graphql-core completes without awaiting.
"""
