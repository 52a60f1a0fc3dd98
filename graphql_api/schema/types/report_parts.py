"""What a report of a graph operation is made of: counts, cut links, what stays, blockers."""

from __future__ import annotations

from enum import Enum

import strawberry


@strawberry.enum(description="Why something is cut, left, deleted or refused.")
class Reason(Enum):
    """The engine's reasons (`graph.words.Reason`), as GraphQL shows them."""

    OTHER_OWNER = strawberry.enum_value("OTHER_OWNER", description="It belongs to somebody else.")
    SHARED_ELSEWHERE = strawberry.enum_value(
        "SHARED_ELSEWHERE", description="Something that stays uses or holds it too."
    )
    PRIVATE_TARGET = strawberry.enum_value(
        "PRIVATE_TARGET", description="A private group takes only what has one owner."
    )
    FILESET_SPLIT = strawberry.enum_value(
        "FILESET_SPLIT", description="It would part the images of one fileset."
    )
    SHARED_INSTRUMENT = strawberry.enum_value(
        "SHARED_INSTRUMENT", description="An instrument or channel is shared with what stays."
    )
    USED_BY_FIELD = strawberry.enum_value(
        "USED_BY_FIELD", description="A field of a plate uses the image."
    )
    NOT_PERMITTED = strawberry.enum_value(
        "NOT_PERMITTED", description="The caller may not do it to this object."
    )
    IDENTICAL_LINK = strawberry.enum_value(
        "IDENTICAL_LINK", description="Somebody would own the same link twice."
    )
    CLASS_EXCLUDED = strawberry.enum_value("CLASS_EXCLUDED", description="Its class was left out.")
    WILL_BE_DELETED = strawberry.enum_value(
        "WILL_BE_DELETED", description="The other end is deleted."
    )
    PARENT_NOT_INCLUDED = strawberry.enum_value(
        "PARENT_NOT_INCLUDED", description="The parent does not come along."
    )
    CHILD_NOT_INCLUDED = strawberry.enum_value(
        "CHILD_NOT_INCLUDED", description="The child does not come along."
    )


@strawberry.enum(description="Which end of a cut link does not come along.")
class LinkEnd(Enum):
    """Ends of a link."""

    PARENT = strawberry.enum_value("PARENT", description="The container or the annotated object.")
    CHILD = strawberry.enum_value("CHILD", description="The content or the annotation.")
    BOTH = strawberry.enum_value("BOTH", description="Neither end comes along.")


@strawberry.enum(description="What should be known before going on.")
class WarningCode(Enum):
    """Codes of warnings."""

    SEVERAL_PARENTS = strawberry.enum_value(
        "SEVERAL_PARENTS", description="It stands in several containers and goes from all of them."
    )
    OTHERS_DATA = strawberry.enum_value(
        "OTHERS_DATA", description="Objects of other people are among it."
    )
    OWNER_NOT_IN_GROUP = strawberry.enum_value(
        "OWNER_NOT_IN_GROUP", description="Data would lie where their owner is no member."
    )
    FILES_COPIED = strawberry.enum_value(
        "FILES_COPIED", description="Files were copied, since they could not be linked."
    )
    TARGET_NOT_FITTING = strawberry.enum_value(
        "TARGET_NOT_FITTING", description="The container cannot hold some of the targets."
    )


@strawberry.type(description="How many objects of a class, with all their ids.")
class TypeCount:
    """A count by class."""

    type: str = strawberry.field(description="The class, such as Image.")
    count: int = strawberry.field(description="How many.")
    id_ranges: str = strawberry.field(description="All their numbers, compressed: 51-53,56.")


@strawberry.type(description="How many objects or links of a class share a reason.")
class ReasonCount:
    """A count by reason."""

    reason: Reason = strawberry.field(description="The reason.")
    type: str = strawberry.field(description="The class.")
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="A link that is cut.")
class UnlinkedItem:
    """A cut link."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on from here.")
    link: strawberry.ID = strawberry.field(description="The link.")
    link_type: str = strawberry.field(description="Its class, such as DatasetImageLink.")
    parent: strawberry.ID = strawberry.field(description="The container or annotated object.")
    child: strawberry.ID = strawberry.field(description="The content or annotation.")
    name: str | None = strawberry.field(
        description="Name or text of the end that stays behind, where it has one."
    )
    stays_behind: LinkEnd = strawberry.field(description="Which end does not come along.")
    reason: Reason | None = strawberry.field(description="Why.")


@strawberry.type(description="An object that was reached and does not come along.")
class LeftBehind:
    """An object that stays."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on from here.")
    object: strawberry.ID = strawberry.field(description="The object.")
    name: str | None = strawberry.field(description="Its name or text, where it has one.")
    reason: Reason | None = strawberry.field(description="Why it stays.")


@strawberry.type(description="An object that is deleted because it cannot come along.")
class DeletedItem:
    """A deleted object."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on from here.")
    object: strawberry.ID = strawberry.field(description="The object.")
    name: str | None = strawberry.field(description="Its name or text, where it has one.")
    reason: Reason | None = strawberry.field(description="Why it goes.")


@strawberry.type(description="Why the operation cannot be done.")
class Blocker:
    """Something in the way."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on from here.")
    object: strawberry.ID = strawberry.field(description="What should go.")
    holder: strawberry.ID | None = strawberry.field(description="What stays and holds it.")
    shared: strawberry.ID | None = strawberry.field(description="What both use.")
    reason: Reason = strawberry.field(description="The reason.")
    message: str = strawberry.field(description="The sentence for the person.")
    suggested_targets: list[strawberry.ID] = strawberry.field(
        description="What to add to the targets, so that it can be done."
    )


@strawberry.type(description="An original and its copy.")
class Copy:
    """A pair of a duplicate."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on from here.")
    original: strawberry.ID = strawberry.field(description="What was copied.")
    copy: strawberry.ID | None = strawberry.field(description="The copy; null in a dry run.")


@strawberry.type(description="What should be known before going on.")
class OperationWarning:
    """A warning."""

    code: WarningCode = strawberry.field(description="A stable word.")
    message: str = strawberry.field(description="The sentence for the person.")
    targets: list[strawberry.ID] = strawberry.field(description="Which objects are meant.")
