"""The magics: parse, call, return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, needs_local_scope, no_var_expand

from oint_magics.error_boundary import error_boundary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.accounts.status import Accounts
    from oint_magics.api.me import User
    from oint_magics.display.table import Table
    from oint_magics.posts.shown import Post
    from oint_magics.tokens.response import TokenResponse

    # What IPython hands on: the variables of the function that a magic's line stands in.
    Variables = Mapping[str, Any] | None

NAMES = (
    "twitter_refresh",
    "twitter_auth",
    "twitter_keep",
    "twitter_forget",
    "twitter_login",
    "twitter_status",
    "twitter_me",
    "twitter_revoke",
    "twitter_post",
    "twitter_sandbox",
    "oint",
)


@magics_class
class TwitterMagics(Magics):
    """OAuth 2.0 tokens of X (Twitter): refreshed, saved, shown masked."""

    @line_magic
    @no_var_expand
    @needs_local_scope
    @error_boundary
    def twitter_refresh(self, line: str, local_ns: Variables = None) -> TokenResponse | None:
        """Refresh tokens, save the new ones, and show X's answer as a table.

            %twitter_refresh [--auth SOURCE] [--to STORE] [--if-expired] [--try-old]

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
        from oint_magics.notebook import commands

        return commands.refresh(self.shell, line, local_ns)

    @line_magic
    @no_var_expand
    @error_boundary
    def twitter_auth(self, line: str) -> Any:
        """Open the panel: give auth data, choose where to keep it, refresh it.

            %twitter_auth [--prompt]

        --prompt  ask line by line with hidden input instead of the panel; what a
                  terminal gets anyway
        """
        from oint_magics.notebook import commands

        return commands.auth(self.shell, line)

    @line_magic
    @no_var_expand
    @needs_local_scope
    @error_boundary
    def twitter_keep(self, line: str, local_ns: Variables = None) -> Table:
        """Copy auth data into a store and make that its home.

            %twitter_keep SOURCE STORE [--replace]

        SOURCE     as for %twitter_refresh
        STORE      profile:NAME, keyring:NAME, shared:NAME or a file
        --replace  write over other tokens that STORE holds; those are lost
        """
        from oint_magics.notebook import commands

        return commands.keep(self.shell, line, local_ns)

    @line_magic
    @no_var_expand
    @error_boundary
    def twitter_forget(self, line: str) -> Table:
        """Forget an account: delete the profile, or the team's row, and what this machine knows of it.

            %twitter_forget STORE

        STORE  profile:NAME, keyring:NAME, shared:NAME, or a file; a file of yours
               stays where it is

        The tokens are not revoked at X: %twitter_revoke --auth STORE does that, and
        comes first.
        """
        from oint_magics.notebook import commands

        return commands.forget(self.shell, line)

    @line_magic
    @no_var_expand
    @needs_local_scope
    @error_boundary
    def twitter_login(self, line: str, local_ns: Variables = None) -> TokenResponse:
        """Log in at X: a link to approve on, then the new tokens, saved.

            %twitter_login [--auth SOURCE] [--to STORE] [--scope SCOPES]

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
        from oint_magics.notebook import commands

        return commands.login(self.shell, line, local_ns)

    @line_magic
    @no_var_expand
    @needs_local_scope
    @error_boundary
    def twitter_status(self, line: str, local_ns: Variables = None) -> Accounts:
        """Show every known account: good until when, which scopes, last refreshed, in doubt or not.

            %twitter_status [--auth SOURCE] [--check]

        SOURCE   one account, as for %twitter_refresh, of which all is told
        --check  ask X which of client id, secret and access token is wrong; no token
                 is used up for it, and X bills one look at the account; without
                 SOURCE, of the account that this kernel used last

        Without --check nothing is asked of X. A team's account in the list is not
        looked up in its database; with --auth it is.
        """
        from oint_magics.notebook import commands

        return commands.status(self.shell, line, local_ns)

    @line_magic
    @no_var_expand
    @needs_local_scope
    @error_boundary
    def twitter_me(self, line: str, local_ns: Variables = None) -> User:
        """Show whose token it is, as X knows the account.

            %twitter_me [--auth SOURCE]

        SOURCE  as for %twitter_refresh

        One call of X's API; an access token at its end is refreshed first.
        """
        from oint_magics.notebook import commands

        return commands.me(self.shell, line, local_ns)

    @line_magic
    @no_var_expand
    @needs_local_scope
    @error_boundary
    def twitter_revoke(self, line: str, local_ns: Variables = None) -> Table:
        """Revoke both tokens at X; only a new login brings others.

            %twitter_revoke --auth SOURCE

        SOURCE  as for %twitter_refresh; it has to be named. The store keeps the
                tokens, and they open nothing any more
        """
        from oint_magics.notebook import commands

        return commands.revoke(self.shell, line, local_ns)

    @line_cell_magic
    @no_var_expand
    @needs_local_scope
    @error_boundary
    def twitter_post(self, line: str, cell: str | None = None, local_ns: Variables = None) -> Post:
        """Make a post: once, however often the cell is run.

            %twitter_post "TEXT" [--auth SOURCE] [--media FILE] [--alt TEXT] [--poll ANSWER] [--minutes N]
                          [--reply-to POST] [--quote POST] [--preview] [--again]

        TEXT        in quotes, and taken as it stands, braces too; {name} without
                    quotes is a variable. Long text, and text with both kinds of
                    quotes, stands below %%twitter_post
        SOURCE      as for %twitter_refresh; the first post in a kernel has to name it
        --media     a picture, GIF or video: a path, an https address, or {name} for
                    bytes; up to four pictures
        --alt       its description; the first for the first medium
        --poll      an answer of a poll; two to four of them. --minutes: how long it
                    runs, 1440 unless told
        --reply-to  a post's id or address, or {name} for a post that was returned;
                    --quote the same, where X takes it
        --preview   post nothing; show account, length and price
        --again     post it though the same post was made within a day, or may have
                    been

        The value is X's answer: r["id"]. X bills $0.015, and $0.200 with a link in the
        text.
        """
        from oint_magics.notebook import commands

        return commands.post(self.shell, line, local_ns, cell)

    @line_cell_magic
    @no_var_expand
    @error_boundary
    def oint(self, line: str, cell: str | None = None) -> Any:
        """Run a command line of 1C's Open Integration Package (OPI) for Twitter, against today's X.

            %oint [--to STORE] twitter METHOD --option value …
            %%oint [--to STORE]          the commands stand below, as bash or as batch

        oint twitter               the methods, in English and in Russian
        oint twitter METHOD        a method's options
        --to STORE                 where new tokens go; without it where they came from
        --test                     show what would be sent, and send nothing
        --out FILE                 write the result into a file

        A cell that holds nothing but such lines needs no magic.
        """
        from oint_magics.notebook import oint_magic

        return oint_magic.act(self.shell, line, cell)

    @line_magic
    @no_var_expand
    @error_boundary
    def twitter_sandbox(self, line: str) -> Table:
        """Run a server like X on this machine, to practise without an account.

            %twitter_sandbox [start|stop|status|fault NAME [VALUE]]

        start   start it, and write sandbox-auth.json; that file is the default source
                then
        stop    stop it
        status  show what it runs and counts (without a word: the same)
        fault   let the next exchange go wrong: refuse, slow SECONDS, drop, 429
                SECONDS, html; or the next call of the API: 402, 403, 503, duplicate (a
                post), 413 (a segment of an upload), failed (the processing of a
                medium); or expire (the server ends all access tokens now; the stored
                time stays), limit CALLS (the API takes no more in fifteen minutes),
                punish (end the whole family when a refresh token is used twice), off
        """
        from oint_magics.notebook import commands

        return commands.sandbox(self.shell, line)
