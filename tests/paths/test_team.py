"""A team on many machines, one pair: each machine is a data folder of its own, and a process of its own where it dies."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from patience import LONG, wait_for
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.stores import open_store

PAIR = {"token_type": "bearer", "expires_in": 7200, "access_token": "new-access", "refresh_token": "new-token"}
REFRESH = "from oint_magics import twitter; twitter.refresh('shared:work')"
DEAD = {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}


@pytest.fixture
def to(raw, auth, monkeypatch, team):
    """A server with a behaviour, and the team's pair for it."""
    twitter.keep(auth, "shared:work")

    def start(behaviour):
        server = raw(behaviour)
        monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
        return server

    return start


@pytest.fixture
def other_machine(monkeypatch, home):
    """Go to another machine."""
    return lambda: monkeypatch.setenv("OINT_HOME", str(home / "elsewhere"))


def stored():
    return open_store("shared:work").read().refresh_token.reveal()


def killed_while_held(server):
    """Start a refresh in a process of its own, and kill it while the server holds its answer."""
    with subprocess.Popen([sys.executable, "-c", REFRESH]) as process:
        wait_for(lambda: server.requests, "nothing was sent", 0.001)
        process.kill()


def held(_):
    time.sleep(LONG)


def test_a_pair_for_all(to, other_machine):
    """One machine refreshes; the other finds a fresh pair, and sends nothing."""
    server = to(answer("200 OK", json.dumps(PAIR).encode()))

    response = twitter.refresh("shared:work")
    other_machine()
    again = twitter.refresh("shared:work", if_expired=True)

    assert dict(response) == PAIR
    assert response.saved_to == again.saved_to == "shared:work"
    assert again["refresh_token"] == "new-token"
    assert len(server.requests) == 1
    assert "shared:work" in str(response)


def test_killed_and_the_server_had_not_acted(to):
    killed_while_held(to(held))
    to(answer("200 OK", json.dumps(PAIR).encode()))

    assert twitter.refresh("shared:work")["access_token"] == "new-access"
    assert stored() == "new-token"


def test_killed_and_the_server_had_acted(to):
    killed_while_held(to(held))
    to(answer("400 Bad Request", json.dumps(DEAD).encode()))

    with pytest.raises(errors.InvalidGrant, match="the answer with the new tokens was lost on the way"):
        twitter.refresh("shared:work")


def test_killed_and_another_machine_does_not_send(to, other_machine, team):
    """Its record may hold the pair: the other names machine and time, and `try_old` decides."""
    killed_while_held(to(held))
    team.run("UPDATE oint_pair SET until = now()")
    server = to(answer("200 OK", json.dumps(PAIR).encode()))
    other_machine()

    with pytest.raises(
        errors.InDoubt, match="process .* sent this token at .* UTC. The answer may be on that machine"
    ) as caught:
        twitter.refresh("shared:work")
    assert os.uname().nodename in str(caught.value)
    assert server.requests == []

    assert twitter.refresh("shared:work", try_old=True)["access_token"] == "new-access"
    assert stored() == "new-token"


def test_an_answer_that_lies_on_one_machine_is_saved_by_its_next_run(to, other_machine, team, monkeypatch, home):
    """Killed between the answer and the save; another machine waits, the first one repairs."""
    body = json.dumps(PAIR).encode()
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    server = to(lambda connection: connection.sendall(whole))
    code = (
        "import os; from oint_magics import twitter; from oint_magics.tokens import exchange\n"
        "exchange.save = lambda *_: os._exit(9)\ntwitter.refresh('shared:work')"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 9
    team.run("UPDATE oint_pair SET until = now()")
    here = os.environ["OINT_HOME"]

    other_machine()
    with pytest.raises(errors.InDoubt):
        twitter.refresh("shared:work")
    monkeypatch.setenv("OINT_HOME", here)
    response = twitter.refresh("shared:work")

    assert "repaired" in str(response)
    assert stored() == "new-token"
    assert len(server.requests) == 1
    assert not list(Path(here).rglob("exchange-*"))
    other_machine()
    assert twitter.refresh("shared:work", if_expired=True)["refresh_token"] == "new-token"


def test_in_doubt_is_seen_by_all_until_the_one_that_sent_it_knows_more(to, other_machine, monkeypatch):
    server = to(lambda _: None)
    with pytest.raises(errors.InDoubt, match="no answer came"):
        twitter.refresh("shared:work")
    here = os.environ["OINT_HOME"]
    other_machine()
    with pytest.raises(errors.InDoubt, match="Nothing was sent"):
        twitter.refresh("shared:work")
    assert len(server.requests) == 1

    monkeypatch.setenv("OINT_HOME", here)
    to(answer("400 Bad Request", json.dumps(DEAD).encode()))
    with pytest.raises(errors.InvalidGrant):
        twitter.refresh("shared:work")
    other_machine()
    with pytest.raises(errors.InvalidGrant):
        twitter.refresh("shared:work")


def test_a_machine_that_stops_past_its_lease_sends_nothing(to, other_machine, team, home):
    """SIGSTOP between the connection and the sending; meanwhile another machine refreshes."""
    body = json.dumps(PAIR).encode()
    server = to(answer("200 OK", body))
    code = (
        "import os, signal, time; from oint_magics.stores import shared_record\n"
        "check = shared_record._SharedRecord.check\n"
        "def stop(self): os.kill(os.getpid(), signal.SIGSTOP); time.sleep(0.3); check(self)\n"
        "shared_record._SharedRecord.check = stop\n" + REFRESH
    )
    environment = os.environ | {"OINT_TWITTER_TIMEOUT": "1"}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, text=True) as process:
        while "T (stopped)" not in Path(f"/proc/{process.pid}/status").read_text():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        over = "SELECT 1 FROM oint_pair WHERE until < now()"
        wait_for(lambda: team.run(over), "the lease does not end", 0.1)  # The deadline, and ten seconds.
        other_machine()
        with pytest.raises(errors.InDoubt):
            twitter.refresh("shared:work")
        twitter.refresh("shared:work", try_old=True)
        process.send_signal(signal.SIGCONT)
        said = process.stderr.read()

    assert "asleep or stopped" in said
    assert len(server.requests) == 1
    assert stored() == "new-token"


