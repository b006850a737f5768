"""The charts of the report page: rows in, SVG out, in the page's own colours and type.

One width serves a phone and a laptop: the page draws it a little smaller or larger. Nothing is read
or computed here. Rows are plain values: months as `2026-10`, amounts as floats, texts written out
by the caller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

# Placeholders of the charts, and the variables of the page's style that stand in for them.
INKS = {
    "#010101": "ink",
    "#020202": "faint",
    "#030303": "line",
    "#040404": "blue",
    "#050505": "amber",
    "#010203": "green",
    "#020304": "violet",
    "#030405": "red",
}
INK, FAINT, LINE, BLUE, AMBER, GREEN, VIOLET, RED = INKS
# Series differ by dash as well as by colour, for those who do not see the colour.
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
MONTHS = "['Jan','Feb','Mar','Apr','May','Jun','Jul','Aug','Sep','Oct','Nov','Dec']"
WIDTH = 400
SHARE_AXIS = "format(datum.value, '.2~%')"
FACTOR_AXIS = "format(datum.value, '.2~f') + '×'"
COUNT_AXIS = "format(datum.value, '.3~s')"


def money_axis(symbol: str) -> str:
    """Vega expression that writes an amount at an axis; `symbol` as in `$` or `CHF `."""
    size = "abs(datum.value)"
    short = f"replace(format({size}, '.3~s'), 'G', 'bn')"
    words = "".join(letter for letter in symbol if letter not in "\\'")
    return (
        f"(datum.value < 0 ? '-' : '') + '{words}' + "
        f"({size} < 1000 ? format({size}, '.3~r') : {short})"
    )


def bars(rows: Sequence[Row]) -> str:
    """Horizontal bars, each with its number: rows of `name`, `value`, `text`."""
    import altair as alt

    base = alt.Chart(_data()).encode(
        # Fonts differ between here and the reader: room for a wider one.
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelPadding=8, minExtent=95)),
        x=alt.X("value:Q", title=None, axis=None),
    )
    drawn = base.mark_bar(color=BLUE, cornerRadius=2, height={"band": 0.72})
    labels = base.mark_text(align="left", dx=6, color=INK, fontWeight=600).encode(text="text:N")
    chart = (drawn + labels).properties(
        width=WIDTH - 150, height=38 * len(rows), padding={"right": 45}
    )
    return _svg(chart, rows=rows)


def waterfall(rows: Sequence[Row]) -> str:
    """What came in and went out, line by line.

    Rows of `name`, `from`, `to`, `kind` (level, in, out), and `text` to stand at `right`.
    """
    import altair as alt

    base = alt.Chart(_data()).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelPadding=8, minExtent=85)),
    )
    drawn = base.mark_bar(cornerRadius=1, height={"band": 0.7}).encode(
        x=alt.X("from:Q", title=None, axis=None, scale=alt.Scale(zero=True)),
        x2="to:Q",
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=["level", "in", "out"], range=[BLUE, GREEN, RED]),
            legend=None,
        ),
    )
    labels = base.mark_text(align="left", dx=5, color=INK).encode(x="right:Q", text="text:N")
    chart = (drawn + labels).properties(
        width=WIDTH - 155, height=27 * len(rows), padding={"right": 60}
    )
    return _svg(chart, rows=rows)


def lines(rows: Sequence[Row], *, series: Sequence[str], axis: str, by_age: bool = False) -> str:
    """Lines over months, or over ages: rows of `month` (or `age`), `series`, `value`, `is_mature`.

    What may still change is hollow. Where a row has `low` and `high`, they are a band behind it.
    `axis` is a Vega expression that writes a value of the axis.
    """
    import altair as alt

    age = alt.X("age:Q", title="Months since the first purchase", axis=alt.Axis(grid=False))
    layers = alt.layer(*_lines(rows, series, axis, x=age if by_age else _months()), data=_data())
    return _svg(layers.properties(width=WIDTH - 45, height=200), rows=rows)


def small_lines(rows: Sequence[Row], *, series: Sequence[str], axis: str) -> str:
    """A small chart for each series, with an axis of its own: rows as for `lines`."""
    import altair as alt

    # The header of Vega's own stands at a height of each column's own: it is left empty.
    title = (
        alt.Chart()
        .mark_text(align="left", fontSize=12, fontWeight=600, color=INK)
        .transform_aggregate(groupby=["series"])
        .encode(x=alt.value(-36), y=alt.value(-18), text="series:N")
    )
    empty = alt.Header(labelExpr="''")
    months = sorted({row["month"] for row in rows})
    # One look for all: what is a series in a shared chart is a chart of its own here.
    drawn = _lines(rows, series[:1], axis, x=_months(months), ticks=3)
    chart = (
        alt.layer(*drawn, title)
        .properties(width=WIDTH // 2 - 48, height=66)
        .facet(
            alt.Facet("series:N", sort=list(series), title=None, header=empty),
            data=_data(),
            columns=2,
            bounds="flush",
            spacing={"row": 58, "column": 50},
        )
        .resolve_scale(y="independent", x="independent")
    )
    return _svg(chart, rows=rows)


def columns(rows: Sequence[Row], *, axis: str) -> str:
    """Upright bars over months: rows of `month`, `value` and, for a mark across it, `goal`."""
    import altair as alt

    chart = _columns("rows", BLUE, axis)
    goal = alt.Chart(_data()).mark_tick(color=INK, thickness=2, width={"band": 0.85})
    layers = chart + goal.encode(x=_months(), y=_amounts("goal:Q", axis))
    return _svg(layers.properties(width=WIDTH - 45, height=235), rows=rows)


def panels(rows: Mapping[str, Sequence[Row]], *, axis: str) -> str:
    """Two charts of upright bars by name, one below the other: rows as for `columns`."""
    import altair as alt

    drawn = [
        _columns(name, ink, axis).properties(width=WIDTH - 45, height=height, title=_title(name))
        for name, ink, height in zip(rows, (BLUE, AMBER), (115, 75), strict=False)
    ]
    return _svg(alt.vconcat(*drawn, spacing=12), **rows)


def stacked(rows: Sequence[Row], *, series: Sequence[str], axis: str) -> str:
    """What came in above the line, what went out below it.

    Rows of `month`, `series`, `value`, and the `place` of the series in the stack.
    """
    import altair as alt

    inks = [BLUE, GREEN, VIOLET, AMBER, RED, FAINT]
    chart = (
        alt.Chart(_data())
        .mark_bar(width={"band": 0.7})
        .encode(
            x=_months(),
            y=_amounts("value:Q", axis),
            color=alt.Color(
                "series:N",
                scale=alt.Scale(domain=list(series), range=inks[: len(series)]),
                legend=alt.Legend(orient="top", title=None, columns=3),
            ),
            order=alt.Order("place:O"),
        )
        .properties(width=WIDTH - 45, height=200)
    )
    return _svg(chart, rows=rows)


def pairs(rows: Sequence[Row], *, series: Sequence[str], axis: str) -> str:
    """Two bars beside each other for each name: rows of `name`, `series`, `value`."""
    import altair as alt

    room = 215
    chart = (
        alt.Chart(_data())
        .mark_bar(cornerRadius=1)
        .encode(
            y=alt.Y(
                "name:N",
                sort=None,
                title=None,
                scale=alt.Scale(paddingInner=0.3),
                # Fonts differ between here and the reader: room for a wider one.
                axis=alt.Axis(labelPadding=6, labelLimit=room - 10, minExtent=room),
            ),
            yOffset=alt.YOffset("series:N", sort=list(series)),
            x=alt.X(
                "value:Q", title=None, axis=alt.Axis(labelExpr=axis, tickCount=3, labelFlush=True)
            ),
            color=alt.Color(
                "series:N",
                scale=alt.Scale(domain=list(series), range=[AMBER, BLUE]),
                # At the top it would begin where the bars do, and end past the edge.
                legend=alt.Legend(
                    title=None, orient="none", direction="horizontal", legendX=-60, legendY=-24
                ),
            ),
        )
        .properties(width=WIDTH - room - 20, height=30 * len({row["name"] for row in rows}))
    )
    return _svg(chart, rows=rows)


def spark(values: Sequence[float | None], mature: Sequence[bool], width: int, height: int) -> str:
    """A line without axes: gaps where a value is unknown, dashes where it may still change."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    reach = (high - low) or 1.0
    step = (width - 8) / max(len(values) - 1, 1)
    points = [
        None
        if value is None
        else (4 + step * place, 4 + (height - 8) * (1 - (value - low) / reach))
        for place, value in enumerate(values)
    ]
    firm, loose = "", ""
    for place in range(1, len(points)):
        before, here = points[place - 1], points[place]
        if before and here:
            piece = f"M{before[0]:.1f} {before[1]:.1f}L{here[0]:.1f} {here[1]:.1f}"
            if mature[place]:
                firm += piece
            else:
                loose += piece
    last = max(place for place, point in enumerate(points) if point)
    x, y = points[last] or (0.0, 0.0)
    fill = "var(--blue)" if mature[last] else "var(--card)"
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-hidden="true">'
        f'<path class="firm" d="{firm}"/><path class="loose" d="{loose}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{fill}"/></svg>'
    )


