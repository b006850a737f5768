"""What waits for a run, told by the files alone."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import pending, provenance, transform
from orchestration.contracts import Contract, read_contracts
from orchestration.ingest import IngestError, ingest
from orchestration.pending import Pending
from orchestration.publish import Mart, publish
from orchestration.workspace import Workspace, open_workspace

LEADS = "lead_id,created_at\nl1,2026-03-01 09:00:00\nl2,2026-03-02 10:00:00\n"
ORDERS = "order_id,order_date,revenue\no1,2026-03-05,10\n"
FREE = (
    "domain,version,valid_from,valid_to,owner_sales,owner_marketing,reason\n"
    "acme.example,1,1900-01-01,9999-12-31,VP Sales,VP Marketing,A test\n"
)


@pytest.fixture(scope="module")
def contracts() -> Mapping[str, Contract]:
    return read_contracts()


@pytest.fixture(scope="module", autouse=True)
def models(contracts: Mapping[str, Contract]) -> Iterator[None]:
    """Two models: one of leads, and one that joins all."""
    names = [*contracts, *(f"plumbline.{name}" for name in pending.OWN)]
    manifest = {
        "sources": {
            f"source.{name}": dict(zip(("source_name", "name"), name.split("."), strict=True))
            for name in names
        },
        "nodes": {
            f"model.{name}": {"name": name, "resource_type": "model"}
            for name in ("leads", "everything")
        },
        "child_map": {f"source.{name}": ["model.everything"] for name in names}
        | {"source.generic.leads": ["model.leads"], "model.leads": ["model.everything"]},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transform, "read_manifest", lambda root: manifest)
        patch.setattr(transform, "project_state", lambda: "the project")
        yield


class Company:
    """A workspace, and the steps of its runs."""

    def __init__(self, root: Path, contracts: Mapping[str, Contract]) -> None:
        self.root, self.contracts = root, contracts
        self.settings("")

    def settings(self, more: str) -> None:
        text = f"company: Acme\ndemo: true\nreporting_currency: EUR\n{more}"
        (self.root / "workspace.yml").write_text(text, encoding="utf-8")

    @property
    def place(self) -> Workspace:
        return open_workspace(self.root)

    def put(self, name: str, content: str, at: int = 1_770_000_000) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        os.utime(path, (at, at))
        return path

    def load(self, only: set[str] | None = None) -> None:
        ingest(self.place, self.contracts, only=only)

    def build(self, select: tuple[str, ...] = transform.IN_A_RUN) -> None:
        place = self.place
        with duckdb.connect(str(place.warehouse)) as connection:
            connection.execute("create schema if not exists raw; create schema if not exists marts")
            for name in ("settings", "files"):
                connection.execute(
                    f"create or replace view raw.plumbline__{name} as "
                    f"from read_parquet('{place.lists}/_{name}.parquet')"
                )
            connection.execute("create or replace table marts.small as select 1 as n")
            project = transform.project_state()
            connection.execute(f"create or replace table built_from as select '{project}' as state")
        with pending.building(place, select):
            pass

    def publish(self) -> None:
        place = self.place
        made_from = provenance.given_digests(place)
        publish(place.warehouse, place.published, [Mart("small")], made_from)

    def run(self) -> None:
        self.load()
        self.build()
        self.publish()

    def waiting(self, after: float = 60) -> Pending:
        """What waits, so many seconds from now: by then whatever was written is settled."""
        return pending.find(self.place, self.contracts, time.time() + after)


@pytest.fixture(scope="module")
def published(
    tmp_path_factory: pytest.TempPathFactory, contracts: Mapping[str, Contract], models: None
) -> Company:
    company = Company(tmp_path_factory.mktemp("pending"), contracts)
    company.put("exports/generic/leads-2026-03-31.csv", LEADS)
    company.run()
    return company


@pytest.fixture
def company(tmp_path: Path, published: Company) -> Company:
    """One that has published its leads."""
    shutil.copytree(published.root, tmp_path, dirs_exist_ok=True)
    return Company(tmp_path, published.contracts)


def test_before_the_first_load_nothing_is_started(
    tmp_path: Path, contracts: Mapping[str, Contract]
) -> None:
    company = Company(tmp_path, contracts)
    company.put("exports/generic/leads-2026-03-31.csv", LEADS)

    found = company.waiting()

    assert not found
    assert not found.was_run
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exports", "workspace.yml"]


def test_nothing_waits_after_a_run(company: Company) -> None:
    found = company.waiting()

    assert not found
    assert (found.files, found.tables, found.everything, found.left) == ({}, frozenset(), "", {})


def test_a_new_file_waits_once_nobody_writes_to_it(company: Company) -> None:
    company.run()
    before = company.waiting()
    company.put("exports/generic/orders-2026-04-01.csv", ORDERS)

    during, after = company.waiting(after=1), company.waiting()

    assert not during
    assert during.unsettled == ("generic/orders-2026-04-01.csv",)
    assert after.files == {"generic/orders-2026-04-01.csv": ("generic.orders",)}
    assert after.tables == {"generic.orders"}
    assert not after.everything
    assert after.state != before.state == during.state
    assert company.waiting().state == after.state


def test_while_a_definition_is_written_all_waits_for_it(company: Company) -> None:
    company.put("exports/generic/orders-2026-04-01.csv", ORDERS)
    company.put("definitions/free_mail_domains.csv", FREE)

    during, after = company.waiting(after=1), company.waiting()

    assert not during
    assert during.unsettled[0] == "definitions/free_mail_domains.csv"
    assert after.tables == {"definitions.free_mail_domains", "generic.orders"}


def test_a_file_that_changed_waits_and_one_that_was_only_touched_does_not(company: Company) -> None:
    name = "exports/generic/leads-2026-03-31.csv"

    company.put(name, LEADS, at=1_780_000_000)
    assert not company.waiting()
    company.put(name, LEADS.replace("l2", "l3"), at=1_780_000_001)
    assert company.waiting().tables == {"generic.leads"}


def test_a_file_that_only_its_own_time_dates_waits_when_that_changed(company: Company) -> None:
    company.put("exports/generic/orders.csv", ORDERS)
    company.run()
    assert not company.waiting()

    company.put("exports/generic/orders.csv", ORDERS, at=1_780_000_000)

    assert company.waiting().tables == {"generic.orders"}


def test_a_file_that_is_gone_changes_nothing_as_its_rows_are_kept(company: Company) -> None:
    (company.root / "exports/generic/leads-2026-03-31.csv").unlink()

    assert not company.waiting()


def test_a_file_that_is_not_loaded_is_named_and_starts_nothing(company: Company) -> None:
    company.put("exports/weather.csv", "a,b\n1,2\n")
    company.put("exports/hubspot/contacts.csv", "a,b\n1,2\n")
    company.put("definitions/nonsense.csv", "a\n1\n")

    for _ in ("before any run saw them", "after one did"):
        found = company.waiting()
        assert not found
        assert sorted(found.left) == [
            "definitions/nonsense.csv",
            "hubspot/contacts.csv",
            "weather.csv",
        ]
        assert "its header fits no contract" in found.left["weather.csv"]
        (company.root / "definitions/nonsense.csv").unlink()  # which would end the run
        company.run()
        company.put("definitions/nonsense.csv", "a\n1\n")


def test_a_definition_that_cannot_be_read_starts_one_run_which_tells_so(company: Company) -> None:
    company.put("definitions/free_mail_domains.csv", "domain\nacme.example\n")
    before = company.waiting()
    with pytest.raises(IngestError, match="its headers are: domain, version"):
        company.load()

    after = company.waiting()

    assert before.tables == after.tables == {"definitions.free_mail_domains"}
    assert before.state == after.state
    assert list(after.left) == ["definitions/free_mail_domains.csv"]


def test_a_file_that_was_refused_waits_no_more_until_it_changes(company: Company) -> None:
    name = "exports/generic/orders-2026-04-01.csv"
    company.put(name, "order_id,order_date,revenue\no1,soon,much\n")
    assert company.waiting().tables == {"generic.orders"}  # only its rows tell

    company.run()
    assert not company.waiting()
    assert list(company.waiting().left) == ["generic/orders-2026-04-01.csv"]

    company.put(name, ORDERS)
    assert company.waiting().tables == {"generic.orders"}


@pytest.mark.parametrize("reached", ["loaded", "built"])
@pytest.mark.hazard("crashes")
def test_what_a_run_left_unpublished_waits(company: Company, reached: str) -> None:
    company.put("exports/generic/orders-2026-04-01.csv", ORDERS)
    company.load()
    if reached == "built":
        company.build()

    found = company.waiting()

    assert found.files == {}
    assert "generic.orders" in found.tables
    assert "generic.leads" not in found.tables
    company.build()
    company.publish()
    assert not company.waiting()


def test_what_a_failed_run_built_of_other_files_waits_though_they_are_taken_back(
    company: Company, contracts: Mapping[str, Contract]
) -> None:
    own = company.put("definitions/free_mail_domains.csv", FREE)
    assert company.waiting().tables == {"definitions.free_mail_domains"}
    company.load()
    company.build()  # and the gate was closed
    own.unlink()

    found = company.waiting()

    assert "definitions.free_mail_domains" in found.tables
    company.run()
    assert not company.waiting()


@pytest.mark.hazard("crashes")
def test_a_build_that_was_killed_leaves_its_tables_waiting(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = company.put("exports/generic/leads-2026-04-30.csv", LEADS.replace("l1", "l3"))
    company.load()
    with pytest.raises(KeyboardInterrupt), pending.building(company.place, transform.IN_A_RUN):
        raise KeyboardInterrupt
    assert "generic.leads" in company.waiting().tables
    # Also when the files are again as they were published.
    leads.unlink()
    for record in (company.root / "history/loads").glob("*.json"):
        if "2026-04-30" in record.read_text():
            record.unlink()
    company.load()

    assert "generic.leads" in company.waiting().tables


@pytest.mark.hazard("crashes")
def test_where_a_power_cut_damaged_what_was_built_everything_is_built(company: Company) -> None:
    company.put("exports/generic/orders-2026-04-01.csv", ORDERS)
    os.truncate(company.place.warehouse, 100)
    assert company.waiting().everything == "it is not known what the warehouse is made of"

    os.truncate(company.place.published, 100)
    assert company.waiting().everything == "nothing is published yet"


def test_after_a_build_of_a_part_the_rest_waits(company: Company) -> None:
    company.put("exports/generic/leads-2026-04-30.csv", LEADS.replace("l1", "l3"))
    company.load({"generic.leads"})
    company.build(("leads",))
    company.publish()  # by hand: what it says of itself is not what its marts are made of

    assert "generic.leads" in company.waiting().tables

    company.build(("leads", "everything"))
    company.publish()
    assert not company.waiting()


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("timezone: Europe/Berlin\n", "workspace.yml"),
        ("fiscal_year_start_month: 4\n", "settings"),
        ("as_of: 2026-05-31\n", "settings"),
        ("files: [{match: 'x/*', contract: generic.leads}]\n", "workspace.yml"),
    ],
)
def test_other_settings_change_everything(company: Company, settings: str, why: str) -> None:
    company.settings(settings)

    found = company.waiting()

    assert found
    assert why in found.everything
    company.run()
    assert not company.waiting()


def test_a_remark_in_the_settings_changes_nothing(company: Company) -> None:
    company.settings("# thank you\n")

    assert not company.waiting()


def test_changed_models_alone_start_nothing_and_then_all_is_built(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transform, "project_state", lambda: "another")
    assert not company.waiting()

    company.put("exports/generic/orders-2026-04-01.csv", ORDERS)

    assert company.waiting().everything == "the models changed, too"


def test_after_a_build_of_edited_models_the_next_file_builds_everything(company: Company) -> None:
    with duckdb.connect(str(company.place.warehouse)) as connection:
        connection.execute("update built_from set state = ''")  # as `plumbline build` leaves it
    assert not company.waiting()

    company.put("exports/generic/orders-2026-04-01.csv", ORDERS)

    assert company.waiting().everything == "the warehouse holds models that were edited"


def test_a_build_by_hand_of_what_was_loaded_leaves_it_waiting(company: Company) -> None:
    company.put("exports/generic/leads-2026-04-30.csv", LEADS)
    company.load()
    with pending.building(company.place, transform.IN_A_RUN, is_for_a_run=False):
        pass

    assert "generic.leads" in pending.unbuilt(company.place)
    assert "generic.leads" in company.waiting().tables


def test_where_the_published_file_is_gone_all_is_built(company: Company) -> None:
    company.place.published.unlink()

    assert company.waiting().everything == "nothing is published yet"


def test_an_archive_is_looked_into(company: Company) -> None:
    import zipfile

    path = company.root / "exports" / "all-2026-04-01.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("orders-2026-04-01.csv", ORDERS)

    assert company.waiting().files == {"all-2026-04-01.zip": ("generic.orders",)}
    assert not (company.root / "runs" / "look").exists()


def test_looking_again_reads_no_file_again(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.put("exports/generic/orders-2026-04-01.csv", ORDERS)
    company.put("exports/weather.csv", "a,b\n1,2\n")
    first = company.waiting()

    def never(*_: Any, **__: Any) -> Callable[..., Any]:
        raise AssertionError("a file was read again")

    monkeypatch.setattr("orchestration.ingest.run.read_content", never)
    monkeypatch.setattr("orchestration.ingest.run.Head", never)

    assert company.waiting() == first
