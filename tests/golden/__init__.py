"""Rendered images that a person has looked at, and the means to review a change of them."""
