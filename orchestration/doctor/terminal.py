"""How findings look on the terminal: one file after the other, then what they come to, then what to
do next. What is to be pasted is never broken into lines.

Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from orchestration.doctor.examine import Bound, Diagnosis, Finding, Open, Overlap, Unfit, Watch
from orchestration.doctor.proposals import Proposal
from orchestration.gaps import DEFINITIONS, RATE

MARKS = {
    "ok": ("✓ ", "green"),
    "rejects": ("! ", "yellow"),
    "unmatched": ("? ", "yellow"),
    "refused": ("✗ ", "red"),
    "ignored": ("- ", "dim"),
}
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# Words of a definition that are listed, and names in a list.
MOST_WORDS, MOST_NAMES = 20, 12
MOST_OVERLAPS = 3
LABEL = 11


@contextmanager
def progress(console: Console) -> Iterator[Watch]:
    """Shows which file is looked at, and how much is done, while it lasts."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("Looking at the exports"),
        BarColumn(bar_width=24),
        TextColumn("[dim]{task.fields[detail]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=None, detail="")

        def watch(name: str, done: int, total: int) -> None:
            bar.update(task, detail=name, completed=done, total=max(total, 1))

        yield watch


def show(console: Console, diagnosis: Diagnosis, workspace: str) -> None:
    """Everything that was found; `workspace` is how it is named on the command line."""
    for findings in _by_file(diagnosis.findings):
        _file(console, findings)
    if diagnosis.open:
        _heading(console, "Words that the definitions do not know")
        for part in diagnosis.open:
            _words(console, part)
    _heading(console, "In all")
    _sums(console, diagnosis)
    _next(console, diagnosis, workspace)


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, "bold"))


def _by_file(findings: Sequence[Finding]) -> list[list[Finding]]:
    """What was found of each file. What needs somebody stands at the end, where it is read."""
    order = ["ignored", "ok", "rejects", "unmatched", "refused"]
    files: dict[str, list[Finding]] = {}
    for finding in findings:
        files.setdefault(finding.file, []).append(finding)
    return sorted(files.values(), key=lambda f: max(order.index(part.status) for part in f))


def _file(console: Console, findings: list[Finding]) -> None:
    """One file, under all contracts that it follows."""
    order = ["ignored", "ok", "rejects", "unmatched", "refused"]
    mark, style = MARKS[max((part.status for part in findings), key=order.index)]
    seconds = sum(finding.seconds for finding in findings)
    taken = f"  {seconds:.1f} s" if seconds >= 0.05 else ""
    first = findings[0]
    console.print()
    title = Text(mark, style) + Text(first.file, "bold")
    console.print(title + Text(f"  {_size(first.size)}{taken}", "dim"), soft_wrap=True)
    if first.encoding:
        between = DELIMITERS.get(first.delimiter, f"'{first.delimiter}'")
        header = f"header on line {first.header_line}" if first.header_line else "no header"
        _line(console, "read as", f"{first.encoding}, {between} between cells, {header}")
    if first.exported_at is not None:
        known = {
            "file time": "only the file's own time: state `exported_at`, or name it by its day"
        }
        source = known.get(first.exported_at_from, f"by {first.exported_at_from}")
        _line(console, "exported", f"{first.exported_at:%Y-%m-%d %H:%M} UTC ({source})")
    for finding in findings:
        _under(console, finding)
    unused = [set(finding.unknown) for finding in findings if finding.contract]
    spare = [header for header in first.unknown if all(header in other for other in unused)]
    if spare:
        _line(console, "not used", _some(spare))
    for note in first.notes:
        _line(console, "note", note, "yellow")
    for finding in findings:
        for proposal in finding.proposals:
            _proposal(console, proposal)


def _under(console: Console, finding: Finding) -> None:
    """A file under one contract."""
    if finding.contract:
        _line(console, "contract", f"{finding.contract}: {finding.because}")
    if finding.status in ("ok", "rejects"):
        before = ", loaded before" if finding.was_loaded else ""
        counts = f"{finding.rows:,} accepted, {finding.rejected:,} rejected"
        _line(console, "rows", f"{counts}, {finding.skipped:,} skipped{before}")
    _columns(console, finding)
    if finding.message:
        style = "red" if finding.status == "refused" else ""
        _line(console, finding.status, finding.message, style)
    for unfit in finding.unfit:
        _line(console, "does not fit", _unfit(unfit), "yellow")
    for overlap in finding.overlaps[:MOST_OVERLAPS]:
        _line(console, "overlap", _overlap(overlap))
    if len(finding.overlaps) > MOST_OVERLAPS:
        _line(console, "", f"and {len(finding.overlaps) - MOST_OVERLAPS} more files")


