"""Reading XML that a stranger wrote: no DTD, no entities, bounded size, depth and element count.

Every XML text of an image file comes through `parse_xml`; the standard library's own parser is not
used on files' contents, and neither is a library that uses it before this one has looked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError, TreeBuilder

from shared.errors import BrokenFile

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_XML_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 100
MAX_ELEMENTS = 2_000_000


class _LimitExceeded(Exception):
    """Raised inside the parser; never leaves this module."""


class _BoundedBuilder(TreeBuilder):
    """Builds the tree, and stops when it grows too deep or too large."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH:
            raise _LimitExceeded(f"nests deeper than {MAX_DEPTH} elements")
        if self._count > MAX_ELEMENTS:
            raise _LimitExceeded(f"has more than {MAX_ELEMENTS:,} elements")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def parse_xml(text: str, what: str) -> Element:
    """Answer the root element of `text`; `what` names it in errors, such as "OME-XML of a.tif".

    Raises `BrokenFile` when it is not well-formed, declares a DTD or entities, or passes a limit.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    if len(text) > MAX_XML_BYTES:
        raise BrokenFile(
            f"The {what} is {len(text):,} characters long, more than {MAX_XML_BYTES:,}.",
            hint="Save the image again with less metadata.",
        )
    parser = DefusedXMLParser(target=_BoundedBuilder(), forbid_dtd=True)
    try:
        parser.feed(text.strip("\x00 \r\n\t\ufeff"))
        root: Element = parser.close()
    except _LimitExceeded as exc:
        raise BrokenFile(f"The {what} {exc}.", hint="It does not look like metadata.") from None
    except DefusedXmlException:
        raise BrokenFile(
            f"The {what} declares a document type or entities.",
            hint="Metadata never needs them; remove the declaration.",
        ) from None
    except (ParseError, ValueError, LookupError) as exc:
        raise BrokenFile(
            f"The {what} is not well-formed XML: {exc}.",
            hint="Save the image again with the program that wrote it.",
        ) from None
    return root


def local_name(element: Element) -> str:
    """Answer the element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def children(element: Element, *names: str) -> list[Element]:
    """Answer the direct children whose local name is one of `names`, in document order."""
    return [child for child in element if local_name(child) in names]


def child(element: Element | None, *names: str) -> Element | None:
    """Answer the first direct child with one of the local names, or None."""
    if element is None:
        return None
    return next((found for found in element if local_name(found) in names), None)


def text_of(element: Element | None) -> str | None:
    """Answer the element's own text without surrounding space, None when empty or absent."""
    if element is None or element.text is None:
        return None
    return element.text.strip() or None
