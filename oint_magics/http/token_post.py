"""The one module that touches the network: a POST with one deadline, a size cap and no surprises.

requests bounds each wait, not the whole; a server that drips its status line, headers or body keeps it
waiting for ever. Here one deadline shuts the connection, whatever it is doing.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import requests

from oint_magics import settings
from oint_magics.errors import NotSent, OintError
from oint_magics.http.connections import SilentAdapter
from oint_magics.http.endpoints import is_loopback, url_of
from oint_magics.oauth.raw_answer import is_whole
from oint_magics.oauth.token_endpoint import Answer, TokenRequest, in_doubt

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from oint_magics.auth.structure import Auth
    from oint_magics.http.endpoints import Endpoint

LARGEST_ANSWER = 1024 * 1024
_CHUNK = 16 * 1024
_TRIES = 3
_PAUSE = 0.3
_LONGEST_CONNECT = 10.0
_FAULTS = {
    "ConnectTimeout": "nothing answered there in time",
    "ConnectionError": "its name is not known here, or nothing listens there",
    "ProxyError": "the proxy of the environment did not let it through",
    "SSLError": "its TLS certificate was not accepted; behind a company's proxy, set REQUESTS_CA_BUNDLE",
}


class Recorder(Protocol):
    """Who is asked before the request is sent, and shown the answer before anybody reads it."""

    def check(self) -> None:
        """Raise an `OintError` where the request must not be sent any more; the connection stands by then."""

    def append(self, data: bytes) -> None:
        """Take the answer's raw bytes as they come off the socket; none where the other side ended it."""


def send(endpoint: Endpoint, auth: Auth, request: TokenRequest, recorder: Recorder) -> tuple[Answer, str]:
    """Send a request of a pair's to one of its endpoints; raises as `post` and `endpoints.url_of` do.

    Args:
        endpoint: X's, or what the settings or the sandbox put in its place.
        auth: the pair's auth structure.
        request: what to send.
        recorder: allows the sending, and gets the answer.

    Returns:
        The answer, and what messages call the host that it came from.
    """
    url = url_of(endpoint, auth)
    host = urlsplit(url).netloc
    return post(url, host, request, settings.timeout(), recorder), host


class Unrecorded:
    """A recorder for requests that spend nothing, whose answer nobody needs to find again."""

    def check(self) -> None:
        """Allow the sending."""

    def append(self, data: bytes) -> None:
        """Keep nothing."""


def post(url: str, host: str, request: TokenRequest, timeout: float, recorder: Recorder) -> Answer:
    """Send a request to the token endpoint once, and return what came back.

    A connection that could not be made is tried again, up to three times with a growing pause: until
    it stands, nothing has left this machine.

    Args:
        url: the token endpoint.
        host: what messages call it.
        request: what to send.
        timeout: how long all of it may take, in seconds.
        recorder: allows the sending, and gets the answer.

    Raises:
        NotSent: no connection could be made.
        InDoubt: the connection stood and no status came back.
        OintError: what the recorder's check raises; nothing was sent.
    """
    watch = _Watch(time.monotonic() + timeout, recorder)
    for attempt in range(1, _TRIES + 1):
        answer, fault = _exchange(url, request, watch)
        if answer is not None:
            return answer
        if watch.connected:
            in_doubt(host, f"no answer came within {timeout:g} seconds" if watch.is_over else "no answer came")
        pause = _PAUSE * 3 ** (attempt - 1)
        if attempt == _TRIES or watch.left < pause:
            break
        time.sleep(pause)
    raise NotSent(
        f"No connection to {host}: nothing was sent, and nothing is spent.",
        cause=f"{_FAULTS.get(fault, fault)} (tried {attempt} times).",
        next_step="check the network and the address, then run it again",
    )


class _Watch:
    """What a request's time is, and how far it got.

    Attributes:
        connected: whether the connection stood, TLS included, so that the request may have gone out.
    """

    def __init__(self, deadline: float, recorder: Recorder) -> None:
        self._deadline = deadline
        self.recorder = recorder
        self._handle: socket.socket | None = None
        self._lock = threading.Lock()
        self.connected = False

    @property
    def left(self) -> float:
        return self._deadline - time.monotonic()

    @property
    def is_over(self) -> bool:
        return self.left <= 0

    def guard(self, sock: socket.socket) -> None:
        """Remember a connection by a handle of its own, which outlives the wrapping for TLS."""
        with self._lock:
            self._handle = sock.dup()
        if self.is_over:  # A name service may take longer than the whole deadline.
            sock.close()
            raise TimeoutError

    def cut(self) -> None:
        """Shut the connection, so that whatever waits on it ends now."""
        with self._lock:
            if self._handle is not None:
                with contextlib.suppress(OSError):  # The other side may have been faster.
                    self._handle.shutdown(2)

    def release(self) -> None:
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None


