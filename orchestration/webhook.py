"""What is told to a chat when a run has ended: the words, and the sending.

The address is a secret: whoever has it may write there. It stands in no message, error or log. Only
counts, names and the user's own words are sent, never a row. When runs end is told by automation.py
and by `plumbline run --notify`.
"""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from orchestration import scorecard
from orchestration.warehouse import without_values
from orchestration.workspace import Workspace, WorkspaceError

VARIABLE = "PLUMBLINE_WEBHOOK"
PAGES_VARIABLE = "PLUMBLINE_DAGSTER_URL"
PAGES = "http://127.0.0.1:3000"
TIMEOUT = 10.0  # seconds for each attempt
PAUSES = (1.0, 4.0)  # seconds before the second and the third
MONTHS = 6  # of the scorecard, among which the newest final one is looked for
MOST_WORDS = 2000  # letters of what failed; Slack takes 3,000 in a block
HERE = ("localhost", "127.0.0.1", "::1")
SIGNS = {"published": "✓", "done": "✓", "failed": "✗", "canceled": "■"}


@dataclass(frozen=True)
class Message:
    """How a run ended."""

    company: str
    outcome: str
    """published, done (a part that publishes nothing), failed or canceled."""
    seconds: float
    build_id: str = ""
    """What BI reads now, if this run published it."""
    numbers: Sequence[str] = ()
    """Headline metrics, a line each."""
    problem: str = ""
    """What failed, in words for the user."""
    link: str = ""
    """Where more is told."""

    @property
    def title(self) -> str:
        """The message in a line."""
        minutes, seconds = divmod(round(self.seconds), 60)
        took = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
        build = f", build {self.build_id}" if self.build_id else ""
        return f"{SIGNS[self.outcome]} {self.company}: {self.outcome} after {took}{build}"

    def payload(self) -> dict[str, Any]:
        """What Slack, Mattermost and the like take: a text, and blocks where they are known."""
        told = [self.title, self.problem[:MOST_WORDS], "\n".join(self.numbers)]
        if self.problem:
            told[1] += "\nBI keeps what was published before."
        sections = [_escaped(text) for text in told if text]
        if self.link:
            sections.append(f"<{self.link}|The run>")
        return {
            "text": "\n".join(sections),
            "blocks": [
                {"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in sections
            ],
        }


def _escaped(text: str) -> str:
    """As Slack wants it, which takes <…> for a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class WebhookError(Exception):
    """The message could not be sent; the words never hold the address."""


def is_wanted() -> bool:
    """Whether the environment names a place to send messages to."""
    return bool(os.environ.get(VARIABLE))


def address() -> SplitResult:
    """Where to, as the environment says. Raises WorkspaceError where nothing can be sent to it."""
    try:
        url = urlsplit(os.environ.get(VARIABLE, "").strip())
        port = url.port
    except ValueError:
        url, port = urlsplit(""), None
    is_here = url.scheme == "http" and url.hostname in HERE
    if not url.hostname or not (url.scheme == "https" or is_here) or port == 0:
        raise WorkspaceError(
            f"{VARIABLE} is not an address that begins with https:// (or http://127.0.0.1 on this "
            "machine): copy it whole from your chat's page on incoming webhooks"
        )
    return url


def send(message: Message, pauses: Sequence[float] = PAUSES, timeout: float = TIMEOUT) -> None:
    """Send a message; try again after each of the `pauses` where the other side is away or busy.

    Raises WebhookError when it was not taken, WorkspaceError for an address that is none.
    """
    url = address()
    body = json.dumps(message.payload()).encode()
    for pause in (*pauses, None):
        problem, may_pass = _posted(url, body, timeout)
        if not problem:
            return
        if pause is None or not may_pass:
            raise WebhookError(f"the webhook of ${VARIABLE} did not take the message: {problem}")
        time.sleep(pause)


def _posted(url: SplitResult, body: bytes, timeout: float) -> tuple[str, bool]:
    """What kept a message from being taken, and whether that may pass; redirects are not followed,
    as they would give the secret in the path to others."""
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    assert url.hostname
    connection = kind(url.hostname, url.port, timeout=timeout)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        status = connection.getresponse().status
    except TimeoutError:
        return f"no answer within {timeout:g} seconds", True
    except (OSError, http.client.HTTPException) as error:
        return getattr(error, "strerror", None) or type(error).__name__, True
    finally:
        connection.close()
    if status < 300:
        return "", False
    return f"it answered {status}", status == 429 or status >= 500


def about(
    workspace: Workspace,
    outcome: str,
    seconds: float,
    *,
    problem: str = "",
    run_id: str = "",
) -> Message:
    """The message on a run of a workspace that has ended."""
    build_id, numbers = "", list[str]()
    if outcome == "published":
        card = scorecard.read(workspace.published, months=MONTHS)
        build_id, numbers = card.build_id, headlines(card)
    pages = os.environ.get(PAGES_VARIABLE, "").rstrip("/") or PAGES
    link = f"{pages}/runs/{run_id}" if run_id else ""
    company = workspace.config.company
    return Message(company, outcome, seconds, build_id, numbers, without_values(problem), link)


def headlines(card: scorecard.Scorecard) -> list[str]:
    """The headline metrics of the newest month in which any is final, against the month before."""
    places = [line.settled for line in card.headlines if line.settled is not None]
    if not places or max(places) == 0:
        return []
    now = max(places)
    lines = [f"{card.months[now]:%B %Y} (before: {card.months[now - 1]:%B})"]
    for line in card.headlines:
        cell, before = line.cells[now], line.cells[now - 1]
        if cell and cell.value is not None and cell.is_mature:
            value, last = (
                scorecard.written(x.value if x else None, line.unit, card.currency)
                for x in (cell, before)
            )
            lines.append(f"{line.words}: {value} (before: {last})")
    return lines
