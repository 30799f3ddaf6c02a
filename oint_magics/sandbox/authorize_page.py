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
    ":root{color-scheme:light dark;--line:#cfd9de;--soft:#536471;--main:#0f1419;--on:#fff;--page:#f7f9f9;--card:#fff;"
    "--mark:#fff3cd;--on-mark:#5c4400}"
    "@media(prefers-color-scheme:dark){:root{--line:#3a4046;--soft:#9aa4ad;--main:#eff3f4;--on:#0f1419;--page:#0b0e11;"
    "--card:#16181c;--mark:#4a3800;--on-mark:#ffe08a}}"
    "*{box-sizing:border-box}"
    "body{font:16px/1.5 system-ui,'Segoe UI',sans-serif;margin:0;padding:1.5em 1em;background:var(--page)}"
    "main{max-width:34em;margin:0 auto;background:var(--card);border:1px solid var(--line);border-radius:16px;"
    "overflow:hidden}"
    ".mark{background:var(--mark);color:var(--on-mark);padding:.6em 1.5em;font-weight:600}"
    ".in{padding:.4em 1.5em 1.5em}h1{font-size:1.35em;line-height:1.3}h2{font-size:1em;margin:1.2em 0 .3em}"
    "ul{margin:0;padding-left:1.2em}li{margin:.15em 0}small,.soft{color:var(--soft)}"
    "select,button{font:inherit;border-radius:999px;padding:.55em 1.2em;border:1px solid var(--line);"
    "background:transparent;color:inherit}"
    "label{display:flex;gap:.8em;align-items:center;flex-wrap:wrap}"
    "button{font-weight:700;width:100%;margin-top:.7em;cursor:pointer}"
    "button[value=approve]{background:var(--main);color:var(--on);border-color:var(--main)}"
    ":focus-visible{outline:3px solid #1d9bf0;outline-offset:2px}"
)
# What each scope lets an app see, and do, in X's words:
# https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code
_SEES = {
    "tweet.read": "All the posts you can view, including posts from protected accounts.",
    "users.read": "Any account you can view, including protected accounts.",
    "follows.read": "People who follow you and people who you follow.",
    "space.read": "All the Spaces you can view.",
    "mute.read": "Accounts you’ve muted.",
    "like.read": "Posts you’ve liked and likes you can view.",
    "list.read": "Lists, list members, and list followers of lists you’ve created or are a member of.",
    "block.read": "Accounts you’ve blocked.",
    "bookmark.read": "Your bookmarked posts.",
    "dm.read": "All the direct messages you can view.",
    "users.email": "Your email address.",
}
_DOES = {
    "tweet.write": "Post and repost for you.",
    "tweet.moderate.write": "Hide and unhide replies to your posts.",
    "media.write": "Upload media, such as pictures and videos, for you.",
    "follows.write": "Follow and unfollow people for you.",
    "mute.write": "Mute and unmute accounts for you.",
    "like.write": "Like and unlike posts for you.",
    "list.write": "Create and manage lists for you.",
    "block.write": "Block and unblock accounts for you.",
    "bookmark.write": "Bookmark posts and remove bookmarks for you.",
    "dm.write": "Send direct messages and manage them for you.",
    "offline.access": "Stay connected to your account until you revoke access.",
}
# In small letters: a client that is widely used writes "s256", and X takes it.
_METHODS = ("s256", "plain")


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
        and asked["code_challenge_method"].lower() in _METHODS
    )
    if not is_right:
        return _page(400, "Something went wrong", "<p>You weren't able to give access to the App.</p>")
    ticket = logins.begin(Request(asked["client_id"], *(asked[name] for name in wanted)))
    people = "".join(f"<option value={person.number}>@{person.username}</option>" for person in PEOPLE)
    return _page(
        200,
        "An app wants to access your X account",
        '<form method="post"><input type="hidden" name="ticket" value="' + ticket + '">'
        f'<label>Logged in as <select name="person">{people}</select></label>'
        f"{_asked(asked['scope'].split())}"
        '<p class="soft">Your password and your payment data are never shown to an app.</p>'
        '<button name="answer" value="approve">Authorize app</button>'
        '<button name="answer" value="deny">Cancel</button></form>',
    )


def _asked(scopes: list[str]) -> str:
    """Return what an app asks for, in words; a scope without words stands there by its name."""
    sees = [(scope, _SEES[scope]) for scope in scopes if scope in _SEES]
    does = [(scope, _DOES.get(scope, "")) for scope in scopes if scope not in _SEES]
    parts = (("Things this app can view", sees), ("Things this app can do", does))
    return "".join(f"<h2>{title}</h2><ul>{''.join(map(_item, found))}</ul>" for title, found in parts if found)


def _item(found: tuple[str, str]) -> str:
    return f"<li>{found[1]} <small>{html.escape(found[0])}</small></li>"


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
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>SANDBOX: {title}</title>'
        f'<style>{_STYLE}</style></head><body><main><div class="mark">SANDBOX: an exercise on your machine, not X</div>'
        f'<div class="in"><h1>{title}</h1>{content}</div></main></body></html>'
    )
    headers = (("Cache-Control", "no-store"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"))
    return answers.Reply(status, text.encode(), "text/html; charset=utf-8", headers)
