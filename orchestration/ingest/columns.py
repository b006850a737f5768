"""The SQL that turns the cells of a file into the typed columns of its contract, and finds what
does not fit.

Only expressions are made here; load.py and quarantine.py run them. What counts as what:

- Text is trimmed; an empty cell is null.
- A number has the shape of its contract. Digit groups are optional but must be right (`1,23.4` is
  not a number), and a number in brackets is negative. There are no exponents: what a spreadsheet
  made of `1.2E+17` has lost digits. Nothing goes through a float. A number that its type cannot
  hold exactly is a bad number (`1.005` as decimal(18,2)), but from six decimals on it is rounded,
  half away from zero: nobody means the ten millionth of a unit.
- A per cent sign is required in a percent column, and a bad number elsewhere.
- A date or time has one of the declared formats. A time without an offset is one of the declared
  zone; where clocks go back it is the later of the two, where they go forward an hour later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from orchestration.contracts import NUMBER_SHAPE, Column, Contract, Totals
from orchestration.ingest.dialect import Layout
from orchestration.warehouse import identifier as name
from orchestration.warehouse import literal

HOUR = re.compile("%[HIcXT]")
BLANKS = " \t\r\n\u00a0"
CURRENCIES = (
    "USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|TRY|ILS|AED|SAR|ZAR|"
    "BRL|MXN|ARS|CLP|COP|PEN|SGD|HKD|TWD|KRW|THB|IDR|MYR|PHP|VND|EGP|NGN|KES|UAH"
)
CURRENCY = rf"(?:[A-Z]{{0,3}}\p{{Sc}}|{CURRENCIES})"
ADDRESS = r"[^@\s]+@[^@\s]+\.[^@\s]+"
HOST = r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?(?:www\.)?([^/:?#@\s]+\.[^/:?#@\s]+)"
ORIGIN = r"^(?:[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)?"
ADDRESS_START = r"^(?:[A-Za-z][A-Za-z0-9+.-]*://|/|\?)"
TEST = r"(?:^|[^\pL])(?:test|testing|qa|dummy|asdf)(?:[^\pL]|$)"
TRUE = ("true", "t", "yes", "y", "1")
FALSE = ("false", "f", "no", "n", "0")
# Of what does not parse; of all other types it is bad_number.
REASONS = dict.fromkeys(("varchar", "boolean"), "bad_value")
REASONS |= dict.fromkeys(("date", "timestamp"), "bad_date")
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 1, 1)
# How unpacking writes the dates and times of a Parquet file.
TYPED_TIMES = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f%z")
# HMAC-SHA256 in terms of the plain hash: the key, padded both ways, comes as parameters.
HMAC = "sha256($outer_pad::blob || unhex(sha256($inner_pad::blob || encode({}))))"


def as_typed(contract: Contract, layout: Layout, typed: Mapping[str, str] | None) -> Contract:
    """The contract as it holds for a file whose columns have types: those that are numbers or times
    by themselves are in the one form that unpacking gave them, and the contract's own is for text.
    """
    if not typed:
        return contract
    columns = []
    for column in contract.columns:
        places = [p for p in layout.positions.get(column.name, ()) if p < len(layout.headers)]
        kinds = {typed.get(layout.headers[place]) for place in places}
        rules = column.rules
        if kinds == {"time"}:
            rules = rules.model_copy(update={"format": TYPED_TIMES})
        elif kinds == {"number"} and column.data_type not in ("date", "timestamp"):
            rules = rules.model_copy(update={"number": "1234.56"})
        columns.append(replace(column, rules=rules))
    return replace(contract, columns=tuple(columns))


def literals(texts: tuple[str, ...]) -> str:
    """Texts as the inside of an SQL list."""
    return ", ".join(literal(text) for text in texts)


def names(contract: Contract) -> str:
    """All columns of a contract as SQL."""
    return ", ".join(name(column.name) for column in contract.columns)


def cells(path: Path | Sequence[Path], layout: Layout) -> str:
    """The rows of UTF-8 files as text columns c0, c1, ...; nothing is guessed. Of several files
    each row has its file's path as `_line`.
    """
    columns = [f"c{place}" for place in range(len(layout.headers))]
    several = "" if isinstance(path, Path) else ", filename = '_line'"
    newline = layout.newline or "\n"
    return _read_csv(path, columns, layout.delimiter, newline, layout.skip, several)


def multiplied(layout: Layout, source: str) -> str:
    """The rows that `unpivot` or `split` makes of each row of `source`."""
    width = len(layout.headers)
    if layout.unpivot:
        names = literals(tuple(layout.unpivot.values()))
        values = ", ".join(f"c{place}" for place in layout.unpivot)
        more = f"unnest([{names}]) as c{width}, unnest([{values}]) as c{width + 1}"
    elif layout.split:
        place, by = layout.split
        more = f"unnest(string_split(coalesce(c{place}, ''), {literal(by)})) as c{width}"
    else:
        return source
    return f"(select *, {more} from {source})"


def numbered_cells(path: Path, layout: Layout, longest: int) -> str:
    """The same of a copy in plain form whose first column, `_line`, says where a row was."""
    columns = ["_line", *(f"c{place}" for place in range(len(layout.headers)))]
    return _read_csv(path, columns, ",", "\n", 0, f", max_line_size = {longest}")


def _read_csv(
    path: Path | Sequence[Path],
    columns: list[str],
    delimiter: str,
    newline: str,
    skip: int,
    more: str = "",
) -> str:
    types = ", ".join(f"{column}: 'varchar'" for column in columns)
    paths = (path,) if isinstance(path, Path) else path
    files = f"[{literals(tuple(map(str, paths)))}]"
    # With strict_mode stated as well, DuckDB 1.5 finds no rows at all between CRLFs.
    ends = newline.replace("\r", "\\r").replace("\n", "\\n")
    return (
        f"read_csv({files}, columns = {{{types}}}, auto_detect = false, "
        f"header = false, skip = {skip}, delim = {literal(delimiter)}, new_line = '{ends}', "
        f"quote = '\"', escape = '\"', nullstr = '\x01\x02\x03'{more})"
    )


def typed(contract: Contract, layout: Layout, zone: str, source: str, *, keep: str = "") -> str:
    """All rows of `source`, typed, with its column `keep` as it is.

    Beside the contract's columns stand `_problem` (`reason:column`, or null), `_skip` (a total, or
    not of this contract) and `_control` (which of the control rows it is, or null).
    """
    used = {place for places in layout.positions.values() for place in places} | {0}
    used |= set() if layout.blank_skips is None else {layout.blank_skips}
    trimmed = [f"{_trimmed(f'c{place}')} as t{place}" for place in sorted(used | {*layout.where})]
    verbatim = {
        place
        for column in contract.columns
        if not column.rules.trim
        for place in layout.positions.get(column.name, ())
    }
    trimmed += [f"nullif(c{place}, '') as u{place}" for place in sorted(verbatim)]
    texts, values, problems = [], [], []
    passed_on = []  # for the problems' sake
    for column in contract.columns:
        text = name(f"v_{column.name}")
        absent = "false" if column.rules.identity == "test_flag" else "null"
        value = f"cast({absent} as {column.data_type})"
        if column.name in layout.positions or column.name in layout.constants:
            texts.append(f"{_text(contract, layout, column)} as {text}, ")
            value = _value(contract, column, text, zone, layout)
        values.append(f"{value} as {name(column.name)}")
        problem = _problem(column, text, layout)
        if problem:
            problems.append(problem)
            passed_on += [text] if text in problem else []
    skip, control = _totals(contract.rules.totals, layout)
    if layout.blank_skips is not None:
        skip = f"{skip} or t{layout.blank_skips} is null"
    if layout.where:
        kept = [f"coalesce(t{i} in ({literals(v)}), false)" for i, v in layout.where.items()]
        skip = f"{skip} or not ({' and '.join(kept)})"
    line = f"{keep}, " if keep else ""
    source = multiplied(layout, source)
    problem = f"coalesce({', '.join([*problems, 'cast(null as varchar)'])})"
    return (
        f"select {line}_skip, _control, {names(contract)}, "
        f"case when not _skip then {problem} end as _problem from ("
        f"select {line}_skip, _control, {', '.join([*values, *passed_on])} from ("
        f"select {line}{''.join(texts)}{skip} as _skip, {control} as _control from ("
        f"select {line}{', '.join(trimmed)} from {source})))"
    )


def _trimmed(cell: str) -> str:
    """The cell without outer blanks, null if there is nothing else in it.

    Trimming copies the text, and hardly any cell needs it: one that begins with a visible ASCII
    character and ends without a blank is taken as it is.
    """
    ends = " and ".join(f"not suffix({cell}, '{blank}')" for blank in BLANKS)
    return (
        f"case when {cell} = '' then null when {cell} > '!' and {cell} < '\u0080' and {ends} "
        f"then {cell} else nullif(trim({cell}, '{BLANKS}'), '') end"
    )


def _text(contract: Contract, layout: Layout, column: Column) -> str:
    """The text of a column's cell: null values, mapped values and normal forms are seen to."""
    rules = column.rules
    places = layout.positions.get(column.name, ())
    if rules.identity == "test_flag":
        return f"concat_ws(' ', {', '.join(f't{place}' for place in places)})"
    if places:
        text = f"{'t' if rules.trim else 'u'}{places[0]}"
    else:
        text = literal(layout.constants[column.name])
    nulls = rules.null_values if rules.null_values is not None else contract.rules.null_values
    if nulls := tuple(value for value in nulls if value):
        text = f"case when {text} not in ({literals(nulls)}) then {text} end"
    if rules.values and rules.unmapped != "reject":
        text = _mapped(column, text)
    return f"nfc_normalize(lower({text}))" if rules.identity else text


