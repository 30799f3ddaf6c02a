"""A session that carries the access token to the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Protocol
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from oint_magics import process, settings
from oint_magics.errors import CallError, OintError
from oint_magics.http import endpoints, environment, recorders
from oint_magics.http.bearer import Bearer, is_ours, shown
from oint_magics.http.connections import PlainSession, SilentAdapter, silenced
from oint_magics.http.deadline import Exchange, current
from oint_magics.http.faults import Fault, fault_of
from oint_magics.http.json_body import object_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.http.bearer import TokenProvider
    from oint_magics.secret import Secret

# Where requests' own `request` takes the timeout, after method and address.
_TIMEOUT_AT = 7
# Connections of the parent process, kept so that nothing closes them here.
_parents: list[Any] = []


class Reply(NamedTuple):
    """What the API answered.

    Attributes:
        status: the HTTP status.
        headers: the answer's.
        document: the JSON object of its body, or `None` where it is none.
        held: the tokens that the request may have had; what X says is shown without them.
        granted: what X said that these tokens may do, separated by blanks; `None` if that is not known.
        is_page: whether its body is HTML.
    """

    status: int
    headers: Mapping[str, str]
    document: dict[str, Any] | None
    held: tuple[Secret, ...] = ()
    granted: str | None = None
    is_page: bool = False


class Write(NamedTuple):
    """What a request writes, and what X bills for it.

    Attributes:
        kind: what it is, as tables of what was spent call it.
        mills: its price, in thousandths of a US dollar.
    """

    kind: str
    mills: int


class Meter(Protocol):
    """Counts what requests cost."""

    def reserve(self, path: str, params: Mapping[str, str], write: Write | None = None) -> Any:
        """Return what `settle` or `release` takes, or `None`; raises an `OintError` where it must not be sent."""

    def reserve_url(self, url: str) -> Any:
        """Do the same for a read of somebody else's, by its address."""

    def settle(self, ticket: Any, document: dict[str, Any] | None, headers: Mapping[str, str]) -> None:
        """Take the answer of a request."""

    def settle_read(self, ticket: Any, body: bytes, headers: Mapping[str, str]) -> None:
        """Take the answer of a read that `reserve_url` reserved."""

    def release(self, ticket: Any, headers: Mapping[str, str] | None = None) -> None:
        """Take that a request was refused, or was not sent."""

    def lost(self, ticket: Any) -> None:
        """Take that no answer came to a request that may have arrived."""


