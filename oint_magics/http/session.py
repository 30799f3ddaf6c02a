"""The access token on its way to the API: a bearer for any `requests` session, and a session that carries it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Protocol
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import extract_cookies_to_jar

from oint_magics import process, settings
from oint_magics.errors import CallError, OintError, SettingError
from oint_magics.http import endpoints, environment
from oint_magics.http.connections import PlainSession, SilentAdapter, silenced
from oint_magics.http.deadline import Exchange
from oint_magics.http.faults import Fault, fault_of
from oint_magics.http.silent_pools import check_not_recorded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.auth.structure import Auth
    from oint_magics.secret import Secret

# Where requests' own `request` takes the timeout, after method and address.
_TIMEOUT_AT = 7
# How many tokens a bearer remembers, so that what X says is shown without them.
_GIVEN = 8
# Connections of the parent process, kept so that nothing closes them here.
_parents: list[Any] = []


class TokenProvider(Protocol):
    """Gives the pair that is to be used, as it is now."""

    def auth(self) -> Auth:
        """Return the pair; its access token is good, as far as anything tells."""

    def after_401(self, refused: Secret) -> Auth | None:
        """Return another pair to try after the API refused an access token, or `None` where there is none."""


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
        self.given: deque[Secret] = deque(maxlen=_GIVEN)
        self.granted: str | None = None

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        auth = self._provider.auth()
        if auth.is_sandbox:
            prepared.url = endpoints.in_sandbox(prepared.url or "", auth)
        url = prepared.url or ""
        if endpoints.takes_bearer(url, auth) and auth.access_token:
            self._check_way(url)
            prepared.headers["Authorization"] = MaskedHeader(auth.access_token)
            self.given.append(auth.access_token)
            self.granted = auth.granted
            prepared.register_hook("response", _RetryAfter401(self._provider, auth.access_token, self.given))
        return prepared

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a bearer cannot be pickled: make one from its store's name where it is needed")

    def _check_way(self, url: str) -> None:
        """Refuse a recorder, and a proxy between here and this machine: plain http would show it the token."""
        check_not_recorded()
        if url.startswith("http:") and not self._is_direct and requests.utils.get_environ_proxies(url):
            raise SettingError(
                "A proxy would see the access token, so nothing was sent.",
                cause="HTTP_PROXY is set, and NO_PROXY does not list this machine's own address.",
                next_step="%env NO_PROXY=127.0.0.1,localhost",
            )


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


class Session(PlainSession):
    """A session whose requests carry the current access token to X's API.

    Waits at most `OINT_TWITTER_TIMEOUT` seconds each time, where a call says nothing else.

    Args:
        provider: gives the pair.

    Attributes:
        api: the API's address for this pair: X's, or the sandbox's.
    """

    def __init__(self, provider: TokenProvider) -> None:
        super().__init__()
        self._make_connections()
        process.watch(self)
        self._bearer = Bearer(provider, is_direct=True)
        self.auth = self._bearer
        self.headers["User-Agent"] = "oint_magics"
        self._first = provider.auth()
        self.api = endpoints.url_of(endpoints.API, self._first)

    def _make_connections(self) -> None:
        for start in ("https://", "http://"):
            self.mount(start, SilentAdapter())

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
        **body: Any,
    ) -> Reply:
        """Send one request below the API's address, and return the answer.

        Args:
            path: the call's path, as `/2/users/me`.
            params: its parameters.
            method: GET, POST or DELETE.
            exchange: its deadline, and whether it has left; `None` for one of `OINT_TWITTER_TIMEOUT` seconds.
            body: the body, as requests takes it: `json`, or `data` and `files`.

        Raises:
            CallError: no answer came; `.is_sent` tells whether the request may have arrived.
            OintError: as for a refresh, where one was due and failed.
        """
        exchange = exchange or Exchange(settings.timeout())
        fault: Fault | None = None
        try:
            with exchange.running():
                options = {"params": dict(params), "allow_redirects": False, "timeout": exchange.seconds}
                response = self.request(method, self.api + path, **options, **body)
                document, is_page = _document(response), response.content.lstrip().startswith(b"<")
        except (OSError, RuntimeError) as error:  # It holds the request, so it stays here.
            fault = fault_of(error, is_sent=exchange.is_sent, late=_late(exchange))
        if fault is None and exchange.is_over:
            fault = Fault(_late(exchange) or "")
        if fault is None and response.status_code < 200:
            fault = Fault("it announced an answer, and none followed")
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
        try:
            return super().send(request, **kwargs)
        except requests.RequestException as error:
            problem = error
        problem.request = _shown(request)
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

    def merge_environment_settings(self, url: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the environment's settings for a request; no proxy is asked for what is on this machine."""
        merged = super().merge_environment_settings(url, *args, **kwargs)
        merged["proxies"] = {} if endpoints.is_loopback(url) else environment.checked(merged["proxies"], url)
        return merged


def _late(exchange: Exchange) -> str | None:
    return f"no whole answer came within {exchange.seconds:g} seconds" if exchange.is_over else None


def _document(response: requests.Response) -> dict[str, Any] | None:
    try:
        document = response.json()
    except (ValueError, RecursionError):  # No JSON, or a number of endless digits.
        return None
    return document if isinstance(document, dict) else None


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
        response.request = _shown(prepared)
        if response.status_code != 401 or not isinstance(header, MaskedHeader) or not _can_repeat(prepared):
            return response
        auth = self._provider.after_401(self._sent)
        if auth is None or auth.access_token is None:
            return response
        self._given.append(auth.access_token)
        return _repeated(response, prepared, auth.access_token, options)


def _can_repeat(prepared: requests.PreparedRequest) -> bool:
    """Tell whether a request's body can be sent once more; a stream that was read cannot."""
    return prepared.body is None or isinstance(prepared.body, str | bytes)


def _shown(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
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
    answer.request = _shown(again)
    return answer
