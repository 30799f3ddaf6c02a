"""urllib3's pools with connections of our own, which print nothing of what goes over them.

`http.client.HTTPConnection.debuglevel = 1`, which many tutorials recommend, prints headers and bodies.
"""

from __future__ import annotations

import contextlib
import queue
from typing import Any

from urllib3.connectionpool import HTTPConnectionPool

from oint_magics.http import recorders


def silence(manager: Any, *kinds: type) -> Any:
    """Let a pool manager make connections that print nothing, and return it.

    Args:
        manager: urllib3's, for direct connections or by a proxy.
        kinds: classes to stand before urllib3's own connection classes; each finds what it overrides by `super`.

    Raises:
        NotSent: another library answers for the connections.
    """
    recorders.check_none()
    pools = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {name: _silent(pool, kinds) for name, pool in pools.items()}
    return manager


def silence_pool(pool: Any, *kinds: type) -> Any:
    """Let one pool, of whatever maker, make connections that print nothing, and return it.

    Args:
        pool: urllib3's; connections that wait in it are closed, since they would print.
        kinds: as for `silence`.

    Raises:
        NotSent: another library answers for the connections.
    """
    recorders.check_none()
    if isinstance(pool, HTTPConnectionPool) and not getattr(pool, "is_silent", False):
        pool.ConnectionCls = _silent_connection(pool, kinds)
        pool.is_silent = True  # type: ignore[attr-defined]  # ours
        _close_waiting(pool.pool)
    return pool


def _close_waiting(waiting: queue.LifoQueue[Any] | None) -> None:
    """Close the connections that wait in a pool, and leave their places."""
    with contextlib.suppress(queue.Empty):
        for _ in range(waiting.qsize() if waiting else 0):
            connection = waiting.get(block=False)  # type: ignore[union-attr]  # there is one
            if connection is not None:
                connection.close()
            waiting.put(None, block=False)  # type: ignore[union-attr]  # as above


def _silent(pool: Any, kinds: tuple[type, ...]) -> Any:
    if getattr(pool, "is_silent", False):
        return pool
    return type(pool.__name__, (pool,), {"ConnectionCls": _silent_connection(pool, kinds), "is_silent": True})


def _silent_connection(pool: Any, kinds: tuple[type, ...]) -> type:
    # On the class, so that what is set on http.client's or urllib3's own never counts.
    return type("Connection", (*kinds, pool.ConnectionCls), {"debuglevel": 0})
