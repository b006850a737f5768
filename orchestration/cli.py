"""The command line: what a user may wish, in their words, and errors told in one message.

Nothing is computed here. Everything heavy is imported inside the command that needs it, so that
`plumbline --help` answers at once.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from orchestration.workspace import Workspace

STARTED = time.perf_counter()
STOPPED = 130  # the exit code of what ^C ended

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="One funnel with one definition per number, from the exports of sales and marketing.",
)
console = Console()
complaints = Console(stderr=True)

Where = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        metavar="DIR",
        help="The company's folder; else $PLUMBLINE_WORKSPACE, else workspaces/demo.",
        show_default=False,
    ),
]


@app.command()
def run(
    workspace: Where = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Only what was exported by this day, in a file of its own that is not published.",
            show_default=False,
        ),
    ] = None,
    timings: Annotated[bool, typer.Option(help="Show the seconds of each step.")] = False,
    notify: Annotated[
        bool, typer.Option("--notify", help="Tell $PLUMBLINE_WEBHOOK how it ended: for cron.")
    ] = False,
) -> None:
    """Load the exports, build and check the marts, publish them, show the scorecard."""
    from orchestration import pipeline, terminal, webhook
    from orchestration.warehouse import hold
    from orchestration.workspace import DEMO_ROOT, find_root, open_workspace

    if notify:
        webhook.address()  # one that is none is told before anything is done
    root = find_root(workspace)
    if root != DEMO_ROOT:
        open_workspace(root)  # says what is wrong with it before anything is written
    monitor = terminal.Terminal(console)
    with hold(root):
        pipeline.ensure_demo(root, monitor)
        place = open_workspace(root)
        if as_of:
            place = place.at(as_of.date())
        try:
            (pipeline.look_back if as_of else pipeline.run)(place, monitor)
        except Exception as error:
            terminal.show_early_end(console, place, monitor)
            if notify:
                said = str(error) if isinstance(error, user_errors()) else type(error).__name__
                _notify(place, "failed", said)
            raise
        finally:
            if timings:
                terminal.show_timings(console, monitor, time.perf_counter() - STARTED)
        terminal.show_outcome(console, place, monitor)
        if notify:
            _notify(place, "done" if as_of else "published")


def _notify(place: Workspace, outcome: str, problem: str = "") -> None:
    """Tell the chat; where it is away, say so here, as the run is as good as it was."""
    from orchestration import webhook

    seconds = time.perf_counter() - STARTED
    try:
        webhook.send(webhook.about(place, outcome, seconds, problem=problem))
    except webhook.WebhookError as error:
        complaints.print(Text("! ", "yellow") + str(error), soft_wrap=True)


@app.command()
def doctor(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="Only these files, also from elsewhere; else all below exports/.",
            show_default=False,
        ),
    ] = None,
    workspace: Where = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Tell what would become of the exports, without loading anything, and what to do about it.

    Exit code 0: nothing to do. 1: something needs attention, and the rest loads (rejected rows,
    words without a definition, files that fit no contract). 2: a file cannot be loaded, the
    identity key is missing, or workspace.yml is wrong.
    """
    from orchestration.contracts import read_contracts
    from orchestration.doctor import examine, terminal
    from orchestration.workspace import WorkspaceError, find_root, open_workspace

    try:
        place = open_workspace(workspace)
        with terminal.progress(complaints) as watch:
            diagnosis = examine(place, read_contracts(), files or (), watch=watch)
    except (WorkspaceError, OSError) as problem:
        if as_json:
            _print_json({"error": str(problem), "exit_code": 2})
        else:
            complaints.print(Text("✗ ", "red") + str(problem), soft_wrap=True)
        raise typer.Exit(2) from None
    if as_json:
        _print_json(diagnosis.to_json())
    else:
        terminal.show(console, diagnosis, str(workspace or find_root()))
    raise typer.Exit(diagnosis.exit_code)


