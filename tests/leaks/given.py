"""The secrets of each path, and the server that knows what each path's token or code brings."""

import base64
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote_plus, urlencode

from ports import free_port

SECRET_KEYS = ("client_secret", "access_token", "refresh_token", "oauth_token", "oauth_token_secret",
               "oauth_consumer_key", "oauth_consumer_secret")  # fmt: skip

SCOPE = "tweet.read tweet.write users.read media.write offline.access"


class Given:
    """What one path is given and gets: an auth structure, a new pair, and the header made of them.

    Args:
        path: the path's name.
        outcome: what the server does with its token: `grant`, `refuse`, `drop`, `echo`.

    Attributes:
        is_sent: whether its token or code came to the server.
        code: what the authorize page gives.
        seen: what the server was shown of a login: its state and verifier.
    """

    def __init__(self, path, outcome="grant"):
        self.path, self.outcome, self.is_sent = path, outcome, False
        mark = "".join(c for c in path.title() if c.isalnum())
        self.auth = {key: f"{mark}-{secrets.token_urlsafe(24)}" for key in SECRET_KEYS}
        self.auth |= {"client_secret": f"{mark}+{secrets.token_urlsafe(18)}/~", "client_id": f"id-of-{mark}"}
        self.auth |= {"redirect_uri": f"http://127.0.0.1:{free_port()}/cb", "scope": SCOPE}
        self.code, self.seen = f"{mark}-code-{secrets.token_urlsafe(24)}", {}
        self.bearer = f"{mark}-bearer-{secrets.token_urlsafe(24)}"
        self.pair = {key: f"{mark}-new-{secrets.token_urlsafe(24)}" for key in ("access_token", "refresh_token")}

    @property
    def text(self):
        return json.dumps(self.auth)

    @property
    def files(self):
        """Return the same as other programs keep it: a file's ending to its text."""
        lines = [f"X_{key.upper()}='{value}'" for key, value in self.auth.items() if not key.startswith("oauth")]
        tokens = {"accessToken": self.auth["access_token"], "refreshToken": self.auth["refresh_token"]}
        app = {"clientId": self.auth["client_id"], "clientSecret": self.auth["client_secret"]}
        nested = json.dumps({"app": app, "tokens": tokens, "note": "a free key"}, indent=2)
        users = f"""      bob:
        oauth2:
          access_token: {self.auth["access_token"]}
          refresh_token: {self.auth["refresh_token"]}
"""
        app = f"  my-app:\n    client_id: {self.auth['client_id']}\n    client_secret: {self.auth['client_secret']}\n"
        return {
            "json": self.text,
            "env": "\n".join(["DEBUG=1", *lines, ""]),
            "nested.json": nested,
            "app.json": json.dumps({"bearer_token": self.bearer}),
            "token": self.auth["refresh_token"] + "\n",
            "xurl/auth.yml": f"apps:\n  default: {{}}\n{app}    oauth2_tokens:\n{users}default_app: default\n",
        }

    @property
    def secrets(self):
        """Return all that must not be found: name to text."""
        pair = f"{quote_plus(self.auth['client_id'])}:{quote_plus(self.auth['client_secret'])}"
        found = {key: self.auth[key] for key in SECRET_KEYS} | {f"new {key}": text for key, text in self.pair.items()}
        found |= {"Basic header": base64.b64encode(pair.encode()).decode(), "code": self.code, "bearer": self.bearer}
        return found | self.seen


class Server:
    """All that X has of OAuth and one call of its API; keeps nothing on disk and logs nothing."""

    def __init__(self, all_given):
        by_token = {given.auth["refresh_token"]: given for given in all_given}
        by_code = {given.code: given for given in all_given}
        by_client = {given.auth["client_id"]: given for given in all_given}

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                if self.path.startswith(("/2/tweets", "/2/media/")):
                    self._call()
                    return
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                if self.path == "/2/oauth2/revoke":
                    self._send(200, {"revoked": True})
                    return
                given = by_token.get(form.get("refresh_token", [""])[0]) or by_code.get(form.get("code", [""])[0])
                if given:
                    given.is_sent = True
                    given.seen |= {"verifier": form["code_verifier"][0]} if "code_verifier" in form else {}
                status, answer = _answer(given, str(self.headers), form)
                if status:
                    self._send(status, answer)
                self.close_connection = True

            def do_DELETE(self):
                self._call()

            def _call(self):
                """A post, a deletion or an upload; refused with all that was sent, for one of the ways."""
                self.rfile.read(int(self.headers["Content-Length"] or 0))
                token = self.headers["Authorization"].removeprefix("Bearer ")
                given = next(
                    (each for each in all_given if token in (each.auth["access_token"], each.pair["access_token"])),
                    None,
                )
                if given and given.outcome == "calls refused":
                    self._send(403, {"title": "Forbidden", "detail": str(self.headers), token: token})
                    return
                data = {"id": "5", "text": "x", "deleted": True, "expires_after_secs": 60, "expires_at": 1}
                self._send(201, {"data": data})

            def do_GET(self):
                path, _, query = self.path.partition("?")
                if path != "/i/oauth2/authorize":
                    data = {"id": "1", "username": "somebody"}
                    post = {"id": "1980000000000000001", "text": "x", "created_at": "2026-11-01T09:00:00.000Z"}
                    self._send(200, {"data": [post] if path.endswith("/tweets") else data})
                    return
                asked = {key: values[0] for key, values in parse_qs(query).items()}
                given = by_client[asked["client_id"]]
                given.seen["state"] = asked["state"]
                back = urlencode({"state": asked["state"], "code": given.code})
                self._send(302, {}, ("Location", f"{asked['redirect_uri']}?{back}"))

            def _send(self, status, answer, *headers):
                body = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in (*headers, ("Content-Length", str(len(body)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def _answer(given, headers, form):
    """Return status and JSON of an answer; status 0 for none."""
    if given is None:
        return 400, {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}
    granted = {"token_type": "bearer", "expires_in": 7200, "scope": SCOPE, **given.pair}
    echoed = {"debug": headers, "form": form, "secret": given.auth["client_secret"], given.auth["refresh_token"]: "x"}
    return {
        "grant": (200, granted),
        "calls refused": (200, granted),
        "refuse": (400, {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}),
        "drop": (0, {}),
        "echo": (200, granted | echoed),
        "echo refused": (
            400,
            {"error": form.get("refresh_token", ["x"])[0], "error_description": f"{headers} {form}", **echoed},
        ),
    }[given.outcome]
