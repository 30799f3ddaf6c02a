"""One POST to a token endpoint: one deadline, a size cap and no surprises."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from oint_magics import settings
from oint_magics.errors import NotSent, OintError
from oint_magics.http import direct, environment
from oint_magics.http.alarm import Alarm
from oint_magics.http.endpoints import url_of
from oint_magics.http.faults import Fault, fault_of
from oint_magics.http.watch import Watch
from oint_magics.oauth.token_endpoint import in_doubt

if TYPE_CHECKING:
    from collections.abc import Callable

    from oint_magics.auth.structure import Auth
    from oint_magics.http.endpoints import Endpoint
    from oint_magics.http.watch import Recorder
    from oint_magics.oauth.raw_answer import Answer
    from oint_magics.oauth.token_endpoint import TokenRequest

_TRIES = 3
_PAUSE = 0.3


def send(
    endpoint: Endpoint,
    auth: Auth,
    request: TokenRequest,
    recorder: Recorder,
    tell: Callable[[str], bool] = lambda _: False,
) -> tuple[Answer, str]:
    """Send a request of a pair's to one of its endpoints; raises as `post` and `endpoints.url_of` do.

    Args:
        endpoint: X's, or what the settings or the sandbox put in its place.
        auth: the pair's auth structure.
        request: what to send.
        recorder: allows the sending, and gets the answer.
        tell: called with the host at the deadline, if no answer came; returns whether to keep waiting.

    Returns:
        The answer, and what messages call the host that it came from.
    """
    url = url_of(endpoint, auth)
    host = urlsplit(url).netloc
    return post(url, host, request, settings.timeout(), recorder, tell=lambda: tell(host)), host


class Unrecorded:
    """A recorder for requests that spend nothing, whose answer need not be recovered."""

    def check(self) -> None:
        """Allow the sending."""

    def append(self, data: bytes) -> None:
        """Keep nothing."""

    def listening(self) -> None:
        """Do nothing: no late answer is waited for."""


def post(  # noqa: PLR0913 - what one request needs
    url: str,
    host: str,
    request: TokenRequest,
    timeout: float,
    recorder: Recorder,
    *,
    tell: Callable[[], bool] = lambda: False,
) -> Answer:
    """Send a request to the token endpoint once, and return what came back.

    A connection that could not be made is tried again, up to three times with a growing pause: until
    it stands, nothing has left this machine.

    Args:
        url: the token endpoint.
        host: what messages call it.
        request: what to send.
        timeout: how long all of it may take, in seconds.
        recorder: allows the sending, and gets the answer.
        tell: called at the deadline, if the request was sent and no answer came; returns whether to keep waiting.

    Raises:
        NotSent: no connection could be made.
        InDoubt: the connection stood and no status came back.
        OintError: what the recorder's check raises; nothing was sent.
    """
    watch = Watch(time.monotonic() + timeout, recorder, tell)
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
        cause=f"{fault.cause} (tried {attempt} times).",
        next_step=fault.next_step,
    )


def _exchange(url: str, request: TokenRequest, watch: Watch) -> tuple[Answer | None, Fault]:
    """Make one attempt; return the answer, or `None` and what went wrong."""
    fault = Fault("nothing answered there in time")
    alarm = Alarm(watch.left, watch.end)
    try:
        _send(url, request, watch)
    except OintError:
        raise
    except Exception as error:  # noqa: BLE001 - none of them may pass: each may hold the request
        fault = fault_of(error, is_sent=watch.connected, late="" if watch.is_over else None)
    finally:
        alarm.cancel()
        watch.release()
    return watch.answer() if watch.connected else None, fault


def _send(url: str, request: TokenRequest, watch: Watch) -> None:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "oint_magics",
    }
    if request.authorization is not None:
        headers["Authorization"] = request.authorization.reveal()
    proxy = environment.proxy(url)
    if proxy is None:
        direct.send(url, headers, request.body.reveal(), watch)
    else:
        from oint_magics.http import by_proxy

        by_proxy.send(url, headers, request.body.reveal(), watch, proxy)
