"""A medium from the web: https alone, two redirects, a limit, and nothing of ours is sent."""

import http.server
import ssl
import tempfile
import threading
import time
from pathlib import Path

import pytest
from posts_material import png
from raw_server import RawServer, drip
from tls import certificate

from oint_magics import errors, twitter
from oint_magics.http.download import download


class Web:
    """A server with TLS: its pages by path, each (status, headers, body), and what was asked."""

    def __init__(self, files):
        self.pages, self.asked, self.drip = {}, [], False
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                web.asked.append((self.path, dict(self.headers)))
                status, headers, body = web.pages.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                for piece in [body[n : n + 1] for n in range(len(body))] if web.drip else [body]:
                    self.wfile.write(piece)
                    web.drip and time.sleep(0.05)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def web(monkeypatch):
    files = certificate("127.0.0.1")
    found = Web(files)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(Path(files[0]).resolve()))
    yield found
    found.stop()


@pytest.fixture
def raw_tls(monkeypatch):
    """Start a server behind TLS that does with each connection what the test says."""
    servers = []

    def start(behaviour):
        files = certificate("127.0.0.1")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(Path(files[0]).resolve()))
        servers.append(RawServer(behaviour, files))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def fetch(url, most=1000):
    download(url, Path("got"), lambda _: most)
    return Path("got").read_bytes()


def test_what_stands_there(web):
    web.pages["/a.png"] = (200, {}, png())
    assert fetch(f"{web.url}/a.png") == png()


def test_nothing_of_ours_is_sent(web, monkeypatch):
    """No token, no cookie that the first answer set, nothing of `.netrc`."""
    Path("netrc").write_text("machine 127.0.0.1 login me password MARK5ecret\n")
    monkeypatch.setenv("NETRC", str(Path("netrc").resolve()))
    web.pages["/a"] = (302, {"Location": "/b", "Set-Cookie": "id=MARK5ecret"}, b"")
    web.pages["/b"] = (200, {}, b"x")

    assert fetch(f"{web.url}/a") == b"x"
    for _, headers in web.asked:
        assert not {"Authorization", "Cookie"} & set(headers)
    assert len(web.asked) == 2


def test_two_redirects_and_no_third(web):
    for n in range(4):
        web.pages[f"/{n}"] = (302, {"Location": f"{web.url}/{n + 1}"}, b"")
    web.pages["/4"] = (200, {}, b"x")

    assert fetch(f"{web.url}/2") == b"x"
    with pytest.raises(errors.CallError, match="could not be downloaded") as caught:
        fetch(f"{web.url}/1")
    assert "redirects more than twice" in str(caught.value)


@pytest.mark.parametrize("location", ["http://127.0.0.1/a", "ftp://127.0.0.1/a", "file:///etc/passwd"])
def test_no_way_around_https(web, location):
    web.pages["/a"] = (302, {"Location": location}, b"")
    with pytest.raises(errors.UsageError, match="must begin with https"):
        fetch(f"{web.url}/a")
    assert not Path("got").exists()


def test_too_much(web):
    web.pages["/a"] = (200, {}, b"x" * 1001)
    with pytest.raises(errors.UsageError, match="too large"):
        fetch(f"{web.url}/a")


@pytest.mark.parametrize(("status", "words"), [
    (404, "nothing at that address"), (403, "does not give it"), (204, "nothing in the answer"), (206, "a part of it"),
    (300, "several files"), (304, "has not changed"), (500, "did not send it"),
])  # fmt: skip
def test_an_answer_without_the_file(web, status, words):
    web.pages["/a"] = (status, {}, b"" if status in (204, 304) else b"x")
    with pytest.raises(errors.CallError, match="Nothing was posted") as caught:
        fetch(f"{web.url}/a")
    assert words in caught.value.cause
    assert f"status {status}" in caught.value.cause


def test_who_does_not_answer_and_whom_nobody_knows(web, monkeypatch):
    with pytest.raises(errors.CallError, match="the connection was refused"):
        fetch("https://127.0.0.1:9/a")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(errors.CallError, match="certificate was not accepted") as caught:
        fetch(f"{web.url}/a")
    assert "REQUESTS_CA_BUNDLE" in caught.value.next_step


def test_a_bundle_that_is_not_there(monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
    with pytest.raises(errors.SettingError, match="REQUESTS_CA_BUNDLE cannot be used. Nothing was sent."):
        fetch("https://example.invalid/a")


def test_a_body_that_ends_too_soon(web):
    web.pages["/a"] = (200, {"Content-Length": "500"}, b"x")
    with pytest.raises(errors.CallError, match="cut before the whole answer came"):
        fetch(f"{web.url}/a")


def test_a_post_with_a_picture_from_the_web(web, sandbox, auth_file, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"  # Other processes use the machine's own.
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    web.pages["/pic?x=1"] = (200, {}, png())

    found = twitter.post("Hello", auth=auth_file(), media=f"{web.url}/pic?x=1", alt="A square")

    assert "pic: picture, image/png" in str(found)
    assert next(iter(sandbox.media.uploads.values())).alt_text == "A square"
    assert twitter.post("Hello", media=f"{web.url}/pic?x=1").already_posted
    assert list(temporary.iterdir()) == []


def test_a_server_that_drips(web, monkeypatch):
    """The deadline is looked at with each byte that comes."""
    from oint_magics.http import download as module

    monkeypatch.setattr(module, "DEADLINE", 0.5)
    web.drip = True
    web.pages["/a"] = (200, {}, b"x" * 1000)
    with pytest.raises(errors.CallError, match="did not come in time"):
        fetch(f"{web.url}/a")


def test_what_is_packed_is_not_unpacked(web):
    web.pages["/a"] = (200, {"Content-Encoding": "gzip"}, b"x")
    with pytest.raises(errors.CallError, match="an encoding that was not asked for"):
        fetch(f"{web.url}/a")


def test_a_header_that_drips_has_the_usual_time(raw_tls, monkeypatch):
    """The deadline is over all of the header, not over each of its bytes."""
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", "1")
    server = raw_tls(drip(b"HTTP/1.1 200 OK\r\n", b"X: " + b"x" * 10_000))
    begun = time.monotonic()
    with pytest.raises(errors.CallError, match="did not come in time"):
        fetch(f"{server.url}/a")
    assert time.monotonic() - begun < 100


def test_an_announcement_is_no_answer(raw_tls):
    server = raw_tls(lambda connection: connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n"))
    with pytest.raises(errors.CallError, match="announced an answer"):
        fetch(f"{server.url}/a")


@pytest.mark.parametrize("url", ["https://[bad/x", "https://a..b/x", "https://"])
def test_addresses_that_are_none(url):
    with pytest.raises(errors.CallError, match="could not be downloaded"):
        fetch(url)
