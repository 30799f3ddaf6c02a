"""What an attack on other programs' files and on odd folders found."""

import contextlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

import as_nobody
import pytest
from patience import LONG

from oint_magics import errors, twitter
from oint_magics.auth import foreign, spellings
from oint_magics.auth.structure import auth_of, require_refresh_token
from oint_magics.notebook import arguments, inline
from oint_magics.notebook.magic_table import MAGICS
from oint_magics.oauth.authorization import redirect_in
from oint_magics.tokens import not_found


def app(pair):
    return {key: pair[key] for key in ("client_id", "client_secret", "sandbox")}


@pytest.mark.parametrize("around", [
    lambda pair: {"access_token": "another-service-s", "expires_at": 4_000_000_000, "twitter": pair},
    lambda pair: {"X_ACCESS_TOKEN": "another-service-s"} | {f"TWITTER_{key.upper()}": value for key, value in pair.items()},
    lambda pair: pair | {"app": {"name": "x", "expiration": "2030-01-01T00:00:00Z", "access_token": "another-service-s"}},
    lambda pair: pair | {"Яндекс": {"access_token": "another-service-s", "expires_at": 5, "refresh_token": "another-service-s"}},
    lambda pair: pair | {"": {"access_token": "another-service-s"}, "_": {"refresh_token": "another-service-s"}},
    lambda pair: pair | {"старый_refresh_token": "another-service-s", "_refresh_token": "another-service-s"},
    lambda pair: {"client_secret": "another-service-s", "client_id": "another", "twitter": pair},
])  # fmt: skip
def test_another_service_s_values_are_neither_sent_nor_changed(strict, around):
    pair = {key: value for key, value in strict.issue().items() if key not in ("access_token", "scope", "redirect_uri")}
    given = around(pair)
    Path("auth.json").write_text(json.dumps(given, ensure_ascii=False))

    twitter.refresh("auth.json")
    assert twitter.me("auth.json")["username"] == "sandbox"

    text = Path("auth.json").read_text()
    assert text.count("another-service-s") == json.dumps(given).count("another-service-s")
    assert strict.accounts.counts.refused == strict.accounts.counts.reuses == 0


@pytest.mark.parametrize("name", ["config.toml", "settings.py", "auth.ini", "notes.txt"])
def test_no_other_kind_of_file_is_read_as_dotenv(name):
    Path(name).write_text(
        "# conf\n[twitter]\nclient_id = 'a'\nrefresh_token = 'b'\n[google]\nclient_id = 'g'\nrefresh_token = 'h'\n"
    )
    with pytest.raises(errors.AuthError):
        twitter.refresh(name)


@pytest.mark.parametrize(
    "line",
    ["[google]", 'export X_REFRESH_TOKEN="b";', "export X_CLIENT_SECRET=a X_REFRESH_TOKEN=b", "A=" + " " * 4000 + "b"],
)
def test_a_dotenv_line_that_is_read_otherwise_elsewhere_is_named(line):
    Path(".env").write_text(f"X_CLIENT_ID=a\n{line}\n")

    with pytest.raises(errors.AuthSyntaxError, match=r"line \d") as caught:
        twitter.refresh(".env")
    assert "log in" not in str(caught.value)


def test_without_a_data_folder_the_process_uses_what_it_was_granted(strict, monkeypatch):
    """A `.env` without a variable for the access token: one refresh, and calls that work."""
    pair = strict.issue()
    Path(".env").write_text(
        "".join(f"X_{key.upper()}={pair[key]}\n" for key in ("client_id", "client_secret", "refresh_token", "sandbox"))
    )
    monkeypatch.setenv("OINT_HOME", "/proc/nope/x")

    session = twitter.session(".env")
    for _ in range(3):
        assert session.get(f"{session.api}/2/users/me").status_code == 200
    assert strict.accounts.counts.refreshes == 1


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00",
        "0000-00-00 00:00:00",
        "2026-13-45 00:00:00",
        "2026-01-01T00:00:00+99:99",
        "never",
        True,
        1e300,
    ],
)
def test_an_end_that_is_none_stops_nothing(strict, value):
    Path("auth.json").write_text(json.dumps(strict.issue() | {"expires_at": value}))
    twitter.refresh("auth.json")
    twitter.refresh("auth.json")
    assert isinstance(
        json.loads(Path("auth.json").read_text())["expires_at"], str if isinstance(value, str) else int | float
    )


@pytest.mark.parametrize(
    ("name", "value"), [("expires", True), ("expires", "never"), ("expires", 7200), ("expiry", "30 days")]
)
def test_what_is_no_end_is_left_alone(strict, name, value):
    Path("auth.json").write_text(json.dumps(strict.issue() | {name: value}))
    twitter.refresh("auth.json")
    assert json.loads(Path("auth.json").read_text())[name] == value


def test_not_a_number_is_nothing(strict):
    assert twitter.refresh(strict.issue() | {"expires_at": float("nan")}, to="n.json")["access_token"]


@pytest.mark.parametrize(
    "content", [{"format": 1, "access_token": 5, "refresh_token": 7}, {"format": 1, "expires_at": 10**30}, [], "x"]
)
def test_a_damaged_copy_of_the_newest_tokens_stops_nothing(strict, home, content):
    pair = strict.issue()
    Path(".env").write_text(
        "".join(f"X_{key.upper()}={pair[key]}\n" for key in ("client_id", "client_secret", "refresh_token", "sandbox"))
    )
    twitter.refresh(".env")
    (copy,) = (home / "oint" / "newest").glob("*.json")
    copy.write_text(json.dumps(content))

    assert twitter.refresh(".env")["access_token"]


