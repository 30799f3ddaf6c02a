"""Secrets in files of their own, as containers mount them: `X_REFRESH_TOKEN_FILE=/run/secrets/rt`.

A variable with this ending names a file and is read. A path in any other variable or key is no secret, and is refused.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import NamedTuple

from oint_magics.auth.text_file import decoded
from oint_magics.errors import AuthFieldError

ENDING = "_FILE"
_LARGEST = 64 * 1024
_LONGEST_PATH = 255
# Capitals, small letters and digits in one long name: a part of a token.
_RANDOM = r"(?=\w*[A-Z])(?=\w*[a-z])(?=\w*\d)\w{16}"
# None of these begins a token of X's. In standard base64, as other servers use it, a token may begin with a slash:
# such a text is a path only if its folders look like words.
_PATH = re.compile(
    r"file:.*|~[\w.-]{0,40}[/\\].*|\.{1,2}[/\\].*|[a-z]:[/\\].*|\\\\.*|(?:\$\w+|\$\{\w+\}|%\w+%)[/\\].*",
    re.IGNORECASE | re.DOTALL,
)
# A name and its value, or an object; a token in base64 may end with an equals sign.
_MORE = re.compile(r"\s*(?:export\s+)?[A-Za-z_]\w*\s*=\s*[^=\s]|\s*[{\[]")
_ABSOLUTE = re.compile(r"/(?:[a-z]{3,30}|Users|Volumes)(?:/(?!RANDOM)[\w.@-]{1,64})+/?".replace("RANDOM", _RANDOM))


class SecretFile(NamedTuple):
    """A file that a variable names.

    Attributes:
        name: the variable.
        path: what it holds.
    """

    name: str
    path: str

    def __repr__(self) -> str:
        return f"SecretFile({self.name})"

    def read(self) -> str:
        """Return the file's text without the line end after it.

        Raises:
            AuthFieldError: it cannot be read, is empty or is too large.
        """
        data, reason = b"", ""
        try:
            path = Path(self.path.strip()).expanduser()
            if stat.S_ISREG(path.stat().st_mode):
                with path.open("rb") as file:
                    data = file.read(_LARGEST + 1)
            else:
                reason = "it names a folder, or something else that is not a file"
        except FileNotFoundError:
            reason = "there is no such file on this machine"
        except OSError as error:
            if error.errno is None:  # An alarm's `TimeoutError`, which is none of the system's.
                raise
            reason = error.strerror or type(error).__name__
        except (ValueError, RuntimeError):  # A NUL; the home of a user who is not there.
            reason = "it does not hold a path"
        if len(data) > _LARGEST:
            reason = "the file is larger than 64 KiB"
        text = "" if reason else decoded(data, f"The file that {self.name} names").text
        text = text.removesuffix("\n").removesuffix("\r")
        if _MORE.match(text):
            reason = "the file holds a line of a .env file, or JSON, and not the secret alone"
        elif text:
            return text
        raise AuthFieldError(
            f"{self.name} names a file that cannot be used. Nothing was sent.",
            cause=f"{reason or 'the file is empty'}.",
            next_step=f"put the path of the secret's file into {self.name}, "
            f"or the value itself into {self.name.removesuffix(ENDING)}",
        )


def is_path(text: str, *, is_token: bool) -> bool:
    """Tell whether a text is written like a path, or like a reference to a file (`file:…`, `@…`).

    Args:
        text: the text.
        is_token: whether it was given as a token; an app's id and secret may begin with an at sign.
    """
    start = text[:_LONGEST_PATH]
    if start.startswith("@"):
        return is_token or re.search(r"[/\\.]", start) is not None
    return _PATH.match(start) is not None or (text == start and _ABSOLUTE.fullmatch(text) is not None)


def is_there(text: str) -> bool:
    """Tell whether a text is the path of a file on this machine."""
    may_be = len(text) <= _LONGEST_PATH and re.search(r"[/\\.]", text) and not text.startswith("//")
    try:
        return bool(may_be) and Path(text).is_file()
    except (OSError, ValueError):  # A folder that is closed; a NUL.
        return False
