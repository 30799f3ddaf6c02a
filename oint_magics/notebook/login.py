"""The login below a cell: link, listener and field at once, and the table in their place when X has answered."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from oint_magics.error_boundary import to_oint_error
from oint_magics.notebook.panel import Panel, front_end
from oint_magics.oauth import scopes
from oint_magics.secret import Secret
from oint_magics.tokens.response import suppress_display
from oint_magics.twitter import logins

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from oint_magics.errors import OintError
    from oint_magics.login.code_exchange import Plan
    from oint_magics.tokens.response import TokenResponse

_TEXT = "Login at X: link, and a field for the address. Not here? See twitter.authorization_link and twitter.get_token"
_HINT = (
    "No link above? In Python: print(twitter.authorization_link(auth)), open it and approve, then "
    "twitter.get_token(getpass.getpass(), auth) takes the address that the browser has then."
)


class LoginPanel(Panel):
    """A login that waits; the browser makes the state of its link, so that the kernel never sends one.

    Args:
        plan: what it asks for, and where its pair goes.
    """

    _esm = front_end("login.js")

    def __init__(self, plan: Plan) -> None:
        super().__init__(_TEXT, _HINT)
        self._plan = plan
        self._shown = threading.Event()
        self.login = logins.begun(plan, logins.MINUTES * 60, self._done)

    def show(self) -> None:
        """Show the panel; or at once the pair that an earlier login brought."""
        super().show()
        self._shown.set()

    def ready(self) -> dict[str, Any]:
        """Return what the front end draws."""
        careful = [f"{name} is {cost}." for name, cost in scopes.costs(self._plan.request.scope)] + self.login.advice
        is_sandbox = self._plan.auth.is_sandbox
        return {
            "link": self.login.link_without_state,
            "redirect_uri": self.login.redirect_uri,
            "noRedirectBecause": self.login.no_redirect_because,
            "careful": careful,
            "title": "SANDBOX login: an exercise" if is_sandbox else "Login at X (OAuth 2.0)",
            "whose": "the sandbox's" if is_sandbox else "X's",
        }

    def hear(self, kind: str, parts: list[bytes]) -> None:
        """Take the browser's state, or the address that a person pasted."""
        if kind == "state":
            self.login.accept_state(Secret(parts[0].decode("ascii", "replace")))
            self.send({"kind": "linked"})
        elif kind == "address":
            self.send({"kind": "received"})
            threading.Thread(target=self._take, args=(parts,), daemon=False).start()

    def _take(self, parts: list[bytes]) -> None:
        try:
            self.login.submit(parts.pop().decode("utf-8", "replace"))
        except Exception as error:  # noqa: BLE001 - a traceback would go to every open tab
            self.send({"kind": "problem", "text": str(to_oint_error(error))})

    def _done(self, _: TokenResponse | OintError) -> None:
        threading.Thread(target=self._replace, daemon=False).start()

    def _replace(self) -> None:
        self._shown.wait()
        self.end(self.login.response._repr_mimebundle_())


def begin(shell: InteractiveShell, plan: Plan) -> TokenResponse:
    """Begin a login below the cell, and return its response, which is pending until X has answered.

    Raises:
        OintError: as `Login.begin` does.
    """
    panel = LoginPanel(plan)
    panel.show()
    response = panel.login.response

    def after_the_cell(*_: object) -> None:
        suppress_display(response, is_shown=False)
        shell.events.unregister("post_run_cell", after_the_cell)

    # The panel shows it; as the cell's value it would stand there twice.
    suppress_display(response, is_shown=True)
    shell.events.register("post_run_cell", after_the_cell)
    return response
