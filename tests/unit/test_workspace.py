from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from orchestration.workspace import (
    DEMO_KEY,
    KEY_VARIABLE,
    PROJECT_ROOT,
    WorkspaceError,
    init_workspace,
    open_workspace,
)

GOOD = """\
company: Acme
reporting_currency: EUR
timezone: Europe/Berlin
as_of: 2026-10-31
files:
  - match: "crm/*.csv"
    contract: generic.leads
    where: {Field: Status, Kind: [1, true]}
    columns:
      lead_id: Lead No
      created_at: {headers: [Created], format: "%d.%m.%Y"}
"""


def workspace(folder: Path, text: str) -> Path:
    (folder / "workspace.yml").write_text(text, encoding="utf-8")
    return folder


def test_a_workspace_knows_its_settings_and_places(tmp_path: Path) -> None:
    opened = open_workspace(workspace(tmp_path, GOOD))

    [rule] = opened.config.files
    assert (opened.config.company, opened.config.as_of) == ("Acme", date(2026, 10, 31))
    assert rule.where == {"Field": ("Status",), "Kind": ("1", "true")}
    assert rule.columns["lead_id"].headers == ("Lead No",)
    assert rule.columns["created_at"].format == ("%d.%m.%Y",)
    assert opened.raw == tmp_path / "raw"
    assert opened.published == tmp_path / "published/plumbline.duckdb"
    for place in (opened.exports, opened.definitions, opened.warehouse, opened.report):
        assert place.parent == tmp_path


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("timezone: Mars/Base", "line 2: timezone: 'Mars/Base' is not a time zone"),
        ("timezone: workspace", "line 2: timezone: is the workspace's own zone"),
        ("reporting_currency: Euro", "line 2: reporting_currency: write an ISO code"),
        ("fiscal_year_start_month: 13", "line 2: fiscal_year_start_month: Input should be less"),
        (
            "time_zone: UTC",
            r"line 2: time_zone: is not a key we know \(the nearest is 'timezone'\)",
        ),
        ("files:\n  - match: x", "line 3: files.0.contract: is missing"),
        (
            "files:\n  - match: x\n    contract: a.b\n    columns:\n      id: {header: x}",
            r"line 6: files.0.columns.id.header: is not a key we know \(the nearest is 'headers'\)",
        ),
        (
            "files:\n  - match: x\n    contract: a.b\n    columns:\n      n: {number: '1'}",
            "line 6: files.0.columns.n.number: write 1234.56 as the file would",
        ),
        (
            "files:\n  - {match: x, contract: a.b, delimiter: ab}",
            "line 3: files.0.delimiter: a delimiter is one character",
        ),
        (
            "files:\n  - {match: x, contract: a.b, totals: {colum: c}}",
            r"line 3: files.0.totals.colum: .*the nearest is 'column'",
        ),
        (
            "files:\n  - {match: x, contract: a.b, columns: {n: /(/}}",
            r"line 3: files.0.columns.n.headers: /\(/ is not a regular expression",
        ),
        ("files: [", "line 3: not valid YAML"),
    ],
)
def test_an_error_names_the_key_and_the_line(tmp_path: Path, line: str, message: str) -> None:
    root = workspace(tmp_path, f"company: Acme\n{line}\n")

    with pytest.raises(WorkspaceError, match=message):
        open_workspace(root)


@pytest.mark.parametrize("text", ["", "just words", "- a\n"])
def test_a_file_without_keys_is_no_workspace(tmp_path: Path, text: str) -> None:
    with pytest.raises(WorkspaceError, match="write keys and values"):
        open_workspace(workspace(tmp_path, text))


def test_a_folder_without_settings_says_how_to_make_some(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="plumbline init"):
        open_workspace(tmp_path / "nowhere")


def test_the_workspace_is_the_demo_unless_stated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(workspace(tmp_path, GOOD)))
    stated = open_workspace()
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", "")

    assert stated.root == tmp_path
    try:
        assert open_workspace().root == PROJECT_ROOT / "workspaces" / "demo"
    except WorkspaceError as error:
        assert "workspaces/demo" in str(error)


def test_a_new_workspace_explains_itself_and_opens(tmp_path: Path) -> None:
    path = init_workspace(tmp_path / "my-company: x")

    opened = open_workspace(path.parent)

    assert opened.config.company == "My Company: X"
    assert opened.exports.is_dir()
    assert opened.definitions.is_dir()
    with pytest.raises(WorkspaceError, match="exists already"):
        init_workspace(path.parent)


def test_the_examples_of_a_new_workspace_hold(tmp_path: Path) -> None:
    path = init_workspace(tmp_path)
    text = path.read_text(encoding="utf-8")
    example = text[text.index("# files:") : text.index("files: []")]
    uncommented = "".join(line.removeprefix("# ") for line in example.splitlines(keepends=True))
    path.write_text(f"company: x\n{uncommented.replace('#   ', '  ')}", encoding="utf-8")

    [rule] = open_workspace(tmp_path).config.files

    assert rule.contract == "generic.leads"
    assert rule.where == {"Field": ("Status",)}
    assert rule.columns["source_system"].constant == "crm"


@pytest.mark.hazard("hashes of addresses")
@pytest.mark.parametrize(
    ("demo", "key", "message"),
    [
        (True, None, None),
        (True, "00" * 32, None),
        (False, "00" * 32, None),
        (False, None, "PLUMBLINE_IDENTITY_KEY is not set"),
        (False, "hush", "is not 64 hexadecimal digits"),
        (False, DEMO_KEY.hex(), "is the demo's key"),
    ],
)
def test_an_identity_key_is_a_secret_of_ones_own(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    demo: bool,
    key: str | None,
    message: str | None,
) -> None:
    opened = open_workspace(workspace(tmp_path, f"company: Acme\ndemo: {str(demo).lower()}\n"))
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    if key is not None:
        monkeypatch.setenv(KEY_VARIABLE, key)

    if message is None:
        assert opened.identity_key() == (bytes.fromhex(key) if key else DEMO_KEY)
    else:
        with pytest.raises(WorkspaceError, match=message) as raised:
            opened.identity_key()
        assert "secrets.token_hex(32)" in str(raised.value)
        assert not key or key not in str(raised.value)
