"""The table of magics: the only place that names them.

Registration, help, the reading of a line, Tab, and where in a cell a secret may be, all come from here. A magic that is
added to the table has them all.
"""

from __future__ import annotations

from typing import NamedTuple


class Magic(NamedTuple):
    """A magic.

    Attributes:
        name: its name.
        text: its usage, one line, for messages.
        about: what it does, one sentence.
        command: the function that runs it: a module of this folder, a dot, and a name there.
        help: what its words and options are.
        words: the names of its words without a dash, in order.
        values: its options that take a value.
        flags: its options that take none.
        repeated: those of its options that may be there several times.
        text_name: the word that is text, and must be in quotes; blank for none.
        form: its whole usage, where `text` shortens it; blank for `text`.
        is_cell: whether there is a cell magic of that name too.
        takes_pairs: whether `NAME=VALUE` may stand in its line.
    """

    name: str
    text: str
    about: str
    command: str
    help: str
    words: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    text_name: str = ""
    form: str = ""
    is_cell: bool = False
    takes_pairs: bool = False

    def doc(self) -> str:
        """Return what `%name?` shows."""
        form = "\n".join(f"    {line}" for line in (self.form or self.text).splitlines())
        return f"{self.about}\n\n{form}\n\n{self.help}"


_REFRESH = """\
SOURCE  auth.json            a file; the new tokens are saved back into it
        name                 a variable of that name: a mapping, JSON text, a
                             path, a response
        profile:NAME         tokens that are kept in your data folder;
                             keyring:NAME the same, encrypted
        shared:NAME          the team's, in its PostgreSQL
        env: or env:PREFIX_  the variables TWITTER_CLIENT_ID,
                             TWITTER_REFRESH_TOKEN, …
        {"client_id": …}     the JSON itself; it stays in this cell and in the
                             history, and in no traceback
        without --auth       what this kernel used last, else
                             OINT_TWITTER_AUTH, else profile:default, else the
                             panel
STORE   profile:NAME, keyring:NAME, shared:NAME or a file: where the new tokens
        go instead
--if-expired                 send nothing while the access token is fresh
--try-old                    retry a refresh token even after two attempts
                             whose outcome is unknown

The value is X's answer: r["access_token"] is the plain token, what is shown is
masked.
"""
_AUTH = """\
--prompt  ask line by line with hidden input instead of the panel; what a
          terminal gets anyway
"""
_KEEP = """\
SOURCE     as for %twitter_refresh
STORE      profile:NAME, keyring:NAME, shared:NAME or a file
--replace  write over other tokens that STORE holds; those are lost
"""
_FORGET = """\
STORE  profile:NAME, keyring:NAME, shared:NAME, or a file; a file of yours
       stays where it is

The tokens are not revoked at X: %twitter_revoke --auth STORE does that, and
comes first.
"""
_LOGIN = """\
SOURCE  as for %twitter_refresh; it needs client_id, redirect_uri and, for a
        confidential app, client_secret
STORE   where the tokens go; without it into SOURCE. Where another account's
        tokens live there, the new ones get a profile of their own
SCOPES  "tweet.read users.read offline.access", or opi for OPI's eighteen;
        without it what SOURCE says, else tweet.read tweet.write users.read
        media.write offline.access

The cell ends at once. X's answer arrives by itself if redirect_uri is on this
machine (http://127.0.0.1:8080/callback); otherwise paste the address that the
browser shows after you approve.
"""
_STATUS = """\
SOURCE   one account, as for %twitter_refresh, of which all is told
--check  ask X which of client id, secret and access token is wrong; no token
         is used up for it, and X bills one look at the account; without
         SOURCE, of the account that this kernel used last

Without --check nothing is asked of X. A team's account in the list is not
looked up in its database; with --auth it is.
"""
_ME = """\
SOURCE  as for %twitter_refresh

One call of X's API; an access token at its end is refreshed first.
"""
_GET_FORM = """\
%twitter_get PATH [NAME=VALUE …] [--fields NAMES] [--max-rows N|all] [--auth SOURCE]
             [--preview] [--keep FILE] [--wait] [--unchecked]
%twitter_get --list [WORD]
"""
_GET = """\
PATH        what X documents below /2/: users/@museum/tweets, users/me/mentions,
            tweets/search/recent. @name or me stand for an id
NAME=VALUE  X's own parameters: query="festival lang:en", exclude=replies,
            start_time=2026-11-01; {name} without quotes is a variable
--fields    what to read of each: created_at,public_metrics,author.username.
            Without it a useful set that costs nothing more
--max-rows  100 without it, for lists that X bills by the row; all reads all
--auth      SOURCE, as for %twitter_refresh
--preview   what it would ask, and what that costs at most; nothing is sent
--keep      a file (.jsonl) that the read adds to: run again, it reads only what
            is new; the value is all of it. twitter.rows("FILE") reads it
--wait      if X takes no more calls for now, wait until it does
--unchecked send a line although the catalogue does not know it
--list      what there is to read, with price and scopes

The value is rows: pd.DataFrame(rows), or rows.frame() with times and counts.
"""
_USAGE = """\
SOURCE  as for %twitter_refresh; it names the app

What was read and posted today and this month, at X's list price. The day ends
at midnight UTC. OINT_TWITTER_BUDGET=2.00 sets what may be spent on a day.
"""
_REVOKE = """\
SOURCE  as for %twitter_refresh; it has to be named. The store keeps the
        tokens, and they open nothing any more
"""
_POST_FORM = """\
%twitter_post "TEXT" [--auth SOURCE] [--media FILE] [--alt TEXT] [--poll ANSWER] [--minutes N]
              [--reply-to POST] [--quote POST] [--preview] [--again] [--long]
"""
_POST = """\
TEXT        in quotes, and taken as it stands, braces too; {name} without
            quotes is a variable. Long text, and text with both kinds of
            quotes, stands below %%twitter_post
SOURCE      as for %twitter_refresh; the first post in a kernel has to name it
--media     a picture, GIF or video: a path, an https address, the id of an
            uploaded one, or {name} for bytes, an open file or a figure; up to
            four pictures
--alt       its description; the first for the first medium
--poll      an answer of a poll; two to four of them. --minutes: how long it
            runs, 1440 unless told
--reply-to  a post's id or address, or {name} for a post that was returned;
            --quote the same, where X takes it
--preview   post nothing; show account, length and price
--again     post it though the same post was made within a day, or may have
            been
--long      let X decide on a text over 280 characters, up to 25,000: only
            Premium accounts can post it

The value is X's answer: r["id"]. X bills $0.015, and $0.200 with a link in the
text.
"""
_SANDBOX = """\
start   start it, and write sandbox-auth.json; that file is the default source
        then
stop    stop it
status  show what it runs and counts (without a word: the same)
clock   set its time, in UTC: 2026-11-01T09:00Z; or move it: +1d, -3h, +30m; or
        now. The posts end at that time, and a new day brings new ones
fault   let the next exchange go wrong: refuse, slow SECONDS, drop, 429
        SECONDS, html, strict (client_id is required in the form); or the next
        call of the API: 402, 403, 404 (of usage/credits), 503, duplicate (a
        post), 413 (a segment of an upload), failed (the processing of a
        medium); or expire (the server ends all access tokens now; the stored
        time stays), limit CALLS (the API takes no more in fifteen minutes),
        credit DOLLARS (calls cost; at the end of it 402), punish (end the whole
        family when a refresh token is used twice), off
"""
_OINT_FORM = """\
%oint [--to STORE] twitter METHOD --option value …
%%oint [--to STORE]          the commands are below it, as bash or as batch
"""
_OINT = """\
oint twitter               the methods, in English and in Russian
oint twitter METHOD        a method's options
--to STORE                 where new tokens go; without it where they came from
--test                     show what would be sent, and send nothing
--out FILE                 write the result into a file

A cell that holds nothing but such lines needs no magic.
"""

