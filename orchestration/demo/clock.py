"""Time in the demo company: instants in UTC seconds, days in New York, and the text of both.

No event and no rule belongs here. Days are counted from 1970-01-01, months from 2024-11 (0 to 23).
Everything is whole numbers, so the same seed gives the same bytes on every machine.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
EPOCH = date(1970, 1, 1)
MINUTE, HOUR, DAY = 60, 3600, 86_400
N_MONTHS = 24


def day_of(value: date) -> int:
    """The number of a calendar day."""
    return (value - EPOCH).days


def date_of(day: int) -> date:
    """The calendar day of a number."""
    return EPOCH + timedelta(days=day)


FIRST_DAY = day_of(date(2024, 11, 1))
LAST_DAY = day_of(date(2026, 10, 31))
MONTH_STARTS = [
    day_of(date(2024 + (10 + m) // 12, (10 + m) % 12 + 1, 1)) for m in range(N_MONTHS + 1)
]
MONTHS = [date_of(day).isoformat()[:7] for day in MONTH_STARTS[:N_MONTHS]]


def _offsets() -> tuple[list[int], list[int]]:
    """When the zone's distance from UTC changes, and what it is from then on."""
    starts: list[int] = [0]
    offsets: list[int] = []
    instant = datetime(2024, 1, 1, tzinfo=UTC)
    while instant < datetime(2028, 1, 1, tzinfo=UTC):
        offset = int((instant.astimezone(ZONE).utcoffset() or timedelta()).total_seconds())
        if not offsets:
            offsets.append(offset)
        elif offsets[-1] != offset:
            starts.append(int(instant.timestamp()))
            offsets.append(offset)
        instant += timedelta(hours=1)
    return starts, offsets


OFFSET_STARTS, OFFSETS = _offsets()


def local(instant: int) -> int:
    """Seconds of the wall clock in New York, counted as if it were UTC."""
    return instant + OFFSETS[bisect_right(OFFSET_STARTS, instant) - 1]


def local_day(instant: int) -> int:
    """The day in New York on which an instant falls."""
    return local(instant) // DAY


def at(day: int, second: int) -> int:
    """The instant at a second of a day in New York."""
    wall = day * DAY + second
    guess = wall - OFFSETS[bisect_right(OFFSET_STARTS, wall) - 1]
    return wall - OFFSETS[bisect_right(OFFSET_STARTS, guess) - 1]


def clear_of_fold(instant: int) -> int:
    """The instant, moved on when the wall clock shows its hour twice that day.

    Some exports hold wall-clock times without a zone: no one can tell such an hour's two meanings.
    """
    for start in OFFSET_STARTS[1:]:
        if start - HOUR <= instant < start + HOUR:
            return instant + 3 * HOUR
    return instant


END = at(LAST_DAY, 18 * HOUR)  # the exports are made then: nothing happens later


def month_of(day: int) -> int:
    """The number of the month in which a day falls."""
    return bisect_right(MONTH_STARTS, day) - 1


def weekday(day: int) -> int:
    """Monday is 0."""
    return (day + 3) % 7


def workday(day: int) -> int:
    """The day itself, or the Monday after a weekend."""
    return day + max(0, 7 - weekday(day)) if weekday(day) > 4 else day


def office_hour(day: int, dice: Random) -> int:
    """An instant at which sales works: on a workday, now and then late in the evening."""
    if dice.random() < 0.06:
        second = dice.randrange(20 * HOUR, 24 * HOUR)
    else:
        second = dice.randrange(8 * HOUR, 18 * HOUR)
    return at(workday(day), second)


def any_hour(day: int, dice: Random) -> int:
    """A whole minute at which a visitor may act: any day, a few just after midnight."""
    first, last = (1, 59) if dice.random() < 0.03 else (6 * 60, 24 * 60)
    return at(day, dice.randrange(first, last) * MINUTE)


_DAY_TEXT = {day: date_of(day).isoformat() for day in range(FIRST_DAY - 800, LAST_DAY + 2000)}
_CLOCK_TEXT = [
    f"{second // HOUR:02d}:{second // MINUTE % 60:02d}:{second % 60:02d}" for second in range(DAY)
]


def day_text(day: int) -> str:
    """`2025-03-09`."""
    return _DAY_TEXT[day]


def utc_text(instant: int) -> str:
    """`2025-03-09 06:30:00` in UTC."""
    return f"{_DAY_TEXT[instant // DAY]} {_CLOCK_TEXT[instant % DAY]}"


def local_minute_text(instant: int) -> str:
    """`2025-03-09 02:30` on the wall clock of New York."""
    wall = local(instant)
    return f"{_DAY_TEXT[wall // DAY]} {_CLOCK_TEXT[wall % DAY][:5]}"


def month_name(day: date) -> str:
    """`March`, whatever the machine's language."""
    return _MONTH_NAMES[day.month - 1]


_MONTH_NAMES = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
]  # fmt: skip
WEEKDAY_NAMES = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
