"""What the environment says of proxies and certificates: settings that cannot be used are named, nothing is sent."""

from __future__ import annotations

import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from oint_magics.errors import SettingError
from oint_magics.http.endpoints import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# A name, or an address of either kind; `urlsplit` takes anything.
_HOST = re.compile(r"[\w.%:-]+")
_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


def check(url: str) -> None:
    """Raise a `SettingError` where the environment's proxy or CA bundle for an address cannot be used."""
    bundle(url)
    proxy(url)


def bundle(url: str) -> Path:
    """Return the CA bundle to verify a server with, a file or a folder.

    Raises:
        SettingError: the environment names one that is not there.
    """
    name = next((each for each in _BUNDLES if os.environ.get(each)), None)
    if name is None or not url.startswith("https:"):
        import certifi

        return Path(certifi.where())
    path = Path(os.environ[name])
    if not path.exists():
        _unusable(name, "the file that it names does not exist.", f"correct or unset {name}")
    if path.is_file():
        _check_bundle(path, name)
    return path


def _check_bundle(path: Path, name: str) -> None:
    """Refuse a file without a certificate: each attempt would fail, and say nothing that helps."""
    import ssl

    try:
        ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError):
        _unusable(name, "the file that it names holds no certificate, or cannot be read.", f"correct or unset {name}")


def has_no_proxy() -> bool:
    """Tell whether the environment surely names no proxy: outside of Linux, the system has settings of its own."""
    return sys.platform == "linux" and not any(name.lower().endswith("_proxy") for name in os.environ)


def proxy(url: str) -> str | None:
    """Return the environment's proxy for an address; none for this machine, which must not be sent elsewhere.

    Raises:
        SettingError: the proxy's address cannot be used.
    """
    if has_no_proxy() or is_loopback(url):
        return None
    from requests.utils import get_environ_proxies, select_proxy

    address: str | None = select_proxy(url, get_environ_proxies(url))
    if address:
        _check(address, _name_of(address, url) or f"{urlsplit(url).scheme.upper()}_PROXY")
        return _whole(address)
    return None


def checked(proxies: Mapping[str, str | None], url: str) -> dict[str, str | None]:
    """Return a request's proxies, each with its scheme; those of the environment are checked.

    Args:
        proxies: as requests takes them.
        url: the request's address.

    Raises:
        SettingError: the environment's address of a proxy cannot be used.
    """
    from requests.utils import select_proxy

    address: str | None = select_proxy(url, dict(proxies))  # type: ignore[arg-type]  # `None` in it is none
    name = _name_of(address, url) if address else None
    if address and name:
        _check(address, name)
    return {scheme: each and _whole(each) for scheme, each in proxies.items()}


def _whole(address: str) -> str:
    """Return a proxy's address with its scheme; requests takes `host` in `host:3128` for one."""
    return address if "://" in address else f"http://{address}"


def _name_of(address: str, url: str) -> str | None:
    """Return the variable of the environment that holds a proxy's address, or `None`."""
    names = [spelled for name in (f"{urlsplit(url).scheme}_proxy", "all_proxy") for spelled in (name, name.upper())]
    return next((name for name in names if os.environ.get(name) == address), None)


def _check(address: str, name: str) -> None:
    try:
        parts = urlsplit(_whole(address))
        host = parts.hostname or ""
        is_host = _HOST.fullmatch(host) is not None and not host.isdecimal() and host not in _SCHEMES
        is_usable = parts.scheme in _SCHEMES and is_host and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        _unusable(name, "it is not a proxy's address, like http://HOST:PORT.", f"correct or unset {name}")
    if parts.scheme.startswith("socks") and find_spec("socks") is None:
        _unusable(
            name, "it names a SOCKS proxy, and the package for that is missing.", '%pip install "requests[socks]"'
        )


def _unusable(name: str, cause: str, next_step: str) -> NoReturn:
    raise SettingError(f"{name} cannot be used. Nothing was sent.", cause=cause, next_step=next_step)