_TABLE = (
    Magic(
        "twitter_refresh",
        "%twitter_refresh [--auth SOURCE] [--to STORE] [--if-expired] [--try-old]",
        "Refresh tokens, save the new ones, and show X's answer as a table.",
        "commands.refresh",
        _REFRESH,
        values=("--auth", "--to"),
        flags=("--if-expired", "--try-old"),
    ),
    Magic(
        "twitter_auth",
        "%twitter_auth [--prompt]",
        "Open the panel: give auth data, choose where to keep it, refresh it.",
        "commands.auth",
        _AUTH,
        flags=("--prompt",),
    ),
    Magic(
        "twitter_keep",
        "%twitter_keep SOURCE STORE [--replace]",
        "Copy auth data into a store and make that its home.",
        "commands.keep",
        _KEEP,
        words=("source", "store"),
        flags=("--replace",),
    ),
    Magic(
        "twitter_forget",
        "%twitter_forget STORE",
        "Forget an account: delete the profile, or the team's row, and what this machine knows of it.",
        "commands.forget",
        _FORGET,
        words=("store",),
    ),
    Magic(
        "twitter_login",
        "%twitter_login [--auth SOURCE] [--to STORE] [--scope SCOPES]",
        "Log in at X: a link to approve on, then the new tokens, saved.",
        "commands.login",
        _LOGIN,
        values=("--auth", "--to", "--scope"),
    ),
    Magic(
        "twitter_status",
        "%twitter_status [--auth SOURCE] [--check]",
        "Show every known account: good until when, which scopes, last refreshed, in doubt or not.",
        "commands.status",
        _STATUS,
        values=("--auth",),
        flags=("--check",),
    ),
    Magic(
        "twitter_me",
        "%twitter_me [--auth SOURCE]",
        "Show whose token it is, as X knows the account.",
        "commands.me",
        _ME,
        values=("--auth",),
    ),
    Magic(
        "twitter_get",
        "%twitter_get PATH [NAME=VALUE …] [--fields NAMES] [--max-rows N|all] [--auth SOURCE] [--preview] "
        "[--keep FILE] [--wait]",
        "Read X's API into rows: checked, with its price, and shown as a table.",
        "get_magic.get",
        _GET,
        words=("path",),
        values=("--fields", "--max-rows", "--auth", "--keep"),
        flags=("--preview", "--wait", "--unchecked", "--list"),
        form=_GET_FORM,
        takes_pairs=True,
    ),
    Magic(
        "twitter_usage",
        "%twitter_usage [--auth SOURCE]",
        "Show what was read and posted today, at X's list price.",
        "get_magic.usage",
        _USAGE,
        values=("--auth",),
    ),
    Magic(
        "twitter_revoke",
        "%twitter_revoke --auth SOURCE",
        "Revoke both tokens at X; only a new login brings others.",
        "commands.revoke",
        _REVOKE,
        values=("--auth",),
    ),
    Magic(
        "twitter_post",
        '%twitter_post "TEXT" [--auth SOURCE] [--media FILE] [--preview] [--again] [--long] [more]',
        "Make a post: once, however often the cell is run.",
        "commands.post",
        _POST,
        words=("text",),
        values=("--auth", "--media", "--alt", "--poll", "--minutes", "--reply-to", "--quote"),
        flags=("--preview", "--again", "--long"),
        repeated=("--media", "--alt", "--poll"),
        text_name="text",
        form=_POST_FORM,
        is_cell=True,
    ),
    Magic(
        "twitter_sandbox",
        "%twitter_sandbox [start|stop|status|fault NAME [VALUE]|clock TIME]",
        "Run a server like X on this machine, to practise without an account.",
        "commands.sandbox",
        _SANDBOX,
        words=("action", "fault", "value"),
    ),
    Magic(
        "oint",
        "%oint [--to STORE] twitter METHOD --option value …",
        "Run a command line of 1C's Open Integration Package (OPI) for Twitter, against today's X.",
        "oint_magic.act",
        _OINT,
        form=_OINT_FORM,
        is_cell=True,
    ),
)
MAGICS = {magic.name: magic for magic in _TABLE}
_OURS = "twitter_"


