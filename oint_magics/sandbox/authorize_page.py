"""`/i/oauth2/authorize`: the page on which a person approves or denies, as X shows it."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from oint_magics.sandbox import answers
from oint_magics.sandbox.accounts import PEOPLE
from oint_magics.sandbox.logins import Request

if TYPE_CHECKING:
    from oint_magics.sandbox.accounts import Accounts
    from oint_magics.sandbox.answers import Reply
    from oint_magics.sandbox.logins import Logins

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:32em;margin:3em auto;padding:0 1em}"
    "button{font:inherit;padding:.5em 1.2em;margin-right:.5em}select{font:inherit}"
)
_METHODS = ("S256", "plain")


def show(accounts: Accounts, logins: Logins, query: str) -> Reply:
    """Return the page for what an app asks, or X's one page for everything that is wrong with it."""
    asked = {key: values[-1] for key, values in parse_qs(query).items()}
    client = accounts.client(asked.get("client_id", ""))
    wanted = ("redirect_uri", "scope", "state", "code_challenge", "code_challenge_method")
    is_right = (
        client is not None
        and asked.get("response_type") == "code"
        and all(asked.get(name) for name in wanted)
        and asked["redirect_uri"] == client.callback
        and asked["code_challenge_method"] in _METHODS
    )
    if not is_right:
        return _page(400, "Something went wrong", "<p>You weren't able to give access to the App.</p>")
    ticket = logins.begin(Request(asked["client_id"], *(asked[name] for name in wanted)))
    scopes = "".join(f"<li>{html.escape(scope)}</li>" for scope in asked["scope"].split())
    people = "".join(f"<option value={person.number}>@{person.username}</option>" for person in PEOPLE)
    return _page(
        200,
        "SANDBOX: an app wants to access your account",
        "<p>This is an exercise on your own machine, and not X.</p>"
        f"<p>The app asks for:</p><ul>{scopes}</ul>"
        f'<form method="post"><input type="hidden" name="ticket" value="{ticket}">'
        f'<p><label>Logged in as <select name="person">{people}</select></label></p>'
        '<button name="answer" value="approve">Authorize app</button>'
        '<button name="answer" value="deny">Cancel</button></form>',
    )


def ticket_of(page: Reply) -> str:
    """Return the ticket that a page is answered with; raises `ValueError` for the page that something is wrong."""
    found = re.search(r'name="ticket" value="([^"]+)"', page.body.decode())
    if found is None:
        raise ValueError("the page says that something is wrong with the link")
    return found[1]


def decide(logins: Logins, form: dict[str, str]) -> Reply:
    """Send the browser back to the app with what the person answered."""
    person = next((person for person in PEOPLE if person.number == form.get("person")), PEOPLE[0])
    address = logins.decide(form.get("ticket", ""), person if form.get("answer") == "approve" else None)
    if address is None:
        return _page(400, "Something went wrong", "<p>This page was answered before. Start the login again.</p>")
    return answers.Reply(302, b"", headers=(("Location", address), ("Cache-Control", "no-store")))


def _page(status: int, title: str, content: str) -> Reply:
    text = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>{content}</body></html>"
    )
    headers = (("Cache-Control", "no-store"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"))
    return answers.Reply(status, text.encode(), "text/html; charset=utf-8", headers)
