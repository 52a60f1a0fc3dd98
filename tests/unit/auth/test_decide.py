"""One object: classes, files, guests, scopes, and the reasons given."""

from __future__ import annotations

import pytest

from shared.auth.decide import Decider, ObjectFacts, decide, decide_all, explain, require
from shared.auth.rules import Action, DenialReason, FileLocation, file_location
from shared.errors import Denied, NotFound
from shared.models.people import GroupPermissions, Privilege
from shared.refs import ObjectRef
from tests.support.principals import ALL_PRIVILEGES, LAB, ME, OTHER, principal

P = GroupPermissions
CHANGING = [action for action in Action if action not in {"view", "download", "view_label"}]

MOVABLE = (
    "Instrument", "Annotation", "TagAnnotation", "FileAnnotation", "Dataset", "Project", "Folder",
    "Image", "OriginalFile", "RenderingDef", "RenderingSettings", "Thumbnail", "Experiment",
    "Fileset", "Job", "Roi", "Plate", "Screen",
)  # fmt: skip
ONLY_GIVABLE = (
    "Reagent", "ImageAnnotationLink", "ProjectAnnotationLink", "DatasetImageLink",
    "ProjectDatasetLink", "FolderImageLink", "FolderRoiLink", "ScreenPlateLink",
    "WellReagentLink", "JobOriginalFileLink",
)  # fmt: skip
NEITHER = (
    "Well", "WellSample", "PlateAcquisition", "Pixels", "Channel", "LogicalChannel", "Shape",
    "Namespace",
)  # fmt: skip


@pytest.mark.parametrize("class_name", [*MOVABLE, *ONLY_GIVABLE, *NEITHER])
def test_only_some_classes_are_moved_or_given(class_name: str) -> None:
    root = principal(privileges=ALL_PRIVILEGES)
    facts = ObjectFacts(class_name, OTHER, LAB, P.READ_WRITE)
    moved = decide(root, Action.MOVE_TO_GROUP, facts)
    given = decide(root, Action.CHANGE_OWNER, facts)
    assert moved.allowed is (class_name in MOVABLE)
    assert given.allowed is (class_name not in NEITHER)
    if not moved:
        assert moved.reasons == (DenialReason.CLASS_NOT_LEGAL,)


@pytest.mark.parametrize(
    ("location", "privilege", "action"),
    [
        (FileLocation.ELSEWHERE, Privilege.WRITE_FILE, Action.UPDATE),
        (FileLocation.MANAGED, Privilege.WRITE_MANAGED_REPO, Action.UPDATE),
        (FileLocation.SCRIPTS, Privilege.WRITE_SCRIPT_REPO, Action.UPDATE),
        (FileLocation.ELSEWHERE, Privilege.DELETE_FILE, Action.DELETE),
        (FileLocation.MANAGED, Privilege.DELETE_MANAGED_REPO, Action.DELETE),
        (FileLocation.SCRIPTS, Privilege.DELETE_SCRIPT_REPO, Action.DELETE),
    ],
)
def test_files_take_the_privilege_of_their_place(
    location: FileLocation, privilege: Privilege, action: Action
) -> None:
    facts = ObjectFacts("OriginalFile", OTHER, LAB, P.READ_ONLY, location)
    allowed = {one for one in Privilege if decide(principal(privileges=[one]), action, facts)}
    assert allowed == {privilege}


def test_a_file_that_names_no_repository_lies_elsewhere() -> None:
    assert file_location(None) is FileLocation.ELSEWHERE
    assert file_location("public") is FileLocation.ELSEWHERE
    assert file_location("managed") is FileLocation.MANAGED
    facts = ObjectFacts("OriginalFile", OTHER, LAB, P.READ_ONLY)
    assert decide(principal(privileges=[Privilege.WRITE_FILE]), Action.UPDATE, facts)


@pytest.mark.parametrize("action", CHANGING)
def test_guests_see_and_change_nothing(action: Action) -> None:
    guest = principal(member_of=[(LAB, P.READ_WRITE)], is_guest=True)
    for owner in (ME, OTHER):
        facts = ObjectFacts("Image", owner, LAB, P.READ_WRITE)
        assert decide(guest, Action.VIEW, facts)
        verdict = decide(guest, action, facts)
        assert verdict.reasons == (DenialReason.PRIVILEGE_MISSING,)
        assert "Guests" in explain(guest, action, facts, verdict.reasons[0])


SCOPED = {
    "read": set(),
    "import": {Action.CREATE_IN, Action.LINK},
    "admin": set(),
    "write": set(CHANGING) - {Action.CREATE_FOR_OTHERS, Action.CHANGE_OWNER},
}


@pytest.mark.parametrize("scope", SCOPED)
def test_a_token_allows_what_its_scope_says(scope: str) -> None:
    facts = ObjectFacts("Image", ME, LAB, P.READ_WRITE)
    verdicts = decide_all(principal(member_of=[(LAB, P.READ_WRITE)], scopes=[scope]), facts)
    reading = {Action.VIEW, Action.DOWNLOAD, Action.VIEW_LABEL}
    assert {action for action, yes in verdicts.items() if yes} == reading | SCOPED[scope]