@app.command()
def status(
    workspace: Where = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show the sources and how fresh they are, what was rejected, the last run and publish.

    Exit code 0: the last run published. 1: it did not, or there was none.
    """
    from orchestration import status as reading
    from orchestration import terminal
    from orchestration.contracts import read_contracts
    from orchestration.workspace import open_workspace

    found = reading.read(open_workspace(workspace), read_contracts())
    if as_json:
        _print_json(found.to_json())
    else:
        terminal.show_status(console, found, reading.now())
    raise typer.Exit(found.exit_code)


@app.command()
def erase(workspace: Where = None) -> None:
    """Forget a person: take them out of all that was loaded, keep them out, publish again.

    Asks for the e-mail address, so that it is not kept in the shell's history; it is read from the
    standard input where that is not a terminal. The exports are yours and stay: what names the
    person is listed.
    """
    from orchestration import erase as forgetting
    from orchestration import pipeline, terminal
    from orchestration.contracts import read_contracts
    from orchestration.workspace import open_workspace

    place = open_workspace(workspace)
    asked = sys.stdin.isatty()
    address = typer.prompt("E-mail address") if asked else sys.stdin.readline()
    try:
        erased = forgetting.erase(place, read_contracts(), address)
    except ValueError as problem:
        raise typer.BadParameter(str(problem)) from None
    console.print(f"Rows taken out of loaded files: {erased.rows:,}.")
    for name in erased.files:
        console.print(f"  redact or delete, if it is still there: {name}", soft_wrap=True)
    console.print("What was published is gone; it is built again without them:")
    pipeline.run(place, terminal.Terminal(console))


@app.command()
def build(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", show_default=False)],
    workspace: Where = None,
) -> None:
    """Build models that were edited, and all that is made of them, with their data tests.

    Nothing is loaded or published: `plumbline run` does that, and finds out what the scorecard says
    of other versions and of restatements.
    """
    from orchestration import pipeline, terminal
    from orchestration.workspace import open_workspace

    place = open_workspace(workspace)
    terminal.show_models(console, pipeline.rebuild(place, terminal.Terminal(console), models))


@app.command()
def test(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", show_default=False)],
    workspace: Where = None,
) -> None:
    """Hold models to their unit tests and data tests: models, or tests, by name.

    Exit code 0: all pass. 1: one fails.
    """
    from orchestration import pipeline
    from orchestration.workspace import open_workspace

    nodes = pipeline.prove(open_workspace(workspace), names)
    for node in nodes:
        if node.failed:
            told = Text.from_ansi(node.message)  # dbt colours what differs
            complaints.print(Text("✗ ", "red") + f"{node.name}: " + told, soft_wrap=True)
        else:
            mark = Text("✓ ", "green") if node.status == "pass" else Text("! ", "yellow")
            console.print(mark + node.name, soft_wrap=True)
    raise typer.Exit(any(node.failed for node in nodes))


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="A new or empty folder.", show_default=False)],
) -> None:
    """Make a workspace for a company: a commented workspace.yml, and folders for its files."""
    from orchestration.workspace import init_workspace

    path = init_workspace(directory)
    console.print(f"Wrote {path}. Put the exports below {path.parent / 'exports'}, then:")
    console.print(f"  plumbline run --workspace {directory}", soft_wrap=True)


@app.command()
def demo(
    directory: Annotated[
        Path | None, typer.Argument(help="Where to; default workspaces/demo.", show_default=False)
    ] = None,
    scale: Annotated[float, typer.Option(min=0.01, help="10 makes ten times the rows.")] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 20261031,
) -> None:
    """Write the exports of a made-up company, with the mess of real life."""
    from orchestration import pipeline, terminal
    from orchestration.warehouse import hold
    from orchestration.workspace import DEMO_ROOT

    root = (directory or DEMO_ROOT).resolve()
    with hold(root):
        pipeline.make_demo(root, terminal.Terminal(console), scale, seed)


publishing = typer.Typer(invoke_without_command=True)
app.add_typer(publishing, name="publish")


@publishing.callback()
def publish(context: typer.Context, workspace: Where = None) -> None:
    """Check the marts as they are built, and publish them when they pass."""
    context.obj = workspace
    if context.invoked_subcommand:
        return
    from orchestration import pipeline, terminal
    from orchestration.workspace import open_workspace

    place = open_workspace(workspace)
    pipeline.check_and_publish(place, terminal.Terminal(console))


@publishing.command()
def postgres(
    context: typer.Context,
    workspace: Where = None,
    again: Annotated[bool, typer.Option(help="Also when it serves this build already.")] = False,
) -> None:
    """Bring the published marts to the PostgreSQL of $PLUMBLINE_POSTGRES, whole, and switch over.

    The role bi_reader reads them; $PLUMBLINE_BI_READER_PASSWORD lets it log in. See
    docs/postgres.md.
    """
    from orchestration import pipeline, terminal
    from orchestration.workspace import open_workspace

    place = open_workspace(workspace or context.obj)
    outcome = pipeline.publish_postgres(place, terminal.Terminal(console), again=again)
    if not outcome.reader_can_log_in:
        console.print(
            "bi_reader cannot log in yet: set PLUMBLINE_BI_READER_PASSWORD and do this again, or "
            "let an administrator give it a password.",
            soft_wrap=True,
        )


metabase = typer.Typer(no_args_is_help=True)
app.add_typer(metabase, name="metabase")


@metabase.callback()
def _metabase() -> None:
    """Metabase as code: what dashboards/ holds."""  # and `push` stays a word of its own


@metabase.command()
def push(
    workspace: Where = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="Metabase's address; else $PLUMBLINE_METABASE_URL.",
            metavar="URL",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would change.")
    ] = False,
) -> None:
    """Make Metabase show the dashboards, with the connection and the descriptions they need.

    $PLUMBLINE_METABASE_KEY is an API key of the group Administrators; $PLUMBLINE_METABASE_POSTGRES
    the marts' PostgreSQL as Metabase reaches it, else $PLUMBLINE_POSTGRES. A second push changes
    nothing; one that was cut off is finished by the next.
    """
    from orchestration import terminal
    from orchestration.metabase import content, push
    from orchestration.metabase.connection import connection_from_environment
    from orchestration.metabase.server import server_from_environment
    from orchestration.transform import keys, read_manifest
    from orchestration.workspace import open_workspace

    place = open_workspace(workspace)
    server = server_from_environment(url)
    connection = connection_from_environment()
    held = content.read()
    manifest = read_manifest(place.root)
    outcome = push.push(
        server,
        held,
        connection,
        manifest,
        keys(manifest),
        currency=place.config.reporting_currency,
        dry_run=dry_run,
        say=lambda line: console.print(f"  {line}", soft_wrap=True, style="dim"),
    )
    terminal.show_push(console, outcome)


@app.command()
def report(workspace: Where = None) -> None:
    """Write the report page of the published marts again."""
    from orchestration import report as page
    from orchestration.workspace import open_workspace

    place = open_workspace(workspace)
    page.write(place)
    console.print(str(place.report), soft_wrap=True)


@app.command()
def export(
    mart: Annotated[
        str | None, typer.Argument(help="Its name; without one they are listed.")
    ] = None,
    workspace: Where = None,
    form: Annotated[
        Literal["csv", "xlsx"] | None,
        typer.Option("--format", help="Else as the name of the file ends, else csv."),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Else MART.csv or MART.xlsx, here; - prints it.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write a published mart for a spreadsheet; text that looks like a formula stays text.

    In CSV such text gets an apostrophe. Null is empty, times are UTC. Excel files say on a second
    sheet what the columns mean and which build they are of. More: docs/published-file.md.
    """
    from orchestration import export as exporting
    from orchestration.workspace import open_workspace

    published = open_workspace(workspace).published
    if mart is None:
        for name, rows, description in exporting.list_marts(published):
            line = f"{name:32} {rows:>10,}  {description.split('. ')[0]}"
            console.print(Text(line), soft_wrap=True)
        return
    if form is None:
        form = "xlsx" if to is not None and to.suffix.lower() == ".xlsx" else "csv"
    if to == Path("-"):
        if form == "xlsx":
            raise typer.BadParameter("an Excel file is not printed: name one with --to")
        _print_whole(lambda file: exporting.to_csv(published, mart, file))
        return
    path = to or Path(f"{mart}.{form}")
    rows = exporting.as_file(published, mart, path, excel=form == "xlsx", replace=force)
    console.print(f"{path}: {rows:,} rows", soft_wrap=True)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="A published file, or a workspace.")],
    new: Annotated[Path, typer.Argument(help="The same, later.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs: all of it.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="For a pull request.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Every month and file, not the newest three.")
    ] = False,
    tolerance: Annotated[
        float,
        typer.Option(
            min=0, help="Rates and other floating point numbers differ from this part of them on."
        ),
    ] = 1e-9,
) -> None:
    """Compare two published files: which metrics moved, in which marts, and what was given anew.

    Exit code 0: nothing moved. 1: a metric moved, or a row or column of a mart. 2: they cannot be
    compared.
    """
    from orchestration import diff as comparing
    from orchestration import diff_text
    from orchestration.workspace import WorkspaceError, open_workspace

    try:
        before, after = (open_workspace(x).published if x.is_dir() else x for x in (old, new))
        found = comparing.compare(before, after, comparing.mart_keys(), tolerance)
    except (comparing.DiffError, WorkspaceError) as problem:
        if as_json:
            _print_json({"error": str(problem), "exit_code": 2})
        else:
            complaints.print(Text("✗ ", "red") + str(problem), soft_wrap=True)
        raise typer.Exit(2) from None
    if as_json:
        _print_json(found.to_json())
    elif as_markdown:
        console.print(Text(diff_text.markdown(found, everything=everything)), soft_wrap=True)
    else:
        for line in diff_text.lines(found, everything=everything):
            console.print(Text(line), soft_wrap=True)
    raise typer.Exit(found.exit_code)


