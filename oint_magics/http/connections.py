"""Connections of our own: they print nothing of what goes over them, and nothing that was put over requests is used.

`http.client.HTTPConnection.debuglevel = 1`, which many tutorials recommend, prints headers and bodies. A library such
as requests_cache puts a class of its own in the place of `requests.Session`, which keeps what it sees in a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    PlainSession = requests.Session
else:
    _now = requests.sessions.Session
    PlainSession = next((kind for kind in _now.__mro__ if kind.__module__ == "requests.sessions"), _now)


class SilentAdapter(HTTPAdapter):
    """An adapter whose connections print nothing.

    Args:
        kinds: classes to stand before urllib3's own connection classes; each finds what it overrides by `super`.
        options: as `HTTPAdapter` takes them.
    """

    def __init__(self, *kinds: type, **options: Any) -> None:
        self._kinds = kinds
        super().__init__(**options)

    # requests' own way to make an adapter anew, in another process too.
    __attrs__ = [*HTTPAdapter.__attrs__, "_kinds"]  # noqa: RUF012 - requests' own form

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools for direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self._replace_pools(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pools for connections by a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        self._replace_pools(manager)
        return manager

    def _replace_pools(self, manager: Any) -> None:
        pools = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {name: self._pool(pool) for name, pool in pools.items()}

    def _pool(self, pool: Any) -> Any:
        if getattr(pool, "is_silent", False):
            return pool
        # On the class, so that what is set on http.client's or urllib3's own never counts.
        connection = type("Connection", (*self._kinds, pool.ConnectionCls), {"debuglevel": 0})
        return type(pool.__name__, (pool,), {"ConnectionCls": connection, "is_silent": True})