@pytest.mark.parametrize("more", [
    {"tokens": {"refresh": "living"}}, {"oauth2": {"refreshTokenValue": "living"}}, {"refresh_token_2024": "living"},
    {"twitter_refresh_token_v2_prod1": "living"}, {"tokens": '{"refresh_token": "living"}'}, {"r" * 50 + "_refresh": "living"},
])  # fmt: skip
def test_a_refresh_token_under_an_odd_name_is_not_answered_with_a_login(more):
    with pytest.raises(errors.AuthFieldError) as caught:
        require_refresh_token(auth_of({"client_id": "c"} | more))
    assert "log in" not in str(caught.value)
    assert "names that look like it" in caught.value.cause


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refused_app_s_words_hold_no_secret(raw, monkeypatch, status):
    from raw_server import answer

    secret, token = "kR7-short-secret-0123", "rt.secret~1234567890"
    body = json.dumps({"title": "F", "detail": f"app:{secret} token {token} is not enrolled"}).encode()
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{raw(answer(f'{status} No', body)).url}/t")

    with pytest.raises(errors.AppRefused) as caught:
        twitter.refresh({"client_id": "app", "client_secret": secret, "refresh_token": token}, to="profile:x")
    assert secret not in str(caught.value)
    assert token not in str(caught.value)


@pytest.mark.parametrize("call", [
    lambda: foreign.is_showable("k" * 10**6 + "11"), lambda: foreign.is_unfilled("{{" * 10**5), lambda: spellings.key_of("x" * 10**6),
    lambda: arguments.parse("{a." + " " * 1_000_000 + "x", MAGICS["twitter_refresh"]), lambda: inline.take_out(['%twitter_me "' + "\\" * 1_000_000]),
    lambda: redirect_in("a" + " " * 16_000 + "b"), lambda: not_found.is_expression("{a.b" + "}" * 1_000_000 + "\nx"),
    lambda: twitter.keep("big.xurl", "profile:x"),
])  # fmt: skip
def test_nothing_takes_the_square_of_a_long_input(call):
    """Quadratic time would reach any bound here."""
    Path("big.xurl").write_text("\n" * 2**19 + "oauth2_tokens")
    start = time.process_time()
    with contextlib.suppress(errors.OintError):
        call()
    assert time.process_time() - start < LONG


# A folder in which nothing can be made: the state lies in the data folder.
@pytest.fixture
def closed():
    """A folder of root's that everybody may enter."""
    folder = Path(tempfile.mkdtemp(prefix="closed-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


KILLED = """
import oint_magics.stores.file as file
save = file.FileStore.save
def stop(*_): os._exit(0)
file.FileStore.save = stop
twitter.refresh("auth.json")
"""
AGAIN = "print(json.dumps(said(lambda: twitter.refresh('auth.json'))))"


def as_uid(code, folder, tmp_path, uid, home):
    return as_nobody.run(code, folder, tmp_path, uid=uid, gid=uid, is_theirs=False, OINT_HOME=str(home))


@pytest.mark.parametrize("opened", [True, False])
def test_an_answer_is_found_where_the_folder_was_opened_since(strict, closed, tmp_path, opened):
    (closed / "auth.json").write_text(json.dumps(strict.issue()))
    (closed / "auth.json").chmod(0o600)
    home = closed / "home"
    home.mkdir()
    for path in (closed / "auth.json", home):
        os.chown(path, 54321, 54321)
    as_uid(KILLED, closed, tmp_path, 54321, home / "oint")
    if opened:
        os.chown(closed, 54321, 54321)

    said = as_uid(AGAIN, closed, tmp_path, 54321, home / "oint")

    assert "repaired" in said[0]
    assert strict.accounts.counts.reuses == strict.accounts.counts.refused == 0


@pytest.mark.parametrize("mode", [0o666, 0o660])
def test_a_file_that_others_write_is_refused_in_a_closed_folder(strict, closed, tmp_path, mode):
    """Each user has a data folder of their own: nothing would keep them from sending one token twice."""
    (closed / "auth.json").write_text(json.dumps(strict.issue()))
    os.chown(closed / "auth.json", 54321, 54322)
    (closed / "auth.json").chmod(mode)
    for uid in (54321, 54322):
        home = closed / f"home{uid}"
        home.mkdir()
        os.chown(home, uid, uid)
        assert as_uid(AGAIN, closed, tmp_path, uid, home / "oint")[0].startswith("StoreNotWritable")
    assert strict.accounts.counts.refreshes == 0


def test_two_data_folders_of_one_user_share_the_lock(strict, closed, tmp_path):
    """A closed folder, and a container that was started with another OINT_HOME: the file itself is the lock."""
    (closed / "auth.json").write_text(json.dumps(strict.issue()))
    (closed / "auth.json").chmod(0o600)
    for name in ("one", "two"):
        (closed / name).mkdir()
        os.chown(closed / name, 54321, 54321)
    os.chown(closed / "auth.json", 54321, 54321)
    code = f"""
import fcntl
held = open("auth.json", "rb+"); fcntl.flock(held, fcntl.LOCK_EX)
os.environ["OINT_TWITTER_TIMEOUT"] = "1"
from oint_magics.stores import locks, open_store
try:
    with open_store("auth.json").lock(0.1, lambda: None): print(json.dumps("taken"))
except errors.StoreBusy: print(json.dumps("busy"))
held.close()
{AGAIN}
"""
    said = as_uid(code, closed, tmp_path, 54321, closed / "two" / "oint")
    assert said[0] == "busy"
    assert strict.accounts.counts.refreshes == 1
