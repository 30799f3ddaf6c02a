"""A token request by a connection of our own: addresses, names, TLS, and nobody who listens."""

import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from patience import LONG
from raw_server import RawServer, answer
from tls import certificate

from oint_magics.errors import NotSent, SettingError
from oint_magics.http import direct, token_post
from oint_magics.oauth.token_endpoint import TokenRequest
from oint_magics.secret import Secret

REQUEST = TokenRequest(Secret("grant_type=refresh_token&refresh_token=MARKtoken"), Secret("Basic TUFSSzpNQVJL"))
OK = answer("200 OK", b'{"a": 1}')


class Recorder:
    def check(self): ...
    def append(self, data): ...


def post(url, timeout=LONG):
    return token_post.post(url, "host", REQUEST, timeout, Recorder())


def named(monkeypatch, *addresses):
    """Let every name stand for these addresses, in their order."""
    look_up = socket.getaddrinfo

    def known(_, port, *args, **kwargs):
        return [found for each in addresses for found in look_up(each, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", known)


@pytest.fixture
def encrypted(monkeypatch):
    """A server with TLS whose certificate is for token.example.com, which leads to it."""
    server = RawServer(OK, certificate("token.example.com"))
    named(monkeypatch, "127.0.0.1")
    server.port = int(server.url.rpartition(":")[2])
    yield server
    server.stop()


def test_a_certificate_of_the_bundle_that_is_set(encrypted, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "cert.pem")

    assert post(f"https://token.example.com:{encrypted.port}/t?a=b").body == b'{"a": 1}'

    head = encrypted.requests[0]
    assert head.startswith(b"POST /t?a=b HTTP/1.1\r\n")
    assert f"Host: token.example.com:{encrypted.port}\r\n".encode() in head


def test_a_folder_of_certificates(encrypted, monkeypatch):
    """OpenSSL finds one in it by a name that is made of its subject."""
    Path("ca").mkdir()
    name = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", "cert.pem"], capture_output=True, text=True, check=True
    )
    Path("ca", f"{name.stdout.strip()}.0").write_bytes(Path("cert.pem").read_bytes())
    monkeypatch.setenv("CURL_CA_BUNDLE", "ca")

    assert post(f"https://token.example.com:{encrypted.port}/t").status == 200


@pytest.mark.parametrize(("name", "bundle", "cause"), [
    ("other.example.com", "cert.pem", "Hostname mismatch"),
    ("token.example.com", "", "self-signed"),
])  # fmt: skip
def test_a_certificate_that_is_not_accepted(encrypted, monkeypatch, name, bundle, cause):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)

    with pytest.raises(NotSent, match="nothing is spent") as caught:
        post(f"https://{name}:{encrypted.port}/t", timeout=LONG)

    assert "its TLS certificate was not accepted" in caught.value.cause
    assert cause in caught.value.cause.replace("self signed", "self-signed")
    assert encrypted.requests == []


def test_a_bundle_that_is_not_there(encrypted, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "nowhere.pem")
    with pytest.raises(SettingError, match="REQUESTS_CA_BUNDLE cannot be used. Nothing was sent"):
        post(f"https://token.example.com:{encrypted.port}/t")
    assert encrypted.requests == []


def test_what_stands_in_the_place_of_the_context_is_used(encrypted, monkeypatch):
    """truststore puts a class of its own there, which asks the system for its certificates."""

    class Context:
        def __init__(self, protocol):
            self._inner = plain(protocol)

        def __getattr__(self, name):
            return getattr(self._inner, name)

        def wrap_socket(self, connection, server_hostname):
            used.append(server_hostname)
            return self._inner.wrap_socket(connection, server_hostname=server_hostname)

    plain = ssl.SSLContext
    used = []
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "cert.pem")
    monkeypatch.setattr(ssl, "SSLContext", Context)

    assert post(f"https://token.example.com:{encrypted.port}/t").status == 200
    assert used == ["token.example.com"]


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_host_of_one_family_alone(family):
    address = "127.0.0.1" if family == socket.AF_INET else "::1"
    if family == socket.AF_INET6 and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    server = RawServer(OK, host=address)

    assert post(f"{server.url}/t").status == 200
    server.stop()
    host = f"[{address}]" if ":" in address else address
    assert f"Host: {host}:{server.url.rpartition(':')[2]}\r\n".encode() in server.requests[0]


def test_a_first_address_that_refuses(raw, monkeypatch):
    server = raw(OK)
    named(monkeypatch, "127.0.0.2", "127.0.0.1")

    assert post(server.url.replace("127.0.0.1", "token.example.com")).status == 200
    assert len(server.requests) == 1


def test_a_first_address_that_is_silent(raw, monkeypatch):
    """It gets its share of the time, and no more."""
    server = raw(OK)
    port = int(server.url.rpartition(":")[2])
    named(monkeypatch, "127.0.0.2", "127.0.0.1")
    with socket.create_server(("127.0.0.2", port), backlog=0), socket.socket() as first, socket.socket() as second:
        for each in (first, second):  # From now on nobody else gets in.
            each.setblocking(False)
            each.connect_ex(("127.0.0.2", port))
        monkeypatch.setattr(direct, "_LONGEST_CONNECT", 0.5)

        assert post(server.url.replace("127.0.0.1", "token.example.com")).status == 200
    assert len(server.requests) == 1


def test_addresses_that_are_all_dead(monkeypatch):
    named(monkeypatch, "127.0.0.2", "127.0.0.3")
    with pytest.raises(NotSent) as caught:
        post("http://token.example.com:1/t", timeout=1)
    assert "the connection was refused" in caught.value.cause


def test_a_name_in_another_alphabet(raw, monkeypatch):
    server, asked = raw(OK), []

    def known(host, *args, **kwargs):
        asked.append(host)
        return look_up("127.0.0.1", *args, **kwargs)

    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", known)

    assert post(server.url.replace("127.0.0.1", "bücher.example")).status == 200
    assert asked == [b"xn--bcher-kva.example"]
    assert b"Host: xn--bcher-kva.example:" in server.requests[0]


TRACED = """
import http.client, sys
import urllib3.connection, urllib3.connectionpool
from types import SimpleNamespace
from oint_magics.http import token_post
from oint_magics.oauth.token_endpoint import TokenRequest
from oint_magics.secret import Secret

def seen(*_, **__):
    raise SystemExit("seen")

http.client.HTTPConnection.debuglevel = 1
http.client.HTTPConnection.putrequest = http.client.HTTPConnection.putheader = seen
urllib3.connectionpool.HTTPConnectionPool.urlopen = seen
recorder = SimpleNamespace(append=lambda _: None, check=lambda: None)
request = TokenRequest(Secret("refresh_token=MARK"), Secret("Basic TUFSSw=="))
print(token_post.post(sys.argv[1], "host", request, 60, recorder).status)
"""


def test_what_traces_the_libraries_sees_nothing(raw):
    """As sentry does in http.client, and OpenTelemetry in urllib3."""
    server = raw(OK)
    done = subprocess.run([sys.executable, "-c", TRACED, f"{server.url}/t"], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("200\n", "")
    assert len(server.requests) == 1
