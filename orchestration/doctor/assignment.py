"""Which columns of a file could give which columns of a contract, by their headers and values."""

from __future__ import annotations

import collections
import difflib
import itertools
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from orchestration import gaps
from orchestration.contracts import Column, Contract, pattern
from orchestration.doctor.hints import ALIASES, PLATFORMS, TABLES, VAGUE
from orchestration.doctor.sheet import MOST_WORDS, Profile, Sheet

DATED = re.compile(r"20\d\d(?:[-_.]?\d\d){1,2}(?!\d)|(?<!\d)\d{1,2}[-_. ]\d{1,2}[-_. ]20\d\d")
# What looks more like a header than this is taken for one.
NAMED = 0.6
# So many headers have to look so, and so large a share of all has to be used: a few common ones
# (an id, a date) do not make a file one of a kind.
FEWEST_NAMED, LEAST_SHARE = 3, 0.3
# Words less alike than this are others.
CLOSE = 0.8
# What may come from the header that gives another column.
SHARED = (
    ("email_domain", "email_key"),
    ("status", "stage_name"),
    ("account_id", "account_name"),
    ("account_name", "account_id"),
    ("sales_rep_id", "sales_rep"),
    ("sales_rep", "sales_rep_id"),
    ("product_id", "product"),
)
# Below this score the nearest contract is not near.
LOWEST = 0.9


@cache
def normal(name: str) -> str:
    """A header as it is compared: words in lower case."""
    split = re.sub(r"(?<=[a-zß-ü])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[\W_]+", " ", split.casefold()).split())


def affinity(header: str, column: Column) -> float:
    """How much a header looks like one of a column: 1 if it is one."""
    own, more, regexes = _names(column.name, column.headers)
    if any(regex.fullmatch(header) for regex in regexes):
        return 1.0
    return _likeness(normal(header), own, more)


@cache
def _names(
    column: str, headers: tuple[str, ...]
) -> tuple[frozenset[str], frozenset[str], tuple[re.Pattern[str], ...]]:
    """The names of a column, further ones that it mostly has, and expressions for it."""
    known = ALIASES.get(column.replace("email_domain", "email_key"), "")
    own = {normal(alias) for alias in headers if not pattern(alias)} | {normal(column)}
    more = {normal(alias) for alias in known.split(",")} - {""}
    return frozenset(own), frozenset(more), tuple(filter(None, map(pattern, headers)))


@cache
def _likeness(wanted: str, own: frozenset[str], more: frozenset[str]) -> float:
    if not wanted:
        return 0.0
    if wanted in own:
        return 1.0
    if wanted in more:
        return 0.9
    tokens = wanted.split()
    best = 0.0
    for name in own | more:
        parts = name.split()
        if len(name) > 2 and set(parts) < set(tokens):
            best = max(best, 0.75 * len(parts) / len(tokens))
        elif len(parts) == len(tokens):
            best = max(best, 0.85 * min(map(_ratio, sorted(parts), sorted(tokens))))
        elif "".join(parts) == "".join(tokens):
            best = max(best, 0.9)
    return best


@cache
def _ratio(one: str, other: str) -> float:
    """How alike two words are; 0 if they are not."""
    if min(len(one), len(other)) < 3:
        return float(one == other)
    ratio = difflib.SequenceMatcher(None, one, other).ratio()
    return ratio if ratio >= CLOSE else 0.0


def _may_hold(profile: Profile, column: Column, likeness: float) -> bool:
    """Whether the values of a column of the file can be those of a column of the contract."""
    identity = column.rules.identity
    if identity == "email":
        return profile.is_address
    if identity == "domain":
        return profile.is_address or likeness >= 0.9
    if profile.is_address:
        return False
    if not profile.filled:
        return likeness == 1.0
    if identity == "test_flag":
        return not (profile.is_date or profile.is_number)
    if column.data_type in ("date", "timestamp"):
        return profile.is_date
    if column.data_type == "boolean":
        return profile.is_flag
    if column.data_type != "varchar":
        return profile.is_number
    if column.rules.values and column.rules.unmapped == "reject":
        return profile.distinct <= MOST_WORDS
    return not profile.is_date or likeness == 1.0


