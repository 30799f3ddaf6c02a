"""Connections to the API by the environment's proxy, with urllib3, which knows every kind of proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from oint_magics.http import environment
from oint_magics.http.kept_connection import Answer
from oint_magics.http.silent_pools import silence
from oint_magics.http.timed_connection import Timed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.http.deadline import Exchange


class Proxied:
    """Connections to one server by a proxy; as `KeptConnection` otherwise.

    Args:
        url: an address there.
        proxy: the proxy's address.
    """

    def __init__(self, url: str, proxy: str) -> None:
        bundle = environment.bundle(url)
        options = {"cert_reqs": "CERT_REQUIRED", "ca_cert_dir" if bundle.is_dir() else "ca_certs": str(bundle)}
        self._pools: Any = silence(HTTPAdapter().proxy_manager_for(proxy, **options), Timed)

    def close(self) -> None:
        """Close them."""
        for key in self._pools.pools.keys():  # noqa: SIM118 - not iterable otherwise
            # An interrupt inside its queue may have left the queue locked, and `clear` would wait for ever.
            mutex = getattr(getattr(self._pools.pools.get(key), "pool", None), "mutex", None)
            if mutex is not None and mutex.locked():
                mutex.release()
        self._pools.clear()

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, exchange: Exchange) -> Answer:
        """Send a request and return the whole answer; what urllib3 raises is inside an `OSError`."""
        timeout = Timeout(connect=exchange.wait, read=exchange.wait)
        try:
            found = self._pools.urlopen(
                method, url, body=body, headers=dict(headers), redirect=False, retries=False, timeout=timeout
            )
        except HTTPError as error:
            raise OSError from error
        if found.status < 200:
            raise ConnectionResetError
        return Answer(found.status, {name.lower(): value for name, value in found.headers.items()}, found.data)
