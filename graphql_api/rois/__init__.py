"""ROIs as values: shapes and their rules, read from and written as GeoJSON and OME-XML.

Pure: no database and no GraphQL here.
"""
