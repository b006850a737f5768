"""Metabase as code: what is in dashboards/ is put on a server over its open-source interface.

`content` reads the files, `connection` and `server` know the ways in, `dictionary` describes
tables and columns, `compare` finds what differs, and `push` puts it all together. What the numbers
mean is in models/, and which are shown in dashboards/.
"""
