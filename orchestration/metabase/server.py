"""How to speak to a Metabase server: requests, retries, and errors in the user's words."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from email.message import Message
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from orchestration.metabase.content import MetabaseError

URL_VARIABLE = "PLUMBLINE_METABASE_URL"
KEY_VARIABLE = "PLUMBLINE_METABASE_KEY"
# The first whose interface speaks the query language of dashboards/ both ways, and that Metabase's
# own command line supports.
OLDEST_SERVER = 58
SECONDS_TO_ANSWER = 60.0
# Before the second and the third try of what may be tried again.
PAUSES = (1.0, 3.0)


class _NoRedirect(HTTPRedirectHandler):
    """A redirect is told, not followed: the key is for the server that was named."""

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


class Server:
    """A Metabase server, as a key lets us in. The key is in no message."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url.rstrip("/")
        self.key = key
        self.timeout = SECONDS_TO_ANSWER
        self.sleep: Callable[[float], None] = time.sleep
        self._secrets = [key]
        self._opener = build_opener(_NoRedirect)

    def hide(self, secret: str) -> None:
        """Keep another secret out of messages, too: Metabase repeats what a database said."""
        self._secrets.append(secret)

    def get(self, path: str, **query: str) -> Any:
        """What is at `path`, such as /api/card/1."""
        return self._ask("GET", path + (f"?{urlencode(query)}" if query else ""), None)

    def find(self, path: str) -> Any | None:
        """What is at `path`, or None where nothing is."""
        try:
            return self.get(path)
        except _NotFound:
            return None

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Make something new. Tried once: a second try might make a second one."""
        return self._ask("POST", path, body or {})

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change what is there."""
        return self._ask("PUT", path, body)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        pauses = () if method == "POST" else PAUSES
        for pause in (*pauses, None):
            try:
                return self._ask_once(method, path, body)
            except _Unsteady:
                if pause is None:
                    raise
                self.sleep(pause)
        raise AssertionError("unreachable")

    def _ask_once(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        request = Request(
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-API-Key": self.key, "Content-Type": "application/json"},
            method=method,
        )
        try:
            with self._opener.open(request, timeout=self.timeout) as answer:
                text = answer.read().decode("utf-8", "replace")
        except HTTPError as refusal:
            with refusal:
                text = refusal.read().decode("utf-8", "replace")
            raise self._refused(method, path, refusal.code, refusal.headers, text) from None
        except (URLError, HTTPException, OSError, ValueError) as problem:
            reason = self.clean(getattr(problem, "reason", None) or problem)
            raise _Unsteady(
                f"Metabase does not answer at {self.url} ({reason}). Check {URL_VARIABLE}, and "
                "that the server runs. Nothing is lost: push again to go on"
            ) from None
        try:
            return json.loads(text) if text else None
        except ValueError:
            raise MetabaseError(
                f"what answers at {self.url} is not Metabase's interface: check {URL_VARIABLE}"
            ) from None

    def _refused(
        self, method: str, path: str, code: int, headers: Message, text: str
    ) -> MetabaseError:
        what = f"{method} {path.partition('?')[0]}"
        said = self.clean(_message(text))
        if code == 401:
            return MetabaseError(
                f"Metabase at {self.url} does not accept the key: make one under Admin settings, "
                f"Authentication, API keys, for the group Administrators, and set {KEY_VARIABLE}"
            )
        if code == 403:
            return MetabaseError(
                f"the key may not do this at {self.url} ({what}): give it the group "
                "Administrators under Admin settings, Authentication, API keys"
            )
        if code == 404:
            return _NotFound(f"Metabase at {self.url} has nothing at {what}: {said}")
        if code in (301, 302, 303, 307, 308):
            return MetabaseError(
                f"{self.url} sends on to {headers.get('Location')}: set {URL_VARIABLE} to "
                "the address where Metabase is"
            )
        if code in (429, 500, 502, 503, 504):
            return _Unsteady(
                f"Metabase at {self.url} failed ({code}, {what}): {said}. Nothing is lost: "
                "push again to go on"
            )
        return MetabaseError(f"Metabase at {self.url} refused {what} ({code}): {said}")

    def clean(self, said: object) -> str:
        """What was `said`, without the key and the other secrets."""
        text = str(said)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


class _NotFound(MetabaseError):
    """Nothing is there."""


class _Unsteady(MetabaseError):
    """The server or the way to it failed: the next try may be answered."""


def _message(text: str) -> str:
    """What Metabase says in the body of an error, in one line."""
    try:
        said = json.loads(text)
    except ValueError:
        return text.strip()[:300] or "it gave no reason"
    if isinstance(said, Mapping):
        wrong = said.get("errors") or said.get("specific-errors")
        if isinstance(wrong, Mapping) and wrong:
            return "; ".join(f"{key}: {value}" for key, value in wrong.items())[:300]
        return str(said.get("message") or said.get("error") or said)[:300]
    return str(said)[:300]


def major_version(tag: str) -> int | None:
    """58 for v0.58.3 and for v1.58.3; None for what is no release, such as a build of master."""
    found = re.match(r"v?[01]\.(\d+)", tag)
    return int(found.group(1)) if found else None


def server_from_environment(url: str | None = None) -> Server:
    """The server that `url` or the environment names. Raises MetabaseError."""
    url = url or os.environ.get(URL_VARIABLE, "")
    key = os.environ.get(KEY_VARIABLE, "")
    if not url.startswith(("http://", "https://")):
        raise MetabaseError(
            f"{URL_VARIABLE} is not set: set it to the address of Metabase, "
            "like https://metabase.example.com, or use --url"
        )
    if not key:
        raise MetabaseError(
            f"{KEY_VARIABLE} is not set: make a key in Metabase under Admin settings, "
            "Authentication, API keys, for the group Administrators"
        )
    return Server(url, key)
