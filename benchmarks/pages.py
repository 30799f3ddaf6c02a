"""Twenty thousand posts in two hundred pages to a frame of pandas: beside a bare loop, tweepy and xdk.

`python benchmarks/pages.py [ROUNDS]`, 15 unless told. One loopback server with ready pages, header and body in one
write; each client in a process of its own, in turns, which has asked for one page before; the ledger is on.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import show

SERVER = """
import json, socket, threading
PAGES, SIZE = 200, 100
def post(n):
    return {"id": str(1980000000000000000 + n), "text": f"Post {n} of the benchmark, as long as many are. #bench https://example.org/{n}",
            "created_at": "2026-11-%02dT%02d:%02d:%02d.000Z" % (n % 28 + 1, n % 24, n % 60, n % 59), "lang": "en", "author_id": "12",
            "conversation_id": str(1980000000000000000 + n), "edit_history_tweet_ids": [str(1980000000000000000 + n)],
            "public_metrics": {"retweet_count": n % 7, "repost_count": n % 7, "reply_count": n % 5, "like_count": n % 91, "quote_count": 0,
                               "bookmark_count": n % 3, "impression_count": n * 3}}
def ready(page):
    data = [post(page * SIZE + n) for n in range(SIZE)]
    meta = {"result_count": SIZE, "newest_id": data[0]["id"], "oldest_id": data[-1]["id"]}
    if page < PAGES - 1:
        meta["next_token"] = f"p{page + 1}"
    body = json.dumps({"data": data, "meta": meta}).encode()
    head = f"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nDate: Sun, 01 Nov 2026 09:00:00 GMT\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n"
    return head.encode() + body
pages = [ready(n) for n in range(PAGES)]
def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    rest = b""
    while True:
        while b"\\r\\n\\r\\n" not in rest:
            more = connection.recv(65536)
            if not more:
                return
            rest += more
        head, _, rest = rest.partition(b"\\r\\n\\r\\n")
        target = head.split()[1].decode()
        token = target.partition("_token=p")[2].partition("&")[0]
        connection.sendall(pages[int(token or 0)])
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""
BEGIN = """
import resource, sys, time
import pandas as pd
url = sys.argv[1]
"""
END = """
took = time.perf_counter() - start
assert len(frame) == 20000, len(frame)
print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
BARE = """
import requests
pd.json_normalize(requests.get(f"{url}/2/users/12/tweets", params={"max_results": 100}).json()["data"])
start = time.perf_counter()
session, params, data = requests.Session(), {"max_results": 100}, []
while True:
    page = session.get(f"{url}/2/users/12/tweets", params=params).json()
    data += page["data"]
    token = page["meta"].get("next_token")
    if not token:
        break
    params["pagination_token"] = token
frame = pd.json_normalize(data)
"""
OURS = """
from oint_magics import twitter
twitter.get("users/12/tweets", "auth.json", max_rows=100).frame()
start = time.perf_counter()
frame = twitter.get("users/12/tweets", "auth.json", max_rows=None).frame()
"""
TWEEPY = """
import requests, tweepy
class Here(requests.Session):
    def request(self, method, address, **options):
        return super().request(method, url + "/2" + address.partition("/2")[2], **options)
client = tweepy.Client(bearer_token="placeholder")
client.session = Here()
pd.json_normalize([post.data for post in client.get_users_tweets(12, max_results=100).data])
start = time.perf_counter()
data = [post.data for page in tweepy.Paginator(client.get_users_tweets, 12, max_results=100) for post in page.data]
frame = pd.json_normalize(data)
"""
XDK = """
import xdk
client = xdk.Client(base_url=url, bearer_token="placeholder")
next(client.users.get_posts("12", max_results=100))
start = time.perf_counter()
data = [post if isinstance(post, dict) else post.model_dump() for page in client.users.get_posts("12", max_results=100) for post in page.data]
frame = pd.json_normalize(data)
"""
CLIENTS = {"a bare loop of requests": BARE, "twitter.get": OURS, "tweepy's Paginator": TWEEPY, "xdk": XDK}
WANTED = {"a bare loop of requests": "0.65", "tweepy's Paginator": "0.40", "xdk": "0.30"}


def run(code, url):
    """Return the seconds and the peak memory in MiB of a client."""
    done = subprocess.run([sys.executable, "-c", BEGIN + code + END, url], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return tuple(map(float, done.stdout.split()[-2:]))


def main(rounds=15):
    """Measure; return the ratios of the times, and that of the memory to the bare loop's."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as server,
    ):
        os.chdir(folder)
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        auth = {
            "client_id": "an-id",
            "access_token": "a-token",
            "refresh_token": "b",
            "expires_at": int(time.time()) + 7200,
        }
        Path("auth.json").write_text(json.dumps(auth))
        Path("auth.json").chmod(0o600)
        os.environ |= {"OINT_HOME": f"{folder}/oint", "OINT_TWITTER_API_URL": url}
        found = {name: [] for name in CLIENTS}
        try:
            for _ in range(rounds):
                for name, code in CLIENTS.items():
                    found[name].append(run(code, url))
        finally:
            server.kill()
            os.chdir("/")
    ours = found["twitter.get"]
    rows, ratios = [], []
    for name, each in found.items():
        pairs = list(zip(ours, each, strict=True))
        ratio, memory = (statistics.median(a[n] / b[n] for a, b in pairs) for n in (0, 1))
        ratios.append(ratio)
        rows.append((name, f"{statistics.median(one[0] for one in each):.2f}", f"{statistics.median(one[1] for one in each):.0f}",
                     f"{ratio:.2f}", WANTED.get(name, ""), f"{memory:.2f}"))  # fmt: skip
    show("20,000 posts to a frame", ("client", "s", "MiB", "ours / its", "at most", "memory"), rows)
    return ratios


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
