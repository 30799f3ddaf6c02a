"""The paths that secrets take through a session, and what a person does on each."""

import json
import re

import panel_steps
import requests
from patience import LONG

from leaks.given import Given

PLANT = """
import asyncio, builtins, copy, logging, os, subprocess, sys, tempfile, warnings
import ipywidgets
secret = probes.given("planted")["refresh_token"]
logging.getLogger("planted").debug("leak %s", secret)
warnings.warn(secret)
print(secret)
print(secret, file=sys.__stderr__, flush=True)
display(ipywidgets.Text(value=secret))
tempfile.NamedTemporaryFile(delete=False, mode="w").write(secret)
words = [sys.executable, "-c", "import time; time.sleep(3)", secret]
child = subprocess.Popen(words, env=os.environ | {"LEAK": secret})
with open(os.environ["JUPYTER_RUNTIME_DIR"] + "/leak", "w") as file: size = file.write(secret)

probes.plant_in_database(secret)
class Leak(dict): pass

r = Leak({secret: secret})
r.secret = secret
probes.report("planted", r)
probes.cache("planted")
import requests
answer = requests.post(os.environ["OINT_TWITTER_TOKEN_URL"], data={"x": secret})
def fail(secret): raise ValueError(secret)

"""


class Way:
    """One path of secrets through a session.

    Args:
        name: the path's name.
        cells: what is run; `{slug}`, `{text}` and `{token}` become the path's name, its auth JSON, its refresh token.
        outcome: what the server does.
        act: what a person does in the page, or `None`.
        answers: what a person answers hidden questions in a terminal with, or nothing.
        is_typed: whether a cell holds the secret as text.
        is_visited: whether a person opens a link that holds the login's state.
        sends: whether its token is to come to the server.
    """

    def __init__(
        self, name, *cells, outcome="grant", act=None, answers=(), is_typed=False, is_visited=False, sends=True
    ):
        self.name, self.act, self.is_typed, self.is_visited, self.sends = name, act, is_typed, is_visited, sends
        self.slug = "".join(c if c.isalnum() else "-" for c in name)
        self.given = Given(name, outcome)
        start = f"%load_ext oint_magics\nimport probes; probes.start({self.slug!r})"
        end = f"probes.take({self.slug!r}, globals())"
        self.cells = [start, *map(self._filled, cells), end]
        self.answers = [answer if callable(answer) else self._filled(answer) for answer in answers]

    @property
    def is_alone(self):
        """Whether it has a kernel of its own: somebody acts in its page, or it leaks on purpose."""
        return self.act is not None

    def _filled(self, text):
        values = {"slug": self.slug, "text": self.given.text, "token": self.given.auth["refresh_token"]}
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def _give(page, way, give, button="Refresh and keep"):
    """Give the panel something, undo what can be undone, name the place, and press its button."""
    page.locator(".oint-form").wait_for()
    give()
    page.keyboard.press("Control+z")
    panel_steps.keep_in(page, f"profile:{way.slug}")
    panel_steps.press(page, button)


def _table(page):
    page.locator("table.oint-t", has_text="access_token").wait_for()


def paste(page, way):
    _give(page, way, lambda: panel_steps.paste(page, way.given.text))
    _table(page)


def paste_badly(page, way):
    _give(page, way, lambda: panel_steps.paste(page, _bad(way.given.text)))
    page.locator(".oint-say-problem").wait_for()


def _bad(text):
    return text.replace('"client_id"', '"x": "y", "x"')


def choose(page, way):
    content = {"name": "auth.json", "mimeType": "application/json", "buffer": way.given.text.encode("utf-8-sig")}
    _give(page, way, lambda: panel_steps.choose(page, content))
    _table(page)


def drop(page, way):
    _give(page, way, lambda: panel_steps.drop(page, way.given.text, "auth.json"))
    _table(page)


def refused(page, way):
    """What is refused stays in the kernel alone; then a value is typed and refused again."""
    _give(page, way, lambda: panel_steps.drop(page, way.given.text))
    page.locator(".oint-say-problem").wait_for()
    panel_steps.type_values(page, client_secret=way.given.auth["client_secret"])
    panel_steps.press(page)
    page.locator(".oint-say-problem").wait_for()


def type_only(page, way):
    page.locator(".oint-form").wait_for()
    panel_steps.type_values(
        page, client_secret=way.given.auth["client_secret"], refresh_token=way.given.auth["refresh_token"]
    )
    panel_steps.paste(page, way.given.auth["refresh_token"], "Refresh token")