def _columns(console: Console, finding: Finding) -> None:
    if finding.columns:
        told = [_bound(bound) for bound in finding.columns]
        _line(console, "columns", f"{len(told)} found: {', '.join(told)}")
    needed = [part for part in finding.missing if part.is_required]
    for part in needed:
        near = f"; the nearest header is '{part.nearest}'" if part.nearest else ""
        names = " or ".join(f"'{name}'" for name in part.looked_for)
        _line(console, "missing", f"{part.column}, looked for as {names}{near}", "red")
    others = [
        f"{part.column} (perhaps '{part.nearest}')" if part.nearest else part.column
        for part in finding.missing
        if not part.is_required
    ]
    if others:
        _line(console, "not there", _some(others))


def _bound(bound: Bound) -> str:
    if not bound.header:
        return f"{bound.column} ({bound.origin})"
    same = bound.column == "_".join(bound.header.casefold().split())
    return bound.column if same else f"{bound.column} ← {bound.header}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _unfit(unfit: Unfit) -> str:
    rows = "1 row" if unfit.count == 1 else f"{unfit.count:,} rows"
    lines = ", ".join(f"{line:,}" for line in unfit.lines)
    more = ", ..." if unfit.count > len(unfit.lines) else ""
    where = f"{rows} (line{'s' if unfit.count > 1 else ''} {lines}{more})"
    name = f"'{unfit.header}' ({unfit.column})" if unfit.header else unfit.column or "the row"
    shapes = f"; they look like {', '.join(map(repr, unfit.shapes))}" if unfit.shapes else ""
    return f"{where}: {name} {unfit.meaning} [{unfit.reason}]{shapes}"


def _overlap(overlap: Overlap) -> str:
    if overlap.what == "content":
        return f"has the same content as {overlap.other}: it counts once"
    unit = overlap.what if overlap.count > 1 else overlap.what[:-1]
    days = f" ({overlap.first} to {overlap.last})" if overlap.first else ""
    counts = "this one is newer and counts" if overlap.wins else "that one is newer and counts"
    if overlap.what == "days":
        counts += ", among reports of one level"
    return f"{overlap.count:,} {unit}{days} shared with {overlap.other}: {counts}"


def _proposal(console: Console, proposal: Proposal) -> None:
    if proposal.replaces is not None:
        where = f"in place of entry {proposal.replaces + 1} of `files:` in workspace.yml"
    else:
        where = "under `files:` in workspace.yml"
    outcome = f"tried: {proposal.rows:,} rows load, {proposal.rejected:,} are rejected"
    _line(console, "proposal", f"paste {where} ({proposal.problem or outcome})", "cyan")
    console.print()
    console.print(Text(proposal.text.rstrip("\n")), soft_wrap=True)


def _words(console: Console, part: Open) -> None:
    """Words of one definition, with the rows that would make them known."""
    kind = DEFINITIONS[part.definition]
    console.print()
    mark = ("! ", "yellow") if part.matters else ("- ", "dim")
    _marked(console, mark, f"{kind.word} not mapped: {_count(len(part.gaps))}, {kind.effect}")
    for gap in part.gaps[:MOST_WORDS]:
        system = f"{gap.system} " if gap.system else ""
        days = f", {gap.first_day} to {gap.last_day}" if gap.first_day else ""
        files = gap.files[0] + (f" and {len(gap.files) - 1} more" if len(gap.files) > 1 else "")
        word = f"'{gap.shown}'" if gap.shown else "(not shown: it may be personal)"
        count = "1 row" if gap.count == 1 else f"{gap.count:,} rows"
        _indented(console, f"{system}{word}: {count} in {files}{days}")
    if len(part.gaps) > MOST_WORDS:
        console.print(f"    and {len(part.gaps) - MOST_WORDS:,} more (all of them: --json)")
    if part.rows:
        hint = "check what each means"
        if kind.choices:
            hint += f"; {kind.columns[1]} is one of {', '.join(kind.choices)}"
        if part.definition == "exchange_rates":
            hint = f"write for {RATE} how much of the reporting currency one unit is"
        _indented(console, f"rows for {part.file}: {hint}")
        for pasted in part.rows[:MOST_WORDS]:
            console.print(Text(pasted, "cyan"), soft_wrap=True)


