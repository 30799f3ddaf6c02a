import copy
import json
import os
import pickle
import pprint
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from oint_magics.auth.structure import auth_of
from oint_magics.display.times import moment
from oint_magics.oauth.raw_answer import Answer
from oint_magics.oauth.token_endpoint import read_grant
from oint_magics.secret import fingerprint
from oint_magics.tokens.response import SavedTo, auth_of_response, from_grant, from_store

NOW = datetime(2026, 11, 23, 12, 5, tzinfo=UTC)
ACCESS, REFRESH = "MARKaccess" + "a" * 40, "MARKrefresh" + "r" * 40
OLD_ACCESS, OLD_REFRESH, CLIENT = "MARKoldaccess" + "o" * 40, "MARKoldrefresh" + "o" * 40, "MARKclient" + "c" * 40
SENT = {"client_id": "an-id", "client_secret": CLIENT, "access_token": OLD_ACCESS, "refresh_token": OLD_REFRESH}
PAIR = {"token_type": "bearer", "expires_in": 7200, "access_token": ACCESS, "scope": "a b", "refresh_token": REFRESH}


def response(sent=SENT, home=SavedTo("auth.json", "/folder/auth.json"), notes=(), **changes):
    answer = {k: v for k, v in (PAIR | changes).items() if v is not ...}
    auth = auth_of(sent)
    return from_grant(
        read_grant(Answer(200, {}, json.dumps(answer).encode(), None), auth, "host", NOW), auth, home, notes
    )


def test_is_xs_answer_as_a_mapping():
    r = response()

    assert dict(r) == PAIR
    assert r["access_token"] == ACCESS
    assert len(r) == 5
    assert list(r) == list(PAIR)
    assert r.get("nothing") is None
    with pytest.raises(KeyError):
        r["nothing"]
    with pytest.raises(TypeError):
        r["access_token"] = "x"


def test_knows_when_what_and_where():
    r = response()

    assert r.expires_at == NOW + timedelta(hours=2)
    assert r.scopes == ("a", "b")
    assert r.saved_to == "auth.json"
    assert response(expires_in=..., scope=...).expires_at is None
    assert response(scope=5).scopes == ()


SHOWS = [repr, str, format, "{:>9}".format, "%s".__mod__, pprint.pformat, lambda r: json.dumps(r._repr_mimebundle_()),
         lambda r: repr([r]), lambda r: "".join(repr(getattr(r, n)) for n in dir(r) if n != "__weakref__")]  # fmt: skip


@pytest.mark.parametrize("show", SHOWS, ids=range(len(SHOWS)))
def test_everything_shown_by_itself_is_masked(show):
    """Only indexing gives a token away."""
    text = show(response(echo=f"you sent {OLD_REFRESH}", **{REFRESH: "x", "id_token": ACCESS, "my_secret": CLIENT}))

    for secret in (ACCESS, REFRESH, OLD_ACCESS, OLD_REFRESH, CLIENT):
        assert secret not in text
        assert secret[5:] not in text


def test_an_echo_in_the_scopes_is_cut_in_every_row():
    text = str(response(SENT | {"scope": "a"}, scope=f"a {CLIENT} {OLD_REFRESH} {REFRESH}"))

    assert "scopes gained" in text
    for secret in (CLIENT, OLD_REFRESH, REFRESH):
        assert secret[:12] not in text


def test_cannot_be_pickled_and_copies_are_itself():
    r = response()

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="saved_to"):
            pickle.dumps(r, protocol)
    assert copy.copy(r) is r
    assert copy.deepcopy(r) is r
    assert not hasattr(r, "__dict__")
    assert {r: 1}[r] == 1
    assert r == r
    assert r != response()


def test_the_tables_rows_in_order():
    rows = [line.split("  ")[0] for line in str(response(notes=(("a note", "its text"),))).splitlines()]

    assert rows == ["Tokens of X (OAuth 2.0)", "token_type", "expires_in", "access_token", "scope", "refresh_token",
                    "expires at", "saved to", "a note"]  # fmt: skip


def test_the_whole_table():
    """Only tokens are masked; everything else stands as X wrote it."""
    assert str(response()).splitlines()[:6] == [
        "Tokens of X (OAuth 2.0)",
        "token_type     bearer",
        "expires_in     7200",
        f"access_token   MARK…aaaa #{fingerprint(ACCESS)[:10]}",
        "scope          a b",
        f"refresh_token  MARK…rrrr #{fingerprint(REFRESH)[:10]}",
    ]
    assert f"<code>MARK…aaaa #{fingerprint(ACCESS)[:10]}</code>" in response()._repr_mimebundle_()["text/html"]
    assert "<td>a b</td>" in response()._repr_mimebundle_()["text/html"]