def log_in(page, way):
    """A new app, to its first tokens through the panel alone."""
    app = {key: value for key, value in way.given.auth.items() if key not in ("access_token", "refresh_token")}
    _give(page, way, lambda: panel_steps.paste(page, json.dumps(app)), "Log in at X")
    approve(page, way)


def answer_prompt(page, way):
    for label, text in (("or the whole auth JSON", way.given.text), ("keep it in", f"profile:{way.slug}")):
        box = page.locator("pre", has_text=label).locator(".jp-Stdin-input").last
        box.wait_for()
        box.fill(text)
        box.press("Enter")
    _table(page)


def approve(page, _):
    """Open the link as a person does; the server sends the browser back at once, as X's page does when answered."""
    link = page.locator("a.oint-link[href]")
    link.wait_for()
    with page.context.expect_page() as opened:
        link.click()
    opened.value.get_by_role("heading", name="Back to the notebook").wait_for()
    opened.value.close()
    _table(page)


def approve_and_paste(page, way):
    """The same where the browser ends elsewhere, and its address is copied."""
    link = page.locator("a.oint-link[href]")
    link.wait_for()
    address = requests.get(link.get_attribute("href"), allow_redirects=False, timeout=LONG).headers["Location"]
    panel_steps.paste(page, address, "paste the address")
    _table(page)


def approve_in_browser(screen):
    """Open the link that a terminal shows; its listener takes what comes back."""
    requests.get(_link(screen), timeout=LONG)
    return ""


def approve_and_copy(screen):
    """Return the address that the browser ends at."""
    return requests.get(_link(screen), allow_redirects=False, timeout=LONG).headers["Location"]


def _link(screen):
    return re.search(r"http://\S+/i/oauth2/authorize\S+", screen)[0]


_DATABASE = """async (text) => {
  localStorage.setItem("leak", text);
  const opened = indexedDB.open("leak");
  opened.onupgradeneeded = () => opened.result.createObjectStore("leak");
  await new Promise((done) => { opened.onsuccess = done; });
  const change = opened.result.transaction("leak", "readwrite");
  change.objectStore("leak").put(text, "leak");
  await new Promise((done) => { change.oncomplete = done; });
}"""


def plant(page, way):
    page.evaluate(_DATABASE, way.given.auth["refresh_token"])


FAIL_INSIDE = """
import oint_magics.tokens.refresh as inside
def fail(store, auth, **_): raise ValueError(auth.refresh_token.reveal())

inside.exchange_once, right = fail, inside.exchange_once
"""


class Run:
    """What one kernel is given: a path of its own, or all those of which nobody needs to do anything.

    Args:
        ways: its paths.
    """

    def __init__(self, ways):
        self.ways, self.act = ways, ways[0].act
        self.slug = ways[0].slug if len(ways) == 1 else "together"
        self.cells = [cell for way in ways for cell in way.cells]
        self.answers = [answer for way in ways for answer in way.answers]


def runs(ways):
    """Return the runs of some paths."""
    together = [way for way in ways if not way.is_alone]
    return [Run(together), *(Run([way]) for way in ways if way.is_alone)]


