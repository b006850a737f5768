"""What the models may take for granted about the loaded exports, contract by contract."""

from collections.abc import Collection, Iterable
from typing import Any

import great_expectations.expectations as gxe

from orchestration.contracts import Contract

# More rejected rows are worth a look; how many a file may have at all is up to its contract.
NOTABLE_SHARE = 0.01

# An export may be empty, a company may have one currency and nobody to leave out; but without these
# definitions no number of the funnel means anything.
NEEDED = {
    "cac_variants",
    "channels",
    "conversion_windows",
    "metric_definitions",
    "opportunity_stages",
    "stage_map",
}


def suites(contracts: Iterable[Contract], loaded: Collection[str]) -> list[tuple[str, list[Any]]]:
    """Raw relations with what is expected of them; of a source without files nothing is."""
    return [
        *(
            (f"raw.{contract.relation}", list(_expectations(contract)))
            for contract in contracts
            if contract.relation in loaded
        ),
        ("raw.plumbline__files", _LOADED),
        ("raw.plumbline__refused", _REFUSED),
    ]


def _expectations(contract: Contract) -> Iterable[Any]:
    if contract.source != "definitions" or contract.table in NEEDED:
        yield gxe.ExpectTableRowCountToBeBetween(
            min_value=1,
            description="has rows",
            severity="critical" if contract.table in NEEDED else "warning",
        )
    promised = [column.name for column in contract.columns if column.rules.not_null]
    if promised:
        missing = " or ".join(f"{name} is null" for name in promised)
        yield gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=f"select 1 as found from {{batch}} where {missing}",
            description=f"never without {', '.join(promised)}",
        )


_LOADED = [
    gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=(
            f"select 1 as found from {{batch}} where rejected > {NOTABLE_SHARE} * (rows + rejected)"
        ),
        description=f"no file has more than {NOTABLE_SHARE:.0%} of its rows rejected",
        severity="warning",
    ),
    gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=(
            "select 1 as found from {batch} cross join raw.plumbline__settings as settings "
            "where cast(exported_at as date) > settings.as_of + 1"
        ),
        description="no file was exported after the as-of day",
        severity="warning",
    ),
]

_REFUSED = [
    gxe.ExpectTableRowCountToEqual(
        value=0, description="no file was refused or left unread", severity="warning"
    ),
]
