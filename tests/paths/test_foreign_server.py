"""The client against an OAuth server that we did not write: single use, rotation, form-encoded Basic."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from oint_magics import errors, twitter

SERVER = Path(__file__).parent.parent / "foreign_server.py"


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """Its token endpoint, and an auth structure for each kind of client."""
    with subprocess.Popen(
        [sys.executable, str(SERVER), str(tmp_path_factory.mktemp("foreign"))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield json.loads(process.stdout.readline())
        process.stdin.close()


@pytest.mark.parametrize("client", ["confidential", "special", "public"])
def test_five_chained_refreshes_and_no_sixth_use(foreign, client, monkeypatch):
    """Each refresh spends what the one before has saved; a spent token is refused, and that is said."""
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", foreign["url"])
    Path("auth.json").write_text(json.dumps(foreign["clients"][client]))
    spent = [foreign["clients"][client]["refresh_token"]]

    for _ in range(5):
        response = twitter.refresh("auth.json")
        assert response["access_token"] == json.loads(Path("auth.json").read_text())["access_token"]
        spent.append(response["refresh_token"])
    assert len(set(spent)) == 6

    Path("old.json").write_text(json.dumps(foreign["clients"][client]))
    assert twitter.refresh("old.json").saved_to == "auth.json"  # this machine's journal knows the successor
    monkeypatch.setenv("OINT_HOME", str(Path("another-machine").resolve()))
    with pytest.raises(errors.InvalidGrant) as caught:
        twitter.refresh("old.json")
    assert caught.value.error == "invalid_grant"


def test_a_wrong_secret_is_an_invalid_client(foreign, monkeypatch):
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", foreign["url"])
    wrong = foreign["clients"]["confidential"] | {"client_secret": "wrong", "refresh_token": "any"}

    with pytest.raises(errors.InvalidClient):
        twitter.refresh(wrong, to="profile:wrong")