def test_a_token_without_scopes_sees_nothing_and_is_told_what_it_lacks() -> None:
    facts = ObjectFacts("Image", ME, LAB, P.READ_WRITE)
    bare = principal(member_of=[(LAB, P.READ_WRITE)], scopes=[])
    assert not decide(bare, Action.VIEW, facts)
    reader = principal(member_of=[(LAB, P.READ_WRITE)], scopes=["read"])
    (reason,) = decide(reader, Action.DELETE, facts).reasons
    assert (
        explain(reader, Action.DELETE, facts, reason) == "The access token lacks the scope write."
    )


R = DenialReason


@pytest.mark.parametrize(
    ("level", "action", "reasons"),
    [
        (P.READ_ONLY, Action.ANNOTATE, {R.NOT_OWNER, R.GROUP_READ_ONLY}),
        (P.READ_ONLY, Action.UPDATE, {R.NOT_OWNER, R.GROUP_READ_ONLY}),
        (P.READ_ANNOTATE, Action.UPDATE, {R.NOT_OWNER}),
        (P.READ_WRITE, Action.MOVE_TO_GROUP, {R.NOT_OWNER}),
        (P.READ_WRITE, Action.CHANGE_OWNER, {R.PRIVILEGE_MISSING}),
        (P.PRIVATE, Action.VIEW, {R.NOT_OWNER, R.GROUP_PRIVATE}),
        (P.PRIVATE, Action.DELETE, {R.NOT_OWNER, R.GROUP_PRIVATE}),
    ],
)
def test_a_member_is_told_every_reason(
    level: GroupPermissions, action: Action, reasons: set[DenialReason]
) -> None:
    verdict = decide(
        principal(member_of=[(LAB, level)]), action, ObjectFacts("Image", OTHER, LAB, level)
    )
    assert not verdict
    assert set(verdict.reasons) == reasons


def test_an_owner_is_told_that_owners_cannot_give_away() -> None:
    facts = ObjectFacts("Image", ME, LAB, P.READ_WRITE)
    verdict = decide(principal(member_of=[(LAB, P.READ_WRITE)]), Action.CHANGE_OWNER, facts)
    assert verdict.reasons == (DenialReason.OWNER_CANNOT_CHANGE_OWNER,)


def test_a_leader_in_a_private_group_is_told_that_it_is_private() -> None:
    facts = ObjectFacts("Image", OTHER, LAB, P.PRIVATE)
    leader = principal(leads=[(LAB, P.PRIVATE)])
    for action in (Action.ANNOTATE, Action.LINK, Action.SAVE_RENDERING):
        assert DenialReason.GROUP_PRIVATE in decide(leader, action, facts).reasons


def test_who_left_a_group_keeps_his_data_but_may_not_add_to_it() -> None:
    facts = ObjectFacts("Image", ME, LAB, P.READ_WRITE)
    verdicts = decide_all(principal(), facts)
    denied = {action for action, yes in verdicts.items() if not yes}
    assert denied == {
        Action.CHANGE_OWNER, Action.CREATE_IN, Action.CREATE_FOR_OTHERS, Action.DUPLICATE,
    }  # fmt: skip
    assert DenialReason.NOT_MEMBER in verdicts[Action.DUPLICATE].reasons


def test_what_is_invisible_is_not_found_and_what_is_visible_is_denied() -> None:
    ref = ObjectRef("Image", 5)
    facts = ObjectFacts("Image", OTHER, LAB, P.READ_ONLY)
    with pytest.raises(NotFound) as absent:
        require(principal(), Action.VIEW, None, ref)
    with pytest.raises(NotFound) as hidden:
        require(principal(), Action.DELETE, facts, ref)
    assert (absent.value.message, absent.value.hint) == (hidden.value.message, hidden.value.hint)
    with pytest.raises(Denied) as denied:
        require(principal(member_of=[(LAB, P.READ_ONLY)]), Action.DELETE, facts, ref)
    assert denied.value.target == "Image:5"
    assert set(denied.value.reasons) == {"NOT_OWNER", "GROUP_READ_ONLY"}
    require(principal(member_of=[(LAB, P.READ_ONLY)]), Action.DUPLICATE, facts, ref)


def test_a_decider_answers_as_decide_does_and_tells_objects_apart() -> None:
    who = principal(member_of=[(LAB, P.READ_ANNOTATE)], privileges=[Privilege.WRITE_FILE])
    decider = Decider(who)
    for _ in range(2):
        for facts in (
            ObjectFacts("Image", ME, LAB, P.READ_ANNOTATE),
            ObjectFacts("Image", OTHER, LAB, P.READ_ANNOTATE),
            ObjectFacts("Well", ME, LAB, P.READ_ANNOTATE),
            ObjectFacts("OriginalFile", OTHER, LAB, P.READ_ANNOTATE),
            ObjectFacts("OriginalFile", OTHER, LAB, P.READ_ANNOTATE, FileLocation.MANAGED),
            ObjectFacts("Image", OTHER, LAB + 1, P.PRIVATE),
        ):
            assert decider.decide_all(facts) == decide_all(who, facts)
