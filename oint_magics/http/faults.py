"""What went wrong on the way to a server, in words: one table for refreshes, reads, posts and downloads.

The errors' own text is not used: it may hold the address, the headers and the body.
"""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_AGAIN = "check the network and the address, then run it again"
# OpenSSL's reasons where something answers that is no TLS.
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG")
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)
_MOST = 50


class Fault(NamedTuple):
    """What went wrong: why, as a clause, and what to do."""

    cause: str
    next_step: str = _AGAIN


_CUT = Fault(
    "the connection was closed while TLS was set up, probably by a firewall or a filter on the way",
    "try another network, or ask whoever runs this one; then run it again",
)
_SLOW = Fault("nothing answered there in time")
# By the names of the errors, since not all of these libraries are there.
_CONNECTION = (
    (("gaierror", "NameResolutionError"), Fault("its host name could not be resolved")),
    (("ConnectionRefusedError",), Fault("the connection was refused")),
    (("ConnectionResetError", "ConnectionAbortedError", "BrokenPipeError", "RemoteDisconnected"), _CUT),
    (("TimeoutError", "ConnectTimeoutError", "ReadTimeoutError"), _SLOW),
    (("NewConnectionError",), Fault("no connection could be made")),
)


def fault_of(error: BaseException, *, is_sent: bool, late: str | None = None) -> Fault:
    """Return what went wrong.

    Args:
        error: what was raised, with all that is inside it.
        is_sent: whether the request may have left.
        late: what is said where the deadline has passed; `None` where it has not.
    """
    found = list(_inside(error))
    if late is not None and is_sent:
        return Fault(late)
    if is_sent:
        return _after_sending(found)
    fault = _of_proxy(found) or _of_tls(found) or _of_connection(found)
    # It was closed here, at the deadline.
    return _SLOW if late is not None and fault is _CUT else fault


def _inside(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those inside it, however urllib3 and requests have wrapped them."""
    left: list[object] = [error]
    seen: set[int] = set()
    while left and len(seen) < _MOST:
        each = left.pop(0)
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            left += [getattr(each, "reason", None), *each.args, each.__cause__, each.__context__]


def _named(found: list[BaseException], *names: str) -> Iterator[BaseException]:
    return (each for each in found if any(kind.__name__ in names for kind in type(each).__mro__))


def _has(found: list[BaseException], *names: str) -> bool:
    return any(True for _ in _named(found, *names))


def _after_sending(found: list[BaseException]) -> Fault:
    if _has(found, "TimeoutError", "ReadTimeoutError", "ReadTimeout"):
        return Fault("no whole answer came in time")
    if _has(found, "DecodeError", "ContentDecodingError"):
        return Fault("its answer is damaged")
    return Fault("the connection was cut before the whole answer came")


def _of_proxy(found: list[BaseException]) -> Fault | None:
    status = next((match[1] for each in found if (match := _TUNNEL.search(str(each)))), None)
    if status == "407":
        return Fault("the proxy of the environment asks for a user and a password", "put them into HTTPS_PROXY")
    if status:
        return Fault(f"the proxy of the environment refused to connect (status {status})")
    if _has(found, "ProxyError"):
        return Fault("the proxy of the environment did not let it through", "check HTTPS_PROXY, then run it again")
    return None


def _of_tls(found: list[BaseException]) -> Fault | None:
    certificate = next(_named(found, "SSLCertVerificationError"), None)
    if certificate is not None:
        why = str(getattr(certificate, "verify_message", "")).rstrip(".")
        return Fault(
            f"its TLS certificate was not accepted{f' ({why})' if why.isprintable() and 0 < len(why) < 200 else ''}",
            "behind a company's proxy, set REQUESTS_CA_BUNDLE to its CA file; else check the address and the clock",
        )
    if _has(found, "SSLEOFError", "SSLZeroReturnError"):
        return _CUT
    reasons = (getattr(each, "reason", None) for each in _named(found, "SSLError"))
    reason = next((str(each) for each in reasons if each), None)
    if reason in _NO_TLS:
        return Fault("what answers there does not use TLS: plain HTTP, or the page of a filter")
    return Fault(f"TLS could not be set up ({reason[:60]})") if reason else None


def _of_connection(found: list[BaseException]) -> Fault:
    if any(isinstance(each, OSError) and each.errno in _UNREACHABLE for each in found):
        return Fault("the network there cannot be reached")
    row = next((fault for names, fault in _CONNECTION if _has(found, *names)), None)
    return row or Fault(f"no connection could be made ({type(found[0]).__name__})")
