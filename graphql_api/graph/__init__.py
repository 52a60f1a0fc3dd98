"""The graph engine: move, delete, duplicate and their kin, planned in sets before they happen.

`operations.plan_operation` answers a Plan, which is the dry run; `handlers` runs one in a single
transaction. Nothing here knows of GraphQL. A new object class touches `edges` and `policies` only.
"""
