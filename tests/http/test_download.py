"""A medium from the web: https alone, two redirects, a limit, and nothing of ours is sent."""

import http.server
import ssl
import tempfile
import threading
import time
from pathlib import Path

import pytest
from posts_material import png
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
    assert "TooManyRedirects" in str(caught.value)


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


def test_what_is_not_there_and_who_does_not_answer(web, monkeypatch):
    with pytest.raises(errors.CallError, match="Nothing was posted"):
        fetch(f"{web.url}/missing")
    with pytest.raises(errors.CallError, match="ConnectionError"):
        fetch("https://127.0.0.1:9/a")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(errors.CallError, match="SSLError"):
        fetch(f"{web.url}/a")


def test_a_body_that_ends_too_soon(web):
    web.pages["/a"] = (200, {"Content-Length": "500"}, b"x")
    with pytest.raises(errors.CallError):
        fetch(f"{web.url}/a")


def test_a_post_with_a_picture_from_the_web(web, sandbox, auth_file):
    web.pages["/pic?x=1"] = (200, {}, png())

    found = twitter.post("Hello", auth=auth_file(), media=f"{web.url}/pic?x=1", alt="A square")

    assert "pic: picture, image/png" in str(found)
    assert next(iter(sandbox.media.uploads.values())).alt_text == "A square"
    assert twitter.post("Hello", media=f"{web.url}/pic?x=1").already_posted
    assert not list(Path(tempfile.gettempdir()).glob("oint_magics-*/medium"))


def test_a_server_that_drips(web, monkeypatch):
    """The deadline is looked at with each byte that comes."""
    from oint_magics.http import download as module

    monkeypatch.setattr(module, "DEADLINE", 0.5)
    web.drip = True
    web.pages["/a"] = (200, {}, b"x" * 1000)
    with pytest.raises(errors.CallError, match="Timeout"):
        fetch(f"{web.url}/a")


def test_what_is_packed_is_not_unpacked(web):
    web.pages["/a"] = (200, {"Content-Encoding": "gzip"}, b"x")
    with pytest.raises(errors.CallError, match="ContentDecodingError"):
        fetch(f"{web.url}/a")


@pytest.mark.parametrize("url", ["https://[bad/x", "https://a..b/x", "https://"])
def test_addresses_that_are_none(url):
    with pytest.raises(errors.CallError, match="could not be downloaded"):
        fetch(url)
