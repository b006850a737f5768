"""The guides of docs/guides, done as they stand there: what a reader would type, and see.

A block of a guide is one of these, told by what follows its fence:

    sh               commands of a shell, which keeps its folder and variables from block to block
    text             lines that these have printed, in this order; `...` stands for anything
    LANGUAGE PATH    a file that is written
    diff PATH        what changes in a file; the lines before the change stand in it once
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from orchestration.workspace import PROJECT_ROOT

FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GIT = {
    "GIT_AUTHOR_NAME": "a reader",
    "GIT_AUTHOR_EMAIL": "reader@example.com",
    "GIT_COMMITTER_NAME": "a reader",
    "GIT_COMMITTER_EMAIL": "reader@example.com",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.hooksPath",
}


@dataclass(frozen=True)
class Block:
    """One block of a guide, and the line that it begins on."""

    language: str
    path: str
    text: str
    line: int


def read(page: Path) -> list[Block]:
    """The blocks of a guide, in their order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(match[1], match[2] or "", match[3], text.count("\n", 0, match.start()) + 1)
        for match in FENCE.finditer(text)
    ]


def copy_project(folder: Path) -> Path:
    """The project as it stands here, as a repository of its own, with this environment."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (PROJECT_ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT_ROOT / name, folder / name)
    # What dbt read of the project spares it reading all of it again.
    states = sorted((PROJECT_ROOT / ".cache" / "dbt").glob("[!.]*/partial_parse.msgpack"))
    if states:
        newest = max(states, key=lambda path: path.stat().st_mtime).parent
        shutil.copytree(newest, folder / ".cache" / "dbt" / newest.name)
    return folder


class Reader:
    """Does what a guide says, in a project, and holds what is printed to what the guide shows."""

    def __init__(self, page: Path, project: Path, home: Path) -> None:
        self.page = page
        self.folder = project
        self.home = home
        self.printed = ""
        hooks = home / "hooks"
        hooks.mkdir(parents=True)
        self.environment = {
            **os.environ,
            **GIT,
            "GIT_CONFIG_VALUE_0": str(hooks),
            "HOME": str(home),
            "COLUMNS": "100",
        }
        # A clone has the environment of this machine: `make` finds it there, and installs nothing.
        hook = hooks / "post-checkout"
        hook.write_text(
            f'#!/bin/sh\nmkdir -p .venv\nln -sf "{PROJECT_ROOT}"/.venv/* .venv/\n'
            "touch .venv/.ready\n"
        )
        hook.chmod(0o755)
        for command in (["init", "-q"], ["add", "--all"], ["commit", "-qm", "The project"]):
            subprocess.run(["git", *command], cwd=project, env=self.environment, check=True)
        subprocess.run([hook], cwd=project, check=True)

    def do(self) -> None:
        """Everything, from the top; an assertion tells the line of the guide that is not true."""
        for block in read(self.page):
            if block.language == "sh":
                self.run(block)
            elif block.language == "text":
                self.compare(block)
            elif block.language == "diff":
                self.change(block)
            else:
                path = self.place(block)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")

    def place(self, block: Block) -> Path:
        """The file of a block, in the folder where the reader is, or at home (`~/`)."""
        at_home = block.path.startswith("~/")
        return self.home / block.path[2:] if at_home else self.folder / block.path

    def run(self, block: Block) -> None:
        """Commands, each of which has to succeed. They import the project that they stand in."""
        state = self.home / "state"
        keep = f"trap 'pwd > {state}; env -0 >> {state}' EXIT"
        script = f"set -eu -o pipefail\n{keep}\n{block.text}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env={**self.environment, "PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        self.printed = done.stdout + done.stderr
        assert done.returncode == 0, f"{self.page.name}:{block.line}: {self.printed[-3000:]}"
        folder, _, variables = state.read_text(encoding="utf-8").partition("\n")
        self.folder = Path(folder)
        self.environment |= dict(
            entry.split("=", 1) for entry in variables.split("\0") if "=" in entry
        )

    def compare(self, block: Block) -> None:
        """Each line was printed, after the one before it; blanks count once."""
        printed = [" ".join(line.split()) for line in self.printed.splitlines()]
        for line in filter(None, (" ".join(line.split()) for line in block.text.splitlines())):
            wanted = re.compile(".*".join(re.escape(part) for part in line.split("...")))
            while printed and not wanted.fullmatch(printed[0]):
                printed.pop(0)
            assert printed, f"{self.page.name}:{block.line}: not printed: {line}\n{self.printed}"
            printed.pop(0)

    def change(self, block: Block) -> None:
        """Lines of a file; those around them say where."""
        path = self.place(block)
        lines = block.text.splitlines(keepends=True)
        before = "".join(line[1:] or "\n" for line in lines if line[0] in " -\n")
        after = "".join(line[1:] or "\n" for line in lines if line[0] in " +\n")
        text = path.read_text(encoding="utf-8")
        found = text.count(before)
        assert found == 1, f"{self.page.name}:{block.line}: stands {found} times in {block.path}"
        path.write_text(text.replace(before, after), encoding="utf-8")