def _exchange(url: str, request: TokenRequest, watch: _Watch) -> tuple[Answer | None, str]:
    """Make one attempt; return the answer, or `None` and the fault's name.

    The fault's own text stays here: it may hold the address, the headers and the body.
    """
    timer = threading.Timer(max(0.0, watch.left), watch.cut)
    timer.daemon = True
    timer.start()
    try:
        with contextlib.closing(SilentAdapter(_watched(watch), max_retries=0)) as adapter, _silence():
            return _send(adapter, url, request, watch), ""
    except OintError:
        raise
    except Exception as error:  # noqa: BLE001 - none of them may pass: each may hold the request
        return None, type(error).__name__
    finally:
        timer.cancel()
        watch.release()


def _send(adapter: SilentAdapter, url: str, request: TokenRequest, watch: _Watch) -> Answer:
    """Send it by an adapter of our own: a session might keep it, repeat it, follow a redirect or read a `.netrc`."""
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "oint_magics",
    }
    if request.authorization is not None:
        headers["Authorization"] = request.authorization.reveal()
    prepared = requests.Request("POST", url, headers=headers, data=request.body.reveal()).prepare()
    # A proxy is for what is elsewhere: it must not see what goes to this machine.
    is_here = is_loopback(url)
    response = adapter.send(
        prepared,
        stream=True,
        timeout=(max(0.1, min(_LONGEST_CONNECT, watch.left)), max(0.1, watch.left)),
        verify=is_here or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True,
        proxies={} if is_here else requests.utils.get_environ_proxies(url),
    )
    body, broken = _body(response, watch)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, body, broken)


def _body(response: requests.Response, watch: _Watch) -> tuple[bytes, str | None]:
    """Read a body as far as it comes, and say why it ended early if it did."""
    body = bytearray()
    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > LARGEST_ANSWER:
                return bytes(body[:LARGEST_ANSWER]), "its answer is larger than 1 MiB and was cut off"
    except Exception as error:  # noqa: BLE001 - whatever ends a body early, what came before it counts
        fault = type(error).__name__
        return bytes(body), "its answer did not end in time" if watch.is_over else f"its answer was cut off ({fault})"
    if watch.is_over:
        return bytes(body), "its answer did not end in time"
    return bytes(body), None


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep urllib3 from logging header lines that it cannot read: they may hold what was sent."""
    thread = threading.get_ident()
    logger = logging.getLogger("urllib3.connection")

    def is_other(_: logging.LogRecord) -> bool:
        return threading.get_ident() != thread

    logger.addFilter(is_other)
    try:
        yield
    finally:
        logger.removeFilter(is_other)


class _Tapped:
    """A socket whose incoming bytes are shown to the recorder first."""

    def __init__(self, sock: socket.socket, recorder: Recorder) -> None:
        self._sock = sock
        self._recorder = recorder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_TappedFile(self._sock.makefile("rb", buffering=0), self._recorder))


class _TappedFile(io.RawIOBase):
    """A socket's file that takes a whole answer off the socket, and to the recorder, before anybody reads it.

    Parsing the headers takes longer than all else that happens to an answer; a process that is killed
    meanwhile would leave a body unread that has already come.
    """

    def __init__(self, raw: Any, recorder: Recorder) -> None:
        self._raw = raw
        self._recorder = recorder
        self._came = bytearray()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._came:
            self._take()
        size = min(len(buffer), len(self._came))
        buffer[:size] = self._came[:size]
        del self._came[:size]
        return size

    def _take(self) -> None:
        chunk = bytearray(_CHUNK)
        while len(self._came) <= LARGEST_ANSWER and not is_whole(self._came):
            try:
                size = self._raw.readinto(chunk)
            except OSError:
                if not self._came:
                    raise
                return
            self._recorder.append(bytes(chunk[:size]))
            if not size:
                return
            self._came += chunk[:size]

    def close(self) -> None:
        self._raw.close()
        super().close()


def _watched(watch: _Watch) -> type:
    """Return a class that stands before urllib3's connections, direct or by a proxy, and lets them report."""

    class Watched:
        def _new_conn(self) -> socket.socket:
            sock: socket.socket = super()._new_conn()  # type: ignore[misc]  # urllib3's, which the mixin stands before
            watch.guard(sock)
            return sock

        sock: Any

        def connect(self) -> None:
            super().connect()  # type: ignore[misc]  # as above
            watch.recorder.check()
            if watch.is_over:  # The process may have stood still; until here nothing was sent.
                raise TimeoutError
            watch.connected = True
            self.sock = _Tapped(self.sock, watch.recorder)

    return Watched
