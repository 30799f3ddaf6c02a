"""Sessions and adapters of our own: nothing that was put over requests is used.

A library such as requests_cache puts a class of its own in the place of `requests.Session`, which keeps what it sees in
a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from oint_magics.http.deadline import current
from oint_magics.http.silent_pools import silence_pool
from oint_magics.http.timed_connection import Timed

if TYPE_CHECKING:
    from collections.abc import Callable

    PlainSession = requests.Session
else:
    _now = requests.sessions.Session
    PlainSession = next((kind for kind in _now.__mro__ if kind.__module__ == "requests.sessions"), _now)


class SilentAdapter(HTTPAdapter):
    """An adapter whose connections print nothing and keep deadlines."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pool for a request."""
        return silence_pool(super().get_connection_with_tls_context(*args, **kwargs), Timed)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request; the time of what runs in this thread begins."""
        _begin()
        return super().send(request, *args, **kwargs)


def silenced(adapter: Any) -> Any:
    """Let an adapter of somebody else's, or those that it holds, make connections that print nothing; return it.

    It keeps its class, its settings and its pools, however it makes them. What is added here is not copied or pickled
    with it.
    """
    if isinstance(adapter, HTTPAdapter):
        if not isinstance(adapter, SilentAdapter) and "send" not in vars(adapter):
            pool_for, send = adapter.get_connection_with_tls_context, adapter.send

            def begin_and_send(*args: Any, **kwargs: Any) -> requests.Response:
                _begin()
                return send(*args, **kwargs)

            own: dict[str, Callable[..., Any]] = {
                "get_connection_with_tls_context": lambda *a, **k: silence_pool(pool_for(*a, **k), Timed),
                "send": begin_and_send,
            }
            vars(adapter).update(own)
    else:
        for held in list(vars(adapter).values()):
            if isinstance(held, HTTPAdapter):
                silenced(held)
    return adapter


def _begin() -> None:
    exchange = current()
    if exchange is not None:
        exchange.begin()
