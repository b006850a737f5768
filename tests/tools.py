"""Tools from outside Python that some tests need: PostgreSQL, Chromium, packages of Node.js."""

from __future__ import annotations

import os

import pytest


def need(tool: str, found: object, how: str) -> None:
    """Skip the test that needs a `tool` which was not found, and say how to get it.

    `PLUMBLINE_TESTS_NEED` lists the tools that were promised to be there (`.ci/run` does): without
    one of those the test fails, so that nothing is left out unseen.
    """
    if found:
        return
    message = f"no {tool} on this machine: {how}"
    if tool in os.environ.get("PLUMBLINE_TESTS_NEED", "").split(","):
        pytest.fail(message)
    pytest.skip(message)
