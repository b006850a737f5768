"""What files of one contract share: their content, keys, or days of a scope; and which of them has
the newest, as macros/newest.sql and macros/newest_window.sql decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.contracts import Contract
from orchestration.doctor.trial import Trial
from orchestration.ingest import columns as sql
from orchestration.ingest.records import Sighting

# Of each file and each other that holds something of it that is as new or newer, else older: how
# much, and of which days.
SHARED = """
with

ranks as (

    select * from (values {ranks}) as t (file, rank)

),

mine as (

    select
        parts.part,
        parts.day,
        ranks.rank,
        max(ranks.rank) over (partition by parts.part) as first
    from parts
    inner join ranks using (file)

),

seconds as (

    select part, max(rank) as second
    from mine
    where rank < first
    group by part

)

select
    mine.rank,
    case when mine.rank = mine.first then seconds.second else mine.first end as other,
    count(*) as n,
    count(distinct mine.day) as days,
    min(mine.day),
    max(mine.day)
from mine
inner join seconds using (part)
group by 1, 2
order by n desc, other desc
"""


@dataclass(frozen=True)
class Overlap:
    """What a file shares with another, and which of them counts."""

    other: str
    what: str
    """content, days or keys."""
    count: int
    wins: bool
    first: date | None = None
    last: date | None = None


class Overlaps:
    """Remembers what each file brings, until all were looked at."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._kept: list[tuple[Sighting, Contract]] = []
        self._numbers: dict[str, int] = {}
        """Of the files whose parts are known, by fingerprint."""

    @property
    def sightings(self) -> list[Sighting]:
        """The files that were looked at, under each contract."""
        return [sighting for sighting, _ in self._kept]

    def keep(self, sighting: Sighting, contract: Contract, source: str) -> None:
        """Remember the keys, or the days of each scope, that a file brings."""
        self._kept.append((sighting, contract))
        self._keep(contract, source, sighting.fingerprint)

    def _keep(self, contract: Contract, source: str, fingerprint: str) -> None:
        if fingerprint in self._numbers:
            return
        number = self._numbers[fingerprint] = len(self._numbers)
        window = contract.rules.window
        connection = self._trial.connection()
        connection.execute(
            "create table if not exists parts (file integer, part ubigint, day date)"
        )
        if contract.mode == "window" and window:
            parts, day = [*window.scope, window.date], f"cast({sql.name(window.date)} as date)"
        elif contract.key:
            parts, day = list(contract.key), "cast(null as date)"
        else:
            return
        hashed = f"hash({', '.join(map(sql.name, parts))})"
        connection.execute(
            f"insert into parts select distinct {number}, {hashed}, {day} from {source}"
        )

    def found(
        self, before: Iterable[Sighting], gone: Iterable[Sighting], raw: Path, *, has_key: bool
    ) -> dict[str, list[Overlap]]:
        """What the files share with each other, with those that counted `before`, and with all that
        are `gone`; by the id of the sighting.
        """
        overlaps: dict[str, list[Overlap]] = defaultdict(list)
        before, gone = list(before), list(gone)
        groups: dict[str, list[tuple[Sighting, Contract]]] = defaultdict(list)
        for sighting, contract in self._kept:
            groups[contract.name].append((sighting, contract))
        for name, group in groups.items():
            mine = [sighting for sighting, _ in group]
            same = _same_content(mine, [s for s in (*before, *gone) if s.contract == name])
            for sighting in mine:
                if other := same.get(sighting.id):
                    overlaps[sighting.id] = [Overlap(other, "content", sighting.rows, wins=False)]
            contract = group[0][1]
            keyed = any(c.is_key for c in contract.columns if c.name in contract.key)
            # Without the identity key the keys of today are no keys of another day.
            old = [s for s in before if s.contract == name and (has_key or not keyed)]
            for sighting, found in self._shared(contract, mine, old, raw):
                if sighting.id not in same:
                    overlaps[sighting.id].append(found)
        return overlaps

    def _shared(
        self, contract: Contract, mine: list[Sighting], old: list[Sighting], raw: Path
    ) -> list[tuple[Sighting, Overlap]]:
        for sighting in old:
            path = sql.literal(str(sighting.path(raw)))
            self._keep(contract, f"read_parquet({path})", sighting.fingerprint)
        newest_last = sorted([*old, *mine], key=lambda s: (s.exported_at, s.file_name))
        sightings = {sighting.fingerprint: sighting for sighting in newest_last}
        if len(sightings) < 2:
            return []
        order = sorted(sightings.values(), key=lambda s: (s.exported_at, s.fingerprint))
        ranks = ", ".join(f"({self._numbers[s.fingerprint]}, {n})" for n, s in enumerate(order))
        found = self._trial.connection().execute(SHARED.format(ranks=ranks))
        current = {sighting.id for sighting in mine}
        return [
            (
                order[rank],
                Overlap(
                    order[other].file_name,
                    "days" if first else "keys",
                    days if first else count,
                    rank > other,
                    first,
                    last,
                ),
            )
            for rank, other, count, days, first, last in found.fetchall()
            if order[rank].id in current
        ]


def _same_content(group: list[Sighting], old: Iterable[Sighting]) -> dict[str, str]:
    """Files whose content came under another name before, and that name; by their id."""
    first: dict[tuple[int, str], str] = {}
    for sighting in sorted(old, key=lambda s: (s.exported_at, s.file_name)):
        first.setdefault((sighting.nth, sighting.content), sighting.file_name)
    found = {}
    for sighting in sorted(group, key=lambda s: (s.exported_at, s.file_name)):
        name = first.setdefault((sighting.nth, sighting.content), sighting.file_name)
        if name != sighting.file_name:
            found[sighting.id] = name
    return found
