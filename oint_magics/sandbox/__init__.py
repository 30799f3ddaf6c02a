"""A server that speaks X's OAuth 2.0 on this machine: for tutorials, classes and tests, without an account.

It shares no code with the client: a judge shares nothing with the accused.
"""

from __future__ import annotations

from oint_magics.sandbox.front_page import AUTH_FILE
from oint_magics.sandbox.server import Sandbox

__all__ = ["AUTH_FILE", "Sandbox"]
