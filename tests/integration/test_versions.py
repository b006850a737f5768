"""A small company over the months: what was published stays known, and why it changed is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration import pipeline, provenance, transform
from orchestration.contracts import PROJECT_ROOT, read_contracts
from orchestration.pipeline import Monitor
from orchestration.workspace import Workspace, open_workspace

pytestmark = [pytest.mark.slow, pytest.mark.long]

SETTINGS = {"company": "Small", "timezone": "UTC", "reporting_currency": "USD", "files": []}
LEADS = "lead_id,email,created_at,channel_source,source_system\n"
EVENTS = "record_id,stage,changed_at,source_system\n"
SPEND = "date,campaign,spend,impressions,clicks,currency,account\n"
X1 = "00Q000000000001AAA"
LEAD = "Id,Email,CreatedDate,Status,IsConverted,IsDeleted,MasterRecordId,LeadSource\n"


class Story:
    """A workspace that is given files, and run, as the months go by."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        (root / "workspace.yml").write_text(yaml.safe_dump(SETTINGS))

    def export(self, name: str, text: str) -> None:
        path = self.root / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, as_of: date | None = None) -> Workspace:
        """All that a run does to numbers, without its checks."""
        workspace, monitor = open_workspace(self.root), Monitor()
        workspace = workspace.at(as_of) if as_of else workspace
        provenance.record(workspace)
        for file in pipeline.load(workspace, read_contracts(), monitor).files:
            assert file.status in ("loaded", "unchanged"), file
        pipeline.build(workspace, monitor)
        pipeline.publish(workspace, transform.read_manifest(self.root), monitor)
        return workspace


def ask(workspace: Workspace, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(workspace.published, read_only=True) as connection:
        return connection.execute(query).fetchall()


def scorecard(workspace: Workspace, metric: str, month: str = "2026-01") -> tuple[Any, ...]:
    [row] = ask(
        workspace,
        "select value, value_as_published, value_restated from marts.rpt_scorecard "
        f"where metric = '{metric}' and month = date '{month}-01'",
    )
    return row


def restatements(workspace: Workspace) -> list[tuple[Any, ...]]:
    return ask(
        workspace,
        "select metric, strftime(month, '%Y-%m'), value_before, value_after, cause "
        "from marts.rpt_restatements where metric in ('leads', 'mqls', 'ad_spend') "
        "order by published_at, metric, month",
    )


def marts(workspace: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    names = [mart.name for mart in transform.marts(transform.read_manifest(workspace.root))]
    return {name: ask(workspace, f"select * from marts.{name} order by all") for name in names}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLUMBLINE_IDENTITY_KEY", "5e" * 32)
        yield Story(tmp_path_factory.mktemp("story") / "small")


def test_what_was_published_stays_known_and_why_it_changed_is_told(story: Story) -> None:
    # February: January is closed, and published.
    story.export(
        "generic/leads-2026-02-10.csv",
        LEADS
        + "".join(f"L{n},p{n}@a.example,2026-01-0{n} 10:00:00,web,crm\n" for n in range(1, 6)),
    )
    story.export(
        "generic/stage_events-2026-02-10.csv",
        EVENTS + "".join(f"L{n},mql,2026-01-1{n} 10:00:00,crm\n" for n in range(1, 5)),
    )
    story.export(
        "salesforce/2026-02-10/Lead.csv",
        LEAD
        + f"{X1},x1@b.example,2026-01-20T10:00:00.000Z,Open,0,0,,Web\n"
        + "00Q000000000002AAA,x2@b.example,2026-01-21T10:00:00.000Z,Open,0,0,,Web\n",
    )
    first = story.run()
    assert scorecard(first, "leads") == (7, 7, 7)
    assert scorecard(first, "mqls") == (4, 4, 4)
    assert restatements(first) == []
    february = marts(first)

    # To note it again, as after a kill, adds nothing.
    kept = sorted((story.root / "history" / "published").iterdir())
    provenance.record(first)
    assert sorted((story.root / "history" / "published").iterdir()) == kept

    # March: a lead and its MQL of January come late; that a merge makes one of two is April's.
    story.export(
        "generic/leads-2026-03-10.csv", LEADS + "L9,p9@a.example,2026-01-25 10:00:00,web,crm\n"
    )
    story.export("generic/stage_events-2026-03-10.csv", EVENTS + "L9,mql,2026-01-26 10:00:00,crm\n")
    march = story.run()
    assert scorecard(march, "leads") == (8, 7, 8)
    assert restatements(march) == [
        ("leads", "2026-01", 7, 8, "late data"),
        ("mqls", "2026-01", 4, 5, "late data"),
    ]

    story.export(
        "salesforce/2026-04-10/Lead.csv",
        LEAD
        + f"{X1},x1@b.example,2026-01-20T10:00:00.000Z,Open,0,0,,Web\n"
        + f"00Q000000000002AAA,x2@b.example,2026-01-21T10:00:00.000Z,Open,0,1,{X1},Web\n",
    )
    april = story.run()
    assert scorecard(april, "leads") == (7, 7, 7)
    assert restatements(april)[2:] == [("leads", "2026-01", 8, 7, "merge")]

    # Loaded later, and taken out of exports/ again: what was loaded still counts.
    story.export(
        "generic/stage_events-2026-04-20.csv",
        EVENTS + "L1,recycled,2026-01-12 10:00:00,crm\nL1,mql,2026-01-20 10:00:00,crm\n",
    )

    # As of a past day, what is exported later does not exist, however often it is asked.
    back = story.run(as_of=date(2026, 2, 10))
    once = marts(back)
    assert scorecard(back, "leads") == (7, 7, 7)
    story.run(as_of=date(2026, 2, 10))
    assert marts(back) == once
    apart = {"rpt_restatements", "rpt_scorecard"}
    assert {k: v for k, v in once.items() if k not in apart} == {
        k: v for k, v in february.items() if k not in apart
    }
    assert back.published != april.published

    # May: another rule for days that had been published, in two versions.
    default = (PROJECT_ROOT / "seeds" / "definitions" / "stage_map.csv").read_text()
    owners = "VP Sales,VP Marketing"
    (story.root / "definitions").mkdir()
    (story.root / "definitions" / "stage_map.csv").write_text(
        default
        + f"crm,mql,mql,1,1900-01-01,2026-01-13,{owners},as ever\n"
        + f"crm,mql,none,2,2026-01-13,9999-12-31,{owners},no longer\n"
    )
    (story.root / "exports" / "generic" / "stage_events-2026-04-20.csv").unlink()
    may = story.run()
    assert scorecard(may, "mqls") == (2, 4, 0)  # L1 and L2; under version 1 L1 has two cycles
    assert restatements(may)[3:] == [("mqls", "2026-01", 5, 2, "definition change")]
    assert ask(
        may,
        "select definition, from_version, to_version, value_from, value_to, value_moved, "
        "events_moved, months_affected from marts.rpt_definitions where metric = 'mqls'",
    ) == [("stage_map", 1, 2, 6, 0, 6, 6, 1)]
