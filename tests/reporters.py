"""What reports errors and takes values apart: each function returns what it would send or show of a value."""

import io
import json
import logging
import sys


def fail(value):
    """An everyday bug in a function that has the value in a variable."""
    r = value
    return [r].index("nothing")


def sentry(value):
    import sentry_sdk
    from sentry_sdk.transport import Transport

    sent = []

    class Keep(Transport):
        def capture_envelope(self, envelope):
            sent.append(envelope.serialize())

    sentry_sdk.init(dsn="https://key@localhost/1", transport=Keep, auto_enabling_integrations=False)
    try:
        fail(value)
    except ValueError as error:
        sentry_sdk.capture_exception(error)
    sentry_sdk.flush()
    sentry_sdk.init()
    return b"".join(sent).decode()


def rollbar(value):
    import rollbar

    rollbar.init("token", "test", handler="blocking", locals={"enabled": True}, suppress_reinit_warning=True)
    sent, send = [], rollbar.send_payload
    rollbar.send_payload = lambda payload, *_: sent.append(json.dumps(payload, default=repr))
    try:
        fail(value)
    except ValueError:
        rollbar.report_exc_info(sys.exc_info())
    finally:
        rollbar.send_payload = send
    return "".join(sent)


def bugsnag(value):
    from bugsnag.utils import FilterDict, SanitizingJSONEncoder

    encoder = SanitizingJSONEncoder(logging.getLogger("x"), keyword_filters=["password"])
    return encoder.encode(FilterDict({"r": value, "list": [value]}))


def devtools(value):
    from devtools import debug

    return str(debug.format(value, {"r": value}))


def loguru(value):
    from loguru import logger

    said = io.StringIO()
    number = logger.add(said, backtrace=True, diagnose=True)
    try:
        fail(value)
    except ValueError:
        logger.exception("failed")
    logger.remove(number)
    return said.getvalue()


def stackprinter(value):
    import stackprinter

    try:
        fail(value)
    except ValueError as error:
        return stackprinter.format(error, show_vals="all")


ALL = (sentry, rollbar, bugsnag, devtools, loguru, stackprinter)
