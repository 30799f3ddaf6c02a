"""Libraries that replace urllib3's connections, as vcrpy does to record and replay.

Such a library would write tokens into its file, or answer with recorded ones. Going past it is not an option either:
a test that replays a recording would post, and X would bill it.
"""

from __future__ import annotations

import sys
from functools import lru_cache

from oint_magics.errors import NotSent


def check_none() -> None:
    """Refuse to send anything while another library answers for urllib3's connections.

    Raises:
        NotSent: there is such a library.
    """
    pools = sys.modules.get("urllib3.connectionpool")  # What is not imported is not replaced.
    for name in ("HTTPConnectionPool", "HTTPSConnectionPool") if pools else ():
        owner = _owner(getattr(pools, name).ConnectionCls)
        if owner not in ("urllib3", "http"):
            raise NotSent(
                f"Another library ({owner}) records or replaces the connections of this process. Nothing was sent.",
                cause="tokens would be written into its recording, or come out of an old one.",
                next_step="call this outside of its block or decorator; tests can use the sandbox: "
                "%twitter_sandbox start",
            )


@lru_cache(16)
def _owner(connection: object) -> str:
    """Return the package that answers for a class of connections; each request asks."""
    kinds: tuple[type, ...] = getattr(connection, "__mro__", ())
    return next((kind.__module__.partition(".")[0] for kind in kinds if "getresponse" in vars(kind)), "?")
