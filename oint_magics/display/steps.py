"""Next steps, as their reader can type them: a magic's message names magics, a call's message names calls."""

from __future__ import annotations

import re

_VALUE = r'(?:"[^"]*"|[^\s;,)]+)'
_OPTIONS = rf"(?: --(?:auth|to|scope) {_VALUE}| --(?:if-expired|try-old|replace|check)\b)*"
_MAGIC = re.compile(rf"%twitter_(refresh|login|status|me|revoke)\b({_OPTIONS})")
_POST = re.compile(r'%twitter_post ("[^"]*")')
_FORGET = re.compile(rf"%twitter_forget ({_VALUE})")
_KEEP = re.compile(rf"%twitter_keep ({_VALUE}) ({_VALUE})({_OPTIONS})")
_OPTION = re.compile(rf"--(?:(auth|to|scope) ({_VALUE})|(if-expired|try-old|replace|check|again|preview|long)\b)")
_SETTING = re.compile(r"%env (\w+)=(\S+)")


def as_calls(text: str) -> str:
    """Return a message's text with the magics in it as calls of `oint_magics.twitter`.

    Args:
        text: what a magic would say.
    """
    text = _FORGET.sub(lambda found: f"twitter.forget({_quoted(found[1])})", text)
    text = _KEEP.sub(lambda found: f"twitter.keep({_quoted(found[1])}, {_quoted(found[2])}{_more(found[3])})", text)
    text = _MAGIC.sub(lambda found: f"twitter.{found[1]}({_more(found[2]).removeprefix(', ')})", text)
    text = _OPTION.sub(_keyword, _POST.sub(r"twitter.post(\1)", text))
    return _SETTING.sub(r'os.environ["\1"] = "\2"', text).replace("%pip install", "pip install")


def _more(options: str) -> str:
    """Return options as arguments, each behind a comma; the source comes first, without its name."""
    found = sorted(_OPTION.finditer(options), key=lambda option: option[1] != "auth")
    return "".join(f", {_quoted(option[2]) if option[1] == 'auth' else _keyword(option)}" for option in found)


def _keyword(option: re.Match[str]) -> str:
    if option[3]:
        return f"{option[3].replace('-', '_')}=True"
    return f"{option[1]}={_quoted(option[2])}"


def _quoted(value: str) -> str:
    return "auth" if value == "SOURCE" else f'"{value.strip(chr(34))}"'
