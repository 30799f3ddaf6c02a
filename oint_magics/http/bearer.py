"""The bearer that puts the access token into a request of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import requests
from requests.cookies import extract_cookies_to_jar

from oint_magics.errors import SettingError
from oint_magics.http import endpoints, recorders
from oint_magics.http.headers import date_of
from oint_magics.http.masked_header import MaskedHeader

if TYPE_CHECKING:
    from oint_magics.http.token_provider import TokenProvider
    from oint_magics.secret import Secret


class Bearer(requests.auth.AuthBase):
    """Gives each request the access token as it is then, where it goes to X's API; to nobody else.

    For a pair of the sandbox, what a client library asks of X's API is asked of the sandbox instead.

    Args:
        provider: gives the pair.
        is_direct: whether the session that it is used in asks no proxy for what is on this machine.
    """

    def __init__(self, provider: TokenProvider, *, is_direct: bool = False) -> None:
        self._provider = provider
        self._is_direct = is_direct
        self._header: MaskedHeader | None = None

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        auth = self._provider.auth()
        if auth.is_sandbox:
            prepared.url = endpoints.in_sandbox(prepared.url or "", auth)
        url = prepared.url or ""
        if endpoints.takes_bearer(url, auth) and auth.access_token:
            self._check_way(url)
            header = self._header
            if header is None or not header.is_of(auth.access_token):
                self._header = header = MaskedHeader(auth.access_token)
            prepared.headers["Authorization"] = header
            prepared.register_hook("response", _RetryAfter401(self._provider, auth.access_token))
        return prepared

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a bearer cannot be pickled: make one from its store's name where it is needed")

    def _check_way(self, url: str) -> None:
        """Refuse a recorder, and a proxy between here and this machine: plain http would show it the token."""
        recorders.check_none()
        if url.startswith("http:") and not self._is_direct and requests.utils.get_environ_proxies(url):
            raise SettingError(
                "A proxy would see the access token, so nothing was sent.",
                cause="HTTP_PROXY is set, and NO_PROXY does not list this machine's own address.",
                next_step="%env NO_PROXY=127.0.0.1,localhost",
            )


class _RetryAfter401:
    """What happens to an answer: the token goes from what is left of its request, and a refused one is replaced once.

    Args:
        provider: gives the pair.
        sent: the access token that was sent.

    Attributes:
        has_failed: whether a refresh was due after a refusal, and failed.
    """

    def __init__(self, provider: TokenProvider, sent: Secret) -> None:
        self._provider = provider
        self._sent = sent
        self.has_failed = False

    def __call__(self, response: requests.Response, **options: Any) -> requests.Response:
        prepared = response.request
        header = prepared.headers.get("Authorization")
        response.request = shown(prepared)
        if response.status_code != 401 or not isinstance(header, MaskedHeader) or not _can_repeat(prepared):
            return response
        try:
            auth = self._provider.after_401(self._sent, date_of(response.headers))
        except BaseException:
            self.has_failed = True
            response.close()  # Nobody else has it.
            raise
        if auth is None or auth.access_token is None:
            return response
        return _repeated(response, prepared, auth.access_token, options)


def is_ours(prepared: requests.PreparedRequest) -> bool:
    """Tell whether a request carries a token of ours, and so goes to X's API."""
    return isinstance(prepared.headers.get("Authorization"), MaskedHeader)


def has_failed(prepared: requests.PreparedRequest) -> bool:
    """Tell whether a request was refused, and the refresh after that failed."""
    return any(isinstance(each, _RetryAfter401) and each.has_failed for each in prepared.hooks.get("response", ()))


def _can_repeat(prepared: requests.PreparedRequest) -> bool:
    """Tell whether a request's body can be sent once more; a stream that was read cannot."""
    return prepared.body is None or isinstance(prepared.body, str | bytes)


def shown(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Return a request as it may be shown; the one that was sent may be sent again, by a redirect or by its owner."""
    header = prepared.headers.get("Authorization")
    if not isinstance(header, MaskedHeader):
        return prepared
    shown = requests.PreparedRequest()
    vars(shown).update(vars(prepared))
    shown.headers = prepared.headers.copy()
    shown.headers["Authorization"] = str(header)
    # What replaces a refused token is no part of what was sent, and keeps an answer from being copied and pickled.
    hooks = prepared.hooks.items()
    shown.hooks = {event: [each for each in calls if not isinstance(each, _RetryAfter401)] for event, calls in hooks}
    return shown


def _repeated(
    response: requests.Response, refused: requests.PreparedRequest, token: Secret, options: dict[str, Any]
) -> requests.Response:
    """Send a refused request once more, on the same connection, with another token."""
    _ = response.content  # The connection is free again only when the answer was read.
    response.close()
    again = refused.copy()
    jar = requests.cookies.RequestsCookieJar()
    extract_cookies_to_jar(jar, response.request, response.raw)
    again.prepare_cookies(jar)
    again.headers["Authorization"] = MaskedHeader(token)
    answer: requests.Response = response.connection.send(again, **options)
    answer.history.append(response)
    answer.request = shown(again)
    return answer
