"""What becomes of an error at the edge: ours, or the caller's own."""

import signal
from http import HTTPStatus

import pytest

from oint_magics import errors
from oint_magics.error_boundary import error_boundary

MARK = "MARKER5ecret"


def test_an_error_of_an_enumeration_is_not_the_caller_s():
    """The system's own handlers are members of one; its class stands in the traceback of every failed look-up."""
    with pytest.raises(errors.InternalError) as caught:
        error_boundary(lambda: HTTPStatus(MARK))()
    assert MARK not in str(caught.value)


class Handler:
    def __call__(self, *_):
        raise LookupError("mine")


def test_a_handler_that_is_an_object_is_the_caller_s():
    before = signal.signal(signal.SIGUSR1, Handler())
    try:
        with pytest.raises(LookupError, match="mine"):
            error_boundary(lambda: signal.raise_signal(signal.SIGUSR1))()
    finally:
        signal.signal(signal.SIGUSR1, before)
