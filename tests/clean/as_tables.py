"""Read posts of the sandbox and give them to the table libraries that this environment has; print what became of them.

It knows nothing of the tests, as `in_ipython.py`.
"""

import csv
import json
import subprocess
import sys
from pathlib import Path

from oint_magics import twitter
from oint_magics.sandbox import Sandbox

FIELDS = "text,created_at,lang,possibly_sensitive,public_metrics,author.username,quoted.text,media.type,edit_history_tweet_ids"
SHOWN = ("id", "created_at", "possibly_sensitive", "public_metrics.like_count", "edit_history_tweet_ids", "quoted.text")


def tables(rows):
    """Yield a library, its release, the number of rows, and the types of some columns."""
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    assert sorted(rows[0]) == sorted({name for row in rows for name in row})
    frame = rows.frame()
    yield "pandas, rows.frame()", pd.__version__, len(frame), [str(frame[name].dtype) for name in SHOWN]
    plain = pd.DataFrame(rows)
    yield "pandas", pd.__version__, len(plain), [str(plain[name].dtype) for name in SHOWN]
    made = pl.DataFrame(rows, infer_schema_length=None)
    yield "polars", pl.__version__, len(made), [str(made.schema[name]) for name in SHOWN]
    taken = pl.from_pandas(frame)
    yield "polars, of the frame", pl.__version__, len(taken), [str(taken.schema[name]) for name in SHOWN]
    table = pa.Table.from_pylist(rows)
    yield "pyarrow", pa.__version__, len(table), [str(table.schema.field(name).type) for name in SHOWN]
    typed = pa.Table.from_pandas(frame)
    yield "pyarrow, of the frame", pa.__version__, len(typed), [str(typed.schema.field(name).type) for name in SHOWN]
    for name, each in (("duckdb", table), ("duckdb, of the frame", typed)):
        found = duckdb.from_arrow(each)
        kinds = dict(zip(found.columns, map(str, found.types), strict=True))
        yield name, duckdb.__version__, len(found.fetchall()), [kinds[n] for n in SHOWN]
    back = typed.to_pylist()
    assert [row["id"] for row in back] == [row["id"] for row in rows]
    assert [row["text"] for row in made.to_dicts()] == [row["text"] for row in table.to_pylist()]


def as_twarc(rows):
    """Yield what twarc's own tools make of a data set."""
    import pandas as pd

    flat = subprocess.run(
        ["twarc2", "--bearer-token", "none", "flatten", "set.jsonl", "flat.jsonl"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert flat.returncode == 0, flat.stderr
    lines = Path("flat.jsonl").read_text("utf-8").splitlines()
    made = subprocess.run(
        ["twarc2", "--bearer-token", "none", "csv", "set.jsonl", "set.csv"], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    with Path("set.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert {each["id"] for each in found} == {row["id"] for row in rows}
    # It puts the original's text into a retweet, and its own spaces in the place of line breaks.
    own = {row["id"]: " ".join(row["text"].split()) for row in rows if not row["text"].startswith("RT @")}
    assert own == {each["id"]: " ".join(each["text"].split()) for each in found if each["id"] in own}
    yield "twarc2 flatten", "", len(lines), []
    yield "twarc-csv", f"pandas {pd.__version__}", len(found), []


def main():
    sandbox = Sandbox()
    Path("auth.json").write_text(json.dumps(sandbox.issue()))
    rows = twitter.get("users/@tidemerelantern/tweets", "auth.json", max_rows=300, fields=FIELDS,
                       **({"keep": "set.jsonl"} if "twarc" in sys.argv else {}))  # fmt: skip
    print(json.dumps([len(rows), [*(as_twarc if "twarc" in sys.argv else tables)(rows)]]))


main()
