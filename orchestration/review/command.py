"""The steps of a review: both trees are built, compared, and what moved is led back to a cause."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from orchestration import diff
from orchestration.contracts import DEFINITIONS, read_contracts
from orchestration.diff import Difference, Movement
from orchestration.review import git, rows, trees, upstream, verdict
from orchestration.review.side import PROBLEM, RESULT
from orchestration.review.trees import BuildFailed
from orchestration.transform import read_manifest
from orchestration.warehouse import connect, hold
from orchestration.workspace import PROJECT_ROOT

SECONDS = 90.0  # in which changed rows are tried alone
FEW = 6  # changes up to which each is tried alone at once; of more the files come first

Say = Callable[[str], None]


@dataclass(frozen=True)
class Tried:
    """What some changed rows move when the base is built with them alone."""

    file: rows.File
    changes: tuple[rows.Change, ...]
    movements: tuple[Movement, ...] | None
    """None where it was not tried, or did not build."""
    problem: str = ""
    """Why not, if there was a reason other than time."""


@dataclass(frozen=True)
class Review:
    """All that there is to tell of a branch."""

    changes: git.Changes
    notes: tuple[str, ...] = ()
    """What one should know of how it was compared."""
    difference: Difference | None = None
    """None where nothing was built: no file that numbers are made of has changed."""
    unexplained: Difference | None = None
    """The same without what the rows of the definitions move; None where they explain all."""
    tried: tuple[Tried, ...] = ()
    together: tuple[Movement, ...] = ()
    """What the rows move that no change does alone."""
    project: upstream.Project | None = None
    verdict: verdict.Verdict = field(
        default_factory=lambda: verdict.Verdict((), (), (), (), (), ())
    )
    failed: str = ""
    """What the working tree said that does not build."""
    base_failed: str = ""
    """The same of the base; then nothing can be compared."""

    @property
    def passes(self) -> bool:
        """Whether all that moves is explained or meant, as far as it can be known."""
        if self.base_failed:
            return any(verdict.ALL in line.names for line in self.verdict.meant)
        return not self.failed and self.verdict.passes

    @property
    def exit_code(self) -> int:
        """0: nothing moves, or all that does is explained or meant. 1: something is not.
        2: it does not build."""
        return 2 if self.failed else 0 if self.passes else 1


def review(
    base: str | None = None, said: str = "", seconds: float = SECONDS, say: Say = lambda _: None
) -> Review:
    """Compare the working tree with the commit where it left `base`.

    `said` is the text of the pull request; `seconds` is how long changed rows may be tried alone.
    Raises `ReviewError` where there is no such base.
    """
    changes = git.changes(base)
    told = f"{said}\n{changes.messages}"
    touched = [path for path in changes.files if trees.moves_numbers(path)]
    if not touched:
        return Review(changes, verdict=verdict.judge(None, None, (), told))
    with hold(trees.CACHE):
        return _compared(changes, touched, told, seconds, say)


def _compared(
    changes: git.Changes, touched: Sequence[str], told: str, seconds: float, say: Say
) -> Review:
    names = {Path(path).name for path in touched if _is_definition(path)}
    say(f"The base, {changes.base[:7]}, and its demo company")
    base = trees.base(changes, names)
    notes = list(_notes(changes, base))

    say("Building the working tree" if base.is_built else "Building both")
    with ThreadPoolExecutor(2) as both:
        building = both.submit(trees.build_base, base)
        try:
            branch = trees.build_branch(base)
        except BuildFailed as problem:
            return Review(changes, tuple(notes), failed=str(problem))
        try:
            building.result()
        except BuildFailed as problem:
            judged = verdict.judge(None, None, (), told)
            return Review(changes, tuple(notes), verdict=judged, base_failed=str(problem))

    say("Comparing")
    found = diff.compare(base.published, branch, diff.mart_keys())
    files = _changed_definitions(changes, names)
    rows_of = {f"{trees.DEFINITIONS}{file.name}.csv" for file in files}
    others = [path for path in touched if path not in rows_of]
    tried: list[Tried] = []
    by_rows: Difference | None = None
    unexplained = found if others else None
    if not base.tree.can_try_rows:
        notes.append(
            "The base is from before there were reviews. So no row was tried alone, and "
            "rpt_definitions and value_restated differ, which a review leaves out."
        )
    elif files and found.exit_code:
        say("Trying the changed rows")
        by_rows = found
        if others:
            by_rows, unexplained = _apart(base, files, branch, notes)
        tried = _alone(base, files, seconds)
    return Review(
        changes,
        tuple(notes),
        found,
        unexplained,
        tuple(tried),
        _together(by_rows.metrics if by_rows else (), tried),
        upstream.compare(
            trees.manifest(base),
            read_manifest(trees.CACHE),
            [path for path in others if not path.startswith(("models/", "macros/"))],
        ),
        verdict.judge(found, unexplained, _metrics(base.published), told),
    )


def _is_definition(path: str) -> bool:
    return path.startswith(trees.DEFINITIONS) and path.endswith(".csv")


def _notes(changes: git.Changes, base: trees.Base) -> Iterator[str]:
    if any(path.startswith("orchestration/demo/") for path in changes.files):
        yield "The branch changes the demo company. Both sides were built on the demo of the base."
    if base.without:
        yield (
            f"The demo company has its own {', '.join(sorted(base.without))}, which would hide the "
            "change: both sides were built without."
        )


def _changed_definitions(changes: git.Changes, names: set[str]) -> list[rows.File]:
    """The files of definitions that both trees have, with the rows that changed."""
    keys = {c.table: c.key for c in read_contracts().values() if c.source == DEFINITIONS}
    files = []
    for name in sorted(names):
        path = PROJECT_ROOT / trees.DEFINITIONS / name
        before = git.contents(changes.base, f"{trees.DEFINITIONS}{name}")
        if before is not None and path.is_file():
            table = path.stem
            after = path.read_text(encoding="utf-8-sig")
            files.append(rows.compare(table, before, after, keys.get(table, ())))
    return files


def _apart(
    base: trees.Base, files: Sequence[rows.File], branch: Path, notes: list[str]
) -> tuple[Difference | None, Difference]:
    """What all changed rows move in the base, and what the rest of the branch moves beyond that."""
    variant = _variant(base, {file.name: file.after for file in files}, "all-")
    _build(base, [variant], math.inf, all_marts=True)
    if not (variant / RESULT).exists():
        told = (variant / PROBLEM).read_text(encoding="utf-8")
        notes.append(
            "What the changed rows move cannot be told apart from the rest, as the base does not "
            f"build with them: {told}"
        )
        return None, diff.compare(base.published, branch, diff.mart_keys())
    keys = diff.mart_keys()
    return (
        diff.compare(base.published, variant / RESULT, keys),
        diff.compare(variant / RESULT, branch, keys),
    )


def _alone(base: trees.Base, files: Sequence[rows.File], seconds: float) -> list[Tried]:
    """Every change tried alone, as far as the seconds go; of many, the files come first."""
    groups: list[tuple[rows.File, tuple[rows.Change, ...]]] = [
        (file, (change,)) for file in files for change in file.changes
    ]
    if len(groups) > FEW:
        groups = [*((file, file.changes) for file in files if len(file.changes) > 1), *groups]
    variants = {
        place: _variant(base, {file.name: rows.with_changes(file, changes)})
        for place, (file, changes) in enumerate(groups)
        if not (file.has_other_columns or all(change.only_words for change in changes))
    }
    _build(base, list(variants.values()), seconds)
    return [
        _outcome(base, file, changes, variants.get(place))
        for place, (file, changes) in enumerate(groups)
    ]


def _outcome(
    base: trees.Base, file: rows.File, changes: tuple[rows.Change, ...], variant: Path | None
) -> Tried:
    if variant is None:
        if file.has_other_columns:
            return Tried(file, changes, None, "the file has other columns than before")
        return Tried(file, changes, ())
    if (variant / RESULT).exists():
        return Tried(file, changes, diff.movements(base.published, variant / RESULT))
    problem = variant / PROBLEM
    return Tried(
        file, changes, None, problem.read_text(encoding="utf-8") if problem.exists() else ""
    )


def _variant(base: trees.Base, files: Mapping[str, str], kind: str = "") -> Path:
    """The folder of a variant: for the same files the same, with what was built from them."""
    digest = hashlib.blake2b(json.dumps(files, sort_keys=True).encode(), digest_size=12)
    folder = base.place / "rows" / f"{kind}{digest.hexdigest()}"
    if not (folder / RESULT).exists():
        shutil.rmtree(folder, ignore_errors=True)
        rows.write_variant(folder, files)
    return folder


def _build(
    base: trees.Base, variants: Sequence[Path], seconds: float, *, all_marts: bool = False
) -> None:
    missing = [variant for variant in dict.fromkeys(variants) if not (variant / RESULT).exists()]
    if not missing:
        return
    try:
        base.tree.under(base.workspace, missing, seconds, all_marts=all_marts)
    except BuildFailed as problem:  # of the process itself: what it has built before is kept
        for variant in missing:
            if not (variant / RESULT).exists():
                (variant / PROBLEM).write_text(str(problem), encoding="utf-8")


def _together(all_rows: Sequence[Movement], tried: Sequence[Tried]) -> tuple[Movement, ...]:
    """What all rows move, and no change alone, nor their sum."""
    alone: dict[tuple[str, str, date], list[Movement]] = {}
    for one in tried:
        if len(one.changes) == 1:
            for movement in one.movements or ():
                alone.setdefault(movement.key, []).append(movement)
    return tuple(x for x in all_rows if not _is_explained(x, alone.get(x.key, ())))


def _is_explained(movement: Movement, alone: Sequence[Movement]) -> bool:
    if any(diff.alike(one.after, movement.after) for one in alone):
        return True
    if movement.unit not in ("count", "currency"):
        return bool(alone)  # rates do not add up
    return diff.alike(movement.difference, sum(one.difference or 0.0 for one in alone))


def _metrics(published: Path) -> set[tuple[str, str]]:
    """The metrics and variants that a published file has."""
    with connect(published) as connection:
        found = connection.execute(
            f"select distinct metric, variant from marts.{diff.SCORECARD}"
        ).fetchall()
    return {(metric, variant) for metric, variant in found}
