"""Files as laboratories and people really send them: built here, none is committed.

`files.CORPUS` is the table: what is in each file, and what must become of each of its rows.
"""
