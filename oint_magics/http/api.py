"""Our own calls of X's API, over a connection of our own; requests serves users' sessions alone."""

from __future__ import annotations

import contextlib
from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Self
from urllib.parse import quote, quote_plus, urlencode, urlsplit

from oint_magics import process, settings
from oint_magics.errors import CallError, OintError, OverBudget
from oint_magics.http import endpoints, environment
from oint_magics.http.deadline import Exchange
from oint_magics.http.faults import Fault, fault_of
from oint_magics.http.headers import date_of
from oint_magics.http.json_body import object_of
from oint_magics.http.kept_connection import KeptConnection
from oint_magics.http.masked_header import MaskedHeader

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from oint_magics.auth.structure import Auth
    from oint_magics.http.kept_connection import Answer
    from oint_magics.http.metered import Meter, Write
    from oint_magics.http.proxied import Proxied
    from oint_magics.http.token_provider import TokenProvider
    from oint_magics.secret import Secret

# How many tokens it remembers, so that what X says is shown without them.
_GIVEN = 8
# How long the sandbox's front page may take, in seconds.
_MOMENT = 5.0
# Characters that a path may have (RFC 3986 §3.3, §3.4), and escapes.
_SAFE = "%/?:@!$&'()*+,;=~"
# The pages of a call differ only in the page token.
_quoted_path, _quoted_word = lru_cache(maxsize=256)(quote), lru_cache(maxsize=256)(quote_plus)
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


class Body(NamedTuple):
    """A request's body.

    Attributes:
        data: its bytes.
        kind: its content type.
    """

    data: bytes
    kind: str


