"""What Metabase is told about tables and columns: descriptions, keys, types, what to hide.

dbt-metabase does it, from a manifest cut down to the marts. What it reads from `meta` is derived
from what the project says anyway: the data tests of keys, the types of the contracts, and the
names, which follow one grammar (STYLE: ids end in `_id`, shares in `_rate`).
"""

from __future__ import annotations

import io
import json
import logging
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.metabase.content import SCHEMA, MetabaseError
from orchestration.metabase.server import SECONDS_TO_ANSWER, Server

if TYPE_CHECKING:
    from orchestration.transform import Keys

# Decimals that are no money in the reporting currency.
NO_MONEY = re.compile(
    r"_original$|_rate$|_months$|^probability$|_score$|conversions$|^share$|quantity|^units"
    r"|^(left|right)_value$|^difference$|^tolerance$|^list_price$|^unit_cost$"
)
MONEY = re.compile(
    r"^(flow_)?(cac|cpl|cpc|cpm|arpa|clv|cost_per)(_|$)|deal_size$|^incremental_cac$|^velocity_per_day$"
)
SHARE = re.compile(
    r"_rate(_|$)|(^|_)share(_|$)|attainment$|_completeness$|^(nrr|grr)_\d+m$|churn(_\d+m)?$"
    r"|^(ctr|roi|revenue_roi|lift|growth|gross_margin|pacing)$"
)


def tables(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The marts, each with its columns."""
    return {node["name"]: tuple(node["columns"]) for node in _marts(manifest)}


def describe(
    server: Server,
    database: str,
    manifest: Mapping[str, Any],
    keys: Keys,
    currency: str,
    *,
    dry_run: bool,
) -> int:
    """Tell `database` on the server what the manifest knows; how many tables and columns changed.

    With `dry_run` nothing is sent, and the number is of those that would. Raises MetabaseError.
    """
    from dbtmetabase import DbtMetabase, Filter  # type: ignore[import-untyped]
    from requests import Response
    from requests.adapters import HTTPAdapter, Retry
    from requests.exceptions import RequestException

    class Counting(HTTPAdapter):
        """Counts what changes; the schema is synchronized already, and not once more."""

        changes = 0

        def send(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            self.changes += request.method == "PUT"
            if request.method != "GET" and (dry_run or request.method == "POST"):
                nothing = Response()
                nothing.status_code, nothing.raw = 200, io.BytesIO(b"{}")
                return nothing
            return super().send(request, *args, **kwargs)

    counting = Counting(max_retries=Retry(total=2, backoff_factor=1))
    logger = logging.getLogger("dbtmetabase")
    heard = _Heard()
    logger.addHandler(heard)
    propagate, logger.propagate = logger.propagate, False
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "manifest.json"
            path.write_text(json.dumps(for_metabase(manifest, keys, currency)), encoding="utf-8")
            DbtMetabase(
                path,
                server.url,
                metabase_api_key=server.key,
                http_timeout=SECONDS_TO_ANSWER,
                http_adapter=counting,
            ).export_models(
                metabase_database=database,
                schema_filter=Filter(include=[SCHEMA]),
                skip_sources=True,
                sync_timeout=0,
            )
    except (RuntimeError, RequestException) as problem:
        said = "; ".join(heard.errors[:3]) or str(problem)
        raise MetabaseError(
            f"the descriptions could not all be written to {server.url}: "
            f"{server.clean(said)}. Push again to go on"
        ) from None
    finally:
        logger.removeHandler(heard)
        logger.propagate = propagate
    return counting.changes


class _Heard(logging.Handler):
    """Keeps what dbt-metabase only logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        self.errors.append(record.getMessage())


def for_metabase(
    manifest: Mapping[str, Any], keys: Keys, currency: str
) -> dict[str, dict[str, Any]]:
    """A manifest of the marts alone, with the `meta` that dbt-metabase reads."""
    targets = {(table, column): (to, key) for table, column, to, key in keys.foreign}
    nodes = {}
    for node in _marts(manifest):
        key = keys.primary.get(node["name"], ())
        columns = {}
        for name, column in node["columns"].items():
            meta = _meta(name, column.get("data_type") or "", currency)
            target = targets.get((node["name"], name))
            if key == (name,) and not target:
                meta["metabase.semantic_type"] = "type/PK"
            elif target:
                # Metabase knows one of the two for a column: the one that leads on is of more use.
                meta |= {
                    "metabase.semantic_type": "type/FK",
                    "metabase.fk_target_table": f"{SCHEMA}.{target[0]}",
                    "metabase.fk_target_field": target[1],
                }
                if not name.endswith("_id"):
                    # A key that is a word, such as channel, is chosen from a list all the same.
                    meta["metabase.has_field_values"] = "list"
            columns[name] = {
                "name": name,
                "description": column["description"].strip(),
                "meta": meta,
            }
        nodes[node["unique_id"]] = {
            "resource_type": "model",
            "config": {"materialized": "table"},
            "name": node["name"],
            "alias": node["name"],
            "unique_id": node["unique_id"],
            "database": "",
            "schema": SCHEMA,
            "description": node["description"].strip(),
            "columns": columns,
        }
    return {"nodes": nodes, "sources": {}, "child_map": {unique_id: [] for unique_id in nodes}}


def _meta(name: str, data_type: str, currency: str) -> dict[str, Any]:
    """What the name and the type of a column say about it."""
    if name.endswith("_id"):
        # People read names; an id is for joins, and for the page of one row.
        return {"metabase.visibility_type": "details-only"}
    is_decimal = data_type.startswith("decimal")
    if (is_decimal and not NO_MONEY.search(name)) or MONEY.search(name):
        return {
            "metabase.semantic_type": "type/Currency",
            "metabase.number_style": "currency",
            "metabase.currency": currency,
        }
    if data_type == "double" and SHARE.search(name):
        return {
            "metabase.semantic_type": "type/Percentage",
            "metabase.number_style": "percent",
            "metabase.decimals": 1,
        }
    if name == "country":
        return {"metabase.semantic_type": "type/Country"}
    return {}


def _marts(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == SCHEMA
    ]
