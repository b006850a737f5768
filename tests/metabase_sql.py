"""What Metabase makes of a card: the SQL it sends, as far as dashboards/ uses its language.

Written from Metabase's documentation, apart from the code that pushes. A filter without a value
leaves its [[...]] out; with one it stands for a condition on the column it is bound to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orchestration.metabase.content import Entity

AGGREGATIONS = {"sum": "sum", "count": "count", "max": "max", "min": "min", "avg": "avg"}


def compiled(card: Entity, values: Mapping[str, Any] | None = None) -> str:
    """The SQL of a card. `values` are those of its filters: a list of words, or two days."""
    stages = card.body["dataset_query"]["stages"]
    assert len(stages) == 1, f"{card.name}: only queries of one stage"
    stage = stages[0]
    if stage["lib/type"] == "mbql.stage/native":
        return _native(stage, values or {})
    return _structured(stage, values or {})


def filters(card: Entity) -> dict[str, tuple[str, str, str]]:
    """The filters of a card's SQL: mart, column and kind, by name."""
    found = {}
    for tag in card.body["dataset_query"]["stages"][0].get("template-tags", ()):
        _, _, table, column = tag["dimension"][2]
        found[tag["name"]] = (table, column, tag["widget-type"])
    return found


def _native(stage: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    conditions = {}
    for tag in stage["template-tags"]:
        value = values.get(tag["name"], tag.get("default"))
        if value:
            conditions[tag["name"]] = condition(tag["dimension"][2], value)

    def optional(found: re.Match[str]) -> str:
        names = re.findall(r"{{(\w+)}}", found.group(1))
        return found.group(1) if all(name in conditions for name in names) else ""

    sql = re.sub(r"\[\[(.*?)\]\]", optional, stage["native"], flags=re.DOTALL)
    # A filter outside of brackets and without a value lets everything through.
    return re.sub(r"{{(\w+)}}", lambda found: conditions.get(found.group(1), "1 = 1"), sql)


def condition(path: list[str], value: Any) -> str:
    """What a filter on a column becomes: two days are a range, words are any of them."""
    column = ".".join(f'"{part}"' for part in path[1:])
    if isinstance(value, tuple):
        return f"{column} between date '{value[0]}' and date '{value[1]}'"
    words = ", ".join("'" + word.replace("'", "''") + "'" for word in value)
    return f"{column} in ({words})"


def _structured(stage: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    table = stage["source-table"]
    names, groups = [], []
    for clause in stage.get("breakout", ()):
        groups.append(_field(clause))
        names.append(f'{_field(clause)} as "{clause[2][3]}"')
    for clause in stage.get("aggregation", ()):
        inner = _field(clause[2]) if len(clause) > 2 else "*"
        names.append(f'{AGGREGATIONS[clause[0]]}({inner}) as "{clause[1]["name"]}"')
    columns = list(stage.get("fields", ()))
    joins = ""
    for join in stage.get("joins", ()):
        assert join["strategy"] == "left-join"
        inner = join["stages"][0]["source-table"]
        on = " and ".join(_condition(one) for one in join["conditions"])
        joins += f' left join {_table(inner)} as "{join["alias"]}" on {on}'
        columns += join["fields"]
    names += [f'{_field(clause)} as "{clause[2][3]}"' for clause in columns]
    where = [_condition(clause) for clause in stage.get("filters", ())]
    where += [condition([*table, column], value) for column, value in values.items()]
    sql = f"select {', '.join(names)} from {_table(table)}{joins}"
    if where:
        sql += f" where {' and '.join(where)}"
    if groups:
        sql += f" group by {', '.join(groups)} order by {', '.join(groups)}"
    return sql


def _table(path: list[str]) -> str:
    return f'"{path[1]}"."{path[2]}"'


def _field(clause: list[Any]) -> str:
    _, options, path = clause
    alias = options.get("join-alias")
    column = f'"{alias}"."{path[3]}"' if alias else f'"{path[1]}"."{path[2]}"."{path[3]}"'
    unit = options.get("temporal-unit")
    return f"cast(date_trunc('{unit}', {column}) as date)" if unit else column


def _condition(clause: list[Any]) -> str:
    operator, _, left, right = clause
    assert operator in ("=", "!="), f"no SQL is known for {operator}"
    shown = _field(right) if isinstance(right, list) else "'" + str(right) + "'"
    return f"{_field(left)} {operator} {shown}"
