"""Requests as HTTP brings them: methods, chunks, names of the host, what is no request; byte by byte."""

import json
import socket
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from patience import LONG

from oint_magics.sandbox import Sandbox


def said(sandbox, *lines, body=b""):
    """Send lines and a body on a connection of its own; return the answer's status, head and JSON."""
    address = urlsplit(sandbox.url)
    with socket.create_connection((address.hostname, address.port), timeout=LONG) as connection:
        connection.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode() + body)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as file:
            head, _, content = file.read().partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode(), content


def host(sandbox):
    return f"Host: {urlsplit(sandbox.url).netloc}"


def chunked(body, *sizes):
    """Return a body in chunks of some sizes, and what is left in one."""
    parts, at = [], 0
    for size in (*sizes, len(body)):
        part, at = body[at : at + size], at + size
        parts.append(b"%x;name=value\r\n%s\r\n" % (len(part), part) if part else b"")
    return b"".join(parts) + b"0\r\nDigest: x\r\n\r\n"


@pytest.fixture(scope="module")
def running():
    server = Sandbox()
    yield server
    server.stop()


@given(st.lists(st.integers(1, 60), max_size=8))
def test_a_token_request_in_chunks(running, sizes):
    auth = running.issue(is_public=True)
    form = f"grant_type=refresh_token&refresh_token={auth['refresh_token']}&client_id={auth['client_id']}".encode()
    lines = ("POST /2/oauth2/token HTTP/1.1", host(running), "Content-Type: application/x-www-form-urlencoded",
             "Transfer-Encoding: chunked", "Connection: close")  # fmt: skip

    status, _, content = said(running, *lines, body=chunked(form, *sizes))

    assert status == 200
    assert json.loads(content)["access_token"]


def test_a_connection_goes_on_after_chunks(sandbox):
    auth = sandbox.issue(is_public=True)
    form = {"token": auth["access_token"], "client_id": auth["client_id"]}
    with requests.Session() as client:
        for _ in range(3):
            parts = iter([b"&".join(f"{key}={value}".encode() for key, value in form.items())])
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            reply = client.post(f"{sandbox.url}/2/oauth2/revoke", data=parts, headers=kind, timeout=LONG)
            assert (reply.status_code, reply.json()) == (200, {"revoked": True})


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (["Content-Length: x"], b""),
        (["Content-Length: -1"], b""),
        (["Content-Length: ²"], b""),
        (["Transfer-Encoding: gzip"], b""),
        (["Transfer-Encoding: chunked", "Content-Length: 5"], b"0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"x\r\n"),
        (["Transfer-Encoding: chunked"], b"0x1\r\na\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"-1\r\na\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"3\r\nabcd\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b""),
    ],
)
def test_a_body_whose_length_is_not_known(sandbox, lines, body):
    status, head, content = said(sandbox, "POST /2/oauth2/token HTTP/1.1", host(sandbox), *lines, body=body)

    assert (status, json.loads(content)["title"]) == (400, "Bad Request")
    assert "application/problem+json" in head


@pytest.mark.parametrize("lines", [["Content-Length: 9000000"], ["Transfer-Encoding: chunked"]])
@pytest.mark.parametrize("path", ["/2/oauth2/token", "/2/tweets"])
def test_a_body_that_is_too_large_is_not_read(sandbox, path, lines):
    status, _, content = said(sandbox, f"POST {path} HTTP/1.1", host(sandbox), *lines, body=b"900000\r\n")

    assert (status, json.loads(content)["title"]) == (413, "Payload Too Large")


METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/i/oauth2/authorize", "GET, POST"),
        ("/2/oauth2/token", "POST"),
        ("/2/oauth2/revoke", "POST"),
        ("/oauth2/token", "POST"),
        ("/2/tweets", "GET, POST"),
        ("/2/tweets/1", "DELETE, GET"),
        ("/2/users/me", "GET"),
        ("/nowhere", ""),
        ("/", "GET, HEAD"),
    ],
)
def test_a_method_that_a_path_does_not_have(sandbox, path, allowed):
    for method in METHODS:
        reply = requests.request(method, sandbox.url + path, allow_redirects=False, timeout=LONG)
        if method in allowed.split(", "):
            assert reply.status_code not in (404, 405, 501)
            continue
        assert reply.status_code == (405 if allowed else 404)
        assert reply.headers.get("Allow", "") == allowed
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert reply.content == b"" if method == "HEAD" else reply.json()["status"] == reply.status_code


@pytest.mark.parametrize("line", ["BREW /2/tweets HTTP/1.1", "GET", "GET /2/tweets HTTP/9.9.9", "\x16\x03\x01"])
def test_what_is_no_request_is_answered_in_json(sandbox, line):
    _, head, content = said(sandbox, line, host(sandbox))

    assert "<html" not in head.lower()
    assert json.loads(content)["status"] in (400, 501)


@pytest.mark.parametrize("path", ["/", "/i/oauth2/authorize", "/2/oauth2/token", "/2/users/me"])
@pytest.mark.parametrize("name", ["example.com", "127.0.0.1.example.com:80", "localhost.example.com", "", None])
def test_another_name_of_this_machine_is_refused(sandbox, path, name):
    """A page of another site whose name was made to point here (DNS rebinding)."""
    lines = [] if name is None else [f"Host: {name}"]

    status, _, content = said(sandbox, f"GET {path} HTTP/1.1", *lines, "Connection: close")

    assert status == 403
    assert "127.0.0.1" in json.loads(content)["detail"]


def test_a_port_that_leads_here_is_taken(sandbox):
    """A tunnel, or a container's published port, has another number."""
    for name in ("localhost:9", "127.0.0.1:9", "localhost"):
        lines = ("GET /2/users/me HTTP/1.1", f"Host: {name}", "Connection: close")
        assert said(sandbox, *lines)[0] == 401
