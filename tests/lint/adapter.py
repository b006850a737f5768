"""Stands in for dbt's `adapter` where sqlfluff reads a model: a dispatched macro is a plain call.

The SQL of every engine is checked where it is real, when dbt compiles it.
"""

from collections.abc import Callable


def dispatch(macro: str) -> Callable[..., str]:
    """A macro that writes itself as a function of its first argument; nothing where it has none."""
    return lambda *arguments, **named: f"{macro}({arguments[0]})" if arguments else ""
