"""The demo: fifty scientists, their groups and pictures that our own code makes.

Images go through the real importer; the rest is written as rows, as one who knew the database
would.
Nothing here is needed by an installation without the demo.
"""
