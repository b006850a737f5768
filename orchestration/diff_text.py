"""A difference between two published files in words: for a terminal, and for a pull request.

What differs is found by diff.py; nothing is compared here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from orchestration.diff import Build, Difference, MartChange, Movement
from orchestration.scorecard import SYMBOLS, UNKNOWN

# How many months of a metric, and files of a kind, are told unless all are asked for: the newest.
TOLD = 3
STATES = {False: "the same", None: "not known: a file is older than this note"}
NO_KEY = "whole rows compared, as no key tells them apart"

Because = Callable[[Movement], str]
"""What moved a metric in a month, in a few words; empty where it is not known."""


def lines(difference: Difference, *, everything: bool = False) -> Iterator[str]:
    """The difference for a terminal, the summary first."""
    old, new = difference.old, difference.new
    yield f"before  {_build(old)}"
    yield f"after   {_build(new)}"
    for warning in _warnings(difference):
        yield f"! {warning}"
    yield ""
    yield from movements(difference, everything=everything)
    yield ""
    yield "Made from"
    for name, said in _causes(difference, everything):
        yield f"  {name:11}  {said}"


def movements(
    difference: Difference, *, everything: bool = False, because: Because | None = None
) -> Iterator[str]:
    """What moved for a terminal: how many, the metrics, the marts."""
    yield summary(difference)
    if difference.metrics:
        yield ""
        width = max(len(one.words) for one in difference.metrics)
        for words, moved in _by_metric(difference.metrics):
            shown = moved if everything else moved[:TOLD]
            for place, one in enumerate(shown):
                name = words if place == 0 else ""
                why = f": {because(one)}" if because and because(one) else ""
                yield f"  {name:{width}}  {movement(one, difference)}{why}"
            if len(shown) < len(moved):
                rest = many(len(moved) - len(shown), "earlier month")
                yield f"  {'':{width}}  and {rest} (--all)"
    if difference.changed_marts:
        yield ""
        width = max(len(mart.name) for mart in difference.changed_marts)
        for mart in difference.changed_marts:
            yield f"  {mart.name:{width}}  {_mart(mart)}"


def markdown(difference: Difference, *, everything: bool = False) -> str:
    """The difference as a comment on a pull request; no name from the data can mark it up."""
    old, new = difference.old, difference.new
    parts = [f"### {plain(summary(difference))}", ""]
    parts += [f"> {plain(warning)}\n" for warning in _warnings(difference)]
    if difference.metrics:
        parts += [*metrics_table(difference, everything=everything), ""]
    if difference.changed_marts:
        parts += [*marts_table(difference), ""]
    parts += ["| made from | |", "|---|---|"]
    parts += [row(cause) for cause in _causes(difference, everything)]
    parts += ["", f"before: {plain(_build(old))}<br>after: {plain(_build(new))}", ""]
    return "\n".join(parts)


def metrics_table(
    difference: Difference, *, everything: bool = False, because: Because | None = None
) -> Iterator[str]:
    """The metrics that moved, as a table in Markdown: the newest months of each, or all; with a
    column for what moved them where that is known."""
    yield f"| metric | month | before | after | change |{' because |' if because else ''}"
    yield f"|---|---|---:|---:|---:|{'---|' if because else ''}"
    for words, moved in _by_metric(difference.metrics):
        shown = moved if everything else moved[:TOLD]
        for one in shown:
            why = [because(one)] if because else []
            yield row((words, _month(one), *_values(one, difference), _change(one), *why))
        if len(shown) < len(moved):
            rest = f"and {many(len(moved) - len(shown), 'earlier month')}"
            yield row((words, rest, "", "", "", *([""] if because else [])))


def marts_table(difference: Difference) -> Iterator[str]:
    """The marts that changed, as a table in Markdown."""
    yield "| mart | change |"
    yield "|---|---|"
    for mart in difference.changed_marts:
        yield row((mart.name, _mart(mart)))


def has_more(difference: Difference) -> bool:
    """Whether some metric moved in more months than are told unless all are asked for."""
    return any(len(moved) > TOLD for _, moved in _by_metric(difference.metrics))


def _build(build: Build) -> str:
    company = build.settings.get("company")
    told = [str(build.path), company, build.build_id, build.as_of and f"as of {build.as_of}"]
    return ", ".join(str(part) for part in told if part)


def _warnings(difference: Difference) -> Iterator[str]:
    for name, before, after in difference.settings:
        yield f"The {name} is another: {before or UNKNOWN} before, {after or UNKNOWN} after."
    if difference.old.as_of != difference.new.as_of:
        yield (
            f"They are as of different days, {difference.old.as_of or UNKNOWN} and "
            f"{difference.new.as_of or UNKNOWN}: later months and unfinished ones differ by that."
        )


def summary(difference: Difference) -> str:
    """How much moved, in a line."""
    if not difference.exit_code:
        return f"Nothing moved: no metric, and none of {len(difference.marts)} marts"
    metrics = len({(movement.metric, movement.variant) for movement in difference.metrics})
    moved = f"{many(metrics, 'metric')} moved" if metrics else "No metric moved"
    marts = f"{len(difference.changed_marts)} of {len(difference.marts)} marts changed"
    return f"{moved}, {marts}"


def _by_metric(metrics: Sequence[Movement]) -> Iterator[tuple[str, list[Movement]]]:
    """The movements of each metric, the newest month first."""
    for words, movements in groupby(metrics, key=lambda movement: movement.words):
        yield words, sorted(movements, key=lambda movement: movement.month, reverse=True)


def movement(moved: Movement, difference: Difference) -> str:
    """A metric in a month: both values, and how much it moved."""
    before, after = _values(moved, difference)
    told = f"{_month(moved)}  {before} → {after}"
    change = _change(moved)
    return f"{told}  ({change})" if change else told


def _month(movement: Movement) -> str:
    return f"{movement.month:%b %Y}"


def _values(movement: Movement, difference: Difference) -> tuple[str, str]:
    """Both values with as many decimals as it takes to tell them apart."""
    sides = ((movement.before, difference.old), (movement.after, difference.new))
    for decimals in range(10):
        before, after = (
            _written(value, movement.unit, str(build.settings["reporting_currency"]), decimals)
            for value, build in sides
        )
        if before != after:
            break
    if movement.state == "appeared":
        return "none", after
    if movement.state == "gone":
        return before, "none"
    return before, after


def _written(value: float | None, unit: str, currency: str, more: int) -> str:
    if value is None:
        return UNKNOWN
    if unit == "ratio":
        return f"{value:.{1 + more}%}"
    if unit == "factor":
        return f"{value:,.{1 + more}f}×"
    if unit.startswith("currency"):
        return f"{SYMBOLS.get(currency, f'{currency} ')}{value:,.{2 + more}f}"
    return f"{value:,.{more}f}"


def _change(movement: Movement) -> str:
    """How much it moved: rates in points, anything else as a part of what it was."""
    if movement.difference is None:
        return movement.state if movement.state != "moved" else ""
    if movement.unit == "ratio":
        return f"{_signed(100 * movement.difference)} points"
    return f"{_signed(100 * movement.share)} %" if movement.share is not None else "from 0"


def _signed(number: float) -> str:
    """With one decimal, and more where that would hide it."""
    decimals = next((n for n in range(1, 10) if round(number, n)), 9)
    return f"{number:+,.{decimals}f}"


def _mart(mart: MartChange) -> str:
    if mart.rows_before is None:
        return f"new, {many(mart.rows_after or 0, 'row')}"
    if mart.rows_after is None:
        return f"gone, {many(mart.rows_before, 'row')} before"
    rows = f"{mart.rows_before:,} → " if mart.rows_before != mart.rows_after else ""
    told = [f"{rows}{many(mart.rows_after, 'row')}"]
    for number, word in ((mart.added, "added"), (mart.gone, "gone"), (mart.changed, "changed")):
        if number:
            told.append(f"{number:,} {word}")
    if mart.changed_columns:
        often = sorted(mart.changed_columns.items(), key=lambda item: (-item[1], item[0]))
        told[-1] += f" ({', '.join(f'{name} {number:,}' for name, number in often)})"
    if (mart.added or mart.gone) and not mart.key:
        told.append(NO_KEY)
    for word, columns in (("new", mart.columns_added), ("without", mart.columns_gone)):
        if columns:
            told.append(
                f"{word} {'column' if len(columns) == 1 else 'columns'} {', '.join(columns)}"
            )
    told += [f"{name} is {after}, was {before}" for name, before, after in mart.columns_retyped]
    return "; ".join(told)


def _causes(difference: Difference, everything: bool) -> Iterator[tuple[str, str]]:
    """What was given to the two builds, and whether it was the same."""
    for name, changed in difference.given.items():
        told = [STATES[changed]] if not changed else []
        if name == "project":
            told = told or ["another version of this project"]
        else:
            of_definitions = name == "definitions"
            files = [x for x in difference.files or () if x.is_definition == of_definitions]
            for word, chosen in (
                ("new", [x for x in files if x.name_before is None]),
                ("gone", [x for x in files if x.name_after is None]),
                ("with other content", [x for x in files if x.name_before and x.name_after]),
            ):
                if chosen:
                    names = [x.name_after or x.name_before or "" for x in chosen]
                    shown = names if everything else names[:TOLD]
                    more = f" and {len(names) - len(shown)} more" if len(shown) < len(names) else ""
                    told.append(f"{many(len(names), 'file')} {word}: {', '.join(shown)}{more}")
            if changed and not told:
                told = ["changed, and no file with them: dates of files, or the settings"]
        yield name, "; ".join(told)
    for change in difference.definitions:
        what = f"{change.metric}, version {change.version}"
        if change.before is None:
            yield what, "new"
        elif change.after is None:
            yield what, "gone"
        else:
            after = change.after
            yield (
                what,
                "; ".join(f"{name}: {was} → {after[name]}" for name, was in change.before.items()),
            )


def many(number: int, word: str) -> str:
    """So many of something."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def row(cells: Sequence[str]) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(plain(cell) for cell in cells)} |"


def plain(text: str) -> str:
    """A text that Markdown shows as it is: no markup, no HTML, nobody is notified by an @."""
    text = " ".join(text.split())
    text = re.sub(r"[&<>@]", lambda found: f"&#{ord(found[0])};", text)
    return re.sub(r"([\\`*_{}\[\]()#|~!])", r"\\\1", text)
