"""The lineage of a mart as a picture: what it is made of, two steps back, and who reads it.

The picture is SVG in layers from left to right, by the steps to the mart; a line joins layers.
Whole lineages have hundreds of tables, so every name leads on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

    from orchestration.docs.content import Docs, Table

STEPS = 2  # back from the mart
LETTER, PAD, HEIGHT, GAP, BETWEEN = 6.7, 10, 22, 8, 70  # pixels
LOWEST = 6  # rows above a short layer: it is seen without scrolling
SWEEPS = 6


@dataclass(frozen=True)
class Box:
    """Where a table stands, in pixels."""

    name: str
    x: float
    y: float
    width: float
    """Of every box of its layer."""


def lineage(table: Table, docs: Docs) -> Markup:
    """The picture of one table, with links to the others."""
    from markupsafe import Markup

    layers = [[table.name]]
    shown = {table.name}
    for _ in range(STEPS):
        before = sorted({name for at in layers[0] for name in docs.tables[at].reads} - shown)
        shown |= set(before)
        layers.insert(0, before)
    layers.append([name for name in table.read_by if name not in shown])
    layers = [layer for layer in layers if layer]
    at = {name: number for number, layer in enumerate(layers) for name in layer}
    lines = [
        (parent, name)
        for name in at
        for parent in docs.tables[name].reads
        if at.get(parent, at[name]) < at[name]
    ]
    boxes = place(layers, lines)
    width = max(box.x + box.width for box in boxes.values()) + 1
    height = max(box.y for box in boxes.values()) + HEIGHT + 1
    svg = [
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" '
        f'role="group" aria-label="Lineage of {table.name}">'
    ]
    for parent, name in lines:
        start, end = boxes[parent], boxes[name]
        x, y = start.x + start.width, start.y + HEIGHT / 2
        along, down = end.x - x, end.y + HEIGHT / 2 - y
        bend = along / 2
        curve = f"M{x:.0f} {y:.0f}c{bend:.0f} 0 {bend:.0f} {down:.0f} {along:.0f} {down:.0f}"
        svg.append(f'<path d="{curve}"/>')
    for box in boxes.values():
        kind = "own" if box.name == table.name else docs.tables[box.name].layer
        svg.append(
            f'<a href="#{box.name}" class="{kind}"><rect x="{box.x:.0f}" y="{box.y:.0f}" '
            f'width="{box.width:.0f}" height="{HEIGHT}" rx="5"/>'
            f'<text x="{box.x + PAD:.0f}" y="{box.y + 15:.0f}">{box.name}</text></a>'
        )
    svg.append("</svg>")
    return Markup("".join(svg))


def place(layers: Sequence[Sequence[str]], lines: Sequence[tuple[str, str]]) -> dict[str, Box]:
    """A box for every table, by its name. `layers` stand from left to right, `lines` join them."""
    near: dict[str, list[str]] = {name: [] for layer in layers for name in layer}
    for one, other in lines:
        near[one].append(other)
        near[other].append(one)
    ordered = [list(layer) for layer in layers]
    heights = {name: float(at) for layer in ordered for at, name in enumerate(layer)}
    # A table goes to the height of those it is joined with: fewer lines cross.
    for sweep in range(SWEEPS):
        for layer in ordered if sweep % 2 else ordered[::-1]:
            wanted = {
                name: sum(heights[other] for other in near[name]) / len(near[name])
                for name in layer
                if near[name]
            }
            layer.sort(key=lambda name: (wanted.get(name, heights[name]), name))
            middle = (len(layer) - 1) / 2
            heights |= {name: at - middle for at, name in enumerate(layer)}
    tallest = max(map(len, ordered))
    boxes = {}
    x = 1.0
    for layer in ordered:
        width = max(map(len, layer)) * LETTER + 2 * PAD
        top = min((tallest - len(layer)) / 2, LOWEST)
        for at, name in enumerate(layer):
            boxes[name] = Box(name, x, 1 + (top + at) * (HEIGHT + GAP), width)
        x += width + BETWEEN
    return boxes
