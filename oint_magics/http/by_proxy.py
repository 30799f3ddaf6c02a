"""Sends a token request through the environment's proxy, with urllib3, which supports every kind of proxy."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3 import Timeout

from oint_magics.http import environment
from oint_magics.http.silent_pools import silence

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from oint_magics.http.watch import Watch

_LONGEST_CONNECT = 10.0
_TRACED = ("urlopen", "_make_request")


class _Taken(Exception):
    """The answer's bytes have been read; urllib3 must not read them again."""


def send(url: str, headers: Mapping[str, str], body: str, watch: Watch, proxy: str) -> None:
    """Send a POST request and take its answer; raises what urllib3 raises, else as `direct.send` does.

    Args:
        url: the token endpoint.
        headers: the request's.
        body: the form.
        watch: the request's time; gets the answer.
        proxy: the proxy's address.
    """
    bundle = environment.bundle(url)
    options = {"cert_reqs": "CERT_REQUIRED", "ca_cert_dir" if bundle.is_dir() else "ca_certs": str(bundle)}
    timeout = Timeout(connect=min(_LONGEST_CONNECT, watch.wait), read=watch.wait)
    try:
        with _untraced(silence(HTTPAdapter().proxy_manager_for(proxy, **options), _watched(watch))) as manager:
            manager.request(
                "POST", url, body=body, headers=dict(headers), retries=False, redirect=False, timeout=timeout
            )
    except _Taken:
        return


def _untraced(manager: Any) -> Any:
    """Hide a pool manager's requests from tools that trace urllib3, and return the manager.

    Such tools (OpenTelemetry, elastic-apm, ddtrace) wrap these methods and can export headers, `Authorization` too.
    """
    pools = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {
        name: type(pool.__name__, (pool,), {each: inspect.unwrap(getattr(pool, each)) for each in _TRACED})
        for name, pool in pools.items()
    }
    return manager


def _watched(watch: Watch) -> type:
    """Return a mixin for urllib3's connection classes that reports to the watch."""

    class Watched:
        sock: Any

        def _new_conn(self) -> socket.socket:
            sock: socket.socket = super()._new_conn()  # type: ignore[misc]  # urllib3's, by the mixin
            watch.guard(sock)
            return sock

        def connect(self) -> None:
            super().connect()  # type: ignore[misc]  # as above
            watch.allow()

        def getresponse(self) -> None:
            watch.take(self.sock)
            raise _Taken

    return Watched
