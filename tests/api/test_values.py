"""U18: values as notebooks have them. Before: their repr was sent to X."""

import math
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from field.rows import case

from oint_magics import errors
from oint_magics.api.values import text_of

HERE = timezone(timedelta(hours=-5))
TIMES = [
    ("a datetime in UTC", datetime(2026, 11, 1, 9, tzinfo=UTC), "2026-11-01T09:00:00Z"),
    ("a datetime elsewhere", datetime(2026, 11, 1, 9, tzinfo=HERE), "2026-11-01T14:00:00Z"),
    ("with milliseconds", datetime(2026, 11, 1, 9, 0, 0, 123_456, UTC), "2026-11-01T09:00:00.123Z"),
    ("a date", date(2026, 11, 1), "2026-11-01T00:00:00Z"),
    ("a pd.Timestamp", pd.Timestamp("2026-11-01 09:00", tz="UTC"), "2026-11-01T09:00:00Z"),
    ("a np.datetime64", np.datetime64("2026-11-01T09:00"), "2026-11-01T09:00:00Z"),
    ("text: a day", "2026-11-01", "2026-11-01T00:00:00Z"),
    ("text: minutes", "2026-11-01T09:00Z", "2026-11-01T09:00:00Z"),
    ("text: no zone", "2026-11-01 09:00", "2026-11-01T09:00:00Z"),
    ("text: another zone", "2026-11-01T09:00+02:00", "2026-11-01T07:00:00Z"),
]
LISTS = [
    ("np.int64", np.int64(1980000000000000001), "1980000000000000001"),
    ("df[column].unique()", pd.Series([5, 6, 5]).unique(), "5,6"),
    ("a Series of text", pd.Series(["5", "6"]), "5,6"),
    ("map", map(str, (5, 6)), "5,6"),
    ("dict.keys()", {"5": 1, "6": 2}.keys(), "5,6"),
    ("a set of one", {"5"}, "5"),
    ("a generator", (n for n in (5, 6)), "5,6"),
    ("True", True, "true"),
    ("np.bool_", np.bool_(False), "false"),
    ("text", "5,6", "5,6"),
]
REFUSED = [
    ("a naive datetime", "time", datetime(2026, 11, 1), "does not say its zone"),  # noqa: DTZ001 - that is the case
    ("a naive pd.Timestamp", "time", pd.Timestamp("2026-11-01"), "does not say its zone"),
    ("a number as a time", "time", 5, "takes a time"),
    ("an impossible day", "time", "2026-02-30", "no time that X takes"),
    ("words as a time", "time", "yesterday", "no time that X takes"),
    ("a float id", "list", [1.98e18], "has lost its last digits"),
    ("float ids of a frame", "list", pd.Series([1980000000000000001, None]), "has lost its last digits"),
    ("a missing one", "list", [math.nan], "is missing"),
    ("half a post", "number", 5.5, "a decimal point"),
    ("an object", "text", object(), "takes text, numbers or times"),
    ("a mapping", "text", {"a": 1}, "takes text, numbers or times"),
    ("bytes", "text", b"5", "takes text, numbers or times"),
]


@pytest.mark.parametrize(("value", "text"), [case("U18", what, "its repr", value, text) for what, value, text in TIMES])
def test_times(after, value, text):
    assert text_of("start_time", value, "time") == text
    after(text)


@pytest.mark.parametrize(("value", "text"), [case("U18", what, "its repr", value, text) for what, value, text in LISTS])
def test_others(after, value, text):
    assert text_of("ids", value, "list") == text
    after(text)


@pytest.mark.parametrize(
    ("kind", "value", "said"), [case("U18", what, "sent", kind, value, said) for what, kind, value, said in REFUSED]
)
def test_what_is_refused(after, kind, value, said):
    with pytest.raises(errors.UsageError, match="Nothing was sent") as caught:
        text_of("ids", value, kind)

    assert said in str(caught.value)
    after(caught.value.what)
