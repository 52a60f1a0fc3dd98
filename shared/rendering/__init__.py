"""Rendering settings: their values, text form, defaults, resolution and lookup tables.

Both services need them. Pixels are never touched here; the arithmetic is in
`tile_service.rendering`.
"""
