"""How a review is told: in a terminal, and as a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby

from orchestration import diff_text
from orchestration.diff import SCORECARD, Difference, Movement, alike
from orchestration.diff_text import many, plain, row
from orchestration.review.command import Review, Tried
from orchestration.review.rows import WORDS, Change, Record, differing
from orchestration.review.upstream import Part, Project

MARK = "<!-- plumbline review -->"
LIMIT = 65_536  # characters that GitHub takes in a comment
FOLDED = "<details>"
NAMED = 2  # changed models and the like up to which a metric is said to move because of them
SHOWN = 3  # months of a metric outside of what is folded away


def lines(review: Review, *, everything: bool = False) -> Iterator[str]:
    """The review for a terminal, what is to be done last."""
    yield from _about(review)
    if review.difference is not None:
        yield ""
        yield from diff_text.movements(
            review.difference, everything=everything, because=_because(review)
        )
        for one in review.tried:
            yield ""
            yield _label(one)
            yield from (f"  {line}" for line in _tried(one, review.difference))
        if review.together:
            yield ""
            yield _together(review)
            yield from (f"  {words}" for words in _by_metric(review.together, review.difference))
        for names, parts in _upstream(review):
            yield ""
            yield f"Changed before {', '.join(names)}"
            yield from (f"  {part}" for part in parts)
    yield ""
    yield from _conclusion(review)
    if said := _suggestion(review):
        yield f"  {said}"
    if told := review.failed or review.base_failed:
        yield told
    yield from _hints(review)


def markdown(review: Review) -> str:
    """The review as a comment; nothing from the data or the pull request can mark it up."""
    return "\n\n".join(_sections(review)) + "\n"


def comment(review: Review, whole: str) -> str:
    """The same in as many characters as a comment may have; `whole` says where all of it is."""
    sections = list(_sections(review))
    text = "\n\n".join(sections) + "\n"
    if len(text) <= LIMIT:
        return text
    notice = f"**This is not all of it: a comment takes {LIMIT:,} characters. {plain(whole)}**"
    room = LIMIT - len(notice) - 10
    folded = [section for section in sections if section.startswith(FOLDED)]
    for section in reversed(folded):
        if len("\n\n".join(sections)) > room:
            sections.remove(section)
    kept: list[str] = []
    for line in "\n\n".join(sections).splitlines():
        if sum(len(before) + 1 for before in kept) + len(line) > room:
            break
        kept.append(line)
    return "\n".join([*kept, "", notice, ""])


def _sections(review: Review) -> Iterator[str]:
    yield f"{MARK}\n### {plain(_headline(review))}"
    yield "\n\n".join(plain(line) for line in _conclusion(review))
    if said := _suggestion(review):
        yield f"```text\n{said}\n```"
    if review.failed or review.base_failed:
        told = (review.failed or review.base_failed).replace("```", "'''")
        yield f"```text\n{told}\n```"
    if hints := list(_hints(review)):
        yield "\n".join(f"- {plain(hint)}" for hint in hints)
    if review.difference is not None:
        yield from _movements(review, review.difference)
    yield f"<sub>{' '.join(plain(line) for line in _about(review))}</sub>"


def _movements(review: Review, difference: Difference) -> Iterator[str]:
    """What moved, and because of what; the long tables are folded away."""
    because = _because(review)
    if difference.metrics:
        yield "\n".join(diff_text.metrics_table(difference, because=because))
    if review.tried:
        yield "#### The rows of the definitions, each alone"
    for one in review.tried:
        told = "\n".join(f"- {plain(line)}" for line in _tried(one, difference))
        yield f"**{plain(_label(one))}**\n\n{told}"
    if review.together:
        moved = "\n".join(f"- {plain(x)}" for x in _by_metric(review.together, difference))
        yield f"**{_together(review)}**\n\n{moved}"
    if upstream := _upstream(review):
        table = ["| metrics and marts | changed before them, the nearest first |", "|---|---|"]
        table += [row((", ".join(names), "; ".join(parts))) for names, parts in upstream]
        yield _folded("What changed before them", table)
    if difference.changed_marts:
        count = many(len(difference.changed_marts), "mart")
        yield _folded(f"The rows of {count}", diff_text.marts_table(difference))
    if diff_text.has_more(difference):
        table = list(diff_text.metrics_table(difference, everything=True, because=because))
        yield _folded("Every month", table)
    for one in review.tried:
        if one.movements and not _same(one.movements, difference):
            alone = replace(difference, metrics=one.movements)
            table = list(diff_text.metrics_table(alone, everything=True))
            yield _folded(f"Every month of {plain(_label(one))} alone", table)


def _folded(summary: str, table: Iterable[str]) -> str:
    lines = "\n".join(table)
    return f"{FOLDED}<summary>{summary}</summary>\n\n{lines}\n\n</details>"


def _headline(review: Review) -> str:
    if review.failed:
        return "✗ The branch does not build"
    if review.base_failed:
        return "✗ The base does not build, so nothing can be compared"
    if review.difference is None:
        return "✓ No number can have moved"
    mark = "✓" if review.passes else "✗"
    return f"{mark} {diff_text.summary(review.difference)}"


def _about(review: Review) -> Iterator[str]:
    changes = review.changes
    told = f"Compared with {changes.base[:7]}, where this left {changes.branched_from}"
    if changes.uncommitted:
        told += f"; {many(changes.uncommitted, 'file')} not committed yet, and counted"
    yield f"{told}."
    if review.difference is not None:
        yield "Both built on the same demo company."
    yield from review.notes


def _conclusion(review: Review) -> Iterator[str]:
    """What it comes to, and what to do."""
    verdict = review.verdict
    if review.failed:
        yield "What it says:"
        return
    if review.base_failed:
        yield (
            "If this branch mends it, say so in the text of the pull request: "
            "`Moves: all - why`. What it says:"
        )
    elif review.difference is None:
        yield "No file that numbers are made of has changed, so nothing was built."
    elif not review.difference.exit_code:
        yield "The branch changes no number and no row."
    elif review.unexplained is None:
        yield "Rows of the definitions explain all of it."
    elif verdict.unmeant:
        names = ", ".join(verdict.unmeant)
        yield (
            f"No row of a definition explains that these move: {names}. If it is meant, add a line "
            "to the text of the pull request, or of a commit:"
        )
    elif verdict.metrics or verdict.marts:
        yield "It is meant:"
    else:
        yield "No number that was there before has changed."
    if not verdict.unmeant:
        for line in verdict.meant:
            yield f"{', '.join(line.names)}: {line.why}"


def _hints(review: Review) -> Iterator[str]:
    """What of the lines `Moves:` does not fit."""
    verdict = review.verdict
    if verdict.unmoved:
        yield f"Said to move, and did not: {', '.join(verdict.unmoved)}."
    if verdict.without_reason:
        names = ", ".join(verdict.without_reason)
        yield f"Said to move without a reason, which does not count: {names}."


def _suggestion(review: Review) -> str:
    unmeant = review.verdict.unmeant
    return f"Moves: {', '.join(unmeant)} - why" if unmeant else ""


# The rows of the definitions ---------------------------------------------------------------------


def _label(one: Tried) -> str:
    """Which rows are meant, like `stage_map row 7`."""
    if len(one.changes) > 1:
        return f"{one.file.name}, all {len(one.changes)} changes"
    [change] = one.changes
    numbers = sorted(
        {
            *(after.number for _, after in change.changed),
            *(line.number for line in (*change.added, *change.gone)),
        }
    )
    word = "row" if len(numbers) == 1 else "rows"
    return f"{one.file.name} {word} {', '.join(map(str, numbers))}"


def _sentences(changes: Sequence[Change]) -> Iterator[str]:
    """What the rows said before and say now, who agreed to it and why."""
    for change in changes:
        thing = ", ".join(part for part in change.thing if part)
        about = f" ({thing})" if thing else ""
        for before, after in change.changed:
            columns = differing(before.record, after.record)
            told = "; ".join(
                f"{name} {_value(before.record, name)} → {_value(after.record, name)}"
                for name in columns
            )
            yield f"row {after.number}{about}: {told}"
        for state, found in (("new", change.added), ("gone", change.gone)):
            for line in found:
                told = ", ".join(
                    f"{name} {value}"
                    for name, value in line.record.items()
                    if value and name not in WORDS and value not in change.thing
                )
                yield f"row {line.number}{about} is {state}: {told}"
        owners = [change.newest.get(name, "") for name in ("owner_sales", "owner_marketing")]
        agreed = " and ".join(owner for owner in owners if owner)
        reason = change.newest.get("reason", "")
        if agreed or reason:
            yield f"{agreed or 'Nobody named'}: {reason or 'no reason given'}"


def _value(record: Record, name: str) -> str:
    return record.get(name, "") or "(blank)"


def _outcome(one: Tried) -> str:
    """What is said of rows before the numbers that they move."""
    if one.movements is None:
        return f"not tried alone: {one.problem or 'the time was over'}"
    if all(change.only_words for change in one.changes):
        return "only who agreed to it and why; no number is made of that"
    if not one.movements:
        return "alone it moves no number"
    return "alone it moves"


def _tried(one: Tried, difference: Difference) -> Iterator[str]:
    """What some rows say, and what they move."""
    yield from _sentences(one.changes)
    if one.movements and _same(one.movements, difference):
        yield "alone it moves all of the numbers above, by as much"
        return
    yield _outcome(one)
    yield from _by_metric(one.movements or (), difference)


def _together(review: Review) -> str:
    """What is said before the numbers that no change alone explains."""
    if _is_untried(review):
        return "Only together, or by those that were not tried alone, the rows move"
    return "Only together, the rows move"


def _is_untried(review: Review) -> bool:
    return any(one.movements is None and len(one.changes) == 1 for one in review.tried)


def _same(one: Sequence[Movement], difference: Difference) -> bool:
    """Whether some rows alone move the same numbers to the same values."""
    return len(one) == len(difference.metrics) and all(
        x.key == y.key and alike(x.after, y.after)
        for x, y in zip(one, difference.metrics, strict=True)
    )


def _because(review: Review) -> diff_text.Because | None:
    """Of a metric in a month, the rows that move it alone, and what else does."""
    if not review.tried and review.unexplained is None:
        return None
    alone: dict[tuple[str, str, date], list[str]] = {}
    for one in review.tried:
        if len(one.changes) == 1:
            for movement in one.movements or ():
                alone.setdefault(movement.key, []).append(_label(one))
    together = {movement.key for movement in review.together}
    beyond = {x.key for x in (review.unexplained.metrics if review.unexplained else ())}

    rest = _rest(review)

    def because(movement: Movement) -> str:
        told = list(alone.get(movement.key, ()))
        if movement.key in together:
            told.append("other rows" if _is_untried(review) else "rows together")
        if movement.key in beyond:
            told.append(rest)
        return ", ".join(told)

    return because


def _rest(review: Review) -> str:
    """What may move a metric besides rows: by name where it is not much."""
    parts = [] if review.project is None else _before(review, review.project, SCORECARD)
    names = [f"{part.kind} {part.name}" for part in parts]
    names += review.project.code if review.project else ()
    return ", ".join(names) if 0 < len(names) <= NAMED else "models or code"


def _by_metric(movements: Sequence[Movement], difference: Difference) -> Iterator[str]:
    """A line per metric with its newest months."""
    for words, group in groupby(movements, key=lambda movement: movement.words):
        newest = sorted(group, key=lambda movement: movement.month, reverse=True)
        told = [diff_text.movement(x, difference) for x in newest[:SHOWN]]
        more = len(newest) - SHOWN
        rest = f", and {many(more, 'earlier month')}" if more > 0 else ""
        yield f"{words}: {', '.join(told)}{rest}"


# What changed before -----------------------------------------------------------------------------


def _upstream(review: Review) -> list[tuple[list[str], list[str]]]:
    """Of the metrics and marts that no row explains, what changed before them; those of which the
    same is to be said are told together."""
    if review.unexplained is None or review.project is None:
        return []
    marts = [mart.name for mart in review.unexplained.changed_marts]
    found: dict[tuple[str, ...], list[str]] = {}
    for name in sorted(marts, key=lambda name: name != SCORECARD):
        parts = _before(review, review.project, name)
        told = "the metrics (rpt_scorecard)" if name == SCORECARD else name
        found.setdefault(tuple(map(_part, parts)), []).append(told)
    code = [f"{path}, before all of them" for path in review.project.code]
    return [(names, [*parts, *code]) for parts, names in found.items() if parts or code]


def _before(review: Review, project: Project, mart: str) -> list[Part]:
    """What changed before a mart, and may have moved what no row explains."""
    marts = review.unexplained.marts if review.unexplained else ()
    return project.before_mart(mart, {mart.name for mart in marts if not mart.is_changed})


def _part(part: Part) -> str:
    state = "" if part.state == "changed" else f", {part.state}"
    through = f" through {part.through}" if part.through else ""
    steps = f"{many(part.distance, 'step')} before" if part.distance else "itself"
    return f"{part.kind} {part.name}{through} ({steps}{state})"
