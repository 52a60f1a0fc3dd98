"""Pixels for tiles: which level to read, where its chunks lie, decoded chunks kept."""
