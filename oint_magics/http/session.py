"""A session that carries the access token to the API."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from oint_magics import process, settings
from oint_magics.http import endpoints, environment, recorders
from oint_magics.http.bearer import Bearer, has_failed, is_ours, shown
from oint_magics.http.connections import PlainSession, SilentAdapter, silenced

if TYPE_CHECKING:
    from oint_magics.http.metered import Meter
    from oint_magics.http.token_provider import TokenProvider

# Where requests' own `request` takes the timeout, after method and address.
_TIMEOUT_AT = 7
# Connections of the parent process, kept so that nothing closes them here.
_parents: list[Any] = []


class Session(PlainSession):
    """A session whose requests carry the current access token to X's API.

    Waits at most `OINT_TWITTER_TIMEOUT` seconds each time, where a call says nothing else.

    Args:
        provider: gives the pair.
        meter: counts what its requests cost; `None` for nobody.

    Attributes:
        api: the API's address for this pair: X's, or the sandbox's.
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
        self.api = endpoints.url_of(endpoints.API, provider.auth())

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

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request; what goes wrong is raised without the frames, in which the bytes that were sent stand."""
        meter = self._meter if request.method == "GET" else None
        ticket = meter.reserve_url(request.url or "") if meter and is_ours(request) else None
        try:
            response = super().send(request, **kwargs)
            if meter and ticket is not None:
                _settled(meter, ticket, response)
            return response
        except BaseException as error:
            if meter and ticket is not None:
                self._failed(meter, ticket, request, error)
            if not isinstance(error, requests.RequestException):
                raise
            problem = error
        problem.request = shown(request)
        problem.__cause__ = problem.__context__ = None
        raise problem.with_traceback(None)

    def _failed(self, meter: Meter, ticket: Any, request: requests.PreparedRequest, error: BaseException) -> None:
        """Count a request that ended in an error: it is free if X refused it, or if nothing has left."""
        answer = getattr(error, "response", None)  # That of a hook, as `raise_for_status`.
        retries = getattr(super().get_adapter(request.url or ""), "max_retries", None)
        if isinstance(answer, requests.Response) and answer.url == request.url:
            with contextlib.suppress(requests.RequestException):
                _settled(meter, ticket, answer)
                return
            meter.lost(ticket)
        elif has_failed(request) or (isinstance(error, requests.ConnectTimeout) and not getattr(retries, "total", 1)):
            meter.release(ticket)
        else:
            meter.lost(ticket)

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


def _settled(meter: Meter, ticket: Any, response: requests.Response) -> None:
    """Count an answer; a redirect's own was no more than its address."""
    first = response.history[0] if response.history else response
    if response.status_code >= 300 or first.is_redirect:
        meter.release(ticket, response.headers)
    else:
        meter.settle_read(ticket, response.content, response.headers)
