from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oint_magics.auth import token_format
from oint_magics.sandbox.accounts import _packed

OPI_ACCESS_TOKEN = _packed("Mmjr8kW52OkXiU_ekozop5QOVRDpMqwvZSVQJF1993SXr:1728452946643:1:1:at:1")
OPI_REFRESH_TOKEN = _packed("ntg9zUuucvZvk9dV63hC0caqtYhM-7ihXhqcpGhuZj18c:1728452946643:1:1:rt:1")


def test_reads_the_tokens_that_opi_recorded():
    """Kind and millisecond are in the token."""
    assert token_format.kind_of(OPI_ACCESS_TOKEN) == "an access token"
    assert token_format.kind_of(OPI_REFRESH_TOKEN) == "a refresh token"
    assert token_format.issued_at(OPI_ACCESS_TOKEN) == datetime(2024, 10, 9, 5, 49, 6, 643_000, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "x", "abc.def", "Zm9v", "sandbox-1", "é" * 20, "a:b:c:d:at:f"])
def test_says_nothing_of_other_texts(text):
    assert token_format.kind_of(text) is None
    assert token_format.issued_at(text) is None


def test_the_alphabet_is_base64urls():
    """A token with `-` and `_` is read, one with a foreign character is not."""
    text = _packed("?>?>?>~~~~:1728452946643:1:1:at:1")

    assert "-" in text or "_" in text
    assert token_format.kind_of(text) == "an access token"
    assert token_format.kind_of(text[:4] + "!" + text[4:]) is None


@pytest.mark.parametrize(
    "stamp", ["172845294664", "17284529466430", "172845294664x", "²728452946643", "", "-728452946643"]
)
def test_a_stamp_that_is_none(stamp):
    assert token_format.issued_at(_packed(f"abc:{stamp}:1728452946643:1:at:1")) is None


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]+", fullmatch=True))
def test_never_fails(text):
    token_format.kind_of(text)
    token_format.issued_at(text)
