"""The ground floor: words, tables, rights and pixels that both services must agree on.

It imports neither service; a thing used by only one of them lives there instead.
"""