def _sums(console: Console, diagnosis: Diagnosis) -> None:
    """How many files there are of each kind, the worst first."""
    told = (
        ("refused", "cannot be loaded"),
        ("unmatched", "fit no contract"),
        ("rejects", "load without some of their rows"),
        ("ok", "load whole"),
        ("ignored", "are known and left alone"),
    )
    for status, words in told:
        found = {finding.file for finding in diagnosis.of(status)}
        if found:
            count = f"{len(found):,} file{'s' if len(found) > 1 else ''}"
            _marked(console, MARKS[status], f"{count}: {words}")
    if not diagnosis.has_exports:
        _marked(console, ("! ", "yellow"), "there is no file below exports/")
    if diagnosis.key_problem:
        _marked(console, ("✗ ", "red"), "there is no identity key, and files hold addresses")
    for part in diagnosis.open:
        mark = ("! ", "yellow") if part.matters else ("- ", "dim")
        word = DEFINITIONS[part.definition].word
        _marked(console, mark, f"{word} not mapped: {_count(len(part.gaps))}")
    for entry in diagnosis.idle:
        _marked(console, ("! ", "yellow"), entry)
    console.print(Text(f"{diagnosis.seconds:.1f} s", "dim"))


def _next(console: Console, diagnosis: Diagnosis, workspace: str) -> None:
    """What to do, in the order in which it is best done."""
    run = f"plumbline run --workspace {workspace}"
    steps = list(dict.fromkeys(_steps(diagnosis)))
    _heading(console, "Next:" if steps else "Nothing to do:")
    if not steps:
        console.print(f"  {run}", soft_wrap=True)
        return
    again = "plumbline doctor --workspace"
    steps.append(f"Look again: {again} {workspace}" + (f"; then {run}" if steps else ""))
    for number, step in enumerate(steps, start=1):
        _indented(console, f"{number}. {step}", 2, 3)


def _steps(diagnosis: Diagnosis) -> Iterator[str]:
    settings = diagnosis.workspace / "workspace.yml"
    if diagnosis.key_problem:
        yield f"Set the identity key: {diagnosis.key_problem}"
    if not diagnosis.has_exports:
        yield f"Put the exports below {diagnosis.workspace / 'exports'}, a folder per source."
    proposed = [finding for finding in diagnosis.findings if finding.proposals]
    for finding in (*diagnosis.of("refused"), *diagnosis.of("unmatched")):
        if not finding.proposals:
            yield f"{finding.file}: {finding.message}"
    ready: list[str] = []
    for finding in proposed:
        first = finding.proposals[0]
        place = f"`files:` in {settings}"
        if first.replaces is not None:
            place = f"entry {first.replaces + 1} of {place}"
            yield f"{finding.file}: check the entry above, and put it in place of {place}."
        elif first.problem:
            told = f"{first.problem} in the entry above"
            yield f"{finding.file}: {told}, then paste it under {place}."
        else:
            ready.append(finding.file)
    if ready:
        entry = "entries" if len(ready) > 1 else "entry"
        files = ", ".join(dict.fromkeys(ready))
        place = "under `files:`" if diagnosis.has_entries else "under `files:`, in place of `[]`,"
        yield f"Check the {entry} above and paste {place} in {settings}: {files}."
    for finding in diagnosis.of("rejects"):
        parts = (f"{u.reason} in {u.column}" if u.column else u.reason for u in finding.unfit)
        reasons = ", ".join(dict.fromkeys(parts))
        yield (
            f"{finding.file}: mend the lines above ({reasons}) where the data come from, or "
            f"leave them: the other {finding.rows:,} rows load."
        )
    for part in diagnosis.open:
        if part.matters and part.rows:
            # A copy replaces the default as a whole.
            default = f"seeds/definitions/{Path(part.file).name}"
            copy = "" if part.is_there else f"Copy {default} to {part.file}. "
            yield f"{copy}Add the rows above to {diagnosis.workspace / part.file}."
    for entry in diagnosis.idle:
        yield f"Correct or remove this entry, or bring its file: {entry}."


def _line(console: Console, label: str, text: str, style: str = "") -> None:
    """A label, and its text beside it however many lines it takes."""
    body = Text(text, style)
    room = max(console.width - LABEL - 5, 20)
    for number, part in enumerate(body.wrap(console, room)):
        part.rstrip()
        head = f"    {label if number == 0 else '':<{LABEL}} "
        console.print(Text(head, "dim") + part, soft_wrap=True)


def _marked(console: Console, mark: tuple[str, str], text: str) -> None:
    """A text behind its mark."""
    for number, line in enumerate(Text(text).wrap(console, max(console.width - 4, 20))):
        line.rstrip()
        console.print((Text(*mark) if number == 0 else Text("  ")) + line, soft_wrap=True)


def _count(number: int) -> str:
    return "1 word" if number == 1 else f"{number:,} words"


def _indented(console: Console, text: str, indent: int = 4, further: int = 4) -> None:
    """A text, indented; its second and later lines a little further."""
    room = max(console.width - indent - further, 20)
    for number, line in enumerate(Text(text).wrap(console, room)):
        line.rstrip()
        pad = " " * (indent + (further if number else 0))
        console.print(Text(pad) + line, soft_wrap=True)


def _size(size: int) -> str:
    for unit, least in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if size >= least:
            return f"{size / least:.1f} {unit}"
    return f"{size} bytes"
