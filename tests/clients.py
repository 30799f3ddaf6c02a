"""`make clients`: clients of X for Node.js against the sandbox, client by client and call by call.

`python tests/clients.py FOLDER`: FOLDER holds what `make clients` installed.
"""

import json
import subprocess
import sys
from pathlib import Path

from peers import CALLS, QUERY
from tidemere import EVERY_SCOPE, Town

from oint_magics.sandbox import front_page

CLIENTS = ("twitter-api-v2", "xdk for Node.js")


def is_right(town, call, answer, first):
    """Tell whether a call gave what the sandbox holds.

    Args:
        town: the sandbox.
        call: its name.
        answer: what came of it.
        first: the access token of the login.
    """
    value, lantern = answer.get("value"), town.people.named("tidemerelantern").number
    tests = {
        "login": lambda: town.sandbox.accounts.bearer(value),
        "refresh": lambda: value != first and town.sandbox.accounts.bearer(value),
        "me": lambda: value == "sandbox",
        "timeline": lambda: value == ids(town, f"users/{lantern}/tweets", max_results=10),
        "search": lambda: value == ids(town, "tweets/search/recent", query=QUERY),
        "post": lambda: town.ask(f"tweets/{value}")[1]["data"]["text"].startswith("The ferry is late"),
        "delete": lambda: value is True,
        "media": lambda: town.sandbox.media.category(value, "2244994945") == "tweet_image",
        "errors": lambda: answer.get("status") == 400 and "max_results" in answer["error"],
    }
    return bool(tests[call]())


def ids(town, path, **query):
    return [post["id"] for post in town.ask(path, **query)[1]["data"]]


def main(place):
    town, wrong = Town(), 0
    words = ["node", "tests/clients.mjs", place, town.sandbox.url, town.people.named("tidemerelantern").number, QUERY, EVERY_SCOPE]  # fmt: skip
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        for client in CLIENTS:
            first = None
            for call in CALLS:
                value = {"login": town.sandbox.app(), "post": f"The ferry is late, says {client}"}.get(call)
                if call == "delete":
                    value = town.ask("tweets", "POST", body={"text": f"Gone soon, says {client}"})[1]["data"]["id"]
                node.stdin.write(json.dumps({"client": client, "call": call, "value": value}) + "\n")
                node.stdin.flush()
                answer = json.loads(node.stdout.readline())
                first = first or answer.get("value")
                is_ok = is_right(town, call, answer, first)
                wrong += not is_ok
                print(
                    f"{client:<28}{call:<10}{'works' if is_ok else 'FAILED'}  {answer.get('error', '')[:200]}".rstrip()
                )
        node.stdin.close()
    wrong += not lines_run(town, place)
    town.sandbox.stop()
    sys.exit(wrong)


def lines_run(town, place):
    """Run the lines that the sandbox prints for Node.js, in a folder with its auth data."""
    town.sandbox.write_auth(Path(place), EVERY_SCOPE)
    words = ["node", "-e", front_page.LINES["twitter-api-v2"]]
    done = subprocess.run(words, cwd=place, capture_output=True, text=True, check=False)
    is_ok = "username: 'sandbox'" in done.stdout
    print(f"{'twitter-api-v2':<28}{'its lines':<10}{'works' if is_ok else 'FAILED'}  {done.stderr[:200]}".rstrip())
    return is_ok


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).resolve()))
