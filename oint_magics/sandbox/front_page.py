"""What another client needs to use the sandbox: addresses, apps, and lines to copy; as text, and as the page at `/`."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from oint_magics.sandbox import pages

if TYPE_CHECKING:
    from oint_magics.sandbox.accounts import Accounts
    from oint_magics.sandbox.answers import Reply

AUTH_FILE = "sandbox-auth.json"
_READ = f'auth = json.loads(pathlib.Path("{AUTH_FILE}").read_text())'
# tweepy and twarc have X's host in their code: their requests are sent on at the connection.
_HERE = """class Here(requests.adapters.HTTPAdapter):
    def send(self, request, **options):
        request.url = request.url.replace("https://api.twitter.com", auth["sandbox"])
        return super().send(request, **options)"""
_RUN = "Run these lines in that folder; a script needs another name than its library's."
LINES = {
    "xdk": f"""import json, os, pathlib, xdk
{_READ}
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # for a login alone: oauthlib refuses http otherwise
client = xdk.Client(
    base_url=auth["sandbox"], authorization_base_url=auth["sandbox"] + "/i", access_token=auth["access_token"],
    client_id=auth["client_id"], client_secret=auth["client_secret"], redirect_uri=auth["redirect_uri"],
)
print(client.users.get_me().data)""",
    "tweepy": f"""import json, pathlib, requests, tweepy
{_READ}
{_HERE}
client = tweepy.Client(auth["access_token"])
client.session.mount("https://api.twitter.com", Here())
print(client.get_me(user_auth=False).data)""",
    "twarc": f"""import json, pathlib, requests, twarc
{_READ}
{_HERE}
client = twarc.Twarc2(bearer_token=auth["access_token"])
client.client.mount("https://api.twitter.com", Here())
print(next(client.user_lookup(["tidemerelantern"], usernames=True))["data"])""",
    "twitter-api-v2": f"""const {{ TwitterApi }} = require("twitter-api-v2");
const auth = JSON.parse(require("fs").readFileSync("{AUTH_FILE}"));
const here = {{
  onBeforeRequestConfig({{ params }}) {{ params.url = params.url.replace("https://api.x.com", auth.sandbox); }},
}};
const client = new TwitterApi(auth.access_token, {{ httpAgent: new (require("http").Agent)(), plugins: [here] }});
client.v2.me().then(({{ data }}) => console.log(data));""",
    "xurl": f"""of() {{ python3 -c "import json; print(json.load(open('{AUTH_FILE}'))['$1'])"; }}
export API_BASE_URL=$(of sandbox) CLIENT_ID=$(of client_id) CLIENT_SECRET=$(of client_secret)
export AUTH_URL=$API_BASE_URL/i/oauth2/authorize TOKEN_URL=$API_BASE_URL/2/oauth2/token REDIRECT_URI=$(of redirect_uri)
xurl auth oauth2 && xurl /2/users/me""",
}


def addresses(url: str) -> list[tuple[str, str]]:
    """Return what each address of the sandbox is for, and the address.

    Args:
        url: the sandbox's own.
    """
    paths = {
        "API": "/2",
        "authorize": "/i/oauth2/authorize",
        "token": "/2/oauth2/token",
        "revoke": "/2/oauth2/revoke",
        "app-only token": "/oauth2/token",
    }
    return [(name, url + path) for name, path in paths.items()]


def text(auth: dict[str, str], keys: dict[str, str], public: dict[str, str]) -> str:
    """Return all of it for the terminal that the sandbox was started in, secrets of its apps included.

    Args:
        auth: the auth structure of an app with a secret, as it is in `sandbox-auth.json`.
        keys: the app's API key and API key secret, with the names that `Sandbox.keys` gives them.
        public: the auth structure of an app without a secret.
    """
    url = auth["sandbox"]
    values = [
        ("confidential app", f"client_id       {auth['client_id']}"),
        ("", f"client_secret   {auth['client_secret']}"),
        ("", f"API key         {keys['api_key']}"),
        ("", f"API key secret  {keys['api_key_secret']}"),
        ("public app", f"client_id       {public['client_id']}"),
        ("both apps", f"redirect_uri    {auth['redirect_uri']}"),
    ]
    rows = [*addresses(url), ("this as a page", f"{url}/"), ("", ""), *values]
    return "\n".join(
        [
            f"SANDBOX at {url}: an exercise on your machine, not X. It runs until Ctrl-C.",
            f"The tokens of its confidential app are in {AUTH_FILE}.",
            "",
            *(f"{name:<18}{value}".rstrip() for name, value in rows),
            "",
            _RUN,
            *(f"\n--- {name}\n{lines}" for name, lines in LINES.items()),
        ]
    )


def page(url: str, accounts: Accounts) -> Reply:
    """Return the page, which shows no secret and no token.

    Args:
        url: the sandbox's own address.
        accounts: its memory; the newest app of each kind is shown.
    """
    newest = {"public app" if client.secret is None else "confidential app": client for client in accounts.clients()}
    apps = [
        (f"{name}: {key}", value)
        for name, client in sorted(newest.items())
        for key, value in (("client_id", client.client_id), ("redirect_uri", client.callback))
    ]
    rows = "".join(
        f"<dt>{html.escape(name)}</dt><dd><code>{html.escape(value)}</code></dd>"
        for name, value in addresses(url) + apps
    )
    lines = "".join(f"<h2>{name}</h2><pre tabindex=0>{html.escape(lines)}</pre>" for name, lines in LINES.items())
    return pages.page(
        200,
        "A server like X, for any client",
        f"<dl>{rows}</dl><p>Secrets and tokens are not on this page: those of the confidential app are in "
        f"<code>{AUTH_FILE}</code>, in the folder where the sandbox was started. {_RUN}</p>{lines}",
    )
