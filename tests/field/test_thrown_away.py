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


# U2: containers that nothing else marks, and what runs jobs in them.
@pytest.fixture
def container(server, monkeypatch, tmp_path):
    """A container whose data folder lies on its own disk; `mount` says what is mounted into it."""
    mounts = tmp_path / "mountinfo"
    start = "1 0 0:1 / / rw - overlay overlay rw\n2 1 0:2 / /proc rw - proc proc rw\n3 1 0:3 / /etc/hosts rw - ext4 /dev/a rw\n"
    mounts.write_text(start)
    monkeypatch.setattr(machine, "_MOUNTS", str(mounts))
    marker = tmp_path / ".dockerenv"
    marker.touch()
    monkeypatch.setattr(machine, "_CONTAINER_FILES", (str(marker),))
    # What is mounted here may lie in /dev/shm, as all that the tests write.
    of_the_system = tuple(each for each in machine._OF_THE_SYSTEM if each != "/dev")
    monkeypatch.setattr(machine, "_OF_THE_SYSTEM", ("/dev/pts", *of_the_system))

    def mount(folder):
        Path(folder).mkdir(parents=True, exist_ok=True)
        point = str(folder).replace(" ", "\\040")
        mounts.write_text(f"{start}4 1 8:1 /var/lib/docker/volumes/v/_data {point} rw - ext4 /dev/a rw\n")

    return mount


@pytest.mark.parametrize("given", [
    case("U2", "plain Docker: --auth env:", "saved in the container's home in silence; the account is lost", "env:"),
    case("U2", "plain Docker: keep auth.json profile:work, then a refresh of it", "the same", "profile:work"),
    case("U2", "plain Docker: a variable", "the same", "text"),
])  # fmt: skip
def test_a_container_is_no_place_for_a_profile(container, server, auth, monkeypatch, tmp_path, after, given):
    for name in ("client_id", "client_secret", "refresh_token"):
        monkeypatch.setenv(f"X_{name.upper()}", auth[name])
    twitter.keep(auth, "profile:work")
    source = auth if given == "text" else given

    with pytest.raises(StoreError) as caught:
        calls.refresh(source, interactive=True)
    assert "would be lost with this machine (a container). Nothing was sent." in str(caught.value)
    assert "docker run -v" in str(caught.value)
    container(tmp_path / "my data")
    with pytest.raises(StoreError) as caught:
        calls.refresh(source, interactive=True)
    assert f"{tmp_path / 'my data'}/auth.json" in caught.value.next_step.replace('"', "")
    assert "profile:" not in caught.value.next_step.replace("--auth profile:work", "")
    assert server.requests == []

    response = twitter.refresh(source, to=f"{tmp_path / 'my data'}/auth.json")
    assert "ends with" not in str(response)
    after("refused before anything is sent, with the file in the mounted folder")


def test_a_data_folder_that_is_mounted_is_fine(container, server, auth, tmp_path):
    container(tmp_path / "data")
    twitter.keep(auth, "profile:work")

    assert "ends with" not in str(twitter.refresh("profile:work"))


def test_a_volume_that_ends_with_its_pod_is_no_place(container, server, auth, monkeypatch, tmp_path):
    container(tmp_path / "data")
    mounts = Path(machine._MOUNTS)
    mounts.write_text(mounts.read_text().replace("/var/lib/docker/volumes/v/_data", "/x/kubernetes.io~empty-dir/v"))
    twitter.keep(auth, "profile:work")

    with pytest.raises(StoreError, match="would be lost with this machine") as caught:
        twitter.refresh("profile:work")
    assert str(tmp_path / "data") not in caught.value.next_step
    assert server.requests == []


def test_a_person_s_own_file_is_refreshed_and_its_end_is_said(container, server, auth):
    Path("auth.json").write_text(json.dumps(auth))

    assert "auth.json ends with this machine (a container): download it" in str(twitter.refresh("auth.json"))


@pytest.mark.parametrize(("marker", "value"), [("container", "podman"), ("KUBERNETES_SERVICE_HOST", "10.0.0.1")])
def test_a_container_is_known_by_variables_too(server, auth, monkeypatch, tmp_path, marker, value):
    monkeypatch.setenv(marker, value)
    monkeypatch.setattr(machine, "_MOUNTS", str(tmp_path / "nothing"))
    assert machine.thrown_away().name == "a container"


@pytest.mark.parametrize(("name", "marker"), [
    case("U2", f"{name}: a profile", "lost with the runner", name, marker) for name, marker in [
        ("GitLab CI", "GITLAB_CI"), ("CircleCI", "CIRCLECI"), ("Azure Pipelines", "TF_BUILD"), ("a Hugging Face Space", "SPACE_ID"),
        ("Deepnote", "DEEPNOTE_PROJECT_ID"), ("Cloud Run", "K_SERVICE"), ("AWS Lambda", "AWS_LAMBDA_FUNCTION_NAME"), ("Heroku", "DYNO")]
])  # fmt: skip
def test_what_runs_jobs_is_no_place(server, auth, monkeypatch, after, name, marker):
    monkeypatch.setenv(marker, "x")
    twitter.keep(auth, "profile:work")

    with pytest.raises(StoreError, match=f"lost with this machine .{name}.. Nothing was sent"):
        twitter.refresh("profile:work")
    assert server.requests == []
    after("refused before anything is sent")
