"""What an attack found: each of these lost a post, made one twice, or said what was not so."""

import errno
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from filled import fill
from IPython.utils.capture import capture_output
from patience import LONG, TELLS_OF_STOP, wait_for
from posts_material import gif, png
from raw_server import answer
from tls import certificate

from oint_magics import errors, twitter
from oint_magics.api import progress
from oint_magics.posts import claims
from oint_magics.process import reset
from oint_magics.sandbox.accounts import PEOPLE
from oint_magics.stores import private_folder

GOOD = answer("201 Created", b'{"data": {"id": "1", "text": "Hello"}}')


@pytest.fixture
def x(raw, monkeypatch):
    def start(*behaviours):
        def behave(connection):
            request = server.requests[-1]
            if b"/2/users/me" in request:
                answer("200 OK", b'{"data": {"id": "7", "name": "N", "username": "real"}}')(connection)
            else:
                behaviours[min(len(sent(server)), len(behaviours)) - 1](connection)

        server = raw(behave)
        monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
        write("x.json")
        return server

    return start


def write(name, token="t"):
    Path(name).write_text(json.dumps({
        "client_id": "a", "refresh_token": "r" * 40, "access_token": token * 40, "expires_at": 4_000_000_000,
        "scope": "tweet.read tweet.write users.read media.write offline.access",
    }))  # fmt: skip


def sent(server):
    return [request for request in server.requests if request.startswith((b"POST /2/tweets", b"DELETE"))]


@pytest.fixture
def by_proxy(monkeypatch):
    """X behind a proxy that makes a tunnel: TLS with a certificate of api.x.com, which cuts each post off."""
    files = certificate("api.x.com")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(Path(files[0]).resolve()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    posts = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(plain):
        with plain:
            while b"\r\n\r\n" not in plain.recv(65536):
                pass
            plain.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with context.wrap_socket(plain, server_side=True) as connection:
                while request := connection.recv(65536):
                    if request.startswith(b"POST /2/tweets"):
                        posts.append(request)
                        return
                    answer("200 OK", b'{"data": {"id": "7", "name": "N", "username": "real"}}')(connection)
                    return

    def run():
        while True:
            try:
                plain = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=serve, args=(plain,), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listener.getsockname()[1]}")
    yield posts
    listener.close()


def test_an_answer_lost_behind_a_proxy_is_in_doubt(by_proxy):
    write("x.json")

    for _ in range(2):
        with pytest.raises(errors.PostInDoubt):
            twitter.post("Hello", auth="x.json")
    assert len(by_proxy) == 1


def test_a_proxy_that_makes_no_tunnel_sends_nothing(raw, monkeypatch):
    write("x.json")
    proxy = raw(answer("407 Proxy Authentication Required"))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)

    with pytest.raises(errors.CallError) as caught:
        twitter.post("Hello", auth="x.json")
    assert not caught.value.is_sent


@pytest.mark.parametrize("first", [GOOD, answer("503 No", b"{}")], ids=["posted", "in doubt"])
def test_again_that_is_refused_leaves_the_earlier_claim(x, first):
    server = x(first, answer("429 No", b"{}"), GOOD)

    def post(**more):
        try:
            return twitter.post("Hello", auth="x.json", **more)
        except errors.CallError as error:
            return type(error)

    before = post()
    assert post(again=True) is errors.RateLimited
    after = post()

    assert len(sent(server)) == 2
    assert after is errors.PostInDoubt if before is errors.PostInDoubt else after.already_posted


def test_media_that_are_uploaded_anew_are_the_same_post(sandbox, auth):
    for n in range(2):
        post = twitter.post("Hello", media=twitter.upload(png(), auth=auth), auth=auth)
        assert post.already_posted == bool(n)
    reset()
    assert twitter.post("Hello", media=png(), auth=auth).already_posted


def test_a_store_that_gets_another_account_s_tokens_meanwhile(sandbox, auth, auth_file, monkeypatch):
    other = json.loads(Path(auth_file("other.json")).read_text())
    client = sandbox.accounts.client(other["client_id"])
    pair = sandbox.accounts.log_in(client, PEOPLE[1])
    other |= {"access_token": pair.access_token, "refresh_token": pair.refresh_token}

    def line(text):
        if text.endswith(": uploaded"):
            Path(auth).write_text(json.dumps(other))

    monkeypatch.setattr(progress, "_listeners", [lambda: line])
    with pytest.raises(errors.UsageError, match="another account's tokens now. Nothing was posted"):
        twitter.post("Hello", auth=auth, media=png())
    monkeypatch.setattr(progress, "_listeners", [])
    assert sandbox.posts.tried == 0

    twitter.post("as the second", auth=auth)
    assert next(iter(sandbox.posts.made.values()))["author_id"] == "783214"


