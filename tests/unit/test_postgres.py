"""What publishing to PostgreSQL does before it asks a server; the rest is in tests/integration."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration import postgres
from orchestration.postgres import Destination, PostgresError
from orchestration.transform import ForeignKey, Keys, keys


def test_the_extension_must_be_of_the_version_of_duckdb() -> None:
    import duckdb

    assert postgres.extension(duckdb.__version__).suffix == ".duckdb_extension"
    with pytest.raises(
        PostgresError, match=r"duckdb is of version 9\.9\.9, and .* is of \d"
    ) as error:
        postgres.extension("9.9.9")
    assert str(error.value).endswith("install duckdb-extension-postgres-scanner==9.9.9")


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(PostgresError, match="is not installed: install duckdb-extension-postgres"):
        postgres.extension("1.5.5")


def test_without_a_server_it_says_which_variable_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLUMBLINE_POSTGRES", raising=False)
    assert not postgres.is_wanted()
    with pytest.raises(
        PostgresError, match="PLUMBLINE_POSTGRES is not set: set it to the database"
    ):
        postgres.destination()


def test_without_a_published_file_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(PostgresError, match=r"gone\.duckdb does not exist: publish it first"):
        postgres.publish(tmp_path / "gone.duckdb", Destination("postgresql://h/d"), Keys({}, ()))


@pytest.mark.parametrize("url", ["postgresql://a:se%cret@h/d", "user=a secret", "secret"])
def test_a_url_that_is_none_is_not_quoted(url: str, warehouse: Path) -> None:
    with pytest.raises(PostgresError) as error:
        postgres.publish(warehouse, Destination(url), Keys({}, ()))
    assert "PLUMBLINE_POSTGRES is not a PostgreSQL URL" in str(error.value)
    assert "cret" not in str(error.value)
    assert "secret" not in repr(Destination(url, "secret"))


def test_keys_are_those_that_data_tests_hold() -> None:
    mart = {"name": "fct_a", "schema": "marts", "resource_type": "model"}
    model = {"name": "int_a", "schema": "intermediate", "resource_type": "model"}

    def held(name: str, table: str, **arguments: object) -> dict[str, object]:
        test = {"name": name, "kwargs": arguments}
        return {"resource_type": "test", "attached_node": table, "test_metadata": test}

    nodes = {
        "mart": mart,
        "model": model,
        "one": held("unique_key", "mart", columns=["a_id", "n"]),
        "two": held("unique_key", "model", columns=["a_id"]),
        "three": held("foreign_keys", "mart", references={"b": "dim_b.b_id", "a": "dim_a.a_id"}),
        "four": held("not_null", "mart", column_name="a_id"),
        "five": {"resource_type": "test", "attached_node": None},
    }

    assert keys({"nodes": nodes}) == Keys(
        {"fct_a": ("a_id", "n")},
        (ForeignKey("fct_a", "a", "dim_a", "a_id"), ForeignKey("fct_a", "b", "dim_b", "b_id")),
    )