class Api:
    """Carries the current access token to X's API; a context that closes its connections.

    Args:
        provider: gives the tokens.
        meter: counts what its requests cost; `None` for nobody.

    Attributes:
        url: the API's address for these tokens: X's, or the sandbox's.
        app: the client id of its app.
    """

    def __init__(self, provider: TokenProvider, meter: Meter | None = None) -> None:
        self._provider, self._meter = provider, meter
        self._first = provider.auth()
        self.app = self._first.client_id
        self.url = endpoints.url_of(endpoints.API, self._first)
        self._given: deque[Secret] = deque(maxlen=_GIVEN)
        self._connection: KeptConnection | Proxied | None = None
        self._origin: tuple[str, str, int] | None = None
        process.watch(self)

    @property
    def is_sandbox(self) -> bool:
        """Whether its tokens are the sandbox's."""
        return self._first.is_sandbox

    @property
    def next_token(self) -> Secret | None:
        """The access token that a request would have now."""
        return self._provider.auth().access_token

    @property
    def last_token(self) -> Secret | None:
        """The access token that the last request had; `None` before the first one."""
        return self._given[-1] if self._given else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("it cannot be pickled: it holds connections and a token")

    def after_fork(self) -> None:
        """Use connections of one's own: on the parent's, its answers would be read here and these there."""
        _parents.append(self._connection)
        self._connection = None

    def ask(  # noqa: PLR0913 - what one request needs
        self,
        path: str,
        params: Mapping[str, str],
        *,
        method: str = "GET",
        exchange: Exchange | None = None,
        write: Write | None = None,
        body: Body | None = None,
    ) -> Reply:
        """Send one request below the API's address, and return the answer.

        Args:
            path: the call's path, as `/2/users/me`.
            params: its parameters.
            method: GET, POST or DELETE.
            exchange: its deadline, and whether it has left; `None` for one of `OINT_TWITTER_TIMEOUT` seconds.
            write: what it writes, where X bills that; `None` otherwise.
            body: its body; `None` for none.

        Raises:
            CallError: no answer came; `.is_sent` tells whether the request may have arrived.
            OintError: as for a refresh, where one was due and failed.
        """
        exchange = exchange or Exchange(settings.timeout())
        meter = self._meter if method == "GET" or write else None
        ticket = self._reserved(meter, path, params, write) if meter else None
        fault: Fault | None = None
        document: dict[str, Any] | None = None
        try:
            with exchange.running():
                answer, auth = self._sent(method, self._address(path, params), body, exchange)
                document = object_of(answer.body)
        except OintError:  # A refresh that failed: nothing was asked, or it was refused.
            if meter and ticket is not None:
                meter.release(ticket)
            raise
        # It holds the request, so it stays here. A chunk of negative size is a `ValueError`.
        except (OSError, ValueError) as error:
            fault = fault_of(error, is_sent=exchange.is_sent, late=_late(exchange))
        # A connection that is shut at the deadline looks like the end of an answer.
        if fault is None and document is None and exchange.is_over:
            fault = Fault(_late(exchange) or "")
        if meter and ticket is not None:
            _counted(meter, ticket, None if fault else answer, document, is_sent=exchange.is_sent)
        if fault is None:
            is_page = document is None and answer.body.lstrip().startswith(b"<")
            held = tuple(self._given)
            return Reply(answer.status, answer.headers, document, held, auth.granted, is_page)
        raise self._no_answer(fault, is_sent=exchange.is_sent)

    def _reserved(self, meter: Meter, path: str, params: Mapping[str, str], write: Write | None) -> Any:
        """Reserve what a request costs; the sandbox's day may have ended meanwhile, and its front page tells."""
        problem: OverBudget
        try:
            return meter.reserve(path, params, write)
        except OverBudget as error:
            if not self._first.is_sandbox:
                raise
            problem = error
        exchange, moment = Exchange(_MOMENT), None
        with contextlib.suppress(OintError, OSError, ValueError), exchange.running():
            moment = date_of(self._once("GET", f"{self.url}/", self._first, None, exchange).headers)
        if moment is None:
            raise problem
        meter.note_clock(moment)
        return meter.reserve(path, params, write)

    def _address(self, path: str, params: Mapping[str, str]) -> str:
        query = urlencode(params, quote_via=_quoted_word)
        joint = "&" if "?" in path else "?"
        return f"{self.url}{_quoted_path(path, _SAFE)}{joint if query else ''}{query}"

    def _sent(self, method: str, url: str, body: Body | None, exchange: Exchange) -> tuple[Answer, Auth]:
        """Send a request; a refused token is replaced once."""
        auth = self._provider.auth()
        answer = self._once(method, url, auth, body, exchange)
        if answer.status == 401 and auth.access_token is not None:
            newer = self._provider.after_401(auth.access_token, date_of(answer.headers))
            if newer is not None and newer.access_token is not None:
                auth = newer
                answer = self._once(method, url, auth, body, exchange)
        return answer, auth

    def _once(self, method: str, url: str, auth: Auth, body: Body | None, exchange: Exchange) -> Answer:
        headers = {"User-Agent": "oint_magics", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
        if auth.is_sandbox:
            url = endpoints.in_sandbox(url, auth)
        if auth.access_token is not None and endpoints.takes_bearer(url, auth):
            headers["Authorization"] = MaskedHeader(auth.access_token)
            self._given.append(auth.access_token)
        if body is not None:
            headers["Content-Type"] = body.kind
        origin = endpoints.origin_of(url)
        if self._connection is None or origin != self._origin:  # Tokens of another kind go to another server.
            self._close()
            self._connection, self._origin = _connection_to(url), origin
        exchange.begin()
        return self._connection.ask(method, url, headers, body.data if body else None, exchange)

    def _no_answer(self, fault: Fault, *, is_sent: bool) -> OintError:
        if not is_sent:
            environment.check(self.url)
        ended = None if is_sent else endpoints.ended_sandbox(self._first)
        host = urlsplit(self.url).netloc
        problem = CallError(
            f"No answer from {host}." if is_sent else f"No connection to {host}. Nothing was sent.",
            cause=f"{fault.cause}.",
            next_step="is the sandbox running? %twitter_sandbox start"
            if endpoints.is_loopback(self.url)
            else fault.next_step,
        )
        problem.is_sent = is_sent
        return ended or problem


def json_of(document: Mapping[str, Any]) -> Body:
    """Return a body of JSON."""
    import json

    return Body(json.dumps(document).encode(), "application/json")


def form_of(fields: Mapping[str, Any]) -> Body:
    """Return a body of several parts: texts, and files as name, bytes and type."""
    from urllib3.filepost import encode_multipart_formdata

    return Body(*encode_multipart_formdata(fields))


def _connection_to(url: str) -> KeptConnection | Proxied:
    """Return a connection to an address, by the environment's proxy where it names one.

    Raises:
        SettingError: the proxy or the CA bundle cannot be used.
        NotSent: another library answers for the connections of this process.
    """
    proxy = environment.proxy(url)
    if proxy is None:
        return KeptConnection(url)
    from oint_magics.http.proxied import Proxied

    return Proxied(url, proxy)


def _counted(
    meter: Meter, ticket: Any, answer: Answer | None, document: dict[str, Any] | None, *, is_sent: bool
) -> None:
    """Count an answer, or that none came; one that was lost may have been billed."""
    if answer is not None and answer.status < 300:
        meter.settle(ticket, document, answer.headers)
    elif answer is not None:
        meter.release(ticket, answer.headers)
    elif not is_sent:
        meter.release(ticket)


def _late(exchange: Exchange) -> str | None:
    return f"no whole answer came within {exchange.seconds:g} seconds" if exchange.is_over else None
