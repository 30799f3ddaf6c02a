"""A real kernel, run by a program (nbclient) and by a front end with somebody before it."""

import json
import queue
import re
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from patience import LONG

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# A person has to approve in it; test_login.py has one.
LOGIN = "02_login"


def run(document, **options):
    """Run a notebook in the current folder, as nbclient does, and return it."""
    client = NotebookClient(document, kernel_name="python3", resources={"metadata": {"path": "."}}, **options)
    return client.execute()


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_notebooks_run_and_hold_no_output(path):
    """Top to bottom on the sandbox; the stored file has no outputs; no token is in what it shows."""
    document = nbformat.read(path, 4)
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in document.cells)

    if path.stem == LOGIN:
        return
    document.cells.append(nbformat.v4.new_code_cell("print(open('sandbox-auth.json').read())"))
    done = run(document)

    secrets = json.loads(done.cells.pop().outputs[0]["text"])
    text = json.dumps(done)
    assert "SANDBOX" in text
    for key in ("access_token", "refresh_token", "client_secret"):
        assert secrets[key] not in text
    # What git ignores, and no more: the folder of a notebook is a clone's.
    assert {left.name for left in Path().iterdir()} <= {"sandbox-auth.json", ".oint", "lantern.jsonl"}


def test_papermill_runs_the_first_notebook(tmp_path):
    import papermill

    out = tmp_path / "out.ipynb"
    papermill.execute_notebook(
        ROOT / "notebooks/01_first_refresh.ipynb", out, cwd=".", kernel_name="python3", progress_bar=False
    )

    secrets = json.loads(Path("sandbox-auth.json").read_text())
    text = out.read_text("utf-8")
    assert "SANDBOX" in text
    assert not any(secrets[key] in text for key in ("access_token", "refresh_token", "client_secret"))


COUNT = """from oint_magics.notebook import sandbox_magic
posts = sandbox_magic._running[0].posts
texts = [post["said"] for post in posts.made.values()]
print(len(texts), len(set(texts)), posts.tried)"""


def test_run_all_twice_posts_each_post_once():
    """Every cell of the fourth notebook twice in one kernel; what was deleted is posted and deleted again."""
    document = nbformat.read(ROOT / "notebooks/04_post.ipynb", 4)
    counting = nbformat.v4.new_code_cell(COUNT)
    cells = [cell for cell in document.cells if cell.cell_type == "code"]
    again = [nbformat.v4.new_code_cell(cell.source) for cell in cells]

    done = run(nbformat.v4.new_notebook(cells=[*cells, counting, *again, nbformat.v4.new_code_cell(COUNT)]))

    first, second = (
        [int(word) for word in done.cells[at].outputs[0]["text"].split()] for at in (len(cells), 2 * len(cells) + 1)
    )
    # One of the posts is tried and deleted; one meets an outage before it is looked at.
    assert first == [5, 5, 6]
    assert second == [5, 5, 7]


def test_a_program_gets_no_form_but_the_other_ways():
    """The error is recorded by its class, and a traceback is not."""
    done = run(notebook("%load_ext oint_magics", "%twitter_auth"), allow_errors=True)

    (error,) = done.cells[1].outputs
    assert error["ename"] == "NotInteractive"
    assert "OINT_TWITTER_AUTH" in error["evalue"]
    assert error["traceback"] == [f"NotInteractive: {error['evalue']}"]


class FrontEnd:
    """A kernel with somebody before it: stdin is allowed."""

    def __init__(self):
        self.manager, self.client = start_new_kernel(kernel_name="python3")

    def run(self, code):
        """Run a cell; return its messages on the public channel."""
        number, messages = self.client.execute(code, allow_stdin=True), []
        while True:
            message = self.client.get_iopub_msg(timeout=LONG)
            if message["parent_header"].get("msg_id") != number:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return messages
            messages.append(message)

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def front_end():
    kernel = FrontEnd()
    yield kernel
    kernel.stop()


def test_a_person_gets_the_form(front_end):
    """The cell is done at once; where no form can be shown there is a text with the next step."""
    front_end.run("%load_ext oint_magics")

    for code in ("%twitter_auth", "%twitter_refresh"):
        messages = front_end.run(code)
        shown, hint = [m["content"]["data"] for m in messages if m["msg_type"] == "display_data"]
        assert "application/vnd.jupyter.widget-view+json" in shown
        assert "%twitter_auth --prompt" in shown["text/plain"]
        assert "No panel above? %twitter_auth --prompt" in hint["text/plain"]
        assert not [m for m in messages if m["msg_type"] in ("error", "stream", "execute_result")]


