"""The models, macros, contracts and modules that changed, and which of them stand before a mart.

Only what can move a number counts as changed: the SQL, how it is built, what a column of an export
is read from; not a description, a test or a tag.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.contracts import DEFINITIONS

Manifest = Mapping[str, Any]
# Of the settings of a model those that say what is built, and in which form.
SETTINGS = ("materialized", "enabled", "schema", "alias", "pre-hook", "post-hook")


@dataclass(frozen=True)
class Part:
    """Something that changed, and how far before a mart it stands."""

    kind: str
    """model, macro, contract or definition."""
    name: str
    state: str
    """changed, new or gone."""
    distance: int = 0
    """Steps from the mart to the model that is it, or that uses it; 0 is the mart itself."""
    through: str = ""
    """The model that uses a macro, the first of them."""


@dataclass(frozen=True)
class Project:
    """What changed between two readings of the project."""

    before: Manifest
    after: Manifest
    models: Mapping[str, str]
    """State by unique id: of models, and of contracts (sources)."""
    macros: Mapping[str, str]
    code: tuple[str, ...]
    """The files beside models and macros: Python, settings, packages."""

    def before_mart(self, mart: str, unmoved: Collection[str] = ()) -> list[Part]:
        """What changed before a mart, or in it, the nearest first. Python stands before all.

        `unmoved` are marts that are the same on both sides: nothing comes through them.
        """
        found: dict[tuple[str, str], Part] = {}
        for manifest in (self.after, self.before):
            for unique_id, distance in _distances(manifest, mart, unmoved).items():
                for part in self._at(manifest, unique_id, distance):
                    known = found.get((part.kind, part.name))
                    if known is None or part.distance < known.distance:
                        found[part.kind, part.name] = part
        return sorted(found.values(), key=lambda part: (part.distance, part.kind, part.name))

    def _at(self, manifest: Manifest, unique_id: str, distance: int) -> Iterable[Part]:
        if unique_id in self.models:
            yield Part(_kind(unique_id), _name(unique_id), self.models[unique_id], distance)
        for macro in _macros_of(manifest, unique_id):
            if macro in self.macros:
                name = _name(macro)
                yield Part("macro", name, self.macros[macro], distance, _name(unique_id))


def compare(before: Manifest, after: Manifest, code: Sequence[str] = ()) -> Project:
    """What changed from one reading of the project to the next."""
    return Project(
        before,
        after,
        _states(_essence(before), _essence(after)),
        _states(_macros(before), _macros(after)),
        tuple(code),
    )


def _states(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: "new" if name not in before else "gone" if name not in after else "changed"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }


def _essence(manifest: Manifest) -> dict[str, Any]:
    """Of each model and contract what can move a number."""
    models = {
        name: [
            node["raw_code"],
            [node["config"].get(setting) for setting in SETTINGS],
            [(column["name"], column.get("data_type")) for column in node["columns"].values()],
        ]
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
    }
    contracts = {
        name: [
            source["config"].get("meta"),
            [
                (column["name"], column.get("data_type"), column["config"].get("meta"))
                for column in source["columns"].values()
            ],
        ]
        for name, source in manifest["sources"].items()
    }
    return models | contracts


def _macros(manifest: Manifest) -> dict[str, str]:
    return {
        name: macro["macro_sql"]
        for name, macro in manifest["macros"].items()
        if macro["package_name"] == "plumbline" and not _name(name).startswith("test_")
    }


def _macros_of(manifest: Manifest, unique_id: str) -> set[str]:
    """The macros that a model uses, directly or through others."""
    found: set[str] = set()
    ahead = list(manifest["nodes"].get(unique_id, {}).get("depends_on", {}).get("macros", ()))
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += manifest["macros"].get(name, {}).get("depends_on", {}).get("macros", ())
    return found


def _distances(manifest: Manifest, mart: str, unmoved: Collection[str]) -> dict[str, int]:
    """The steps from a mart to all that it is made of."""
    start = f"model.plumbline.{mart}"
    if start not in manifest["nodes"]:
        return {}
    found, level = {start: 0}, [start]
    while level:
        further = []
        for unique_id in level:
            for parent in manifest["parent_map"].get(unique_id, ()):
                if parent not in found and _name(parent) not in unmoved:
                    found[parent] = found[unique_id] + 1
                    further.append(parent)
        level = further
    return found


def _kind(unique_id: str) -> str:
    if not unique_id.startswith("source."):
        return "model"
    return "definition" if f".{DEFINITIONS}." in unique_id else "contract"


def _name(unique_id: str) -> str:
    """As people write it: of a source with the system it is of."""
    parts = unique_id.split(".")
    return ".".join(parts[2:]) if parts[0] == "source" else parts[2]