def _mapped(column: Column, text: str) -> str:
    known = " ".join(
        f"when {literal(raw.lower())} then {literal(value)}"
        for raw, value in column.rules.values.items()
    )
    rest = f"else {text} " if column.rules.unmapped == "keep" else ""
    return f"case lower({text}) {known} {rest}end"


def _value(contract: Contract, column: Column, text: str, zone: str, layout: Layout) -> str:
    rules = column.rules
    if rules.day_of_period:
        # No period has more days; and an eight-digit date in this place is a bad date.
        is_count = f"regexp_full_match({text}, '[0-9]{{1,4}}')"
        days = f"case when {is_count} then cast({text} as integer) end"
        return f"cast('{layout.period_start}' as date) + {days}"
    if rules.values and rules.unmapped == "reject":
        text = _mapped(column, text)
    if rules.identity == "email":
        return f"case when regexp_full_match({text}, '{ADDRESS}') then {HMAC.format(text)} end"
    if rules.identity == "id":
        return HMAC.format(text)
    if rules.identity == "domain":
        domain = f"nullif(regexp_extract({text}, '{HOST}', 1), '')"
        addresses = [c.headers for c in contract.columns if c.rules.identity == "email"]
        if column.headers in addresses:
            # What is no address there may be a name with a dot in it.
            return f"case when regexp_full_match({text}, '{ADDRESS}') then {domain} end"
        return domain
    if rules.identity == "test_flag":
        return f"regexp_matches(lower({text}), '{TEST}')"
    if rules.address_part:
        return _part_of_address(rules.address_part, text)
    if column.is_text:
        return text
    if column.data_type == "boolean":
        folded = f"lower({text})"
        return (
            f"case when {folded} in ({literals(TRUE)}) then true "
            f"when {folded} in ({literals(FALSE)}) then false end"
        )
    if column.data_type in ("date", "timestamp"):
        return _moment(column, text, _zone(contract, column, zone), zone)
    return _number(column, text)


