"""Every image as OME-Zarr, whatever its source: documents, chunks, labels and plates.

Nothing is written anywhere: an array's layout follows from the chunk index, and its chunks are the
stored bytes where Zarr can name their codec, else made when they are asked for.
"""