@app.command()
def review(
    base: Annotated[
        str | None,
        typer.Option(
            help="A branch or commit; what this tree changed since it left that. "
            "Else origin/main, else main.",
            show_default=False,
        ),
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write it as Markdown, too.", show_default=False),
    ] = None,
    comment: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The same, cut to what a comment may hold.", show_default=False
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0, help="How long changed rows are tried alone.")
    ] = 90,
    everything: Annotated[
        bool, typer.Option("--all", help="Every month, not the newest three.")
    ] = False,
) -> None:
    """Tell what a branch does to the numbers: it and its base are built on the same demo company.

    $PLUMBLINE_PR_BODY is the text of the pull request. Exit code 0: nothing moved, or all that did
    is explained or meant. 1: something moved that is not. 2: it does not build.
    """
    from orchestration.review import command, text
    from orchestration.review.git import ReviewError

    said = os.environ.get("PLUMBLINE_PR_BODY", "")
    try:
        found = command.review(
            base or None, said, seconds, lambda line: complaints.print(f"{line} ...", style="dim")
        )
    except ReviewError as problem:
        complaints.print(Text("✗ ", "red") + str(problem), soft_wrap=True)
        raise typer.Exit(2) from None
    for line in text.lines(found, everything=everything):
        console.print(Text(line), soft_wrap=True)
    if markdown:
        markdown.write_text(text.markdown(found), encoding="utf-8")
    if comment:
        whole = f"All of it is in the summary of the job, and in {comment.name} of its artifacts."
        comment.write_text(text.comment(found, whole), encoding="utf-8")
    raise typer.Exit(found.exit_code)


