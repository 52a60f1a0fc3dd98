"""Who is in the demo: fifty famous scientists as `user-1` to `user-50`, and two administrators."""

from __future__ import annotations

from dataclasses import dataclass

from shared.models.people import GroupPermissions, Privilege

PASSWORD = "tessera-demo"  # noqa: S105  # printed at start; the demo runs on loopback only
INSTITUTION = "Tessera demo"

SCIENTISTS = (
    "Ada Lovelace", "Francis Crick", "Rosalind Franklin", "Marie Curie", "Barbara McClintock",
    "Dorothy Hodgkin", "Rita Levi-Montalcini", "Santiago Ramón y Cajal", "Robert Hooke",
    "Antonie van Leeuwenhoek", "Lise Meitner", "Emmy Noether", "Alan Turing", "Grace Hopper",
    "Charles Darwin", "Gregor Mendel", "Louis Pasteur", "Robert Koch", "Rudolf Virchow",
    "Camillo Golgi", "Ernst Abbe", "Frits Zernike", "Max Perutz", "John Kendrew", "James Watson",
    "Maurice Wilkins", "Linus Pauling", "Frederick Sanger", "Gertrude Elion", "Tu Youyou",
    "Chien-Shiung Wu", "Vera Rubin", "Jocelyn Bell Burnell", "Katherine Johnson", "Mary Anning",
    "Caroline Herschel", "Maria Mitchell", "Hypatia Theonos", "Ibn Alhazen", "Galileo Galilei",
    "Johannes Kepler", "Isaac Newton", "Michael Faraday", "James Maxwell", "Niels Bohr",
    "Albert Einstein", "Erwin Schrödinger", "Werner Heisenberg", "Richard Feynman", "Carl Sagan",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoGroup:
    """A group of the demo. `first_only` limits its members to the first three users."""

    name: str
    permissions: GroupPermissions
    description: str
    first_only: bool
    leaders: tuple[str, ...] = ()


GROUPS = (
    DemoGroup(
        "Lab1", GroupPermissions.READ_ANNOTATE, "Everybody's main group.", False, ("user-2",)
    ),
    DemoGroup("Lab2", GroupPermissions.READ_ANNOTATE, "A second group to move data to.", False),
    DemoGroup("read-annotate-group", GroupPermissions.READ_ANNOTATE, "Members annotate.", False),
    DemoGroup("read-only-group", GroupPermissions.READ_ONLY, "Members see.", False),
    DemoGroup("private-group", GroupPermissions.PRIVATE, "Members see their own.", True),
    DemoGroup("read-write-group", GroupPermissions.READ_WRITE, "Members share.", True),
)

ORGANIZER = "organizer"
ORGANIZER_WITHHELD = (
    Privilege.SUDO, Privilege.READ_SESSION, Privilege.WRITE_SCRIPT_REPO,
    Privilege.DELETE_SCRIPT_REPO, Privilege.WRITE_FILE, Privilege.DELETE_FILE,
)  # fmt: skip
"""What the restricted administrator lacks: the role "Organizer" of OMERO's guide."""


def login(number: int) -> str:
    """The login of the n-th user, from 1."""
    return f"user-{number}"


def full_name(number: int) -> tuple[str, str]:
    """First and last name of the n-th user, from 1."""
    first, _, last = SCIENTISTS[number - 1].partition(" ")
    return first, last