def _part_of_address(part: str, text: str) -> str:
    """A part of a web address; what else stands in its query is never kept."""
    if part == "path":
        path = rf"regexp_extract({text}, '{ORIGIN}([^?#]*)', 1)"
        return f"case when {text} is not null then coalesce(nullif({path}, ''), '/') end"
    if part == "parameters":
        query = rf"string_split(regexp_extract({text}, '\?([^#]*)', 1), '&')"
        named = f"list_transform({query}, lambda p: lower(split_part(p, '=', 1)))"
        return f"nullif(array_to_string(list_sort(list_distinct({named})), '&'), '')"
    value = rf"regexp_extract({text}, '(?i)[?&]{re.escape(part)}=([^&#]*)', 1)"
    plain = f"url_decode(replace({value}, '+', ' '))"
    is_address = rf"regexp_matches({text}, '{ADDRESS_START}')"
    return f"nullif(case when {is_address} then {plain} else {text} end, '')"


def reads(column: Column, text: str) -> str:
    """What a number or a time column makes of a text, as SQL: null where it does not fit."""
    if column.data_type not in ("date", "timestamp"):
        return _number(column, text)
    moment = _moment(column, text, "UTC", "UTC")
    within = f"{moment} >= '{FIRST_DAY}'::date and {moment} <= '{LAST_DAY}'::date"
    return f"case when {within} then {moment} end"