@app.command()
def docs(
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Else target/docs.html.", show_default=False),
    ] = None,
    workspace: Where = None,
) -> None:
    """Write the page that says what everything is: metrics, marts, glossary, sources, lineage."""
    from orchestration import docs as page
    from orchestration.workspace import find_root

    console.print(str(page.write(to or page.DEFAULT, find_root(workspace))), soft_wrap=True)


@app.command()
def dev(
    workspace: Where = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the pages are served.")] = 3000,
) -> None:
    """Open Dagster's pages for a workspace, on this machine only."""
    import subprocess

    from orchestration.pipeline import dagster_home
    from orchestration.workspace import find_root

    root = find_root(workspace)
    home = dagster_home(root)
    os.environ |= {"PLUMBLINE_WORKSPACE": str(root), "DAGSTER_HOME": str(home)}
    os.chdir(home)
    quiet = ["-W", "ignore::FutureWarning"]  # `dagster dev` praises its successor at every start
    command = ["dagster", "dev", "--module-name", "orchestration.definitions"]
    place = ["--host", "127.0.0.1", "--port", str(port)]
    # Dagster's processes start one after the other, and the last asks what dbt reads of the models:
    # after a change that takes seconds, and they are spent here meanwhile.
    ahead = (
        "import sys; from pathlib import Path; from orchestration.transform import read_project; "
        "read_project(Path(sys.argv[1]))"
    )
    silent = subprocess.DEVNULL
    subprocess.Popen([sys.executable, "-c", ahead, root], stdout=silent, stderr=silent)
    os.execv(sys.executable, [sys.executable, *quiet, "-m", *command, *place])


def _print_json(values: object) -> None:
    import json

    text = json.dumps(values, default=str, indent=1, ensure_ascii=False)
    console.print(Text(text), soft_wrap=True)


def _print_whole(write: Callable[[IO[str]], object]) -> None:
    """Print a file as it is, as long as somebody reads."""
    try:
        with open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False) as file:
            write(file)
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Run the command; what the user can mend is one message and exit code 1 or 2."""
    # What a run imports is millions of objects that all stay: looking for garbage among them took
    # a fifth of the start, and a second at the end.
    gc.set_threshold(100_000, 20, 20)
    atexit.register(gc.freeze)
    # Steps are told when they end, also where the output is a pipe.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as ^C does
    try:
        app()
    except Exception as error:
        if not isinstance(error, user_errors()):
            raise
        complaints.print(Text("✗ ", "red") + str(error), soft_wrap=True)
        from orchestration.limits import StoppedError

        sys.exit(STOPPED if isinstance(error, StoppedError) else 1)


def user_errors() -> tuple[type[Exception], ...]:
    """What the user can mend, told without a traceback; anything else is a fault of ours.

    A full disk, a file that may not be read, a warehouse that another program holds: the operating
    system and DuckDB name the file and the reason.
    """
    import duckdb

    from orchestration.contracts import ContractError
    from orchestration.export import ExportError
    from orchestration.ingest import IngestError
    from orchestration.limits import LimitError, StoppedError
    from orchestration.metabase.content import MetabaseError
    from orchestration.publish import PublishError
    from orchestration.quality import CheckError
    from orchestration.transform import BuildError
    from orchestration.workspace import WorkspaceError

    return (
        *(BuildError, CheckError, ContractError, ExportError, IngestError, LimitError),
        *(MetabaseError, PublishError, StoppedError, WorkspaceError),
        *(OSError, duckdb.IOException, duckdb.OutOfMemoryException),
    )
