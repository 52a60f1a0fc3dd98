"""What an image file is: readers, the chunk index, statistics and pyramids.

Importing this package must stay cheap; a reader loads its library when it opens a file.
"""