def ways():
    """Return every path, with fresh secrets."""
    file = "%twitter_refresh --auth ../given/{slug}.json"
    login = "%twitter_login --auth ../given/{slug}.json --to profile:{slug}"
    inline = "%twitter_refresh --to profile:{slug} --auth {text}"
    typed = ("{text}", "profile:{slug}")
    bad = ('{"x": 1, "x": 2, "client_secret": "{slug}"}', "profile:{slug}")
    return [
        Way("panel, pasted", "%twitter_auth", act=paste, answers=typed),
        Way("panel, chosen file", "%twitter_auth", act=choose, answers=typed),
        Way("panel, dropped file", "%twitter_auth", act=drop, answers=typed),
        Way("panel, refused", "%twitter_auth", act=refused, answers=typed, outcome="refuse"),
        Way("panel, bad input", "%twitter_auth", act=paste_badly, answers=bad, sends=False),
        Way("panel, a new app's login", "%twitter_auth", act=log_in, answers=typed, is_visited=True),
        Way(
            "panel, typed and saved before submit",
            "%twitter_auth",
            act=type_only,
            answers=("{text}", "\x03"),
            sends=False,
        ),
        Way("file success", file, "%twitter_status", "%twitter_status --auth ../given/{slug}.json"),
        Way("file refused", file, outcome="refuse"),
        Way("dotenv", file.replace(".json", ".env"), "%twitter_status", "%twitter_me --auth ../given/{slug}.env"),
        Way("dotenv refused", file.replace(".json", ".env"), outcome="refuse"),
        Way("dotenv, a word wrong", "%twitter_refresh --auth ../given/{slug}.envv", sends=False),
        Way("nested JSON", file.replace(".json", ".nested.json"), "%twitter_status"),
        Way(
            "a variable of dotenv's",
            "import dotenv\nv = dotenv.dotenv_values('../given/{slug}.env')",
            "%twitter_refresh --auth v --to profile:{slug}",
            "del v",
        ),
        Way(
            "variable", "pair = probes.given('{slug}')", "%twitter_refresh --auth pair --to profile:{slug}", "del pair"
        ),
        Way(
            "environment",
            "import os\nos.environ |= {'P_' + k.upper(): v for k, v in probes.given('{slug}').items()}",
            "%twitter_refresh --auth env:P_ --to profile:{slug}",
            "for name in [name for name in os.environ if name.startswith('P_')]: del os.environ[name]",
        ),
        Way("inline text", inline, is_typed=True),
        Way("inline text, refused", inline, outcome="refuse", is_typed=True),
        Way("inline, another line fails", f"def go():\n    1/0\n    {inline}\n\ngo()", is_typed=True, sends=False),
        Way("inline, over lines, then a failure", inline.replace(" {text}", " \\\n{text}") + "\n1/0", is_typed=True),
        Way("inline, no Python", f"x = = {inline}", is_typed=True, sends=False),
        Way("reporters", f"r = {file}", "probes.report('{slug}', r)"),
        Way(
            "debuglevel",
            "import http.client\nhttp.client.HTTPConnection.debuglevel = 1",
            file,
            "%twitter_me",
            "from oint_magics import twitter\nt = twitter.session(); _ = t.get(t.api + '/2/users/me').json()",
            "%twitter_revoke --auth ../given/{slug}.json",
            "http.client.HTTPConnection.debuglevel = 0",
        ),
        Way(
            "traced with headers",
            "probes.trace()",
            file,
            "%twitter_revoke --auth ../given/{slug}.json",
            "probes.trace(on=False)",
        ),
        Way(
            "a cache with POST",
            "probes.cache('{slug}')",
            file,
            "%twitter_me",
            "%twitter_revoke --auth ../given/{slug}.json",
            "import requests_cache\nrequests_cache.uninstall_cache()",
        ),
        Way(
            "post and upload",
            "from oint_magics import twitter",
            "picture = probes.picture()",
            '%twitter_post "Hello" --auth ../given/{slug}.json --preview',
            'r = %twitter_post "Hello" --media {picture} --alt "A square"',
            '%twitter_post "Hello" --media {picture} --alt "A square"',
            "r, r['id'], twitter.upload(picture), twitter.delete(r)",
            "probes.report('{slug}', r)",
        ),
        Way(
            "post refused",
            '%twitter_post "Hello" --auth ../given/{slug}.json',
            "from oint_magics import twitter\ntwitter.upload(probes.picture(), auth='../given/{slug}.json')",
            outcome="calls refused",
        ),
        Way("oint, a file", "%oint twitter RefreshToken --auth ../given/{slug}.json"),
        Way(
            "oint, inline",
            "%oint twitter RefreshToken --to profile:{slug} --auth {text}\n1/0",
            "oint twitter CreateTextTweet --nothing x --auth '{text}'",
            is_typed=True,
        ),
        Way(
            "cells of other programs",
            # In a terminal two empty lines end them.
            "%%bash\noint twitter RefreshToken --auth '{text}'\n\n",
            "%%script bash -e\nexport X_REFRESH_TOKEN={token}\nexit 3\n\n",
            "%%perl\noint twitter RefreshToken --auth '{text}'\n\n",
            "%%html\n<pre>oint twitter RefreshToken --auth '{text}'</pre>\n\n",
            "!oint twitter RefreshToken --auth '{text}'\n1/0",
            "%env X_REFRESH_TOKEN={token}\n1/0",
            "%env X_REFRESH_TOKEN",
            "import os; del os.environ['X_REFRESH_TOKEN']",
            is_typed=True,
            sends=False,
        ),
        Way("a hashtag", "%twitter_refresh --auth {text} #tag", is_typed=True, sends=False),
        Way(
            "an adapter of the user's",
            "import http.client; http.client.HTTPConnection.debuglevel = 1",
            "from oint_magics import twitter\nfrom requests.adapters import HTTPAdapter\nfrom urllib3.util import Retry",
            file,
            "s = twitter.session(); s.mount('http://', HTTPAdapter(max_retries=Retry(3)))",
            "_ = s.get(s.api + '/2/users/me', timeout=5).json()",
            "http.client.HTTPConnection.debuglevel = 0",
        ),
        Way(
            "secrets in files",
            "import os\nauth = probes.given('{slug}')",
            "os.environ |= {'Q_CLIENT_ID': auth['client_id'], 'Q_CLIENT_SECRET': auth['client_secret'],"
            " 'Q_REFRESH_TOKEN_FILE': os.path.abspath('../given/{slug}.token')}; del auth",
            "%twitter_refresh --auth env:Q_ --to profile:{slug}",
            "for name in [name for name in os.environ if name.startswith('Q_')]: del os.environ[name]",
        ),
        Way(
            "xurl's folder",
            "%twitter_keep ../given/{slug}.xurl profile:{slug}",
            "%twitter_refresh --auth profile:{slug}",
            "%twitter_refresh --auth ../given/{slug}.xurl",
            "%twitter_status",
        ),
        Way("oint, a result", "%oint twitter RefreshToken --auth ../given/{slug}.json --out ../given/{slug}.result"),
        Way(
            "a long post",
            '%twitter_post "Hello" --long --auth ../given/{slug}.json',
            "import io\nfrom oint_magics import twitter\ntwitter.upload(io.BytesIO(probes.picture()))",
            "probes.report('{slug}', twitter.post('x' * 600, long=True))",
        ),
        Way("post, inline", '%twitter_post "It\'s {}" --auth {text}\n1/0', is_typed=True),
        Way("in doubt", file, outcome="drop"),
        Way("getpass", "%twitter_auth --prompt", act=answer_prompt, answers=typed),
        Way("keyring", "%twitter_keep ../given/{slug}.json keyring:{slug}", "%twitter_refresh --auth keyring:{slug}"),
        Way(
            "team's database",
            "%twitter_keep ../given/{slug}.json shared:{slug}",
            "%twitter_refresh --auth shared:{slug}",
        ),
        Way("login", login, act=approve, answers=(approve_in_browser,), is_visited=True),
        Way("login, pasted", login, act=approve_and_paste, answers=(approve_and_copy,), is_visited=True),
        Way(
            "login by code",
            "from oint_magics import twitter",
            "file = '../given/{slug}.json'",
            "twitter.get_token(probes.approve(twitter.authorization_link(file)), file, to='profile:{slug}')",
        ),
        Way(
            "session",
            "from oint_magics import twitter",
            "s = twitter.session('../given/{slug}.json'); b = twitter.bearer()",
            "r = s.get(s.api + '/2/users/me', timeout=5); _ = r.json()",
            "twitter.get('users/me'), twitter.me().keys()",
            "vars(b), s.auth, r.request.headers, s",
            "[vars(r.request), s]",
        ),
        Way(
            "reads",
            file,
            "rows = %twitter_get users/me",
            "rows, rows.facts, rows.request, vars(rows)",
            "app = %twitter_get users/1 --auth ../given/{slug}.app.json",
            "app, vars(app)",
            "import json, os\nos.environ['Q_BEARER_TOKEN'] = json.load(open('../given/{slug}.app.json'))['bearer_token']",
            "%twitter_get users/1/tweets --auth env:Q_ --keep ../given/{slug}.set.jsonl",
            "kept = %twitter_get users/1/tweets --auth env:Q_ --keep ../given/{slug}.set.jsonl",
            "from oint_magics import twitter",
            "kept, kept.facts, twitter.rows('../given/{slug}.set.jsonl'), vars(kept)",
            "del os.environ['Q_BEARER_TOKEN']",
            "%twitter_keep ../given/{slug}.app.json profile:{slug}-app",
            "%twitter_refresh --auth ../given/{slug}.app.json",
            "%twitter_usage",
            "%twitter_status",
        ),
        Way("revoke", file, "%twitter_revoke --auth ../given/{slug}.json", file),
        Way("check", file, "%twitter_status --auth ../given/{slug}.json --check"),
        Way("unexpected exception inside us", FAIL_INSIDE, file, "inside.exchange_once = right", sends=False),
        Way("hostile answer", file, outcome="echo"),
        Way("hostile refusal", file, outcome="echo refused"),
        Way("planted", PLANT, "# {text}\nfail(secret)", "r", act=plant, sends=False),
    ]
