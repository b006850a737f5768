"""The marts of random companies against the oracle: two ways to every number, exactly equal.

PLUMBLINE_RANDOM_COMPANIES=50 tries more of them than a test run has time for. A failure names the
seed; `python -m tests.oracle --make SEED FOLDER` makes that company again.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from tests.oracle import DOMAINS, differences, read
from tests.oracle.build import build
from tests.oracle.make import make

pytestmark = [pytest.mark.slow, pytest.mark.long]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all of them, so that the views are built once."""
    return tmp_path_factory.mktemp("random") / "company"


@settings(
    max_examples=int(os.environ.get("PLUMBLINE_RANDOM_COMPANIES", "2")),
    deadline=None,
    derandomize="PLUMBLINE_RANDOM_COMPANIES" not in os.environ,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    report_multiple_bugs=False,
    phases=[Phase.generate],  # another seed is another company, not a smaller one
)
@given(seed=st.integers(0, 2**32 - 1))
def test_marts_of_a_random_company_equal_the_oracle(workspace: Path, seed: int) -> None:
    make(Random(str(seed)), workspace)
    build(workspace)
    company = read(workspace)
    note(f"python -m tests.oracle --make {seed} FOLDER")

    found = [
        d for name in DOMAINS for d in differences(name, company, workspace / "warehouse.duckdb")
    ]

    assert not found, "\n".join(found)