class Session(PlainSession):
    """A session whose requests carry the current access token to X's API.

    Waits at most `OINT_TWITTER_TIMEOUT` seconds each time, where a call says nothing else.

    Args:
        provider: gives the pair.
        meter: counts what its requests cost; `None` for nobody.

    Attributes:
        api: the API's address for this pair: X's, or the sandbox's.
        app: the client id of its app.
    """

    def __init__(self, provider: TokenProvider, meter: Meter | None = None) -> None:
        super().__init__()
        self._meter = meter
        recorders.check_none()
        for start in ("https://", "http://"):
            self.mount(start, SilentAdapter())
        process.watch(self)
        self._bearer = Bearer(provider, is_direct=True)
        self.auth = self._bearer
        self.headers["User-Agent"] = "oint_magics"
        self._first = provider.auth()
        self.app = self._first.client_id
        self.api = endpoints.url_of(endpoints.API, self._first)

    def after_fork(self) -> None:
        """Use connections of one's own: on the parent's, its answers would be read here and these there."""
        for adapter in self.adapters.values():
            _parents.append((getattr(adapter, "poolmanager", None), getattr(adapter, "proxy_manager", None)))
            if isinstance(adapter, HTTPAdapter):
                adapter.__setstate__(adapter.__getstate__())  # With its own settings, and new pools.

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("this session cannot be pickled: make one where it is needed, twitter.session(…)")

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request as `requests.Session.request` does, with a limit to each wait."""
        if len(args) < _TIMEOUT_AT:
            kwargs.setdefault("timeout", settings.timeout())
        return super().request(method, url, *args, **kwargs)

    def get_adapter(self, url: str | bytes) -> Any:
        """Return the adapter for an address; one that was mounted prints nothing either."""
        return silenced(super().get_adapter(url))  # type: ignore[arg-type]  # requests takes both

    def ask(
        self,
        path: str,
        params: Mapping[str, str],
        *,
        method: str = "GET",
        exchange: Exchange | None = None,
        write: Write | None = None,
        **body: Any,
    ) -> Reply:
        """Send one request below the API's address, and return the answer.

        Args:
            path: the call's path, as `/2/users/me`.
            params: its parameters.
            method: GET, POST or DELETE.
            exchange: its deadline, and whether it has left; `None` for one of `OINT_TWITTER_TIMEOUT` seconds.
            write: what it writes, where X bills that; `None` otherwise.
            body: the body, as requests takes it: `json`, or `data` and `files`.

        Raises:
            CallError: no answer came; `.is_sent` tells whether the request may have arrived.
            OintError: as for a refresh, where one was due and failed.
        """
        exchange = exchange or Exchange(settings.timeout())
        meter = self._meter if method == "GET" or write else None
        ticket = meter.reserve(path, params, write) if meter else None
        fault: Fault | None = None
        document: dict[str, Any] | None = None
        try:
            with exchange.running():
                options = {"params": dict(params), "allow_redirects": False, "timeout": exchange.seconds}
                response = self.request(method, self.api + path, **options, **body)
                document, is_page = object_of(response.content), response.content.lstrip().startswith(b"<")
        except OintError:  # A refresh that failed: nothing was asked, or it was refused.
            if meter and ticket is not None:
                meter.release(ticket)
            raise
        except OSError as error:  # It holds the request, so it stays here.
            fault = fault_of(error, is_sent=exchange.is_sent, late=_late(exchange))
        # A connection that is shut at the deadline looks like the end of an answer.
        if fault is None and document is None and exchange.is_over:
            fault = Fault(_late(exchange) or "")
        if fault is None and response.status_code < 200:
            fault = Fault("it announced an answer, and none followed")
        if meter and ticket is not None:
            _counted(meter, ticket, None if fault else response, document, is_sent=exchange.is_sent)
        if fault is None:
            held = tuple(self._bearer.given)
            return Reply(response.status_code, response.headers, document, held, self._bearer.granted, is_page)
        raise self._no_answer(fault, is_sent=exchange.is_sent)

    def _no_answer(self, fault: Fault, *, is_sent: bool) -> OintError:
        if not is_sent:
            environment.check(self.api)
        ended = None if is_sent else endpoints.ended_sandbox(self._first)
        host = urlsplit(self.api).netloc
        problem = CallError(
            f"No answer from {host}." if is_sent else f"No connection to {host}. Nothing was sent.",
            cause=f"{fault.cause}.",
            next_step="is the sandbox running? %twitter_sandbox start"
            if endpoints.is_loopback(self.api)
            else fault.next_step,
        )
        problem.is_sent = is_sent
        return ended or problem

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request; what goes wrong is raised without the frames, in which the bytes that were sent stand."""
        # `ask` counts its own, by the answer that it has read.
        meter = self._meter if request.method == "GET" and current() is None else None
        ticket = meter.reserve_url(request.url or "") if meter and is_ours(request) else None
        try:
            response = super().send(request, **kwargs)
        except BaseException as error:
            if meter and ticket is not None:
                # The first is a refresh after a refusal, which failed.
                is_free = isinstance(error, OintError | requests.ConnectTimeout)
                (meter.release if is_free else meter.lost)(ticket)
            if not isinstance(error, requests.RequestException):
                raise
            problem = error
        else:
            if meter and ticket is not None:
                _settled(meter, ticket, response)
            return response
        problem.request = shown(request)
        problem.__cause__ = problem.__context__ = None
        raise problem.with_traceback(None)

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Take the token from a redirect to another host; no `.netrc` puts anything in its place."""
        old = response.request.url or ""
        if "Authorization" in prepared_request.headers and self.should_strip_auth(old, prepared_request.url or ""):
            del prepared_request.headers["Authorization"]

    def rebuild_proxies(self, prepared_request: requests.PreparedRequest, proxies: Any) -> Any:
        """Return the proxies of a redirect; none is asked for what is on this machine."""
        if endpoints.is_loopback(prepared_request.url or ""):
            return {}
        return super().rebuild_proxies(prepared_request, proxies)

    def merge_environment_settings(self, url: Any, proxies: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the environment's settings for a request; no proxy is asked for what is on this machine."""
        is_here, host = endpoints.is_loopback(url), urlsplit(url).hostname
        if host and (is_here or environment.has_no_proxy()):
            # requests looks for one in a tenth of the time of a small request.
            proxies = {**(proxies or {}), "no_proxy": host}
        merged = super().merge_environment_settings(url, proxies, *args, **kwargs)
        found = {scheme: each for scheme, each in merged["proxies"].items() if scheme != "no_proxy"}
        merged["proxies"] = {} if is_here else environment.checked(found, url)
        return merged


def _counted(
    meter: Meter, ticket: Any, response: requests.Response | None, document: dict[str, Any] | None, *, is_sent: bool
) -> None:
    """Count an answer, or that none came; one that was lost may have been billed."""
    if response is not None and response.status_code < 300:
        meter.settle(ticket, document, response.headers)
    elif response is not None:
        meter.release(ticket, response.headers)
    elif not is_sent:
        meter.release(ticket)


def _settled(meter: Meter, ticket: Any, response: requests.Response) -> None:
    """Count an answer; a redirect's own was no more than its address."""
    first = response.history[0] if response.history else response
    if response.status_code >= 300 or first.is_redirect:
        meter.release(ticket, response.headers)
    else:
        meter.settle_read(ticket, response.content, response.headers)


def _late(exchange: Exchange) -> str | None:
    return f"no whole answer came within {exchange.seconds:g} seconds" if exchange.is_over else None
