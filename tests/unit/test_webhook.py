"""What a chat is told of a run: the words, and what becomes of them when the chat is away."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestration import pipeline, terminal, webhook
from orchestration.cli import app
from orchestration.quality import CheckError
from orchestration.scorecard import Cell, Line, Scorecard
from orchestration.webhook import Message, WebhookError
from orchestration.workspace import WorkspaceError, open_workspace

SECRET = "/services/T0/s3cr3t-path"


@dataclass
class Chat:
    """A server that answers what it is told to, and keeps what it was sent."""

    answers: list[int] = field(default_factory=lambda: [200])
    """The status of each answer; the last one for ever. 0 stands for none in time."""
    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    port: int = 0

    def answer(self) -> int:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    chat = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            chat.got.append((self.path, json.loads(body)))
            status = chat.answer()
            if not status:
                time.sleep(1)
                return
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://127.0.0.1:{chat.port}/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    chat.port = server.server_port
    monkeypatch.setenv(webhook.VARIABLE, f"http://127.0.0.1:{chat.port}{SECRET}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield chat
    server.shutdown()
    server.server_close()


DONE = Message("Acme", "published", 75.4, build_id="b1", link="http://dagster/runs/1")


def send(message: Message = DONE) -> None:
    webhook.send(message, pauses=(0.01, 0.01), timeout=0.3)


def test_a_message_is_posted_to_the_whole_address(chat: Chat) -> None:
    send()

    [(path, payload)] = chat.got
    assert path == SECRET
    assert payload["text"].splitlines() == [
        "✓ Acme: published after 1 min 15 s, build b1",
        "<http://dagster/runs/1|The run>",
    ]
    assert [block["text"]["type"] for block in payload["blocks"]] == ["mrkdwn", "mrkdwn"]


def test_a_failure_is_told_in_the_users_words_without_markup_of_its_own(chat: Chat) -> None:
    send(Message("A & B", "failed", 5, problem="marts.dim_x: <b> is wrong: 3 rows"))

    text = chat.got[0][1]["text"]
    assert "✗ A &amp; B: failed after 5 s" in text
    assert "&lt;b&gt; is wrong: 3 rows\nBI keeps what was published before." in text


@pytest.mark.parametrize("answers", [[500, 200], [429, 503, 200], [0, 204]])
def test_a_chat_that_is_busy_is_asked_again(chat: Chat, answers: list[int]) -> None:
    chat.answers = list(answers)

    send()

    assert len(chat.got) == len(answers)


@pytest.mark.parametrize(
    ("status", "times", "told"),
    [(500, 3, "it answered 500"), (404, 1, "it answered 404"), (0, 3, "within 0.3 seconds")],
)
def test_a_message_that_was_not_taken_is_an_error_without_the_address(
    chat: Chat, status: int, times: int, told: str
) -> None:
    chat.answers = [status]

    with pytest.raises(WebhookError, match=told) as error:
        send()

    assert len(chat.got) == times
    assert "s3cr3t" not in str(error.value)
    assert "127.0.0.1" not in str(error.value)


def test_the_secret_is_not_carried_on_to_where_a_server_points(chat: Chat) -> None:
    chat.answers = [302]

    with pytest.raises(WebhookError, match="it answered 302"):
        send()

    assert [path for path, _ in chat.got] == [SECRET]


def test_a_server_that_is_away_is_an_error_without_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv(webhook.VARIABLE, f"http://127.0.0.1:{port}{SECRET}")

    with pytest.raises(WebhookError, match="Connection refused") as error:
        send()

    assert "s3cr3t" not in str(error.value)
    assert error.value.__cause__ is None


@pytest.mark.parametrize(
    "address",
    [
        "http://chat.example/s3cr3t",
        "hooks.slack.com/services/s3cr3t",
        "ftp://x/s3cr3t",
        "https:///s3cr3t",
        "https://x:99999999/s3cr3t",
    ],
)
def test_an_address_that_would_tell_the_secret_to_others_is_refused_unread(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv(webhook.VARIABLE, address)

    with pytest.raises(WorkspaceError, match="https://") as error:
        send()

    assert "s3cr3t" not in str(error.value)


def test_the_newest_final_month_is_told_against_the_one_before() -> None:
    def line(metric: str, unit: str, *cells: tuple[float | None, bool]) -> Line:
        made = (Cell(value, None, None, is_mature) for value, is_mature in cells)
        return Line(metric, "period", unit, "", tuple(made))

    months = (date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1))
    card = Scorecard(
        "Acme",
        "USD",
        date(2026, 9, 30),
        "b1",
        months,
        (
            line("leads", "count", (900, True), (1000, True), (400, False)),
            line("mqls", "count", (90, True), (100, False), (40, False)),
            line("revenue", "currency", (None, True), (12345.6, True), (1, False)),
        ),
    )

    assert webhook.headlines(card) == [
        "August 2026 (before: July)",
        "Leads: 1,000 (before: 900)",
        "Revenue: $12.3k (before: –)",
    ]


def test_a_run_that_failed_is_told_with_where_to_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "workspace.yml").write_text("company: Acme\n", encoding="utf-8")
    monkeypatch.setenv(webhook.PAGES_VARIABLE, "https://dagster.acme.example/")

    message = webhook.about(
        open_workspace(tmp_path), "failed", 3, problem="Conversion Error: 'ada@acme.example'"
    )
    linked = webhook.about(open_workspace(tmp_path), "failed", 3, run_id="r1")

    assert "ada@" not in message.problem
    assert (message.link, linked.link) == ("", "https://dagster.acme.example/runs/r1")


def test_a_run_from_cron_tells_how_it_ended_and_an_odd_address_before_it_begins(
    chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "workspace.yml").write_text("company: Acme\n", encoding="utf-8")

    def closed(*_: object) -> None:
        raise CheckError("the gate is closed")

    monkeypatch.setattr(pipeline, "run", closed)
    command = ["run", "--workspace", str(tmp_path)]
    quiet = CliRunner().invoke(app, command)
    assert chat.got == []
    told = CliRunner().invoke(app, [*command, "--notify"])
    monkeypatch.setenv(webhook.VARIABLE, "http://chat.example/hook")
    refused = CliRunner().invoke(app, [*command, "--notify"])

    assert isinstance(quiet.exception, CheckError)
    assert isinstance(told.exception, CheckError)
    assert isinstance(refused.exception, WorkspaceError)
    [(_, payload)] = chat.got
    assert "✗ Acme: failed after" in payload["text"]
    assert "the gate is closed" in payload["text"]


def test_a_chat_that_is_away_changes_nothing_about_a_run(
    chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "workspace.yml").write_text("company: Acme\n", encoding="utf-8")
    chat.answers = [404]
    monkeypatch.setattr(pipeline, "look_back", lambda *_: None)
    monkeypatch.setattr(terminal, "show_outcome", lambda *_: None)

    done = CliRunner().invoke(
        app, ["run", "--workspace", str(tmp_path), "--as-of", "2026-01-31", "--notify"]
    )

    assert done.exit_code == 0
    assert chat.got[0][1]["text"].startswith("✓ Acme: done after")
