"""The sandbox as a command, what it prints, and its page: for any client in any language."""

import json
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
import requests
from patience import LONG
from ports import free_port

COMMAND = [sys.executable, "-m", "oint_magics.sandbox"]


def started(folder, *words, stdin=subprocess.PIPE):
    process = subprocess.Popen([*COMMAND, *words], cwd=folder, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    return process, process.stdout.readline()


def test_it_prints_addresses_apps_and_lines(tmp_path):
    port = free_port()
    process, first = started(tmp_path, "--port", str(port))
    auth = json.loads((tmp_path / "sandbox-auth.json").read_bytes())
    page = requests.get(f"http://127.0.0.1:{port}/").text
    me = requests.get(
        f"{auth['sandbox']}/2/users/me", headers={"Authorization": f"Bearer {auth['access_token']}"}
    ).json()

    with process:
        process.stdin.close()
        said = first + process.stdout.read()
        assert process.wait(LONG) == 0

    assert first.startswith(f"SANDBOX at http://127.0.0.1:{port}: an exercise on your machine, not X.")
    assert me["data"]["username"] == "sandbox"
    for path in ("/2", "/i/oauth2/authorize", "/2/oauth2/token", "/2/oauth2/revoke", "/oauth2/token"):
        assert f"http://127.0.0.1:{port}{path}\n" in said
        assert f"http://127.0.0.1:{port}{path}<" in page
    for name in ("xdk", "tweepy", "twarc", "twitter-api-v2", "xurl"):
        assert f"\n--- {name}\n" in said
        assert f"<h2>{name}</h2>" in page
    assert [auth["client_id"] in text for text in (said, page)] == [True, True]
    assert [auth["client_secret"] in text for text in (said, page)] == [True, False]
    assert not [each for each in ("access_token", "refresh_token") if auth[each] in said + page]


def test_the_tokens_read_all_that_there_is(tmp_path):
    process, _ = started(tmp_path)
    auth = json.loads((tmp_path / "sandbox-auth.json").read_bytes())
    bearer = {"Authorization": f"Bearer {auth['access_token']}"}

    answers = [requests.get(f"{auth['sandbox']}/2/users/2244994945/{what}", headers=bearer).status_code
               for what in ("followers", "liked_tweets", "bookmarks", "muting", "owned_lists")]  # fmt: skip

    process.communicate("", timeout=LONG)
    assert answers == [200] * 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_an_input_it_runs_until_a_signal(tmp_path, number):
    """As in a container, or behind `nohup`: the input is at its end from the beginning."""
    process, _ = started(tmp_path, stdin=subprocess.DEVNULL)
    auth = json.loads((tmp_path / "sandbox-auth.json").read_bytes())
    assert requests.get(auth["sandbox"]).status_code == 200

    process.send_signal(number)

    _, errors = process.communicate(timeout=LONG)
    assert errors == ""
    assert process.returncode in (0, -signal.SIGTERM)


def test_a_port_in_use_is_said(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        words = [*COMMAND, "--port", str(server.getsockname()[1])]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=LONG, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith(f"The sandbox was not started: port {words[-1]} cannot be used")
    assert not (tmp_path / "sandbox-auth.json").exists()


def test_a_file_of_that_name_is_left_alone(tmp_path):
    (tmp_path / "sandbox-auth.json").write_text('{"client_id": "mine"}')

    done = subprocess.run(COMMAND, cwd=tmp_path, capture_output=True, text=True, timeout=LONG, check=False)

    assert done.returncode == 1
    assert "sandbox-auth.json in this folder was not made by a sandbox. It was left as it is." in done.stderr
    assert json.loads((tmp_path / "sandbox-auth.json").read_text()) == {"client_id": "mine"}


def test_the_file_of_one_that_runs_is_left_alone(tmp_path):
    process, first = started(tmp_path)
    before = (tmp_path / "sandbox-auth.json").read_bytes()

    done = subprocess.run(COMMAND, cwd=tmp_path, capture_output=True, text=True, timeout=LONG, check=False)

    assert done.returncode == 1
    assert f"belongs to the one that runs at {first.split()[2].rstrip(':')}" in done.stderr
    assert (tmp_path / "sandbox-auth.json").read_bytes() == before
    process.communicate("", timeout=LONG)
    process, first = started(tmp_path)
    assert first.startswith("SANDBOX at ")
    process.communicate("", timeout=LONG)


def test_a_file_that_names_another_host_opens_no_connection(tmp_path):
    with socket.create_server(("127.0.0.2", 0)) as other:
        address = f"http://127.0.0.2:{other.getsockname()[1]}"
        (tmp_path / "sandbox-auth.json").write_text(json.dumps({"client_id": "sandbox-x", "sandbox": address}))
        process, first = started(tmp_path)
        process.communicate("", timeout=LONG)
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            other.accept()
    assert first.startswith("SANDBOX at ")


def test_its_clock_can_be_set(tmp_path):
    process, _ = started(tmp_path, "--clock", "2026-11-01T09:00Z")
    auth = json.loads((tmp_path / "sandbox-auth.json").read_bytes())
    bearer = {"Authorization": f"Bearer {auth['access_token']}"}
    address = f"{auth['sandbox']}/2/tweets/search/recent?query=bus&tweet.fields=created_at"

    newest = requests.get(address, headers=bearer).json()["data"][0]["created_at"]

    process.communicate("", timeout=LONG)
    assert newest.startswith(("2026-10-3", "2026-11-01"))


def test_a_clock_that_is_none_is_refused(tmp_path):
    done = subprocess.run([*COMMAND, "--clock", "noon"], cwd=tmp_path, capture_output=True, text=True, timeout=LONG, check=False)  # fmt: skip

    assert done.returncode == 2
    assert "a time in UTC" in done.stderr


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_a_port_that_is_none_is_refused(tmp_path, port):
    done = subprocess.run([*COMMAND, "--port", port], cwd=tmp_path, capture_output=True, text=True, timeout=LONG, check=False)  # fmt: skip

    assert done.returncode == 2
    assert "a port is a number from 0 to 65535" in done.stderr


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("POST", 405), ("DELETE", 405)])
def test_other_methods(sandbox, method, status):
    answer = requests.request(method, f"{sandbox.url}/")

    assert answer.status_code == status
    assert "Allow" in answer.headers if status == 405 else answer.content == b""


def test_the_page_is_for_this_machine_alone(sandbox):
    address = urlsplit(sandbox.url)

    assert requests.get(f"{sandbox.url}/", headers={"Host": "example.org"}).status_code == 403
    with pytest.raises(OSError, match=r"refused|unreachable|reset"):
        socket.create_connection(("127.0.0.2", address.port), timeout=LONG)
