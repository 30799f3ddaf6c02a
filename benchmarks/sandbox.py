"""What the sandbox costs beside a bare server of the standard library, and a page beside its own JSON, in one run."""

import json
import statistics
import sys
import time
from pathlib import Path

from measure import peak, quartiles, show

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from tidemere import Town

END = "; import os; os._exit(0)"
BARE = (
    "import json, http.server, threading, urllib.request as u; "
    "h = type('H', (http.server.BaseHTTPRequestHandler,), dict("
    "do_GET=lambda s: (s.send_response(200), s.end_headers(), s.wfile.write(b'{}')), log_message=lambda *_: None)); "
    "s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), h); "
    "threading.Thread(target=s.serve_forever, daemon=True).start()"
)
SANDBOX = "import json, urllib.request as u; from oint_magics.sandbox import Sandbox; s = Sandbox()"
READ = (
    "; a = s.issue(); u.urlopen(u.Request(s.url + '/2/tweets/search/recent?query=bus&max_results=100', "
    "headers={'Authorization': 'Bearer ' + a['access_token']})).read()"
)
COMMANDS = {"bare server": BARE, "sandbox": SANDBOX, "sandbox, first read": SANDBOX + READ}
FIELDS = {
    "max_results": 100,
    "expansions": "author_id,referenced_tweets.id,attachments.media_keys",
    "tweet__fields": "created_at,public_metrics,entities,lang,attachments,conversation_id,author_id,referenced_tweets",
    "user__fields": "created_at,public_metrics,description,verified",
}
ROUNDS = 50


def pages(town):
    """Return the rows of the second table: milliseconds for a page of 100 posts, and for its JSON alone."""
    lantern = town.people.named("tidemerelantern").number
    calls = {
        "an account's posts": (f"users/{lantern}/tweets", {"max_results": 100}),
        "with fields and expansions": (f"users/{lantern}/tweets", FIELDS),
        "a search with them": ("tweets/search/recent", FIELDS | {"query": "bus OR storm OR tides OR rovers OR a"}),
    }
    rows = []
    for name, (path, query) in calls.items():
        times, alone = [], []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            status, page = town.ask(path, **query)
            read = time.perf_counter()
            json.loads(json.dumps(page))
            times.append((read - begun) * 1000)
            alone.append((time.perf_counter() - read) * 1000)
            assert (status, len(page["data"])) == (200, 100)
        page, text = statistics.median(times), statistics.median(alone)
        rows.append((name, f"{page:.2f}", f"{text:.2f}", f"{page / text:.1f}", 5))
    return rows


def main():
    found = quartiles({name: source + END for name, source in COMMANDS.items()}, 15)
    memory = {name: peak(source) for name, source in COMMANDS.items()}
    base = "bare server"
    rows = [
        (name, f"{found[name]:.0f}", f"{found[name] - found[base]:.0f}", f"{memory[name] - memory[base]:.1f}")
        for name in COMMANDS
    ]
    show("a process (lower quartiles of 15, in turns)", ("what", "ms", "more ms", "more MiB"), rows)
    town = Town()
    show(f"a page of 100 posts (medians of {ROUNDS})", ("what", "ms", "its JSON ms", "ratio", "wanted ms"), pages(town))
    town.sandbox.stop()


if __name__ == "__main__":
    main()
