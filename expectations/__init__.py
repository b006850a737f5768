"""What BI may take for granted: one module per mart, named like it, and `raw` for loaded exports.

Lists of expectations and nothing else: `orchestration/quality.py` runs them, their severity
decides (`critical` blocks publishing). What a dbt test says already is not said here again.
"""
