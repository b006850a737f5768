"""A workspace with files of the test's own, looked at under the project's contracts."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from orchestration.contracts import Contract, read_contracts
from orchestration.doctor import Diagnosis, Finding, examine, terminal
from orchestration.ingest import IngestResult, ingest
from orchestration.workspace import Workspace, open_workspace

SETTINGS = "company: Acme\nreporting_currency: EUR\ntimezone: UTC\ndemo: true\n"


@cache
def contracts() -> dict[str, Contract]:
    return read_contracts()


@dataclass
class Patient:
    """A workspace, and short ways to fill it, to look at it and to follow the advice."""

    root: Path
    settings: str = SETTINGS
    files: str = ""
    """The entries of `files:`."""

    @property
    def workspace(self) -> Workspace:
        listed = f"files:\n{self.files}" if self.files else "files: []\n"
        (self.root / "workspace.yml").write_text(f"{self.settings}{listed}", encoding="utf-8")
        return open_workspace(self.root)

    def export(self, name: str, content: str | bytes, folder: str = "exports") -> Path:
        path = self.root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (1_790_000_000, 1_790_000_000))
        return path

    def visit(self, *paths: Path) -> Diagnosis:
        return examine(self.workspace, contracts(), paths)

    def one(self, name: str, content: str | bytes) -> Finding:
        """What is found of the one export there is."""
        self.export(name, content)
        [finding] = [f for f in self.visit().findings if not f.is_definition]
        return finding

    def load(self) -> IngestResult:
        return ingest(self.workspace, contracts())

    def paste(self, finding: Finding) -> Diagnosis:
        """Put a proposal under `files:` as it is, and look again."""
        [proposal] = finding.proposals
        if proposal.replaces is not None:
            entries = yaml.safe_load(self.files)
            entries[proposal.replaces : proposal.replaces + 1] = yaml.safe_load(proposal.text)
            self.files = yaml.safe_dump(entries)
        else:
            self.files += proposal.text
        return self.visit()

    def shown(self, diagnosis: Diagnosis, width: int = 80) -> str:
        target = io.StringIO()
        terminal.show(Console(file=target, width=width), diagnosis, "acme")
        return target.getvalue()


@pytest.fixture
def patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Patient:
    monkeypatch.delenv("PLUMBLINE_IDENTITY_KEY", raising=False)
    (tmp_path / "exports").mkdir()
    return Patient(tmp_path)


def rows(header: str, lines: Sequence[str], end: str = "\n") -> str:
    """The text of a file."""
    return end.join([header, *lines]) + end
