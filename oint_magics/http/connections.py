"""Sessions and adapters of our own: nothing that was put over requests is used.

A library such as requests_cache puts a class of its own in the place of `requests.Session`, which keeps what it sees in
a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from oint_magics.http.silent_pools import silence

if TYPE_CHECKING:
    PlainSession = requests.Session
else:
    _now = requests.sessions.Session
    PlainSession = next((kind for kind in _now.__mro__ if kind.__module__ == "requests.sessions"), _now)


class SilentAdapter(HTTPAdapter):
    """An adapter whose connections print nothing."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools for direct connections."""
        super().init_poolmanager(*args, **kwargs)
        silence(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pools for connections by a proxy."""
        return silence(super().proxy_manager_for(*args, **kwargs))
