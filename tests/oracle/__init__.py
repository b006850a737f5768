"""The metrics once more, in plain Python over the export files: a second path to every number.

Nothing here imports the project or reads what it made. `company.py` reads a workspace's exports into
the rows of the generic entities, as text; each other module computes the metrics of one domain from
them by the glossary, the slow and obvious way. A module has `QUERIES` (name: SQL over the published
file) and `expected(company)` (name: the rows which that SQL must give, in any order).
"""
