"""The words of the files that definitions are about: which of them no definition knows, and how
often they stand where.

Which column holds such words is said in its contract (`definition`, `lists`); what they mean, and
the rows to paste, are gaps.py.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from orchestration import gaps
from orchestration.contracts import Contract, Meaning
from orchestration.doctor.trial import Trial
from orchestration.ingest import columns as sql

# Of one column of one file.
MOST_WORDS = 100_000
# What connectors call a platform otherwise.
PLATFORMS = {"fivetran_facebook_ads": "meta_ads", "fivetran_google_ads": "google_ads"}


@dataclass(frozen=True)
class Shape:
    """How a definition's file looks."""

    is_own: bool
    """Whether it is the workspace's own, and not the default."""
    header: tuple[str, ...]
    delimiter: str


@dataclass(frozen=True)
class Open:
    """Words that a definition does not know, and where to add their rows."""

    definition: str
    file: str
    """The definition's file, below the workspace."""
    is_there: bool
    header: tuple[str, ...]
    delimiter: str
    gaps: tuple[gaps.Gap, ...]

    @property
    def rows(self) -> tuple[str, ...]:
        """Lines to paste, for the words that may be shown."""
        return tuple(gap.row(self.header, self.delimiter) for gap in self.gaps if gap.can_be_pasted)

    @property
    def matters(self) -> bool:
        """Whether any of them makes a number wrong or leaves one out."""
        return any(gap.matters for gap in self.gaps)


@dataclass
class _Word:
    """How often a word that is not known stands where."""

    spelling: str
    count: int = 0
    files: set[str] = field(default_factory=set)
    days: set[date] = field(default_factory=set)


class Words:
    """Counts words, file by file."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._counted: dict[tuple[str, str, str], Counter[tuple[str, date | None]]] = defaultdict(
            Counter
        )
        self._listed: dict[tuple[str, str], set[str]] = defaultdict(set)

    def keep(self, contract: Contract, source: str, file_name: str) -> None:
        """Count the words of a file's rows, by day where that matters."""
        for column in contract.columns:
            if meaning := column.rules.definition:
                for system, word, day, count in self._found(contract, column.name, meaning, source):
                    self._counted[meaning.name, system, word][file_name, day] += count
        self.keep_lists(contract, source)
        self._keep_platform(contract, source, file_name)

    def keep_lists(self, contract: Contract, source: str) -> None:
        """Remember the words that a file makes known."""
        for column in contract.columns:
            if meaning := column.rules.lists:
                for system, word, *_ in self._found(contract, column.name, meaning, source):
                    self._listed[meaning.name, system].add(word)

    def _found(
        self, contract: Contract, column: str, meaning: Meaning, source: str
    ) -> list[tuple[str, str, date | None, int]]:
        system = sql.literal(_system(contract, meaning))
        if not meaning.system and any(c.name == "source_system" for c in contract.columns):
            system = "source_system"
        value = sql.name(column)
        day = f"cast({sql.name(meaning.day)} as date)" if meaning.day else "cast(null as date)"
        kept = [f"{value} is not null"]
        kept += [
            f"lower({sql.name(name)}) = {sql.literal(text.lower())}"
            for name, text in meaning.where.items()
        ]
        found = self._trial.connection().execute(
            f"select {system} as system, cast({value} as varchar) as word, {day} as day, "
            f"count(*) as n from {source} where {' and '.join(kept)} "
            f"group by all order by n desc, word, day limit {MOST_WORDS}"
        )
        return found.fetchall()

    def _keep_platform(self, contract: Contract, source: str, file_name: str) -> None:
        """A platform that is known by name is a word of the channel map, too."""
        names = {column.name for column in contract.columns}
        if contract.source.endswith("_ads") and "spend" in names and "platform" not in names:
            word = PLATFORMS.get(contract.source, contract.source)
            found = self._trial.connection().execute(f"select count(*) from {source}").fetchall()
            self._counted["channel_map", "ad_platform", word][file_name, None] += found[0][0]

    def open(self, known: gaps.Known, shapes: Mapping[str, Shape]) -> Iterator[Open]:
        """The words that are not known, by definition, the most frequent first."""
        for (definition, system), words in self._listed.items():
            known.add(definition, system, words)
        unknown: dict[tuple[str, str, str], _Word] = {}
        for (definition, system, text), counted in self._counted.items():
            key = (definition, system, text.casefold())
            if not gaps.DEFINITIONS[definition].has_system:
                key = (definition, "", text.casefold())
            for (file, day), count in counted.items():
                if not known.has(definition, system, text, day):
                    word = unknown.setdefault(key, _Word(text))
                    word.count += count
                    word.files.add(file)
                    word.days |= {day} if day else set()
        found: dict[str, list[gaps.Gap]] = defaultdict(list)
        for (definition, system, _), word in unknown.items():
            found[definition].append(_gap(known, definition, system, word))
        for definition, words_of in sorted(found.items()):
            words_of.sort(key=lambda gap: (-gap.count, gap.system, gap.text))
            yield _opened(definition, words_of, shapes)


def _system(contract: Contract, meaning: Meaning) -> str:
    """The system whose words a column holds, where no cell says it; empty stands for any."""
    if meaning.system:
        return meaning.system
    return "" if contract.source == "generic" else contract.source.removeprefix("fivetran_")


def _gap(known: gaps.Known, definition: str, system: str, word: _Word) -> gaps.Gap:
    is_currency = definition == "exchange_rates"
    matters = gaps.DEFINITIONS[definition].matters
    if definition == "sales_reps":
        # Without any list there is nobody to miss.
        matters = known.lists(definition, system)
    return gaps.Gap(
        definition,
        system,
        word.spelling.upper() if is_currency else word.spelling,
        word.count,
        tuple(sorted(word.files)),
        min(word.days, default=None) if is_currency else None,
        max(word.days, default=None) if is_currency else None,
        matters,
    )


def _opened(definition: str, found: Sequence[gaps.Gap], shapes: Mapping[str, Shape]) -> Open:
    if header := gaps.FILES.get(definition):
        file = f"exports/generic/{definition}.csv"
        return Open(definition, file, False, tuple(header), ",", tuple(found))
    shape = shapes.get(definition, Shape(False, (), ","))
    file = f"definitions/{definition}.csv"
    return Open(definition, file, shape.is_own, shape.header, shape.delimiter, tuple(found))
