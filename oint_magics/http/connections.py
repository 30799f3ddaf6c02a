"""Sessions and adapters of our own: nothing that was put over requests is used.

A library such as requests_cache puts a class of its own in the place of `requests.Session`, which keeps what it sees in
a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from oint_magics.http.deadline import current
from oint_magics.http.silent_pools import silence
from oint_magics.http.timed_connection import Timed

if TYPE_CHECKING:
    PlainSession = requests.Session
else:
    _now = requests.sessions.Session
    PlainSession = next((kind for kind in _now.__mro__ if kind.__module__ == "requests.sessions"), _now)


class Silent:
    """What is put before an adapter's class, so that its connections print nothing and keep deadlines."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools for direct connections."""
        super().init_poolmanager(*args, **kwargs)  # type: ignore[misc]  # requests' own, which this is put before
        silence(self.poolmanager, Timed)  # type: ignore[attr-defined]  # as above

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pools for connections by a proxy."""
        return silence(super().proxy_manager_for(*args, **kwargs), Timed)  # type: ignore[misc]  # as above

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request; the time of what runs in this thread begins."""
        exchange = current()
        if exchange is not None:
            exchange.begin()
        answer: requests.Response = super().send(request, *args, **kwargs)  # type: ignore[misc]  # as above
        return answer


class SilentAdapter(Silent, HTTPAdapter):
    """An adapter whose connections print nothing and keep deadlines."""


def silenced(adapter: Any) -> Any:
    """Return an adapter of somebody else's, with its own settings, as one whose connections print nothing.

    One that makes no connections of urllib3 is returned as it is.
    """
    if isinstance(adapter, HTTPAdapter) and not isinstance(adapter, Silent):
        kind = type(adapter)
        adapter.__class__ = type(kind.__name__, (Silent, kind), {})
        for manager in (adapter.poolmanager, *adapter.proxy_manager.values()):
            silence(manager, Timed).clear()  # Those that are there already would print.
    return adapter
