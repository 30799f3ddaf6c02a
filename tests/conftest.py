"""What every test stands on: a home of its own, no settings, no proxies, a sandbox."""

import gc
import json
import os
import shutil
import signal
import time

import hypothesis
import memory_disk
import pytest
import raw_server
import tree
from patience import wait_for
from postgres import Postgres

from oint_magics import process
from oint_magics.api import ahead
from oint_magics.sandbox import Sandbox
from oint_magics.stores import machine
from oint_magics.tokens import shield

# A run in the background inherits an ignored stop button, and so would the processes that tests stop.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Tables name the time by this machine's clock too; one zone is as good as another, and a test of zones has processes.
os.environ["TZ"] = "UTC"
time.tzset()
# Before anything asks where temporary files go; the processes of one run have it from the first.
MEMORY_DISK = memory_disk.take()
# How long an example takes is the machine's business. A run takes the same examples each time; `explore` takes new ones.
hypothesis.settings.register_profile("explore", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("patient", hypothesis.settings.get_profile("explore"), derandomize=True)
hypothesis.settings.register_profile("quick", hypothesis.settings.get_profile("patient"), max_examples=10)
hypothesis.settings.load_profile("patient")
TREE, PASSED = pytest.StashKey(), pytest.StashKey()
STRIPPED = (
    "COLAB_",
    "KAGGLE_",
    "DATABRICKS_",
    "BINDER_",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "CIRCLECI",
    "TF_BUILD",
    "SPACE_ID",
    "DEEPNOTE_",
    "K_SERVICE",
    "CLOUD_RUN_",
    "AWS_LAMBDA_",
    "DYNO",
    "CONTAINER",
    "KUBERNETES_",
    "OINT_",
    "TWITTER_",
    "X_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "NETRC",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "XDG_DATA_HOME",
    "COLUMNS",
    "LINES",
    "PG",
)


# What takes a browser, a database, whole processes or a deadline, and so more than a moment.
SLOW_FIXTURES = {"chromium", "jupyter", "page", "postgres", "team"}
SLOW_FILES = ("clean/", "leaks/test_lab", "leaks/test_other", "paths/", "attacks/", "test_kernel", "test_terminal", "test_docs", "test_demo", "test_exercises", "test_shield", "field/test_machines",
              "test_pending", "test_code_exchange", "test_a_hard_server", "test_a_limit_is_waited_for", "posts/test_clients", "test_shared", "test_any_order_of_acts", "one_deadline_ends", "test_never_more_than_a_thousand", "test_cells_of_real_notebooks",
              "field/test_sent_or_not", "field/test_groups", "posts/test_upload", "posts/test_attacks", "http/test_instrumented", "test_mathematics", "stores/test_journal", "test_a_limit_in_the_middle",
              "without_end", "test_xdk_with_one_line", "posts/test_openapi", "right_requests", "wrong_requests", "second_reader",
              "opi/test_run", "notebook/test_completion", "sandbox/test_consistency", "field/test_logins", "nobody_answers", "two_processes",
              "api/test_ahead", "api/test_typed_lines", "api/test_dataset", "api/test_meter", "test_four_processes_never_pass", "tokens/test_app_token",
              "test_a_limit_holds_to_the_byte", "test_no_secret_of_any_library", "test_the_keyring_of_a_desktop", "test_with_a_package_for")  # fmt: skip


def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true", help="without a browser, a database or whole processes")


def pytest_ignore_collect(collection_path, config):
    """Do not even import what a quick run leaves out."""
    name = collection_path.relative_to(config.rootpath).as_posix()
    return (config.getoption("--quick") and any(each in name for each in SLOW_FILES)) or None


def pytest_configure(config):
    if config.getoption("--quick"):
        hypothesis.settings.load_profile("quick")


# A file runs in one process: those that take longest begin first, so that the processes end together.
LONG_FILES = ("clean/", "paths/test_faults", "notebook/test_connect", "paths/test_benchmarks", "leaks/test_other", "leaks/test_lab",
              "notebook/test_login", "notebook/test_mathematics", "notebook/test_kernel", "auth/test_document", "posts/test_upload",
              "stores/test_keyring", "attacks/test_loss", "attacks/test_database", "paths/test_read_only", "notebook/test_terminal")  # fmt: skip


def pytest_collection_modifyitems(config, items):
    ranks = {name: rank for rank, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: next((rank for name, rank in ranks.items() if name in item.nodeid), len(ranks)))
    if not config.getoption("--quick"):
        return
    slow = [i for i in items if SLOW_FIXTURES & set(i.fixturenames) or any(name in i.nodeid for name in SLOW_FILES)]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in set(slow)]


