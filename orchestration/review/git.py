"""What git knows: which commit is the base, what differs from it, and what was said about it.

Nothing is checked out: the branch is the working tree as it is.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.workspace import PROJECT_ROOT

BASES = ("origin/main", "main")


class ReviewError(Exception):
    """The branch cannot be compared; the message says why, and what to do."""


@dataclass(frozen=True)
class Changes:
    """How the working tree differs from the base."""

    base: str
    """The commit."""
    branched_from: str
    """What the base was asked for as, like `origin/main`."""
    files: tuple[str, ...]
    """Paths from the root of the project that came, went or changed."""
    uncommitted: int
    """How many files of the working tree are in no commit as they are."""
    messages: str
    """Of the commits since the base."""


def changes(base: str | None = None, root: Path = PROJECT_ROOT) -> Changes:
    """What the working tree at `root` has changed since it left `base` (a branch or a commit).

    Raises `ReviewError` where there is no such base, or git does not know it here.
    """
    if _ask(root, "rev-parse", "--is-inside-work-tree") is None:
        raise ReviewError(
            f"{root} is no git repository (or git is not installed), so there is no base: "
            "`git clone` the project, or compare two published files with `plumbline diff`"
        )
    name, commit = _base(root, base)
    differing = _paths(root, "diff", "--name-only", "--no-renames", "--relative", commit, "--")
    new = _paths(root, "ls-files", "--others", "--exclude-standard")
    pending = _paths(root, "diff", "--name-only", "--no-renames", "--relative", "HEAD", "--")
    return Changes(
        base=commit,
        branched_from=name,
        files=tuple(sorted({*differing, *new})),
        uncommitted=len({*pending, *new}),
        messages=_text(root, "log", "--format=%B", f"{commit}..HEAD"),
    )


def _base(root: Path, asked: str | None) -> tuple[str, str]:
    """The name that was meant, and the commit where the branch left it."""
    for name in [asked] if asked else BASES:
        if _ask(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") is None:
            continue
        if commit := _ask(root, "merge-base", name, "HEAD"):
            return name, commit
        raise ReviewError(
            f"HEAD and {name} have no commit in common here. The clone is probably a shallow one: "
            "`git fetch --unshallow origin`, then again"
        )
    if asked:
        raise ReviewError(
            f"git knows no {asked} here: `git fetch origin`, or name another base with --base"
        )
    raise ReviewError(
        "git knows neither origin/main nor main here: `git fetch origin main`, or name the base "
        "with --base"
    )


def contents(commit: str, path: str, root: Path = PROJECT_ROOT) -> str | None:
    """The text of a file as the commit has it; None where it has no such file."""
    done = _run(root, "show", f"{commit}:./{path}")
    return done.stdout.decode("utf-8-sig") if done.returncode == 0 else None


def blobs(commit: str, root: Path = PROJECT_ROOT) -> dict[str, str]:
    """Of all files of a commit, what identifies their content."""
    listed = _text(root, "ls-tree", "-r", "-z", commit)
    rows = (line.split("\t", 1) for line in listed.split("\0") if line)
    return {path: about.split()[2] for about, path in rows}


def extract(commit: str, folder: Path, root: Path = PROJECT_ROOT) -> None:
    """Write all files of a commit into a folder."""
    done = _run(root, "archive", "--format=tar", commit)
    if done.returncode:
        raise ReviewError(_complaint(done))
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")


def _paths(root: Path, *arguments: str) -> list[str]:
    command, *rest = arguments
    return [path for path in _text(root, command, "-z", *rest).split("\0") if path]


def _text(root: Path, *arguments: str) -> str:
    done = _run(root, *arguments)
    if done.returncode:
        raise ReviewError(_complaint(done))
    return done.stdout.decode("utf-8", "replace")


def _ask(root: Path, *arguments: str) -> str | None:
    """The answer in one line; None where git has none."""
    try:
        done = _run(root, *arguments)
    except FileNotFoundError:
        return None
    return done.stdout.decode().strip() if done.returncode == 0 else None


def _run(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    # Within a hook, git says by variables which repository it is about; here it is that of `root`.
    names = [name for name in os.environ if not name.startswith("GIT_")]
    return subprocess.run(
        ["git", "-C", str(root), *arguments],
        capture_output=True,
        env={name: os.environ[name] for name in names},
        check=False,
    )


def _complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    command: Sequence[str] = done.args
    told = done.stderr.decode("utf-8", "replace").strip()
    return f"`git {' '.join(command[3:])}` failed: {told}"