def _zone(contract: Contract, column: Column, reporting: str) -> str:
    zone = column.rules.timezone or contract.rules.timezone
    return reporting if zone == "workspace" else zone


def _moment(column: Column, text: str, zone: str, reporting: str) -> str:
    formats = column.rules.format
    if column.rules.from_preamble in ("period_start", "period_end"):
        formats = ("%Y-%m-%d",)
    if column.data_type == "date":
        return f"cast(try_strptime({text}, [{literals(formats or ('%Y-%m-%d',))}]) as date)"
    formats = formats or ("%Y-%m-%d %H:%M:%S",)
    aware = tuple(form for form in formats if "%z" in form.lower())
    timed = tuple(form for form in formats if form not in aware and HOUR.search(form))
    # A day without a time is a day of the reports, whatever the zone of the times: it never shifts.
    days = tuple(form for form in formats if form not in aware + timed)
    moments = []
    for naive, where in ((timed, zone), (days, reporting)):
        if naive:
            moment = f"try_strptime({text}, [{literals(naive)}])"
            utc = f"timezone('UTC', timezone({literal(where)}, {moment}))"
            moments.append(moment if where == "UTC" else utc)
    if aware:
        offset = f"case when suffix({text}, 'Z') then left({text}, -1) || '+00' else {text} end"
        moments.append(f"timezone('UTC', try_strptime({offset}, [{literals(aware)}]))")
    return f"coalesce({', '.join(moments)})" if len(moments) > 1 else moments[0]


