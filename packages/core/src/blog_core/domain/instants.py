"""Instants are aware and in UTC; as text they are RFC 3339 with six digits and `Z`."""

import re
from datetime import UTC, datetime

# RFC 3339 with an offset and at most six digits, in the years 1970 to 9998. What it cannot say is
# how many days a month has, and where an offset leads out of these years.
INSTANT = (
    r"^(?:19[7-9][0-9]|[2-8][0-9]{3}|9(?:[0-8][0-9]{2}|9(?:[0-8][0-9]|9[0-8])))"
    r"-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
)
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:[Zz]|[+-][0-2][0-9]:[0-5][0-9])\Z"
)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(9999, 1, 1, tzinfo=UTC)


def parse_instant(text: str) -> datetime:
    """An RFC 3339 date-time with an offset, in UTC.

    Raises ValueError with a sentence for people: another form, no such day, or outside the years
    1970 to 9998.
    """
    if not _RFC3339.match(text):
        raise ValueError("Use an RFC 3339 date-time with an offset, as 2026-01-02T03:04:05Z.")
    try:
        instant = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("There is no such instant.") from None
    if not _EARLIEST <= instant < _END:
        raise ValueError("Use a year from 1970 to 9998.")
    return instant


def format_instant(instant: datetime) -> str:
    """`2026-01-02T03:04:05.000006Z`."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
