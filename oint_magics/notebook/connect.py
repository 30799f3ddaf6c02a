"""The panel: give auth data, see what is there, refresh it or log in, keep it; then the table in its place."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from oint_magics import stores
from oint_magics.error_boundary import to_oint_error
from oint_magics.errors import LoginError, LoginTimedOut, OintError, StoreError, StoreTaken, UsageError
from oint_magics.notebook.given import CALLBACK, FIELDS, Given
from oint_magics.notebook.panel import Panel, front_end
from oint_magics.oauth import scopes
from oint_magics.secret import Secret
from oint_magics.tokens.response import suppress_display
from oint_magics.twitter import calls, logins

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from oint_magics.login.code_exchange import Plan
    from oint_magics.login.pending import Login
    from oint_magics.tokens.response import TokenResponse

    _Handlers = dict[str, Callable[[list[bytes]], None]]

_PLACE = "profile:default"
# Stores of ours; a user's own file is not written over from here.
_OURS = ("profile:", "keyring:", "shared:")
# How many parts a message of the front end has, by its kind; the others have none, or do without.
_PARTS = {"text": 1, "file": 2, "field": 2, "submit": 2, "address": 1}
_TEXT = "Panel for X. No panel here? %twitter_auth --prompt, or %twitter_refresh --auth auth.json"
_HINT = (
    "No panel above? %twitter_auth --prompt asks with hidden input; or name a file: %twitter_refresh --auth auth.json"
)
_LOGIN_TEXT = (
    "Login at X: link, and a field for the address. Not here? See twitter.authorization_link and twitter.get_token"
)
_LOGIN_HINT = (
    "No link above? In Python: print(twitter.authorization_link(auth)), open it and approve, then "
    "twitter.get_token(getpass.getpass(), auth) takes the address that the browser has then."
)


class ConnectPanel(Panel):
    """The panel for one account; what is given goes to the kernel as bytes, and names and states come back.

    Args:
        plan: a login to begin with; `None` to ask for auth data first.
    """

    _esm = front_end("connect.js")

    def __init__(self, plan: Plan | None = None) -> None:
        super().__init__(*((_LOGIN_TEXT, _LOGIN_HINT) if plan else (_TEXT, _HINT)))
        self._given = Given()
        self._work = threading.Lock()
        self._shown = threading.Event()
        self._problem: dict[str, Any] | None = None
        self._has_sent = False
        # The store that was refused because it holds other tokens, until something else is done.
        self._taken: str | None = None
        self._stopped: Login | None = None
        self.login: Login | None = None
        self._plan = plan
        self._at_once: _Handlers = {
            "text": self._take_text, "file": self._take_file, "field": self._take_field, "clear": self._clear,
            "back": self._go_back, "anew": self._log_in_anew,
        }  # fmt: skip
        self._longer: _Handlers = {"submit": self._submit, "replace": self._replace, "address": self._take_address}
        if plan:
            self._begin(plan)

    def show(self) -> None:
        """Show the panel; or at once what an earlier login brought."""
        super().show()
        self._shown.set()

    def response(self) -> TokenResponse:
        """Return the response of the login that the panel began with."""
        if self.login is None:
            raise RuntimeError("there is no login")
        return self.login.response

    def ready(self) -> dict[str, Any]:
        """Return what the front end draws first."""
        return {"fields": list(FIELDS), "callback": CALLBACK, **self._view()}

    def hear(self, kind: str, parts: list[bytes]) -> None:
        """Take what was given, and answer with names and states; what takes longer runs beside the kernel's work."""
        if len(parts) < _PARTS.get(kind, 0):
            self._note(
                UsageError(
                    "The panel's message did not arrive whole. Nothing was sent.",
                    cause="this front end, or something on the way, leaves out binary messages.",
                    next_step="%twitter_auth --prompt, or %twitter_refresh --auth auth.json",
                )
            )
            self._show_view("work" if kind in self._longer else "given")
        elif kind in self._longer:
            self.send({"kind": "received"})
            threading.Thread(target=self._longer[kind], args=(parts,), daemon=False).start()
        elif kind == "state":
            self._take_state(parts)
        elif kind in self._at_once:
            self._problem = self._taken = None
            try:
                self._at_once[kind](parts)
            except Exception as error:  # noqa: BLE001 - a traceback would go to every open tab
                self._note(to_oint_error(error))
            self._show_view("given")

    def _show_view(self, of: str, *, changed: bool = False) -> None:
        """Send what there is to see.

        Args:
            of: "given" as the answer to what was given, "work" where what took longer is done.
            changed: whether the button says something else by now.
        """
        self.send({"kind": "view", "of": of, "changed": changed, **self._view()})

    def _view(self) -> dict[str, Any]:
        """Return what there is to see; no value of anything is in it, but for the callback."""
        if self.login is not None:
            return {"login": self._login_view(), "problem": self._problem, "carriesBytes": self.carries_bytes}
        kept = stores.kept()
        return {
            "name": self._given.name,
            "count": self._given.count,
            "typed": self._given.typed,
            "hasSent": self._has_sent,
            "items": [item._asdict() for item in self._given.items()],
            "action": self._given.action,
            "stores": kept if _PLACE in kept else [_PLACE, *kept],
            "kept": kept,
            "problem": self._problem,
            "carriesBytes": self.carries_bytes,
        }

    def _login_view(self) -> dict[str, Any]:
        login, plan = self.login, self._plan
        if login is None or plan is None:
            return {}
        careful = [f"{name} is {cost}." for name, cost in scopes.costs(plan.request.scope)] + login.advice
        is_sandbox = plan.auth.is_sandbox
        return {
            # A front end that carries no bytes cannot tell a state of its own, and gets the kernel's.
            "link": login.link_without_state if self.carries_bytes else login.link,
            "redirect_uri": login.redirect_uri,
            "noRedirectBecause": login.no_redirect_because,
            "careful": careful,
            "isSandbox": is_sandbox,
            "canGoBack": bool(self._given.items()),
            "hasAddress": login.has_address,
        }

    # What is answered at once.

    def _take_text(self, parts: list[bytes]) -> None:
        self._given.take(parts.pop())

    def _take_file(self, parts: list[bytes]) -> None:
        content, name = parts.pop(), parts.pop()
        self._given.take(content, name.decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2][:100])

    def _take_field(self, parts: list[bytes]) -> None:
        value, key = parts.pop(), parts.pop()
        self._given.type(key.decode("ascii", "replace"), value.decode("utf-8", "replace"))

    def _clear(self, _: list[bytes]) -> None:
        self._given.clear()

    def _take_state(self, parts: list[bytes]) -> None:
        if self.login and parts:
            self.login.accept_state(Secret(parts.pop().decode("ascii", "replace")))
            self.send({"kind": "linked"})

    def _go_back(self, _: list[bytes]) -> None:
        """Stop the login, where X's answer has not come yet; else it goes on here."""
        self._stopped = login = self.login
        if login and login.cancel("The login was stopped."):
            self.login = self._plan = None

    def _log_in_anew(self, _: list[bytes]) -> None:
        self._given.leave_out_tokens()

    # What takes longer.

    def _submit(self, parts: list[bytes]) -> None:
        """Do what the button said; where that is no longer what would be done, say so instead."""
        place, action = parts.pop(0).decode("utf-8", "replace").strip(), parts.pop(0).decode("ascii", "replace")
        if self._work.locked():
            return  # Another tab's press is at work; its end is shown in all of them.
        if action != (self._given.action or "refresh"):
            self._show_view("work", changed=True)
            return
        self._at_work(lambda: self._connect(place, action, replace=False))

    def _replace(self, _: list[bytes]) -> None:
        """Replace the tokens in the store that the button names, and in no other."""
        place = self._taken
        if place:
            self._at_work(lambda: self._connect(place, "refresh", replace=True))
        else:
            self._show_view("work", changed=True)

    def _connect(self, place: str, action: str, *, replace: bool) -> None:
        if not place:
            raise UsageError(
                "The place for the tokens has no name. Nothing was sent.",
                next_step="type its name, as profile:NAME, or choose another place",
            )
        values = self._given.values()
        if action == "login":
            self._begin(logins.planned(values, to=place, scope=None, interactive=True))
            self._show_view("work")
            return
        self._has_sent = True
        try:
            response = calls.replace(values, place) if replace else calls.refresh(values, to=place)
        except StoreTaken:
            self._taken = place if place.startswith(_OURS) else None
            raise
        self._given.clear()
        self.end(response._repr_mimebundle_())

    def _take_address(self, parts: list[bytes]) -> None:
        login = self.login
        if login:
            text = parts.pop().decode("utf-8", "replace")
            self._at_work(lambda: login.submit(text))

    def _at_work(self, work: Callable[[], None]) -> None:
        if not self._work.acquire(blocking=False):
            return  # A second press of the button while the first is at work.
        self._problem = self._taken = None
        try:
            work()
        except Exception as error:  # noqa: BLE001 - a traceback would go to every open tab
            self._note(to_oint_error(error))
            self._show_view("work")
        finally:
            self._work.release()

    def _note(self, error: OintError, *, is_of_login: bool = False) -> None:
        is_of_place = isinstance(error, StoreError | UsageError)
        key = None if is_of_login or self.login else "keep" if is_of_place else self._given.refuse(error)
        next_step = "press “Log in at X” again" if isinstance(error, LoginError) and is_of_login else error.next_step
        self._problem = {
            "what": error.what,
            "cause": error.cause or "",
            "next": next_step or "",
            "field": key,
            "replace": self._taken or "",
        }

    # The login.

    def _begin(self, plan: Plan) -> None:
        """Begin a login; its end is heard in a thread of its own, once the login is known here."""
        is_known = threading.Event()

        def at_end(outcome: TokenResponse | OintError) -> None:
            threading.Thread(target=self._hear_end, args=(plan, outcome, is_known), daemon=False).start()

        try:
            self.login, self._plan = logins.begun(plan, logins.MINUTES * 60, at_end), plan
        finally:
            is_known.set()

    def _hear_end(self, plan: Plan, outcome: TokenResponse | OintError, is_known: threading.Event) -> None:
        is_known.wait()
        self._shown.wait()
        login = self.login
        if login is None or self._plan is not plan or (login is self._stopped and isinstance(outcome, LoginTimedOut)):
            return  # Somebody went back meanwhile.
        if isinstance(outcome, OintError) and self._given.items():
            self.login = self._plan = None
            self._note(outcome, is_of_login=True)
            self._show_view("work")
            return
        self._given.clear()
        self.end(login.response._repr_mimebundle_())


def show() -> None:
    """Show a new panel; the cell is done at once."""
    ConnectPanel().show()


def begin(shell: InteractiveShell, plan: Plan) -> TokenResponse:
    """Begin a login below the cell, and return its response, which is pending until X has answered.

    Raises:
        OintError: as `Login.begin` does.
    """
    panel = ConnectPanel(plan)
    response = panel.response()
    panel.show()

    def after_the_cell(*_: object) -> None:
        suppress_display(response, is_shown=False)
        shell.events.unregister("post_run_cell", after_the_cell)

    # The panel shows it; as the cell's value it would stand there twice.
    suppress_display(response, is_shown=True)
    shell.events.register("post_run_cell", after_the_cell)
    return response