def _lines(
    rows: Sequence[Row], series: Sequence[str], axis: str, *, x: Any, ticks: int = 4
) -> list[Any]:
    import altair as alt

    y = alt.Y("value:Q", title=None, axis=alt.Axis(labelExpr=axis, tickCount=ticks))
    base = alt.Chart().encode(x=x)
    if len(series) == 1:
        base = base.encode(color=alt.value(BLUE))
        line = base.mark_line(strokeWidth=2)
    else:
        colours = alt.Scale(domain=list(series), range=[BLUE, AMBER, GREEN, VIOLET][: len(series)])
        dashes = alt.Scale(domain=list(series), range=list(DASHES[: len(series)]))
        legend = alt.Legend(
            orient="top",
            title=None,
            symbolType="stroke",
            symbolSize=260,
            columns=2,
            columnPadding=24,
        )
        base = base.encode(color=alt.Color("series:N", scale=colours, legend=legend))
        line = base.mark_line(strokeWidth=2).encode(
            strokeDash=alt.StrokeDash("series:N", scale=dashes, legend=legend)
        )
    points = base.mark_point(size=24, opacity=1, strokeWidth=1.6).encode(y=y)
    layers = [
        line.encode(y=y),
        points.transform_filter("datum.is_mature").mark_point(size=24, filled=True, opacity=1),
        points.transform_filter("!datum.is_mature"),
    ]
    if any(row.get("high") is not None for row in rows):
        band = base.mark_area(opacity=0.16)
        layers.insert(0, band.encode(y=alt.Y("low:Q", title=None), y2="high:Q"))
    return layers


