"""The magics: parse, call, return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand

from oint_magics.edge import clean

if TYPE_CHECKING:
    from oint_magics.response import TokenResponse
    from oint_magics.status import Accounts
    from oint_magics.table import Table

NAMES = ("twitter_refresh", "twitter_auth", "twitter_keep", "twitter_status", "twitter_sandbox")


@magics_class
class TwitterMagics(Magics):
    """OAuth 2.0 tokens of X (Twitter): refreshed, saved, shown masked."""

    @line_magic
    @no_var_expand
    @clean
    def twitter_refresh(self, line: str) -> TokenResponse | None:
        """Refresh a token pair, save the new one, and show X's answer as a table.

            %twitter_refresh [--auth SOURCE] [--to STORE] [--if-expired] [--try-old]

        SOURCE  auth.json            a file; the new pair is saved back into it
                name                 a variable of that name: a mapping, JSON text, a path, a response
                profile:NAME         a pair that is kept in your data folder; keyring:NAME the same, encrypted
                shared:NAME          the team's, in its PostgreSQL
                env: or env:PREFIX_  the variables TWITTER_CLIENT_ID, TWITTER_REFRESH_TOKEN, …
                {"client_id": …}     the JSON itself; it stays in this cell and in the history
                without --auth       what this kernel used last, else OINT_TWITTER_AUTH, else
                                     profile:default, else the form
        STORE   profile:NAME, keyring:NAME, shared:NAME or a file: where the new pair goes instead
        --if-expired                 send nothing while the access token is fresh
        --try-old                    send a token again of which it is twice in doubt whether it was used

        The value is X's answer: r["access_token"] is the plain token, what is shown is masked.
        """
        from oint_magics.notebook import verbs

        return verbs.refresh(self.shell, line)

    @line_magic
    @no_var_expand
    @clean
    def twitter_auth(self, line: str) -> Any:
        """Open the form: give an auth structure, choose where to keep it, refresh it.

            %twitter_auth [--prompt]

        --prompt  ask line by line with hidden input instead of the form; what a terminal gets anyway
        """
        from oint_magics.notebook import verbs

        return verbs.auth(self.shell, line)

    @line_magic
    @no_var_expand
    @clean
    def twitter_keep(self, line: str) -> Table:
        """Copy an auth structure into a store and make that its home.

            %twitter_keep SOURCE STORE [--replace]

        SOURCE     as for %twitter_refresh
        STORE      profile:NAME, keyring:NAME, shared:NAME or a file
        --replace  write over another pair that STORE holds; that pair is lost
        """
        from oint_magics.notebook import verbs

        return verbs.keep(self.shell, line)

    @line_magic
    @no_var_expand
    @clean
    def twitter_status(self, line: str) -> Accounts:
        """Show every known account: good until when, which scopes, last refreshed, in doubt or not.

            %twitter_status [--auth SOURCE]

        SOURCE  one account, as for %twitter_refresh, of which all is told

        Nothing is asked of X. A team's account in the list is not looked up in its database; with --auth it is.
        """
        from oint_magics.notebook import verbs

        return verbs.status(self.shell, line)

    @line_magic
    @no_var_expand
    @clean
    def twitter_sandbox(self, line: str) -> Table:
        """Run a server like X on this machine, to practise without an account.

            %twitter_sandbox [start|stop|status|fault NAME [VALUE]]

        start   start it, and write sandbox-auth.json; that file is the default source then
        stop    stop it
        status  show what it runs and counts (without a word: the same)
        fault   let the next exchange go wrong: refuse, slow SECONDS, drop, 429 SECONDS, html;
                or expire (the server ends all access tokens now; the stored time stays), punish (end the
                whole family when a refresh token is used twice), off
        """
        from oint_magics.notebook import verbs

        return verbs.sandbox(self.shell, line)
