"""The demo's published marts against plain Python over its export files, exactly."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle import DOMAINS, differences, read
from tests.oracle.company import Company


@pytest.fixture(scope="module")
def company(demo: Path) -> Company:
    """The demo company as its files tell."""
    return read(demo)


@pytest.mark.parametrize("domain", DOMAINS)
def test_marts_equal_the_oracle(demo: Path, company: Company, domain: str) -> None:
    found = list(differences(domain, company, demo / "published" / "plumbline.duckdb"))

    assert not found, "\n".join(found)