def test_the_pair_of_a_machine_that_comes_too_late_is_kept(to, other_machine, team, monkeypatch):
    """It was sent, another machine tried the old token in the meantime, and both got a pair."""
    first, second = PAIR, PAIR | {"access_token": "second", "refresh_token": "second-token"}

    def behaviour(connection):
        here = os.environ["OINT_HOME"]
        other_machine()
        team.run("UPDATE oint_pair SET until = now() - interval '1 second'")
        to(answer("200 OK", json.dumps(second).encode()))
        twitter.refresh("shared:work", try_old=True)
        monkeypatch.setenv("OINT_HOME", here)
        answer("200 OK", json.dumps(first).encode())(connection)

    to(behaviour)
    with pytest.raises(errors.NotSaved, match="They are in profile:rescued-") as caught:
        twitter.refresh("shared:work")

    assert stored() == "second-token"
    assert open_store(caught.value.response.saved_to).read().refresh_token.reveal() == "new-token"


def test_a_spent_text_leads_to_the_teams_pair_whoever_refreshed_it_since(to, auth, other_machine, monkeypatch):
    """This machine's history knows one successor; the row knows the rest."""
    pairs = [PAIR | {"access_token": f"a{n}", "refresh_token": f"r{n}"} for n in range(3)]
    server = to(lambda connection: answer("200 OK", json.dumps(pairs[len(server.requests) - 1]).encode())(connection))
    here = os.environ["OINT_HOME"]
    twitter.refresh("shared:work")
    other_machine()
    twitter.refresh("shared:work")
    monkeypatch.setenv("OINT_HOME", here)

    response = twitter.refresh(auth, to=None, if_expired=True)

    assert response["refresh_token"] == "r1"
    assert response.saved_to == "shared:work"
    assert twitter.refresh(auth)["refresh_token"] == "r2"
    assert len(server.requests) == 3


def test_a_text_that_goes_to_the_team_and_is_refused_leaves_no_row(raw, auth, monkeypatch, team):
    server = raw(answer("400 Bad Request", json.dumps(DEAD).encode()))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")

    with pytest.raises(errors.InvalidGrant):
        twitter.refresh(auth, to="shared:new")

    assert team.run("SELECT count(*) FROM oint_pair WHERE name <> ''") == [(0,)]


def test_the_database_goes_away_while_the_server_answers(to, team):
    """It comes back within ten seconds, and the pair is saved."""
    body = json.dumps(PAIR).encode()

    def behaviour(connection):
        team.crash()
        team.start()
        answer("200 OK", body)(connection)

    to(behaviour)

    assert twitter.refresh("shared:work")["access_token"] == "new-access"
    assert stored() == "new-token"


def test_the_database_stays_away_after_the_server_answered(to, other_machine, team, monkeypatch):
    """The pair is on its way here, and the next run saves it, for all machines."""
    from oint_magics.stores import postgres

    monkeypatch.setattr(postgres, "_PATIENCE", 0.5)

    def behaviour(connection):
        team.crash()
        answer("200 OK", json.dumps(PAIR).encode())(connection)

    to(behaviour)
    try:
        with pytest.raises(errors.NotSaved, match="The tokens are in a recovery file"):
            twitter.refresh("shared:work")
    finally:
        team.start()

    response = twitter.refresh("shared:work")
    assert "repaired" in str(response)
    assert response["refresh_token"] == stored() == "new-token"
    other_machine()
    assert twitter.refresh("shared:work", if_expired=True)["refresh_token"] == "new-token"


@pytest.mark.parametrize("copy", ["auth.json", "profile:backup"])
def test_a_private_copy_of_the_teams_pair_is_not_sent(raw, auth, monkeypatch, team, other_machine, copy):
    """Kept for the team, it lives there: another machine refreshes it, and the copy here leads to the row."""
    pairs = [PAIR | {"access_token": f"a{n}", "refresh_token": f"r{n}"} for n in range(3)]
    server = raw(lambda connection: answer("200 OK", json.dumps(pairs[len(server.requests) - 1]).encode())(connection))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    Path("auth.json").write_text(json.dumps(auth))
    twitter.keep("auth.json", "shared:work")
    if copy != "auth.json":
        twitter.keep("shared:work", copy)
    here = os.environ["OINT_HOME"]
    other_machine()
    twitter.refresh("shared:work")
    monkeypatch.setenv("OINT_HOME", here)

    response = twitter.refresh(copy)

    assert response.saved_to == "shared:work"
    assert response["refresh_token"] == "r1"
    with pytest.raises(errors.StoreTaken, match="a second copy"):
        twitter.keep("shared:work", "shared:again")