def test_a_store_that_was_written_over_has_to_be_named(sandbox, auth, auth_file):
    twitter.post("one", auth=auth)
    other = json.loads(Path(auth_file("other.json")).read_text())
    pair = sandbox.accounts.log_in(
        sandbox.accounts.client(other["client_id"]),
        PEOPLE[1],
    )
    Path("other.json").write_text(
        json.dumps(other | {"access_token": pair.access_token, "refresh_token": pair.refresh_token})
    )
    twitter.keep("other.json", auth, replace=True)

    with pytest.raises(errors.UsageError, match="another account's since the last post"):
        twitter.post("two")
    assert sandbox.posts.tried == 1


TOKEN = "MARK5ecretMARK5ecretMARK5ecret00"
PAIR = '{"client_id": "a", "refresh_token": "' + TOKEN + '"}'


@pytest.mark.parametrize("line", [
    '"Hi" −−auth PAIR', '"Hi" --auth PAIR', "it's --auth PAIR", "it's --auth PAIR --alt 'x'", '"5" tall" --auth PAIR', '“Hello" --auth PAIR',
    '„Hallo" --auth PAIR', '"Hi --auth PAIR', '"Hi" --aut PAIR', '"Hi" -- auth PAIR', "PAIR", '"Hi" PAIR', 'PAIR "Hi"', "'PAIR' \"Hi\"",
])  # fmt: skip
def test_auth_data_behind_any_quotes_is_in_no_traceback(shell, auth, line):
    cell = "1/0\n%twitter_post " + line.replace("PAIR", PAIR)
    for mode in ("Context", "Verbose"):
        shell.run_line_magic("xmode", mode)
        with capture_output() as captured:
            shell.run_cell(cell, store_history=True)
            shell.run_cell("%tb Verbose", store_history=False)
        assert TOKEN not in captured.stdout + captured.stderr


@pytest.mark.parametrize(
    "body", ['%twitter_refresh --auth {"client_id": "a",\n "b": 1}', "inline:0123456789ab", "a \\\n b"]
)
def test_the_cell_below_is_taken_as_it_stands(shell, sandbox, auth, body):
    shell.run_cell(f"%%twitter_post --auth auth.json\n{body}")
    assert [post["said"] for post in sandbox.posts.made.values()] == [body]


def test_an_expansion_of_many_things_leaves_its_column(raw, monkeypatch):
    page = {"data": [{"id": "1", "referenced_tweets": [{"type": "quoted", "id": "2"}]}, {"id": "3"}],
            "includes": {"users": [{"id": ["9"]}, {"id": "9", "username": "u"}], "tweets": 5}}  # fmt: skip
    monkeypatch.setenv("OINT_TWITTER_API_URL", raw(answer("200 OK", json.dumps(page).encode())).url)
    write("x.json")

    rows = twitter.get("users/1/tweets", "x.json", expansions="referenced_tweets.id.author_id,geo.place_id,author_id")

    assert rows == [
        {"id": "1", "referenced_tweets": '[{"type": "quoted", "id": "2"}]'},
        {"id": "3", "referenced_tweets": None},
    ]


def test_a_listener_that_fails_loses_no_rows(sandbox, auth, monkeypatch):
    def line(text):
        raise BrokenPipeError

    fill(sandbox)
    monkeypatch.setattr(progress, "_listeners", [lambda: line])
    assert len(twitter.get("users/2244994945/tweets", auth, max_rows=None)) == 250


def test_rows_that_are_held_are_not_asked_for(sandbox, auth, capsys):
    """They were paid, so they stay, though fewer are asked for now."""
    fill(sandbox)
    sandbox.limits.restrict(1)
    with pytest.raises(errors.RateLimited) as caught:
        twitter.get("users/2244994945/tweets", auth, max_rows=None)
    sandbox.limits.restrict(None)
    sandbox.posts.read.clear()

    assert len(twitter.get("users/2244994945/tweets", auth, max_rows=5, resume=caught.value)) == 100
    assert sandbox.posts.read == {}
    assert capsys.readouterr().err == ""


def test_a_page_that_repeats_is_nothing_to_go_on_from(raw, monkeypatch):
    server = raw(answer("200 OK", b'{"data": [{"id": "1"}], "meta": {"next_token": "same"}}'))
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    write("x.json")
    with pytest.raises(errors.CallError, match="same page") as caught:
        twitter.get("users/1/tweets", "x.json")
    with pytest.raises(errors.UsageError, match="resume takes the error"):
        twitter.get("users/1/tweets", "x.json", resume=caught.value)
    assert len(server.requests) == 2


