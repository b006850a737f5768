"""Both trees, the demo that both read, and what was built from it: below `.cache/review/`.

    base-<what it is made of>/   tree/, demo/ (as it generates it), and what is built from that:
        built/                   workspace/, rows/ (what changed rows gave)
        without-<definitions>/   the same, where some of the demo's own definitions step aside
    env-<requirements>/          the packages of a base that needs others; the last one
    branch/                      the workspace that the working tree built last

What is whole has a file `complete`; all else is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestration.review import git
from orchestration.review.git import ReviewError
from orchestration.review.side import MANIFEST
from orchestration.workspace import PROJECT_ROOT

CACHE = PROJECT_ROOT / ".cache" / "review"
# The Python that loading, building and publishing go through.
CODE = (
    *("contracts.py", "ingest/", "pipeline.py", "provenance.py", "publish.py", "transform.py"),
    *("warehouse.py", "workspace.py"),
)
# What numbers are made of. A change of anything else moves none.
NUMBERS = (
    *("dbt_project.yml", "profiles.yml", "requirements.txt"),
    *("macros/", "models/", "seeds/"),
    *(f"orchestration/{name}" for name in CODE),
)
# With what makes the demo and the build of a review, all that decides what a base gives.
BASE = (*NUMBERS, "orchestration/demo/", "orchestration/review/")
DEFINITIONS = "seeds/definitions/"
KEPT = 3  # bases
SIDE = "orchestration/review/side.py"
COMPLETE = "complete"
TOLD = 30  # lines of what a failed build said


class BuildFailed(Exception):
    """One of the two trees does not build; the message is what it said."""


@dataclass(frozen=True)
class Tree:
    """A checkout of the project, with the Python that runs it."""

    root: Path
    python: Path

    @property
    def can_try_rows(self) -> bool:
        """Whether it knows how to build under other definitions."""
        return (self.root / SIDE).is_file()

    def demo(self, folder: Path) -> None:
        """Write the demo company's exports, as this tree makes them."""
        self._call("demo", folder) if self.can_try_rows else self._plumbline("demo", folder)

    def build(self, workspace: Path) -> None:
        """Load, build and publish the workspace. Raises `BuildFailed`."""
        if self.can_try_rows:
            self._call("build", workspace)
        else:
            self._plumbline("run", "--workspace", workspace)

    def under(
        self, workspace: Path, variants: Sequence[Path], seconds: float, *, all_marts: bool = False
    ) -> None:
        """Build under the definitions of each variant (side.py)."""
        marts = ["--all-marts"] if all_marts else []
        self._call("under", *marts, "--seconds", str(seconds), workspace, *variants)

    def _call(self, *arguments: str | Path) -> None:
        self._python("-m", "orchestration.review.side", *arguments)

    def _plumbline(self, *arguments: str | Path) -> None:
        """The command line, of a tree from before there were reviews."""
        self._python("-c", "from orchestration.cli import main; main()", *arguments)

    def _python(self, *arguments: str | Path) -> None:
        # Nothing of the user's own work is to be reached from here: no workspace, server or key.
        ours = ("PLUMBLINE_", "DBT_", "DAGSTER_")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        environment["PYTHONPATH"] = str(self.root)
        process = subprocess.Popen(
            [self.python, *arguments],
            cwd=self.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            try:
                told, _ = process.communicate()
            except BaseException:
                process.terminate()
                raise
        if process.returncode:
            raise BuildFailed("\n".join(told.strip().splitlines()[-TOLD:]))


@dataclass(frozen=True)
class Base:
    """The tree that the branch left, and what it makes of the demo."""

    folder: Path
    tree: Tree
    without: frozenset[str] = frozenset()
    """Definitions of the demo company's own that step aside, as file names."""

    @property
    def demo(self) -> Path:
        """The demo company as it was generated, which nothing is built in."""
        return self.folder / "demo"

    @property
    def place(self) -> Path:
        """Where all is that was built."""
        stems = sorted(name.removesuffix(".csv") for name in self.without)
        return self.folder / (f"without-{'-'.join(stems)}" if stems else "built")

    @property
    def workspace(self) -> Path:
        """The demo's folder, with what was built from it."""
        return self.place / "workspace"

    @property
    def published(self) -> Path:
        """Its numbers."""
        return _published(self.workspace)

    @property
    def is_built(self) -> bool:
        """Whether nothing of it is missing."""
        return _is_whole(self.place)


def moves_numbers(path: str) -> bool:
    """Whether a change of this file can move a number."""
    return path.startswith(NUMBERS)


def base(changes: git.Changes, changed: Collection[str] = (), root: Path = PROJECT_ROOT) -> Base:
    """The base of the branch, with its demo, which may not be built yet (`build_base`).

    `changed` are the files of definitions that the branch changes: where the demo company has one
    of its own, that steps aside, as it would hide the change.
    """
    blobs = git.blobs(changes.base, root)
    parts = [f"{path} {blob}" for path, blob in sorted(blobs.items()) if path.startswith(BASE)]
    folder = CACHE / f"base-{_digest([sys.version, *parts])}"
    found = Base(folder, Tree(folder / "tree", _python(changes, root)))
    if not _is_whole(folder):
        shutil.rmtree(folder, ignore_errors=True)
        found.tree.root.mkdir(parents=True)
        git.extract(changes.base, found.tree.root, root)
        read = root / ".cache" / "dbt"
        if read.is_dir() and found.tree.can_try_rows:  # then dbt reads what is another there
            shutil.copytree(read, found.tree.root / ".cache" / "dbt")
        found.tree.demo(found.demo)
    (folder / COMPLETE).touch()
    _forget_old(folder)
    own = {path.name for path in (found.demo / "definitions").glob("*.csv")}
    return replace(found, without=frozenset(own.intersection(changed)))


def build_base(base: Base) -> None:
    """Build the base, unless it was built before. Raises `BuildFailed`."""
    if not base.is_built:
        shutil.rmtree(base.place, ignore_errors=True)
        base.tree.build(_fresh(base, base.workspace))
        (base.place / COMPLETE).touch()


def build_branch(base: Base, root: Path = PROJECT_ROOT) -> Path:
    """Build the working tree from the same demo; its published file. Raises `BuildFailed`."""
    workspace = _fresh(base, CACHE / "branch")
    Tree(root, Path(sys.executable)).build(workspace)
    return _published(workspace)


def _fresh(base: Base, workspace: Path) -> Path:
    """A workspace in which nothing is built yet."""
    shutil.rmtree(workspace, ignore_errors=True)
    shutil.copytree(base.demo, workspace)
    for name in base.without:
        (workspace / "definitions" / name).unlink()
    return workspace


def _forget_old(last: Path) -> None:
    """Keep the bases that were used last."""
    used = {
        path: (path / COMPLETE).stat().st_mtime if _is_whole(path) else 0.0
        for path in CACHE.glob("base-*")
        if path != last
    }
    for path in sorted(used, key=lambda path: used[path])[: -KEPT + 1]:
        shutil.rmtree(path, ignore_errors=True)


def _is_whole(folder: Path) -> bool:
    return (folder / COMPLETE).exists()


def _published(workspace: Path) -> Path:
    return workspace / "published" / "plumbline.duckdb"


def _python(changes: git.Changes, root: Path) -> Path:
    """The Python for the base: this one, unless it needs other packages."""
    if "requirements.txt" not in changes.files:
        return Path(sys.executable)
    needed = git.contents(changes.base, "requirements.txt", root) or ""
    folder = CACHE / f"env-{_digest([sys.version, needed])}"
    python = folder / "bin" / "python"
    if _is_whole(folder):
        return python
    for other in CACHE.glob("env-*"):  # a gigabyte each
        shutil.rmtree(other, ignore_errors=True)
    folder.mkdir(parents=True)
    listed = folder / "requirements.txt"
    listed.write_text(needed, encoding="utf-8")
    uv = Path(sys.executable).with_name("uv")
    commands: tuple[list[str | Path], ...] = (
        ["venv", "--quiet", "--allow-existing", "--python", sys.executable, folder],
        ["pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", listed],
    )
    for command in commands:
        done = subprocess.run([uv, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ReviewError(
                "the base needs other packages than the branch, and they could not be installed: "
                f"{done.stderr.strip()}"
            )
    (folder / COMPLETE).touch()
    return python


def _digest(parts: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()


def manifest(base: Base) -> Mapping[str, Any]:
    """What dbt told of the base when it was built."""
    noted = base.workspace / MANIFEST
    if not noted.is_file():  # a tree from before there were reviews
        [noted] = (base.tree.root / ".cache" / "dbt").glob("*/manifest.json")
    found: Mapping[str, Any] = json.loads(noted.read_bytes())
    return found