def _columns(name: str, ink: str, axis: str) -> Any:
    import altair as alt

    drawn = alt.Chart(_data(name)).mark_bar(color=ink, cornerRadius=2, width={"band": 0.66})
    return drawn.encode(x=_months(), y=_amounts("value:Q", axis))


def _data(name: str = "rows") -> Any:
    """Rows by name: in the chart itself they would be checked and copied at each step."""
    import altair as alt

    return alt.NamedData(name=name)


def _months(few: Sequence[str] = ()) -> Any:
    """An axis of months; where it is short, of these `few`, every third named."""
    import altair as alt

    label = f"{MONTHS}[toNumber(slice(datum.value, 5)) - 1]"
    # Fonts differ between here and the reader: room for a wider one.
    axis = alt.Axis(
        labelExpr=label, labelAngle=0, labelOverlap="greedy", labelSeparation=5, offset=4
    )
    if not few:
        return alt.X("month:O", title=None, axis=axis)
    axis.values = list(few[::-3])
    return alt.X("month:O", title=None, axis=axis, scale=alt.Scale(domain=list(few)))


def _amounts(field: str, axis: str) -> Any:
    import altair as alt

    return alt.Y(field, title=None, axis=alt.Axis(labelExpr=axis, tickCount=4))


def _title(text: str) -> Any:
    import altair as alt

    return alt.Title(text, anchor="start", frame="group", fontSize=12)


def _svg(chart: Any, **rows: Sequence[Row]) -> str:
    """The chart as SVG; its colours are the page's variables, which follow light and dark."""
    import vl_convert

    styled = chart.configure(
        background="transparent",
        font="system-ui, sans-serif",
        view={"stroke": None},
        axis={
            "labelColor": FAINT,
            "labelFontSize": 12,
            "titleColor": FAINT,
            "titleFontWeight": "normal",
            "domain": False,
            "ticks": False,
            "gridColor": LINE,
        },
        legend={"labelColor": INK, "labelFontSize": 12, "labelLimit": 220},
        title={"color": INK, "fontWeight": 600},
    )
    spec = styled.to_dict() | {"datasets": {name: list(some) for name, some in rows.items()}}
    svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    for placeholder, name in INKS.items():
        svg = svg.replace(f'"{placeholder}"', f'"var(--{name})"')
    # Read aloud is the description beside it, not each of its marks.
    return svg.replace("<svg ", '<svg aria-hidden="true" ', 1)