@dataclass
class Assignment:
    """Which column of a file gives which column of a contract."""

    contract: Contract
    columns: dict[str, tuple[Profile, float]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    score: float = 0.0
    lacks: tuple[str, ...] = ()
    """Required columns that nothing gives."""

    named: int = 0
    """Headers that look like those of columns by name, and not only by their values."""
    is_called_so: bool = False
    """Whether the file's name says what it is."""
    share: float = 0.0
    """Of the headers that are used."""

    def is_near(self, has_header: bool) -> bool:
        """Whether enough speaks for it to be shown."""
        if not has_header:
            return self.score > LOWEST
        told = self.named + self.is_called_so
        many = told >= FEWEST_NAMED and self.share >= LEAST_SHARE / (1 + self.is_called_so)
        return self.score > LOWEST and (many or (told >= FEWEST_NAMED - 1 and self.share >= 0.5))


def assign(sheet: Sheet, contract: Contract) -> Assignment:
    """The best headers for the columns of a contract, and how good that is."""
    done = Assignment(contract)
    once = collections.Counter(normal(profile.header) for profile in sheet.profiles)
    profiles = [p for p in sheet.profiles if once[normal(p.header)] == 1 and p.header.strip()]
    made = contract.rules.unpivot
    columns = [c for c in contract.columns if not made or c.name not in (made.name, made.value)]
    pairs = []
    for column, profile in itertools.product(columns, profiles):
        likeness = affinity(profile.header, column) if sheet.has_header else 0.0
        if likeness > 0.4 and _may_hold(profile, column, likeness):
            first = column.rules.required or column.rules.identity == "email"
            pairs.append((round(likeness, 2), first, column.name, profile, column))
    pairs.sort(key=lambda pair: (-pair[0], not pair[1], pair[2], pair[3].place))
    taken: set[int] = set()
    for likeness, _, name, profile, column in pairs:
        shared = column.rules.identity in ("domain", "test_flag")
        if name not in done.columns and (shared or profile.place not in taken):
            done.columns[name] = (profile, likeness)
            if not shared:
                taken.add(profile.place)
    _by_shape(done, contract, profiles, taken)
    _share(done, contract)
    required = [c for c in contract.required if c in columns]
    for column in required:
        if column.name not in done.columns and column.name == "platform":
            done.constants["platform"] = _platform(sheet.file.name)
    given = {*done.columns, *done.constants}
    done.lacks = tuple(c.name for c in required if c.name not in given and c.rules.constant is None)
    likes = [done.columns[c.name][1] if c.name in done.columns else 0.3 for c in required]
    stem = set(normal(Path(sheet.file.name).stem).split())
    words = TABLES.get(contract.table, contract.table.replace("_", " ")).split()
    done.is_called_so = bool(stem & {contract.table, *words})
    width = max(len(profiles), 1)
    used = {profile.place: like for profile, like in done.columns.values()}
    done.named = len({p.place for p, like in done.columns.values() if like >= NAMED})
    done.share = len(used) / width
    # Of equals the more usual kind of file.
    usual = [*TABLES].index(contract.table) if contract.table in TABLES else len(TABLES)
    done.score = (
        sum(likes) / max(len(likes), 1) + 2 * sum(used.values()) / width + 0.6 * done.is_called_so
    )
    done.score -= 0.01 * usual + 0.5 * len(done.lacks)
    return done


def _by_shape(
    done: Assignment, contract: Contract, profiles: list[Profile], taken: set[int]
) -> None:
    """Give required columns that no header names the one column that can be meant."""
    for column in contract.columns:
        if column.name in done.columns:
            continue
        free = [p for p in profiles if p.place not in taken and p.filled]
        # The first column, or the one after the times that some logs begin with.
        first = next((p.place for p in profiles if not p.is_date), 0)
        identity = column.rules.identity
        if identity == "email":
            fitting = [p for p in free if p.is_address]
        elif not column.rules.required or column.rules.values:
            continue
        elif column.data_type in ("date", "timestamp"):
            fitting = [p for p in free if p.is_date]
        elif column.data_type == "varchar" and column.rules.not_null and column.name[-3:] == "_id":
            fitting = [p for p in free if _may_be_id(p, first)][:1]
        elif column.data_type != "varchar":
            fitting = [p for p in free if p.is_number and not p.is_date]
        else:
            continue
        if len(fitting) == 1:
            done.columns[column.name] = (fitting[0], 0.35)
            taken.add(fitting[0].place)


def _may_be_id(profile: Profile, first: int) -> bool:
    """Whether a column may hold what names a row: it does so always, and stands first or says that
    it is one.
    """
    told = set(normal(profile.header).split()) & {"id", "no", "nr", "number", "code", "key", "ref"}
    unique = profile.distinct == profile.filled and not (profile.is_address or profile.is_date)
    return unique and (bool(told) or profile.place == first)


def _share(done: Assignment, contract: Contract) -> None:
    """Some columns come from a header that gives another one, too."""
    names = {column.name for column in contract.columns}
    for name, other in SHARED:
        if name in names and name not in done.columns and other in done.columns:
            done.columns[name] = (done.columns[other][0], 0.5)


def _platform(name: str) -> str:
    """What the path says about where ads ran."""
    folder, _, base = name.rpartition("/")
    stem = normal(DATED.sub(" ", Path(base).stem)).split()
    words = [word for word in (*normal(folder).split(), *stem) if not word.isdigit()]
    for word in words:
        if word in PLATFORMS:
            return PLATFORMS[word]
    telling = [word for word in words if word not in VAGUE]
    return gaps.slug(telling[0]) if telling else "other_ads"
