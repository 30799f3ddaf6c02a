"""Runs inside the kernel: everything there that can show a value writes what it shows to a file of its own."""

import copy
import io
import json
import logging
import os
import pickle
import re
import sys
import traceback
import warnings
from pathlib import Path

FOLDER = Path(os.environ.get("PROBES", "probes"))


def given(path):
    """Return a path's auth structure: it comes by a file, so that no cell holds it."""
    return json.loads((Path(os.environ["GIVEN"]) / f"{path}.json").read_text())


def start(path):
    """Listen to all that logs and warns, and log the session as IPython does."""
    folder = FOLDER / path
    folder.mkdir(parents=True, exist_ok=True)
    shell = get_ipython()  # noqa: F821 - the kernel's
    if shell.logger.logfile is not None:
        shell.run_line_magic("logstop", "")
    shell.run_line_magic("logstart", f"-o -r -q {folder / '%logstart'} append")
    logging.basicConfig(filename=folder / "logging at DEBUG", level=logging.DEBUG, force=True)
    logging.captureWarnings(capture=True)
    warnings.simplefilter("always")


def picture():
    """Return what begins as a picture does."""
    return b"\x89PNG\r\n\x1a\n" + bytes(2000)


def approve(link):
    """Answer a login's page as a person does, and return the address that the browser is sent to; nothing logs it."""
    import http.client
    from urllib.parse import urlsplit

    address = urlsplit(link)
    connection = http.client.HTTPConnection(address.netloc, timeout=300)
    connection.request("GET", f"{address.path}?{address.query}")
    location = connection.getresponse().headers["Location"]
    connection.close()
    return location


def report(path, value):
    """Let every reporter have an error with a value in its frames, and keep what it would send."""
    import reporters

    said = [show(value) for show in reporters.ALL]
    (FOLDER / path / "reporters").write_text("\n".join(said), encoding="utf-8", errors="backslashreplace")


def cache(path):
    """Put a cache over requests that keeps answers to POST too, as a file among the probes."""
    import requests_cache

    allowed = {"allowable_methods": ("GET", "POST"), "allowable_codes": (200, 400)}
    requests_cache.install_cache(str(FOLDER / path / "a cache with POST"), backend="sqlite", **allowed)


def plant_in_database(secret):
    """Leave a secret in the team's database."""
    import psycopg

    with psycopg.connect(os.environ["OINT_SHARED_STORE"]) as connection:
        connection.execute("CREATE TABLE leak (it text)")
        connection.execute("INSERT INTO leak VALUES (%s)", [secret])


def take(path, namespace):
    """Let everything show the last response and the last error."""
    shell = get_ipython()  # noqa: F821 - the kernel's
    folder = FOLDER / path
    values = [value for value in (namespace.get("r"), namespace.get("_")) if value is not None]
    error = getattr(sys, "last_value", None)
    errors = [] if error is None else _chain(error)
    probes = {
        "repr, str, format": lambda: [f"{value!r} {value!s} {value}" for value in values],
        "HTML, Markdown, plain": lambda: [shell.display_formatter.format(value) for value in values],
        "%whos": lambda: _said(shell, "whos"),
        "%store, pickle, copy": lambda: [_kept(value) for value in values],
        "vars, rich.inspect": lambda: [_inspected(value) for value in values],
        "%tb Verbose": lambda: _traceback(shell),
        "%debug": lambda: [_frames(each) for each in errors],
        "exception args and chain": lambda: [(repr(e), str(e), e.args, vars(e)) for e in errors],
        "capture_locals": lambda: [_captured(e) for e in errors],
    }
    for name, probe in probes.items():
        (folder / name.replace("/", "-")).write_text(_text(probe), encoding="utf-8", errors="backslashreplace")
    if "r" in namespace:  # The next path has its own; the debugger looks at all of them.
        namespace[f"r_{path.replace('-', '_')}"] = namespace.pop("r")


def _text(probe):
    try:
        return repr(probe())
    except Exception as error:
        return f"refused: {type(error).__name__}"


def _said(shell, magic, line=""):
    from IPython.utils.capture import capture_output

    with capture_output() as said:
        shell.run_line_magic(magic, line)
    return said.stdout + said.stderr


def _kept(value):
    found = []
    for keep in (pickle.dumps, copy.copy, copy.deepcopy, lambda v: json.dumps(v.__dict__)):
        try:
            found.append(repr(keep(value)))
        except Exception as error:
            found.append(type(error).__name__)
    return found


def _inspected(value):
    found = [repr({name: getattr(value, name, None) for name in dir(value) if not name.startswith("__")})]
    found += [repr(getattr(value, "__dict__", None)), repr(getattr(type(value), "__slots__", None))]
    try:
        import rich
        import rich.console

        said = io.StringIO()
        rich.inspect(value, private=True, console=rich.console.Console(file=said, width=400))
        found.append(said.getvalue())
    except ImportError:
        pass
    return found


def _traceback(shell):
    """Return what `%tb Verbose` shows: a kernel sends it as a message of its own."""
    shown, show = [], shell._showtraceback
    shell._showtraceback = lambda *parts: shown.append([str(part) for part in parts])
    try:
        shell.run_line_magic("tb", "Verbose")
    finally:
        shell._showtraceback = show
    return shown


def _chain(error):
    """Return an error and all that hangs on it."""
    found, left = [], [error]
    while left:
        each = left.pop()
        if each is not None and each not in found:
            found.append(each)
            left += [each.__cause__, each.__context__]
    return found


def _frames(error):
    """Return every frame's locals, as somebody at the debugger's prompt may print them."""
    found = []
    tracebacks = [error.__traceback__, getattr(sys, "last_traceback", None)]
    for each in tracebacks:
        for frame, _ in traceback.walk_tb(each):
            found.append({name: _shown(value) for name, value in frame.f_locals.items() if not _OWN.fullmatch(name)})
    return found


# The history of a user's cells is the user's own, and stands in every frame of a cell.
_OWN = re.compile(r"shell|In|_i\w*")


def _captured(error):
    """Return a traceback with the locals of every frame."""
    found = traceback.TracebackException.from_exception(error, capture_locals=True)
    for frame in found.stack:
        frame.locals = {name: text for name, text in (frame.locals or {}).items() if not _OWN.fullmatch(name)}
    return "".join(found.format())


def _shown(value):
    try:
        return repr(value)[:100_000]
    except Exception:
        return ""


def trace(*, on=True):
    """Let OpenTelemetry show each request of urllib3's, with all of its headers; or let it stop."""
    import os

    from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

    if not on:
        URLLib3Instrumentor().uninstrument()
        return
    os.environ["OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_CLIENT_REQUEST"] = ".*"
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
    URLLib3Instrumentor().instrument(
        tracer_provider=provider, request_hook=lambda span, pool, info: span.set_attribute("all", repr(info))
    )
