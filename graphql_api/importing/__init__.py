"""From files to images: check the request, gather the bytes, digest them, register the rows.

Until the one registering transaction commits, only the Activity and file intents exist; a failure
at any
point leaves no row and no file behind.
"""
