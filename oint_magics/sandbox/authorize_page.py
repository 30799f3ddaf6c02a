"""`/i/oauth2/authorize`: the page on which a person approves or denies, as X shows it."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from oint_magics.sandbox import answers, pages
from oint_magics.sandbox.accounts import PEOPLE
from oint_magics.sandbox.logins import Request

if TYPE_CHECKING:
    from oint_magics.sandbox.accounts import Accounts
    from oint_magics.sandbox.answers import Reply
    from oint_magics.sandbox.logins import Logins

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
        return pages.page(400, "Something went wrong", "<p>You weren't able to give access to the App.</p>")
    ticket = logins.begin(Request(asked["client_id"], *(asked[name] for name in wanted)))
    people = "".join(f"<option value={person.number}>@{person.username}</option>" for person in PEOPLE)
    return pages.page(
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
        return pages.page(400, "Something went wrong", "<p>This page was answered before. Start the login again.</p>")
    return answers.Reply(302, b"", headers=(("Location", address), ("Cache-Control", "no-store")))
