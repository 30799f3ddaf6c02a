"""M1: machines that are thrown away, and the only copy of the new tokens with them."""

import json
from pathlib import Path

import pytest
from field.rows import case
from raw_server import answer

from oint_magics import twitter
from oint_magics.auth.structure import auth_of
from oint_magics.errors import StoreError
from oint_magics.stores import machine, open_store
from oint_magics.twitter import calls

PAIR = {"token_type": "bearer", "expires_in": 7200, "access_token": "new-access", "refresh_token": "new-token"}
MARKERS = [case("M1", f"{name}: a variable, a file, a profile", "account lost on the second day", name, marker, value) for name, marker, value in [
    ("Colab", "COLAB_RELEASE_TAG", "release-colab-20261101"), ("Kaggle", "KAGGLE_KERNEL_RUN_TYPE", "Interactive"),
    ("Databricks", "DATABRICKS_RUNTIME_VERSION", "15.4"), ("Binder", "BINDER_SERVICE_HOST", "10.0.0.1"), ("GitHub Actions", "GITHUB_ACTIONS", "true")]]  # fmt: skip


@pytest.fixture
def server(raw, monkeypatch, tmp_path):
    """Nothing chose a data folder here: it lies on the machine's disk."""
    monkeypatch.delenv("OINT_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    server = raw(lambda connection: answer("200 OK", json.dumps(PAIR).encode())(connection))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    return server


@pytest.mark.parametrize(("name", "marker", "value"), MARKERS)
def test_a_place_is_asked_for_before_anything_is_sent(server, auth, monkeypatch, after, name, marker, value):
    monkeypatch.setenv(marker, value)
    Path("auth.json").write_text(json.dumps(auth))
    Path(".env").write_text(f"X_CLIENT_ID=a\nX_REFRESH_TOKEN={auth['refresh_token']}\n")
    open_store("profile:work").create(auth_of(auth))
    for given in (auth, "auth.json", ".env", "profile:work"):
        with pytest.raises(StoreError) as caught:
            calls.refresh(given, interactive=True)
        text = str(caught.value)
        assert f"({name}). Nothing was sent." in text
        assert "--to" in text
        assert "auth.json" in text or "profile:work" in text or ".env" in text
        assert auth["refresh_token"] not in text
    with pytest.raises(StoreError):
        twitter.session("auth.json").get(f"{server.url}/2/users/me")
    assert server.requests == []
    after(str(caught.value.next_step))


@pytest.mark.parametrize("place", ["profile:work", "auth.json", "there.json"])
def test_a_named_place_is_enough_and_the_table_says_what_ends(server, auth, monkeypatch, place):
    """The same file counts; once named, a place is named for the process."""
    monkeypatch.setenv("COLAB_RELEASE_TAG", "x")
    Path("auth.json").write_text(json.dumps(auth))

    response = twitter.refresh("auth.json", to=place)

    assert "ends with this machine (Colab): download it" in str(response)
    assert twitter.refresh(place)["access_token"] == "new-access"


def test_a_place_that_lasts_is_named_and_says_nothing_of_an_end(server, auth, monkeypatch, tmp_path):
    drive = tmp_path / "drive"
    drive.mkdir()
    colab = machine.MACHINES[0]._replace(lasting=(str(drive),))
    monkeypatch.setattr(machine, "MACHINES", (colab,))
    monkeypatch.setattr(machine, "_is_mounted", lambda folder: Path(folder).is_dir())
    monkeypatch.setenv("COLAB_RELEASE_TAG", "x")
    Path("auth.json").write_text(json.dumps(auth))

    with pytest.raises(StoreError) as caught:
        twitter.refresh("auth.json")
    assert f'to="{drive}/auth.json"' in caught.value.next_step

    response = twitter.refresh("auth.json", to=f"{drive}/auth.json")
    assert "ends with" not in str(response)
    assert twitter.refresh(f"{drive}/auth.json")["access_token"] == "new-access"


def test_a_chosen_data_folder_is_a_choice(server, auth, monkeypatch, tmp_path):
    monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Batch")
    monkeypatch.setenv("OINT_HOME", str(tmp_path / "chosen"))

    assert "ends with this machine" in str(calls.refresh(auth, interactive=True))


def test_the_sandbox_needs_no_place(sandbox, monkeypatch, auth_file):
    monkeypatch.delenv("OINT_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", "/nowhere")
    monkeypatch.setenv("COLAB_RELEASE_TAG", "x")
    auth_file()

    assert "ends with" not in str(twitter.refresh("auth.json"))


def test_a_login_asks_for_a_place_before_the_link(sandbox, monkeypatch, auth):
    monkeypatch.delenv("OINT_HOME")
    monkeypatch.setenv("COLAB_RELEASE_TAG", "x")
    Path("auth.json").write_text(json.dumps(auth | {"redirect_uri": "http://127.0.0.1:11/callback"}))

    with pytest.raises(StoreError, match="would be lost with this machine") as caught:
        twitter.login("auth.json", timeout=5)
    assert 'twitter.login("auth.json", to=' in caught.value.next_step


@pytest.mark.parametrize("value", ["", "false"])
def test_a_marker_that_says_no_is_none(value, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", value)
    assert machine.thrown_away() is None