def _number(column: Column, text: str) -> str:
    rules, kind = column.rules, column.data_type
    scale = 0 if kind == "bigint" else int(kind.rpartition(",")[2].rstrip(")"))
    shape = NUMBER_SHAPE.fullmatch(rules.number)
    assert shape
    point = re.escape(shape["decimal"])
    group = {None: None, " ": "[ \u00a0\u202f\u2009]", "'": "['’]"}.get(
        shape["thousands"], re.escape(shape["thousands"] or "")
    )
    # How far the point moves: to the left for per cent and `divide`, to the right for `1.2K`.
    left = 2 * rules.percent + len(str(rules.divide)) - 1
    right = len(str(max(rules.multipliers.values(), default=1))) - 1
    most = max(scale - left, 0) + right
    decimals = "[0-9]*" if scale >= 6 else f"[0-9]{{0,{most}}}0*"
    whole = f"(?:[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+)" if group else "[0-9]+"
    digits = f"(?:{whole}(?:{point}{decimals})?|{point}{decimals})"
    sign = " ?%" if rules.percent else ""
    if rules.multipliers:
        sign = f" ?(?:{'|'.join(map(re.escape, rules.multipliers))})?"
    grammar = rf"(?i)[-+]?{digits}{sign}|\({digits}{sign}\)"

    bare = text
    if rules.currency_symbols:
        bare = rf"regexp_replace({text}, '^([-+(]?)\s*{CURRENCY}\s*', '\1')"
        bare = rf"regexp_replace({bare}, '\s*{CURRENCY}\s*([)]?)$', '\1')"
    plain = f"regexp_replace({bare}, '[^0-9{shape['decimal']}-]', '', 'g')"
    plain = f"if({bare}[1] = '(', '-', '') || replace({plain}, '{shape['decimal']}', '.')"
    if left or right:
        # As exact decimals all the way: together no more than the 38 digits that there are.
        number = f"try_cast({plain} as decimal(28, {min(most + 2, 14)}))"
        if left:
            number = f"{number} * cast('1e-{left}' as decimal({left + 1}, {left}))"
        if right:
            cases = " ".join(
                f"when regexp_matches({bare}, {literal(f'(?i){re.escape(unit)}[)]?$')}) "
                f"then {factor}"
                for unit, factor in rules.multipliers.items()
            )
            number = f"{number} * cast(case {cases} else 1 end as decimal({right + 1}, 0))"
        moved, number = number, f"try_cast({number} as {kind})"
        if scale < 6:
            number = f"nullif({number}, case when {number} != {moved} then {number} end)"
    else:
        number = f"try_cast({plain} as {kind})"
    number = f"when regexp_full_match({bare}, {literal(grammar)}) then {number}"
    if shape["decimal"] == "." and not left and not right:
        simple = rf"[-+]?[0-9]+(?:\.{decimals})?"
        number = (
            f"when regexp_full_match({text}, '{simple}') then try_cast({text} as {kind}) {number}"
        )
    return f"case {number} end"


def _problem(column: Column, text: str, layout: Layout) -> str:
    """Why this column would keep a row from being loaded, or null; empty if it never would."""
    rules, value = column.rules, name(column.name)
    present = column.name in layout.positions or column.name in layout.constants
    cases = []
    if present and rules.identity is None:
        reason = REASONS.get(column.data_type, "bad_number")
        if not column.is_text or rules.unmapped == "reject":
            cases.append((f"{text} is not null and {value} is null", reason))
    if rules.not_null:
        cases.append((f"{value} is null", "missing_key"))
    if present:
        first, last = rules.min, rules.max
        if column.data_type in ("date", "timestamp"):
            first, last = first or FIRST_DAY, last or LAST_DAY
        above = " + interval 1 day" if column.data_type == "timestamp" else ""
        compare = ">=" if above else ">"
        if first is not None:
            cases.append((f"{value} < '{first}'::{column.data_type}", "out_of_window"))
        if last is not None:
            limit = f"'{last}'::{column.data_type}{above}"
            cases.append((f"{value} {compare} {limit}", "out_of_window"))
    whens = " ".join(f"when {case} then '{reason}:{column.name}'" for case, reason in cases)
    return f"case {whens} end" if cases else ""


def _totals(totals: Totals | None, layout: Layout) -> tuple[str, str]:
    """Whether a row is a total, and which of the control rows it is (the first listed counts)."""
    if totals is None:
        return "false", "cast(null as bigint)"
    places = [layout.positions[column][0] for column in totals.column if column in layout.positions]
    if totals.blank:
        blank = " and ".join(f"t{place} is null" for place in places)
        return blank or "false", "cast(null as bigint)"
    marked, labelled = [], []
    labels = " ".join(
        f"when {literal(label.lower())} then {rank}" for rank, label in enumerate(totals.control)
    )
    for place in dict.fromkeys([*places, 0]):
        start = literal((totals.starts_with or "").lower())
        marked.append(f"coalesce(starts_with(lower(t{place}), {start}), false)")
        labelled.append(f"case lower(t{place}) {labels} end" if labels else "null")
    skip = " or ".join(marked) if totals.starts_with else "false"
    return skip, f"cast(coalesce({', '.join(labelled)}) as bigint)"
