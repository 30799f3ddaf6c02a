"""urllib3's pools with connections of our own, which print nothing of what goes over them.

`http.client.HTTPConnection.debuglevel = 1`, which many tutorials recommend, prints headers and bodies.
"""

from __future__ import annotations

from typing import Any


def silence(manager: Any, *kinds: type) -> Any:
    """Let a pool manager make connections that print nothing, and return it.

    Args:
        manager: urllib3's, for direct connections or by a proxy.
        kinds: classes to stand before urllib3's own connection classes; each finds what it overrides by `super`.
    """
    pools = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {name: _silent(pool, kinds) for name, pool in pools.items()}
    return manager


def _silent(pool: Any, kinds: tuple[type, ...]) -> Any:
    if getattr(pool, "is_silent", False):
        return pool
    # On the class, so that what is set on http.client's or urllib3's own never counts.
    connection = type("Connection", (*kinds, pool.ConnectionCls), {"debuglevel": 0})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection, "is_silent": True})
