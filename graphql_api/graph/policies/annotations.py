"""Which annotation classes go together in the rules (semantics 3.3 to 3.5)."""

from __future__ import annotations

SIMPLE = (
    "CommentAnnotation", "LongAnnotation", "DoubleAnnotation", "BooleanAnnotation",
    "TimestampAnnotation", "TermAnnotation",
)  # fmt: skip
"""One person's remark: follows what it is on, whoever owns it."""
STRUCTURED = ("MapAnnotation", "ListAnnotation", "XmlAnnotation")
KEPT = ("TagAnnotation", "FileAnnotation")
"""Meant to be used again: never taken from their owner."""
KEPT_BY_DEFAULT = ("TagAnnotation", "TermAnnotation", "FileAnnotation")
"""What delete leaves unless it is named."""
