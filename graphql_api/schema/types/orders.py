"""By what lists can be ordered. The value of an enum member is the column; all are indexed."""

from __future__ import annotations

from enum import Enum

import strawberry

from graphql_api.schema.types.connections import Nulls, OrderDirection

_FIELD = "What to order by."
_DIRECTION = "Ascending or descending."
_NULLS = "Where objects without a value stand."


@strawberry.enum(description="By what objects can be ordered.")
class PlainOrderField(Enum):
    """By what objects without a name can be ordered."""

    ID = strawberry.enum_value("id", description="By number.")


@strawberry.enum(description="By what named objects can be ordered.")
class NamedOrderField(Enum):
    """By what named objects can be ordered."""

    ID = strawberry.enum_value("id", description="By number.")
    NAME = strawberry.enum_value("name_key", description="By name, without regard to case.")
    CREATED_AT = strawberry.enum_value("created_at", description="By when they were made.")


@strawberry.enum(description="By what images can be ordered.")
class ImageOrderField(Enum):
    """By what images can be ordered."""

    ID = strawberry.enum_value("id", description="By number.")
    NAME = strawberry.enum_value("name_key", description="By name, without regard to case.")
    CREATED_AT = strawberry.enum_value("created_at", description="By when they were imported.")
    ACQUIRED_AT = strawberry.enum_value("acquired_at", description="By when they were taken.")


@strawberry.enum(description="By what wells can be ordered.")
class WellOrderField(Enum):
    """By what wells can be ordered."""

    ID = strawberry.enum_value("id", description="By number.")
    ROW = strawberry.enum_value("row", description="By row, from the top.")
    COLUMN = strawberry.enum_value("column", description="By column, from the left.")


@strawberry.enum(description="By what fields of wells can be ordered.")
class WellSampleOrderField(Enum):
    """By what fields of wells can be ordered."""

    ID = strawberry.enum_value("id", description="By number.")
    POSITION = strawberry.enum_value("position", description="By place within the well.")


@strawberry.enum(description="By what shapes can be ordered.")
class ShapeOrderField(Enum):
    """By what shapes can be ordered."""

    ID = strawberry.enum_value("id", description="By number.")
    POSITION = strawberry.enum_value("position", description="By place within the ROI.")


@strawberry.enum(description="By what planes can be ordered.")
class PlaneInfoOrderField(Enum):
    """By what planes can be ordered."""

    ID = strawberry.enum_value("id", description="By number.")
    THE_T = strawberry.enum_value("the_t", description="By timepoint.")
    THE_C = strawberry.enum_value("the_c", description="By channel.")
    THE_Z = strawberry.enum_value("the_z", description="By section.")


@strawberry.enum(description="By what people can be ordered.")
class UserOrderField(Enum):
    """By what people can be ordered."""

    ID = strawberry.enum_value("id", description="By number.")
    LOGIN = strawberry.enum_value("login_key", description="By login name.")
    LAST_NAME = strawberry.enum_value("last_name_key", description="By last name.")


@strawberry.enum(description="By what groups can be ordered.")
class GroupOrderField(Enum):
    """By what groups can be ordered."""

    ID = strawberry.enum_value("id", description="By number.")
    NAME = strawberry.enum_value("name_key", description="By name, without regard to case.")


@strawberry.input(description="One term of an order.")
class PlainOrder:
    """One term of an order."""

    field: PlainOrderField = strawberry.field(description=_FIELD)
    direction: OrderDirection = strawberry.field(description=_DIRECTION, default=OrderDirection.ASC)
    nulls: Nulls = strawberry.field(description=_NULLS, default=Nulls.LAST)


@strawberry.input(description="One term of an order of named objects.")
class NamedOrder:
    """One term of an order of named objects."""

    field: NamedOrderField = strawberry.field(description=_FIELD)
    direction: OrderDirection = strawberry.field(description=_DIRECTION, default=OrderDirection.ASC)
    nulls: Nulls = strawberry.field(description=_NULLS, default=Nulls.LAST)


@strawberry.input(description="One term of an order of images.")
class ImageOrder:
    """One term of an order of images."""

    field: ImageOrderField = strawberry.field(description=_FIELD)
    direction: OrderDirection = strawberry.field(description=_DIRECTION, default=OrderDirection.ASC)
    nulls: Nulls = strawberry.field(description=_NULLS, default=Nulls.LAST)


@strawberry.input(description="One term of an order of wells.")
class WellOrder:
    """One term of an order of wells."""

    field: WellOrderField = strawberry.field(description=_FIELD)
    direction: OrderDirection = strawberry.field(description=_DIRECTION, default=OrderDirection.ASC)
    nulls: Nulls = strawberry.field(description=_NULLS, default=Nulls.LAST)


@strawberry.input(description="One term of an order of fields of wells.")
class WellSampleOrder:
    """One term of an order of fields of wells."""

    field: WellSampleOrderField = strawberry.field(description=_FIELD)
    direction: OrderDirection = strawberry.field(description=_DIRECTION, default=OrderDirection.ASC)
    nulls: Nulls = strawberry.field(description=_NULLS, default=Nulls.LAST)


@strawberry.input(description="One term of an order of shapes.")
class ShapeOrder:
    """One term of an order of shapes."""

    field: ShapeOrderField = strawberry.field(description=_FIELD)
    direction: OrderDirection = strawberry.field(description=_DIRECTION, default=OrderDirection.ASC)
    nulls: Nulls = strawberry.field(description=_NULLS, default=Nulls.LAST)


@strawberry.input(description="One term of an order of planes.")
class PlaneInfoOrder:
    """One term of an order of planes."""

    field: PlaneInfoOrderField = strawberry.field(description=_FIELD)
    direction: OrderDirection = strawberry.field(description=_DIRECTION, default=OrderDirection.ASC)
    nulls: Nulls = strawberry.field(description=_NULLS, default=Nulls.LAST)


@strawberry.input(description="One term of an order of people.")
class UserOrder:
    """One term of an order of people."""

    field: UserOrderField = strawberry.field(description=_FIELD)
    direction: OrderDirection = strawberry.field(description=_DIRECTION, default=OrderDirection.ASC)
    nulls: Nulls = strawberry.field(description=_NULLS, default=Nulls.LAST)


@strawberry.input(description="One term of an order of groups.")
class GroupOrder:
    """One term of an order of groups."""

    field: GroupOrderField = strawberry.field(description=_FIELD)
    direction: OrderDirection = strawberry.field(description=_DIRECTION, default=OrderDirection.ASC)
    nulls: Nulls = strawberry.field(description=_NULLS, default=Nulls.LAST)
