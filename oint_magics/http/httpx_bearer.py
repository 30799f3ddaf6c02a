"""The bearer for httpx, whose clients take an auth object of their own kind; made only where httpx is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from oint_magics.http import endpoints
from oint_magics.http.bearer import Bearer
from oint_magics.http.headers import date_of
from oint_magics.http.masked_header import MaskedHeader

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from oint_magics.auth.structure import Auth
    from oint_magics.secret import Secret


class HttpxBearer(Bearer, httpx.Auth):
    """A bearer that is an auth object of httpx too: a 401 is answered with one refresh, as in a session of requests.

    A request's header holds the token while it is sent, and masked text afterwards. In an asynchronous client
    the refresh runs in a thread.
    """

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Give a request its token, and another one if that is refused."""
        sent = self._give(request, self._provider.auth())
        try:
            response = yield request
            _mask(sent, response.request, response.next_request)
            if sent and response.status_code == 401 and _can_repeat(request):
                other = self._provider.after_401(sent, date_of(response.headers))
                if other is not None:
                    response.read()
                    self._give(request, other)
                    response = yield request
                    _mask(sent, response.request, response.next_request)
        finally:
            _mask(sent, request)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Do the same without holding up the loop."""
        from anyio import to_thread

        sent = self._give(request, await to_thread.run_sync(self._provider.auth))
        try:
            response = yield request
            _mask(sent, response.request, response.next_request)
            if sent and response.status_code == 401 and _can_repeat(request):
                other = await to_thread.run_sync(self._provider.after_401, sent, date_of(response.headers))
                if other is not None:
                    await response.aread()
                    self._give(request, other)
                    response = yield request
                    _mask(sent, response.request, response.next_request)
        finally:
            _mask(sent, request)

    def _give(self, request: httpx.Request, auth: Auth) -> Secret | None:
        """Put the token into a request that goes to X's API; return it, or `None` where it goes elsewhere."""
        if auth.is_sandbox:
            request.url = httpx.URL(endpoints.in_sandbox(str(request.url), auth))
            request.headers["Host"] = request.url.netloc.decode("ascii")
        if not auth.access_token or not endpoints.takes_bearer(str(request.url), auth):
            return None
        self._check_way(str(request.url))
        request.headers["Authorization"] = MaskedHeader(auth.access_token)
        return auth.access_token


def _mask(sent: Secret | None, *requests: httpx.Request | None) -> None:
    """Mask the token in requests that were sent, or would be by a redirect; another host's header stays."""
    for request in requests:
        if sent and request is not None and "Authorization" in request.headers:
            request.headers["Authorization"] = "Bearer (masked)"


def _can_repeat(request: httpx.Request) -> bool:
    """Tell whether a request's body is in memory; a stream that was read cannot be sent once more."""
    try:
        return request.content is not None
    except httpx.RequestNotRead:
        return False
