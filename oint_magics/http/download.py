"""A file from the web, for a post: over https, without a token, a cookie or a password of ours."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from oint_magics import settings
from oint_magics.errors import CallError, UsageError
from oint_magics.http import environment
from oint_magics.http.connections import PlainSession, SilentAdapter
from oint_magics.http.deadline import Exchange
from oint_magics.http.faults import Fault, fault_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_REDIRECTS = 2
_PIECE = 64 * 1024
# For the file itself, in seconds; its header has the usual time.
DEADLINE = 600.0
_LATE = "it did not come in time"
_OTHERWISE = "check that a browser opens the address; or download the file yourself and give its path"
_MEANINGS = {
    103: "its server announced an answer, and none followed",
    204: "there is nothing in the answer",
    206: "its server sent a part of it",
    300: "its server names several files",
    304: "its server says that the file has not changed, and does not send it",
    401: "its server asks for a login",
    403: "its server does not give it to this machine",
    404: "there is nothing at that address",
    410: "it is no longer there",
}


def download(url: str, path: Path, most: Callable[[bytes], int]) -> None:
    """Write what is at an address into a file.

    Args:
        url: an https address; so are those that it redirects to, at most two.
        path: the file.
        most: returns from the first bytes how many there may be.

    Raises:
        UsageError: it is not an https address, or the file is too large.
        CallError: it could not be read.
    """
    exchange = Exchange(settings.timeout())
    with PlainSession() as session:
        session.mount("https://", SilentAdapter())
        session.auth = _without_password
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        try:
            with exchange.running(), _answer(session, url) as response:
                fault = _refused(response)
                if fault is None and not exchange.is_over:
                    exchange.extend(DEADLINE)
                    _write(response, path, most)
        except requests.TooManyRedirects:
            fault = Fault("it redirects more than twice")
        except ValueError:  # requests' InvalidURL is one too.
            fault = Fault("that is not an address", _OTHERWISE)
        except OSError as error:  # requests' own are among them.
            fault = fault_of(error, is_sent=exchange.is_sent, late=_LATE if exchange.is_over else None)
    if exchange.is_over:
        fault = Fault(_LATE)  # A connection that is shut at the deadline looks like the end of an answer.
    if fault:
        if not exchange.is_sent:
            environment.check(url)
        raise CallError(
            "The picture or video could not be downloaded. Nothing was posted.",
            cause=f"{fault.cause}.",
            next_step=_OTHERWISE if exchange.is_sent else fault.next_step,
        )


def _refused(response: requests.Response) -> Fault | None:
    """Return what an answer is that does not hold the file, or `None` for one that does."""
    if response.status_code == 200 and response.headers.get("Content-Encoding", "identity") != "identity":
        return Fault("it is sent in an encoding that was not asked for")
    meaning = _MEANINGS.get(response.status_code, "its server did not send it")
    return None if response.status_code == 200 else Fault(f"{meaning} (status {response.status_code})")


def _answer(session: requests.Session, url: str) -> requests.Response:
    for _ in range(_REDIRECTS + 1):
        if urlsplit(url).scheme != "https":
            raise UsageError(
                "A medium's address must begin with https://. Nothing was sent.",
                cause="what comes by plain http, or by a redirect to it, can be changed on its way.",
                next_step="save the file, and name that",
            )
        headers = {"Accept-Encoding": "identity"}
        response = session.get(url, stream=True, allow_redirects=False, timeout=settings.timeout(), headers=headers)
        if not response.is_redirect:
            return response
        url = urljoin(url, response.headers["location"])
        response.close()
    raise requests.TooManyRedirects


def _write(response: requests.Response, path: Path, most: Callable[[bytes], int]) -> None:
    """Write an answer's body, in pieces, within its limits."""
    longest, size = None, 0
    with path.open("wb") as file:
        for piece in _pieces(response):
            longest = most(piece) if longest is None else longest
            size += len(piece)
            if size > longest:
                raise UsageError(
                    "What stands at the medium's address is too large. Nothing was posted.",
                    cause=f"X takes at most {longest // 1024 // 1024} MiB of this kind.",
                    next_step="make it smaller, and name the file",
                )
            file.write(piece)


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """Yield an answer's bytes as they come, so that a server that drips does not get around the deadline."""
    raw = response.raw
    read = getattr(raw, "read1", raw.read)  # urllib3 1 does not have it.
    length = response.headers.get("Content-Length", "")
    size = 0
    try:
        while piece := read(_PIECE):
            size += len(piece)
            yield piece
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise requests.ConnectionError(type(error).__name__) from None
    if length.isdecimal() and size < int(length):
        raise requests.ConnectionError("cut")


def _without_password(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add nothing: where a session has no auth of its own, requests looks into `.netrc`."""
    return request
