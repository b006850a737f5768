"""What must hold of the deployment, told by its files alone: there is no Docker in the tests."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from orchestration import postgres, webhook
from orchestration.metabase import server
from orchestration.workspace import KEY_VARIABLE, PROJECT_ROOT

DEPLOY = PROJECT_ROOT / "deploy"
COMPOSE = (DEPLOY / "compose.yml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DAGSTER = ["code", "webserver", "daemon"]
SECRET = re.compile(r"PASS|KEY|SECRET|WEBHOOK")
# A tag that names one release, never `latest` or a line of releases.
PINNED = re.compile(r"^[\w./-]+:v?\d+\.\d+(\.\d+)*(-[\w-]+)?$")


def example() -> dict[str, str]:
    """The variables of .env.example with the values that stand there."""
    lines = (DEPLOY / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def pins(path: str) -> dict[str, str]:
    text = (PROJECT_ROOT / path).read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE))


def command() -> list[str]:
    """What the image does when it is told nothing else."""
    found = re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert found
    words: list[str] = yaml.safe_load(found[1])
    return words


def test_every_variable_is_in_the_example_and_none_is_for_nothing() -> None:
    assert set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE)) == set(example())


def test_a_secret_has_no_default_and_stands_in_no_file() -> None:
    given = {name for name, value in example().items() if SECRET.search(name) and value}
    defaults = re.findall(r"\$\{(\w*(?:PASS|KEY|SECRET|WEBHOOK)\w*):-([^}]*)\}", COMPOSE)
    literal = {
        f"{service}: {name}"
        for service, settings in SERVICES.items()
        for name, value in settings.get("environment", {}).items()
        if SECRET.search(name) and not re.fullmatch(r"\$\{\w+:[?-][^}]*\}", value)
    }

    assert given == set()
    # The one is made in Metabase, after its first start, the other may be left out.
    assert defaults == [("PLUMBLINE_METABASE_KEY", ""), ("PLUMBLINE_WEBHOOK", "")]
    assert literal == set()


def test_every_image_is_pinned_and_the_two_halves_of_ours_are_of_one_python() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)

    assert len(set(bases)) == 1
    for image in [*bases, *(settings["image"] for settings in SERVICES.values())]:
        assert PINNED.match(image), image
    assert SERVICES["code"]["image"] == f"plumbline:{PROJECT['project']['version']}"


def test_the_servers_are_not_older_than_what_publishes_to_them() -> None:
    metabase = int(re.findall(r"v0\.(\d+)", SERVICES["metabase"]["image"])[0])
    marts = int(re.findall(r":(\d+)", SERVICES["marts-db"]["image"])[0])

    assert metabase >= server.OLDEST_SERVER
    assert marts >= postgres.OLDEST_SERVER


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_watched_limited_and_not_root(name: str) -> None:
    settings = SERVICES[name]

    assert settings["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert settings["restart"] == "unless-stopped"
    assert settings["mem_limit"]
    assert not settings["user"].startswith("0")
    assert settings["cap_drop"] == ["ALL"]
    assert all(str(port).startswith("127.0.0.1:") for port in settings.get("ports", []))


def test_nothing_starts_before_what_it_needs_is_healthy() -> None:
    needed = {
        (name, other, condition["condition"])
        for name, settings in SERVICES.items()
        for other, condition in settings.get("depends_on", {}).items()
    }

    assert {condition for *_, condition in needed} == {"service_healthy"}
    assert {other for _, other, _ in needed} <= set(SERVICES)


def test_only_the_code_location_has_the_workspace_and_the_secrets_of_the_marts() -> None:
    environment = SERVICES["code"]["environment"]

    assert {
        KEY_VARIABLE,
        postgres.URL_VARIABLE,
        postgres.PASSWORD_VARIABLE,
        server.URL_VARIABLE,
        server.KEY_VARIABLE,
        webhook.VARIABLE,
        webhook.PAGES_VARIABLE,
    } == {name for name in environment if name.startswith("PLUMBLINE_")}
    for name in set(DAGSTER) - {"code"}:
        assert all(key.startswith("DAGSTER_") for key in SERVICES[name]["environment"])
        assert "PLUMBLINE_WORKSPACE" not in str(SERVICES[name]["volumes"])


def test_dagster_is_told_every_variable_that_its_settings_read() -> None:
    read = set(re.findall(r"env: (\w+)", (DEPLOY / "dagster.yaml").read_text(encoding="utf-8")))

    assert read
    for name in DAGSTER:
        assert read <= set(SERVICES[name]["environment"])


def test_the_web_page_and_the_daemon_ask_the_code_location_where_it_listens() -> None:
    workspace = yaml.safe_load((DEPLOY / "workspace.yaml").read_text(encoding="utf-8"))
    location = workspace["load_from"][0]["grpc_server"]
    words = command()

    assert SERVICES[location["host"]] is SERVICES["code"]
    assert words[words.index("--port") + 1] == str(location["port"])
    assert words[words.index("--module-name") + 1] == PROJECT["tool"]["dagster"]["module_name"]
    assert SERVICES["code"]["healthcheck"]["test"][-1] == str(location["port"])


def test_what_is_copied_into_the_image_exists_and_no_workspace_is() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = [line[1:] for line in ignored if line.startswith("!")]
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for source in line.split()
    ]

    assert "*" in ignored
    assert [name for name in [*let_in, *copied] if not (PROJECT_ROOT / name).exists()] == []
    assert {source for source in copied if source != "."} <= set(let_in)
    assert not any(name.startswith(("workspaces", "deploy/.env")) for name in let_in)
    assert (
        PROJECT_ROOT / "deploy" / SERVICES["code"]["build"]["context"]
    ).resolve() == PROJECT_ROOT
    assert (PROJECT_ROOT / SERVICES["code"]["build"]["dockerfile"]).is_file()


def test_the_deployment_adds_packages_and_changes_none() -> None:
    ours, added = pins("requirements.txt"), pins("deploy/requirements.txt")

    assert "dagster-postgres" in added
    assert {name: pin for name, pin in added.items() if ours.get(name, pin) != pin} == {}
    assert "--index-url" not in (DEPLOY / "requirements.txt").read_text(encoding="utf-8")
