"""A file from the web, for a post: over https, without a token, a cookie or a password of ours."""

from __future__ import annotations

import time
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from oint_magics import settings
from oint_magics.errors import CallError, UsageError
from oint_magics.http.connections import PlainSession, SilentAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_REDIRECTS = 2
_PIECE = 64 * 1024
# For all of it, in seconds.
DEADLINE = 600.0


def download(url: str, path: Path, most: Callable[[bytes], int]) -> None:
    """Write what stands at an address into a file.

    Args:
        url: an https address; so are those that it leads to, at most two.
        path: the file.
        most: returns from the first bytes how many there may be.

    Raises:
        UsageError: it is not an https address, or the file is too large.
        CallError: it could not be read.
    """
    reason = None
    end = time.monotonic() + DEADLINE
    with PlainSession() as session:
        session.mount("https://", SilentAdapter())
        session.auth = _without_password
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        try:
            with _answer(session, url) as response:
                _write(response, path, most, end)
        except (requests.RequestException, ValueError) as error:  # An address that is none is a `ValueError`.
            reason = type(error).__name__
    if reason:
        raise CallError(
            "The picture or video could not be downloaded. Nothing was posted.",
            cause=f"it cannot be read from that address ({reason}).",
            next_step="check that a browser opens the address; or download the file yourself and give its path",
        )


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
            response.raise_for_status()
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise requests.exceptions.ContentDecodingError
            return response
        url = urljoin(url, response.headers["location"])
        response.close()
    raise requests.TooManyRedirects


def _write(response: requests.Response, path: Path, most: Callable[[bytes], int], end: float) -> None:
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
            if time.monotonic() > end:
                raise requests.Timeout
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