def test_the_prompt_in_a_notebook(front_end, sandbox):
    """`--prompt` asks by getpass; nothing of the answers is on the public channel."""
    auth = sandbox.issue()
    front_end.run(f"%load_ext oint_magics\n%env OINT_TWITTER_TOKEN_URL={sandbox.url}/2/oauth2/token")
    number = front_end.client.execute("%twitter_auth --prompt", allow_stdin=True)

    for answer in (auth["client_id"], auth["client_secret"], auth["refresh_token"], "profile:typed"):
        request = front_end.client.get_stdin_msg(timeout=LONG)
        assert request["content"]["password"] is True
        front_end.client.input(answer)
    messages = []
    while not messages or messages[-1]["content"].get("execution_state") != "idle":
        message = front_end.client.get_iopub_msg(timeout=LONG)
        if message["parent_header"].get("msg_id") == number:
            messages.append(message)

    assert "saved to       profile:typed" in str([m["content"] for m in messages])
    assert auth["client_secret"] not in str(messages)
    assert auth["refresh_token"] not in str(messages)
    with pytest.raises(queue.Empty):
        front_end.client.get_stdin_msg(timeout=0.1)


APP = """%load_ext oint_magics
import json
from oint_magics.sandbox import Sandbox
server = Sandbox()
size = open("auth.json", "w").write(json.dumps(server.app(callback="http://127.0.0.1:7/callback")))"""


def shown(messages, kind):
    return [m["content"]["data"] for m in messages if m["msg_type"] == kind]


def test_a_login_for_a_person(front_end):
    """The cell is done at once and its value shows nothing more; where no panel is drawn, a line names the other way."""
    front_end.run(APP)

    messages = front_end.run("%twitter_login --auth auth.json")

    panel, hint = shown(messages, "display_data")
    assert "application/vnd.jupyter.widget-view+json" in panel
    assert "twitter.get_token" in hint["text/plain"]
    assert not [m for m in messages if m["msg_type"] in ("error", "stream", "execute_result")]
    assert not re.search(r"code_challenge=|state=[\w-]{20}", str(messages))
    (pending,) = shown(front_end.run("_"), "execute_result")
    assert "not done yet" in pending["text/plain"]
    (error,) = [m["content"] for m in front_end.run("_['access_token']") if m["msg_type"] == "error"]
    assert error["ename"] == "LoginPending"


def test_a_login_where_nobody_is():
    done = run(notebook(APP, "%twitter_login --auth auth.json"), allow_errors=True)

    (error,) = done.cells[1].outputs
    assert error["ename"] == "NotInteractive"
    assert "profile:NAME" in error["evalue"]


def test_the_line_of_a_long_call(front_end):
    """One display that is updated in its place."""
    front_end.run("%load_ext oint_magics\n%twitter_sandbox start\nfrom oint_magics import twitter")

    messages = front_end.run("rows = twitter.get('users/123633653595485944/tweets', max_results=50, max_rows=250)")

    lines = [m for m in messages if m["msg_type"] in ("display_data", "update_display_data")]
    assert [m["msg_type"] for m in lines] == ["display_data"] + ["update_display_data"] * 4
    assert len({m["content"]["transient"]["display_id"] for m in lines}) == 1
    assert lines[-1]["content"]["data"]["text/plain"] == "users/123633653595485944/tweets: 250 rows in 5 pages"


def test_a_rate_limit_is_our_own_lines_in_a_cell(front_end):
    front_end.run("%load_ext oint_magics\n%twitter_sandbox start\n%twitter_sandbox fault limit 1")
    front_end.run("from oint_magics import twitter")

    messages = front_end.run("twitter.get('users/123633653595485944/tweets', max_results=100, max_rows=None)")

    (error,) = [m["content"] for m in messages if m["msg_type"] == "error"]
    assert error["ename"] == "RateLimited"
    assert len(error["traceback"]) == 1
    (rows,) = shown(front_end.run("import sys; len(sys.last_value.rows)"), "execute_result")
    assert rows["text/plain"] == "100"
