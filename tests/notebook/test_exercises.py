"""`notebooks/06_exercises.ipynb`: unsolved it runs to its end and says what is missing; solved, each check says so."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PATH = Path(__file__).parent.parent.parent / "notebooks" / "06_exercises.ipynb"
FAULT = "%twitter_sandbox fault {}\ntry:\n    {}\nexcept {} as error:\n    {} = error"
SOLUTIONS = {
    "r = ...": "r = %twitter_refresh",
    "scopes = ...": "scopes = len(r.scopes)",
    "is_shown = ...": "is_shown = False",
    "led = ...": 'shutil.copy("sandbox-auth.json", "copy.json")\ntwitter.refresh("sandbox-auth.json")\nled = twitter.refresh("copy.json")',
    "# a magic, or twitter.keep(…)": "%twitter_keep sandbox-auth.json profile:class",
    "refused = ...": FAULT.format("refuse", "%twitter_refresh --auth sandbox-auth.json", "errors.TokenRefused", "refused"),
    "lost = ...": FAULT.format("drop", "%twitter_refresh --auth sandbox-auth.json", "errors.InDoubt", "lost"),
    "rows = ...": 'rows = twitter.get("users/2244994945/tweets", tweet_fields="public_metrics", max_rows=30)',
    "limited = ...": FAULT.format("limit 1", 'twitter.get("users/123633653595485944/tweets", max_rows=300)', "errors.RateLimited", "limited"),
    "second = ...": 'twitter.post("Exercise ten", auth="sandbox-auth.json")\nsecond = twitter.post("Exercise ten", auth="sandbox-auth.json")',
}  # fmt: skip


@pytest.mark.parametrize(("solutions", "solved"), [({}, 0), (SOLUTIONS, 10)], ids=["as it is", "solved"])
def test_the_checks_tell(tmp_path, solutions, solved):
    notebook = nbformat.read(PATH, 4)
    assert {cell.source for cell in notebook.cells} >= set(SOLUTIONS)
    for cell in notebook.cells:
        cell.source = solutions.get(cell.source, cell.source)

    done = NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}, timeout=None).execute()
    assert not list(tmp_path.glob("*.json"))

    said = [output.get("text", "") for cell in done.cells for output in cell.get("outputs", ())]
    checks = [text for text in said if "solved" in text or "not yet" in text]
    assert len(checks) == 10
    assert len([text for text in checks if "solved" in text]) == solved, checks
