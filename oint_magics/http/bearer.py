"""The access token in a request: the bearer that puts it there, and the header that is masked for everybody else."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import requests
from requests.cookies import extract_cookies_to_jar

from oint_magics.errors import SettingError
from oint_magics.http import endpoints, recorders
from oint_magics.http.headers import date_of

if TYPE_CHECKING:
    from datetime import datetime

    from oint_magics.auth.structure import Auth
    from oint_magics.secret import Secret

# How many tokens a bearer remembers, so that what X says is shown without them.
_GIVEN = 8


class TokenProvider(Protocol):
    """Gives the pair that is to be used, as it is now."""

    @property
    def name(self) -> str:
        """What tables call the place that it comes from."""

    def auth(self) -> Auth:
        """Return the pair; its access token is good, as far as anything tells."""

    def after_401(self, refused: Secret, at: datetime | None = None) -> Auth | None:
        """Return another pair to try after the API refused an access token, or `None` where there is none.

        Args:
            refused: the access token.
            at: when that was, by the API's clock; `None` if it did not say.
        """


class Bearer(requests.auth.AuthBase):
    """Gives each request the access token as it is then, where it goes to X's API; to nobody else.

    For a pair of the sandbox, what a client library asks of X's API is asked of the sandbox instead.

    Args:
        provider: gives the pair.
        is_direct: whether the session that it is used in asks no proxy for what is on this machine.

    Attributes:
        given: the last tokens that went into a request.
        granted: what X said that the last of them may do; `None` if that is not known.
    """

    def __init__(self, provider: TokenProvider, *, is_direct: bool = False) -> None:
        self._provider = provider
        self._is_direct = is_direct
        self._header: MaskedHeader | None = None
        self.given: deque[Secret] = deque(maxlen=_GIVEN)
        self.granted: str | None = None

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
            self.given.append(auth.access_token)
            self.granted = auth.granted
            prepared.register_hook("response", _RetryAfter401(self._provider, auth.access_token, self.given))
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


class MaskedHeader(str):
    """The `Authorization` header: a text that is masked, and whose bytes, which http.client asks for, are the token's.

    So whoever joins, formats, logs or serializes it has the masked text.
    """

    __slots__ = ("_token",)
    _token: Secret

    def __new__(cls, token: Secret) -> MaskedHeader:  # noqa: PYI034 - no subclass
        header = super().__new__(cls, f"Bearer {token.masked()}")
        header._token = token
        return header

    def is_of(self, token: Secret) -> bool:
        """Tell whether it was made of this very token."""
        return self._token is token

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Return the header as it is sent."""
        return f"Bearer {self._token.reveal()}".encode(encoding, errors)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled")


class _RetryAfter401:
    """What happens to an answer: the token goes from what is left of its request, and a refused one is replaced once.

    Args:
        provider: gives the pair.
        sent: the access token that was sent.
        given: where the one that replaces it is noted.
    """

    def __init__(self, provider: TokenProvider, sent: Secret, given: deque[Secret]) -> None:
        self._provider = provider
        self._sent = sent
        self._given = given

    def __call__(self, response: requests.Response, **options: Any) -> requests.Response:
        prepared = response.request
        header = prepared.headers.get("Authorization")
        response.request = shown(prepared)
        if response.status_code != 401 or not isinstance(header, MaskedHeader) or not _can_repeat(prepared):
            return response
        try:
            auth = self._provider.after_401(self._sent, date_of(response.headers))
        except BaseException:
            response.close()  # Nobody else has it.
            raise
        if auth is None or auth.access_token is None:
            return response
        self._given.append(auth.access_token)
        return _repeated(response, prepared, auth.access_token, options)


def is_ours(prepared: requests.PreparedRequest) -> bool:
    """Tell whether a request carries a token of ours, and so goes to X's API."""
    return isinstance(prepared.headers.get("Authorization"), MaskedHeader)


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