def test_forty_keys_are_all_shown():
    assert "more keys" not in str(response(**{f"k{n}": n for n in range(35)}))
    assert "1 more keys" in str(response(**{f"k{n}": n for n in range(36)}))


def test_masked_tokens_can_be_told_apart():
    assert f"MARK…aaaa #{fingerprint(ACCESS)[:10]}" in str(response())
    assert f"MARK…rrrr #{fingerprint(REFRESH)[:10]}" in str(response())


# A process of its own: a time zone is the whole process's.
EXPIRY = """
from datetime import UTC, datetime
from oint_magics.display.times import moment
print(moment(datetime(2026, 11, 23, 14, 5, tzinfo=UTC)))
"""


@pytest.mark.parametrize(("zone", "text"), [
    ("UTC", "2026-11-23 14:05 UTC"),
    ("Europe/Moscow", "2026-11-23 14:05 UTC (17:05 +03:00)"),
    ("America/St_Johns", "2026-11-23 14:05 UTC (10:35 -03:30)"),
])  # fmt: skip
def test_the_expiry_is_true_when_read_later(zone, text):
    done = subprocess.run(
        [sys.executable, "-c", EXPIRY], env=os.environ | {"TZ": zone}, capture_output=True, text=True, check=True
    )

    assert done.stdout == f"{text}\n"
    r = response()
    assert f"{moment(r.expires_at)}, 2 h after this refresh" in str(r)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "5 s"), (59, "59 s"), (90, "1 min"), (5400, "1 h 30 min"), (7199, "2 h"), (7200, "2 h"), (86400, "24 h")],
)
def test_durations(seconds, words):
    assert f", {words} after this refresh" in str(response(expires_in=seconds))


def test_scopes_lost_and_gained():
    text = str(response(SENT | {"scope": "b c d"}))

    assert "scopes lost    c d" in text
    assert "scopes gained  a" in text
    assert "scopes" not in str(response(SENT | {"scope": "b a"}))
    assert "scopes" not in str(response(SENT))
    assert "scopes" not in str(response(SENT | {"scope": "b c"}, scope=...))


def test_a_missing_refresh_token_is_said_in_words():
    assert "none in the answer: the one from before is kept" in str(response(refresh_token=...))
    without = {k: v for k, v in SENT.items() if k != "refresh_token"}
    assert "did not ask for offline.access" in str(response(without, refresh_token=...))


def test_a_repeated_refresh_token_is_no_rotation():
    assert "repeats the refresh token from before" in str(response(refresh_token=OLD_REFRESH))
    assert "repeats" not in str(response())


def test_the_sandboxs_caption_says_so():
    r = response(SENT | {"client_id": "sandbox-x"})

    assert str(r).startswith("SANDBOX")
    assert "<caption>SANDBOX" in r._repr_mimebundle_()["text/html"]


def test_an_answer_of_a_thousand_keys_is_a_table_of_forty():
    text = str(response(**{f"k{n}": n for n in range(1000)}))

    assert "965 more keys" in text
    assert len(text.splitlines()) < 60


def test_rebuilt_from_a_store_when_nothing_was_sent():
    end = NOW + timedelta(minutes=80)
    r = from_store(auth_of(SENT | {"scope": "a b", "expires_at": end.timestamp()}), NOW, SavedTo("profile:x", "x"))

    assert dict(r) == {"token_type": "bearer", "expires_in": 4800, "access_token": OLD_ACCESS, "scope": "a b",
                       "refresh_token": OLD_REFRESH}  # fmt: skip
    assert r.expires_at == end
    assert "1 h 20 min after this look" in str(r)
    assert "nothing was sent" in str(r)
    assert list(from_store(auth_of({"client_id": "x", "access_token": "y"}), NOW, None)) == [
        "token_type",
        "access_token",
    ]


def test_the_auth_behind_it_holds_the_new_pair():
    values = auth_of_response(response(SENT))

    assert values == SENT | {"access_token": ACCESS, "refresh_token": REFRESH,
                             "expires_at": int((NOW + timedelta(hours=2)).timestamp())}  # fmt: skip


def test_repr_is_one_line():
    assert (
        repr(response())
        == f"<TokenResponse MARK…aaaa #{fingerprint(ACCESS)[:10]}, ends 2026-11-23 14:05 UTC, saved to auth.json>"
    )
    assert (
        repr(response(home=None, expires_in=...)) == f"<TokenResponse MARK…aaaa #{fingerprint(ACCESS)[:10]}, not saved>"
    )