def verbs() -> tuple[str, ...]:
    """Return what follows `twitter_` in the names of the magics."""
    return tuple(name.removeprefix(_OURS) for name in MAGICS if name.startswith(_OURS))


OPTIONS = {
    "--auth": "where the tokens are",
    "--to": "where the new tokens go",
    "--if-expired": "send nothing while the access token is good",
    "--try-old": "try once more after an unknown outcome",
    "--prompt": "ask line by line",
    "--replace": "overwrite the tokens there",
    "--scope": "what the app may do",
    "--check": "ask X which value is wrong",
    "--media": "a picture, GIF or video",
    "--alt": "its description",
    "--poll": "an answer of a poll",
    "--minutes": "how long the poll runs",
    "--reply-to": "the post to answer",
    "--quote": "the post to quote",
    "--preview": "post nothing, and show it",
    "--again": "make the same post once more",
    "--long": "over 280: X decides (Premium)",
    "--fields": "what to read of each row",
    "--max-rows": "how many rows; 100 without it, or all",
    "--keep": "a .jsonl file that it adds to",
    "--wait": "wait where X takes no more calls",
    "--unchecked": "send it although the catalogue does not know it",
    "--list": "what there is to read",
}
ACTIONS = {
    "start": "start it, and write sandbox-auth.json",
    "stop": "stop it",
    "status": "what it runs and counts",
    "fault": "let something go wrong",
    "clock": "set its clock, as 2026-11-01T09:00Z, or move it, as +1d",
}
FAULTS = {
    "refuse": "the next exchange is refused",
    "slow": "the next exchange takes 3 seconds, or as many as follow",
    "drop": "the connection of the next exchange is closed",
    "429": "the next exchange comes too soon",
    "html": "the next exchange is answered by an HTML page",
    "strict": "the next exchange requires client_id in the form, beside the Basic header",
    "402": "the next call: no credits left",
    "403": "the next call: the app is not enrolled",
    "404": "the next look at usage/credits: an empty 404, as X has it for some",
    "503": "the next call: out of service",
    "duplicate": "the next post was made already",
    "413": "the next segment of an upload is too large",
    "failed": "the next medium cannot be processed",
    "expire": "all access tokens end now",
    "limit": "the API takes one call in 15 minutes, or as many as follow",
    "credit": "calls cost a credit of one dollar, or of as many as follow; then 402",
    "punish": "a refresh token that is used twice ends all tokens of its login",
    "off": "nothing goes wrong any more",
}