def pytest_sessionstart(session):
    """Note what lies in the tree, where this is the process that the others report to."""
    if not hasattr(session.config, "workerinput"):
        session.config.stash[TREE] = tree.names()


def pytest_sessionfinish(session):
    """Fail a run that left a file in the tree."""
    session.config.stash[PASSED] = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    left = sorted(tree.names() - session.config.stash.get(TREE, tree.names()))
    if left:
        print(f"\nThe tests left these in the tree: {', '.join(left)}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config):
    """Delete the disk in memory, where no test failed whose files somebody may want to look at."""
    if MEMORY_DISK and config.stash.get(PASSED, False):
        shutil.rmtree(MEMORY_DISK, ignore_errors=True)


@pytest.fixture(autouse=True)
def after(request, record_property):
    """Note what came of a row's attack, in a few words; see `attacks/rows.py`."""
    mark = request.node.get_closest_marker("row")

    def note(words):
        record_property("row", [*map(str, mark.args), words])

    return note


def pytest_terminal_summary(terminalreporter):
    """Print the rows of those tests that have one, where passed tests are asked for (`-rP`)."""
    reports = [each for kind in ("passed", "failed") for each in terminalreporter.stats.get(kind, ())]
    rows = sorted((value for each in reports for name, value in each.user_properties if name == "row"), key=_order)
    if rows and terminalreporter.hasopt("P"):
        terminalreporter.section("point, given, before, after")
        for point, given, before, now in rows:
            terminalreporter.write_line(f"{point:>3} | {given} | {before} | {now}")


def _order(row):
    digits = "".join(c for c in row[0] if c.isdigit())
    return int(digits or 0), row


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """No test sees the user's home, settings, proxies, certificates, terminal or data; each has a folder of its own as `~` and as `.`."""
    for name in os.environ:
        if name.upper().startswith(STRIPPED):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("OINT_HOME", str(folder / "oint"))
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(memory))
    monkeypatch.setattr(machine, "_CONTAINER_FILES", ())  # Where the tests run is none of theirs.
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    process.reset()
    yield folder
    # A worker that listens for a late answer writes where the environment says then.
    wait_for(lambda: not shield._at_work, "a worker is still at work")
    ahead.settle()


@pytest.fixture(scope="module")
def the_shell(tmp_path_factory):
    """One shell, as a kernel has one; without history on disk."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        config = Config()
        config.HistoryManager.enabled = False
        shell = InteractiveShell.instance(config=config)
        yield shell
        gc.unfreeze()
        InteractiveShell.clear_instance()


@pytest.fixture
def shell(the_shell):
    """The shell with the extension, and afterwards as it was."""
    the_shell.run_line_magic("load_ext", "oint_magics")
    yield the_shell
    the_shell.run_line_magic("xmode", "Context")
    the_shell.run_line_magic("unload_ext", "oint_magics")
    gc.freeze()  # A shell that is reset collects garbage, and walks through all that was imported until now.
    the_shell.reset(new_session=False)


@pytest.fixture
def sandbox():
    server = Sandbox()
    yield server
    server.stop()


@pytest.fixture
def auth_file(sandbox):
    """A file with a fresh pair of the sandbox; the path is relative, as a user types it."""

    def write(name="auth.json", **issue):
        with open(name, "w", encoding="utf-8") as file:
            json.dump(sandbox.issue(**issue), file, indent=2)
        os.chmod(name, 0o600)
        return name

    return write


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL for all tests of a process."""
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture
def team(postgres, monkeypatch):
    """The settings of a team's member, and an empty database."""
    from cryptography.fernet import Fernet

    postgres.run("DROP TABLE IF EXISTS oint_pair")
    monkeypatch.setenv("OINT_SHARED_STORE", postgres.address)
    monkeypatch.setenv("OINT_SHARED_KEY", Fernet.generate_key().decode())
    return postgres


@pytest.fixture
def ring():
    """The system's keyring, as far as this process sees."""
    import keyring
    from ring import Ring

    before = keyring.get_keyring()
    ring = Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def raw():
    """Start a server that does with each connection what the test says, byte by byte."""
    servers = []

    def start(behaviour):
        servers.append(raw_server.RawServer(behaviour))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


AUTH = {
    "client_id": "a-client-id",
    "client_secret": "a-client-secret-of-forty-characters-0000",
    "access_token": "an-access-token-of-forty-characters-00000",
    "refresh_token": "a-refresh-token-of-forty-characters-00000",
}


@pytest.fixture
def auth():
    """An auth structure that is not the sandbox's."""
    return dict(AUTH)