def test_a_file_that_changes_behind_its_digest(sandbox, auth, monkeypatch):
    Path("a.png").write_bytes(png(4))
    same_size = bytearray(png(4))
    same_size[-20] ^= 1

    def swap():
        Path("a.png").write_bytes(bytes(same_size))

    begin = sandbox.media.begin
    for change in (swap, lambda: Path("a.png").write_bytes(png(4) + b"more")):
        Path("a.png").write_bytes(png(4))
        sandbox.media.begin = lambda found, change=change: (change(), begin(found))[1]
        with pytest.raises(errors.CallError, match="was changed during the upload. Nothing was posted"):
            twitter.post("Hello", auth=auth, media="a.png")
    assert sandbox.posts.tried == 0


@pytest.mark.parametrize("at", ["NaN", "Infinity", "1e300", "1e11", "-5", '"x"', "true"])
def test_a_claim_with_an_odd_time_holds(sandbox, auth, at):
    twitter.post("Hello", auth=auth)
    claim = next(Path(os.environ["OINT_HOME"], "posts").glob("claim-*"))
    claim.write_text(f'{{"format": 1, "at": {at}, "by": "x", "post_id": "5"}}')

    assert twitter.post("Hello", auth=auth)["id"] == "5"
    assert sandbox.posts.tried == 1


def test_a_claim_of_another_version_does_not_stop_a_deletion(sandbox, auth):
    post = twitter.post("Hello", auth=auth)
    Path(os.environ["OINT_HOME"], "posts", "claim-0").write_text('{"format": 99}')

    assert twitter.delete(post) == {"deleted": True}
    assert not twitter.post("Hello", auth=auth).already_posted


def test_what_x_holds_when_a_later_medium_ends_it(sandbox, auth, monkeypatch):
    sandbox.media.processing = 60

    def line(text):
        if "X processes it" in text:
            raise KeyboardInterrupt

    monkeypatch.setattr(progress, "_listeners", [lambda: line])
    with pytest.raises(errors.Stopped, match=r"X holds medium 1 as \d+\."):
        twitter.upload([png(), gif()], auth=auth)


def test_a_full_disk_leaves_no_claim(x, monkeypatch):
    server = x(GOOD)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as change:
        change.setattr(claims, "write_all", full)
        with pytest.raises(errors.StoreNotWritable, match="nothing was posted"):
            twitter.post("Hello", auth="x.json")
    assert not twitter.post("Hello", auth="x.json").already_posted
    assert len(sent(server)) == 1
    assert private_folder.write_all is claims.write_all


@pytest.mark.parametrize("number", ['""', '"../../evil"', "5.5", "[]", '"1 2"', "null"])
def test_an_odd_id_is_no_post(x, number):
    x(answer("201 Created", b'{"data": {"id": %s, "text": "a"}}' % number.encode()))
    with pytest.raises(errors.PostInDoubt):
        twitter.post("Hello", auth="x.json")


def test_an_answer_that_drips_ends(x, monkeypatch):
    ended = threading.Event()

    def drip(connection):
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n")
        while not ended.wait(0.2):
            connection.sendall(b" ")

    x(drip)
    twitter.post("Hello", auth="x.json", preview=True)  # Whose account it is, is known from now on.
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", "1")
    begun = time.monotonic()
    with pytest.raises(errors.PostInDoubt, match="no whole answer came"):
        twitter.post("Hello", auth="x.json")
    assert time.monotonic() - begun < LONG
    ended.set()


@pytest.mark.parametrize("name", ["a\0b.png", "~nosuchuser/x.png", "x" * 5000])
def test_names_that_no_file_can_have(auth, name):
    with pytest.raises(errors.UsageError, match="cannot be read"):
        twitter.post("Hello", auth=auth, media=name)


def test_half_a_character_anywhere(auth):
    for more in ({"poll": ["a\ud83d", "b"]}, {"media": png(), "alt": "a\ud83d"}):
        with pytest.raises(errors.UsageError, match="something that is no character"):
            twitter.post("Hello", auth=auth, **more)


def test_a_deletion_that_is_stopped_was_sent(x):
    heard = threading.Event()

    def slow(connection):
        heard.wait(LONG)
        answer("200 OK", b'{"data": {"deleted": true}}')(connection)

    server = x(slow)
    code = TELLS_OF_STOP + (
        "from oint_magics import twitter\ntry:\n    twitter.delete('5', auth='x.json')\n"
        "except KeyboardInterrupt as stop:\n    print(stop)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        wait_for(lambda: sent(server), "nothing was sent")
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "heard\n"
        heard.set()
        assert "the deletion had been sent" in process.stdout.read()
