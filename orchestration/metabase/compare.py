"""Whether a server shows what was sent: it adds ids and defaults of its own, and reorders.

Knows the forms in which Metabase keeps queries, filters and dashboards; asks nothing of a server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def differences(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """The keys of `wanted` that are other on the server."""
    return [key for key, value in wanted.items() if not _agree(key, there.get(key), value)]


def _agree(key: str, there: Any, wanted: Any) -> bool:
    if key == "dataset_query":
        return covers(_tags_by_name(there), wanted)
    if key in ("dashcards", "parameters"):
        there = there or []
        if key == "dashcards":
            # The order in which the server lists them means nothing.
            there = sorted(there, key=_place)
            wanted = sorted(wanted, key=_place)
        return covers(there, wanted)
    if key == "tabs":
        return bool(there) == bool(wanted)
    # A setting that somebody added is a change, too.
    return bool((there or None) == (wanted or None))


def _place(dashcard: Mapping[str, Any]) -> tuple[int, int]:
    return dashcard["row"], dashcard["col"]


def _tags_by_name(query: Any) -> Any:
    """Metabase gives the tags of a query as a list or by name, as its version has it."""
    if not isinstance(query, Mapping):
        return query
    stages = []
    for stage in query.get("stages", ()):
        tags = stage.get("template-tags")
        if isinstance(tags, list):
            stage = {**stage, "template-tags": {tag["name"]: tag for tag in tags}}
        stages.append(stage)
    return {**query, "stages": stages}


def covers(there: Any, wanted: Any) -> bool:
    """Whether `there` says all that `wanted` says; a server adds ids and defaults of its own."""
    if isinstance(wanted, Mapping):
        return isinstance(there, Mapping) and all(
            covers(there.get(key), value) for key, value in wanted.items()
        )
    if wanted is None:
        return there is None or there == {}
    if isinstance(wanted, list):
        if not isinstance(there, list):
            return not wanted and there is None
        there, wanted = list(_without_defaults(there)), list(_without_defaults(wanted))
        return len(there) == len(wanted) and all(map(covers, there, wanted))
    return bool(there == wanted)


def _without_defaults(clause: list[Any]) -> Iterator[Any]:
    """The target of a filter may end in options that say nothing: those of the first stage."""
    if len(clause) == 3 and clause[0] == "dimension" and clause[2] in (None, {"stage-number": 0}):
        return iter(clause[:2])
    return iter(clause)
