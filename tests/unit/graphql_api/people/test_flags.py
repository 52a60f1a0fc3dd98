"""`viewerCan` of people and groups: false exactly when the mutation answers `Denied` with them."""

from __future__ import annotations

from typing import Any

from tests.support.administration import Office

ROLES = ("root", "chief", "organizer", "clerk", "lea", "ada", "eve")
PEOPLE = ("root", "chief", "organizer", "clerk", "lea", "ada", "bob", "eve")
GROUPS = ("lab", "other", "system", "user")
USER_FLAGS: dict[str, tuple[str, dict[str, Any]]] = {
    "update": ("updateUser", {}),
    "rename": ("updateUser", {"login": "the same"}),
    "changePassword": ("changePassword", {"newPassword": "x"}),
    "deactivate": ("reactivateUser", {}),
    "setDefaultGroup": ("setDefaultGroup", {}),
    "setAdminPrivileges": ("setAdminPrivileges", {"privileges": []}),
    "delete": ("deleteUser", {}),
    "sudo": ("sudo", {}),
    "annotate": ("annotate", {"comment": "hello"}),
}
"""Inputs that change nothing even where they are allowed; `delete` comes last of all."""
GROUP_FLAGS: dict[str, tuple[str, dict[str, Any]]] = {
    "update": ("updateGroup", {"linkOwnerFollowsContent": False}),
    "describe": ("updateGroup", {"description": None}),
    "setPermissions": ("setGroupPermissions", {"permissions": "PRIVATE", "dryRun": True}),
    "openForWriting": ("setGroupPermissions", {"permissions": "READ_WRITE", "dryRun": True}),
    "manageMembers": ("addToGroup", {}),
    "delete": ("deleteGroup", {}),
    "annotate": ("annotate", {"comment": "hello"}),
}
QUIET = ("setAdminPrivileges", "deleteUser", "deleteGroup")
"""Tried only where the flag says no: allowed, they would change who is on the stage."""


async def can(office: Office, who: str, ref: str, kind: str, names: Any) -> dict[str, bool] | None:
    query = (
        f"query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ viewerCan {{ {' '.join(names)} }} }}"
        " }} }}".replace("}}", "}")
    )
    node = await office.api.data(query, {"id": ref}, user=office.ids[who])
    found: dict[str, bool] | None = node and node["viewerCan"]
    return found


async def denied(office: Office, who: str, mutation: str, given: dict[str, Any], ref: str) -> bool:
    payload = await office.call(who, mutation, given)
    return any(
        each["__typename"] == "Denied" and each["target"] == ref for each in payload["errors"]
    )


async def test_flags_of_people(office: Office) -> None:
    for who in ROLES:
        for name in PEOPLE:
            ref = office.user(name)
            seen = await can(office, who, ref, "User", USER_FLAGS)
            for flag, (mutation, values) in USER_FLAGS.items():
                if seen is None or (seen[flag] and mutation in QUIET):
                    continue
                given = {"id" if mutation == "updateUser" else "user": ref} | values
                if flag == "annotate":
                    given = {"targets": [ref]} | values
                if flag == "rename":
                    given["login"] = name
                if flag == "setDefaultGroup":
                    given["group"] = office.group("other" if who == "eve" else "lab")
                refused = await denied(office, who, mutation, given, ref)
                assert refused is not seen[flag], (who, name, flag)


async def test_flags_of_groups(office: Office) -> None:
    for who in ROLES:
        for name in GROUPS:
            ref = office.group(name)
            seen = await can(office, who, ref, "Group", GROUP_FLAGS)
            for flag, (mutation, values) in GROUP_FLAGS.items():
                if seen is None or (seen[flag] and mutation in QUIET):
                    continue
                given = {"id" if mutation == "updateGroup" else "group": ref} | values
                if flag == "annotate":
                    given = {"targets": [ref]} | values
                if mutation == "addToGroup":
                    member = {"lab": "ada", "other": "eve", "system": "clerk"}.get(name, "ada")
                    given["user"] = office.user(member if who != "eve" else "eve")
                if mutation == "setGroupPermissions" and name in {"system", "user"}:
                    continue  # a special group is a Conflict before the right is looked at
                refused = await denied(office, who, mutation, given, ref)
                assert refused is not seen[flag], (who, name, flag)
