"""What people take home: original files, regions as OME-TIFF, and all metadata of a file."""
