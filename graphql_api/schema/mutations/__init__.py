"""One verb, one file; `Mutation` gathers them.

Resolvers check arguments and call `graphql_api.editing`, where the SQL lives.
"""

from __future__ import annotations

import strawberry

from graphql_api.schema.mutations.activities import ActivityMutations
from graphql_api.schema.mutations.annotate import AnnotateMutations
from graphql_api.schema.mutations.annotations import AnnotationMutations
from graphql_api.schema.mutations.apply_rendering import ApplyRenderingMutations
from graphql_api.schema.mutations.change_owner import ChangeOwnerMutations
from graphql_api.schema.mutations.channels import ChannelMutations
from graphql_api.schema.mutations.containers import ContainerMutations
from graphql_api.schema.mutations.credentials import CredentialMutations
from graphql_api.schema.mutations.delete import DeleteMutations
from graphql_api.schema.mutations.duplicate import DuplicateMutations
from graphql_api.schema.mutations.execute_plan import ExecutePlanMutations
from graphql_api.schema.mutations.group_level import GroupLevelMutations
from graphql_api.schema.mutations.groups import GroupMutations
from graphql_api.schema.mutations.import_files import ImportMutations
from graphql_api.schema.mutations.import_rois import ImportRoiMutations
from graphql_api.schema.mutations.key_values import KeyValueMutations
from graphql_api.schema.mutations.link import LinkMutations
from graphql_api.schema.mutations.login import LoginMutations
from graphql_api.schema.mutations.lookup_tables import LookupTableMutations
from graphql_api.schema.mutations.membership import MembershipMutations
from graphql_api.schema.mutations.move_to_group import MoveMutations
from graphql_api.schema.mutations.rendering import RenderingMutations
from graphql_api.schema.mutations.rois import RoiMutations
from graphql_api.schema.mutations.screening import ScreeningMutations
from graphql_api.schema.mutations.set_group_permissions import GroupPermissionsMutations
from graphql_api.schema.mutations.tags import TagMutations
from graphql_api.schema.mutations.unannotate import UnannotateMutations
from graphql_api.schema.mutations.undo import UndoMutations
from graphql_api.schema.mutations.unlink import UnlinkMutations
from graphql_api.schema.mutations.update import UpdateMutations
from graphql_api.schema.mutations.user_table import UserTableMutations
from graphql_api.schema.mutations.users import UserMutations


@strawberry.type(description="Everything that changes something.")
class Mutation(
    LoginMutations,
    CredentialMutations,
    UserMutations,
    UserTableMutations,
    GroupMutations,
    GroupPermissionsMutations,
    ContainerMutations,
    UpdateMutations,
    AnnotateMutations,
    UnannotateMutations,
    AnnotationMutations,
    TagMutations,
    KeyValueMutations,
    ChannelMutations,
    RoiMutations,
    ImportRoiMutations,
    ScreeningMutations,
    LinkMutations,
    UnlinkMutations,
    MoveMutations,
    ChangeOwnerMutations,
    DuplicateMutations,
    DeleteMutations,
    ExecutePlanMutations,
    UndoMutations,
    GroupLevelMutations,
    MembershipMutations,
    RenderingMutations,
    ApplyRenderingMutations,
    LookupTableMutations,
    ImportMutations,
    ActivityMutations,
):
    """Root of mutations."""
