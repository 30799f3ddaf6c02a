"""Rows and frames of 100,000 posts beside `pandas.json_normalize`: time and memory, in one run, three repeats.

`python benchmarks/rows.py [POSTS]`. The server of the last figure answers pages of 100 posts from memory; it is the
same for both: what differs is what is done with the answers.
"""

import gc
import json
import sys
import time
import tracemalloc

import pandas as pd
from measure import show

from oint_magics.api.expansions import expanded
from oint_magics.api.repeats import Repeats
from oint_magics.api.rows import Rows, rows_of

POSTS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
REPEATS = 3


def post(n):
    """A post as X answers with the fields that people ask for; some leave some of them out."""
    more = {"in_reply_to_user_id": "783214"} if n % 50 == 0 else {}
    more |= {"entities": {"hashtags": [{"start": 0, "end": 4, "tag": "x"}]}} if n % 7 == 0 else {}
    more |= {"attachments": {"media_keys": [f"3_{n}"]}} if n % 11 == 0 else {}
    return {
        "id": str(1_900_000_000_000_000_000 + n),
        "text": f"Post number {n}, with some words in it",
        "edit_history_tweet_ids": [str(1_900_000_000_000_000_000 + n)],
        "author_id": str(n % 100),
        "created_at": "2026-11-26T12:00:00.000Z",
        "lang": "en",
        "public_metrics": {"retweet_count": n % 7, "reply_count": n % 3, "like_count": n, "quote_count": 0},
    } | more


def timed(work):
    """Return the least of three times, in seconds."""
    best = float("inf")
    for _ in range(REPEATS):
        gc.collect()
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best


def memory(work):
    """Return the peak of what is allocated, and what is left of it at the end, in MiB."""
    gc.collect()
    tracemalloc.start()
    kept = work()
    left, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return peak / 2**20, left / 2**20


posts = [post(n) for n in range(POSTS)]
pages = [posts[n : n + 100] for n in range(0, POSTS, 100)]
texts = [
    json.dumps({"data": page, "includes": {"users": [{"id": str(n), "username": f"u{n}"} for n in range(100)]}})
    for page in pages
]


def ours_of_pages():
    found, repeats = [], Repeats()
    for text in texts:
        page = json.loads(text)
        found += expanded(page, repeats.new(page["data"]), "")
    return Rows(rows_of(found))


def theirs_of_pages():
    found = []
    for text in texts:
        found += json.loads(text)["data"]
    return pd.json_normalize(found)


rows = Rows(rows_of(posts))
normalize, of_pages = timed(lambda: pd.json_normalize(posts)), timed(theirs_of_pages)
peak, left = memory(lambda: rows_of(posts))
show(
    f"{POSTS:,} posts, beside pandas.json_normalize",
    ("what", "ratio"),
    [
        ("rows", f"{timed(lambda: rows_of(posts)) / normalize:.2f} of its time for a frame"),
        ("rows.frame(), of rows that are there", f"{timed(rows.frame) / normalize:.2f} of its time, at most 0.50"),
        ("a frame", f"{timed(lambda: pd.DataFrame(rows_of(posts))) / normalize:.2f} of its time"),
        (
            "a frame, from the pages' texts",
            f"{timed(lambda: pd.DataFrame(ours_of_pages())) / of_pages:.2f} of its time",
        ),
        ("memory at the most", f"{peak / left:.2f} of the rows"),
    ],
)
