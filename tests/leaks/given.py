"""The secrets of each path, and the server that knows what each path's token brings."""

import base64
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote_plus

SECRET_KEYS = ("client_secret", "access_token", "refresh_token", "oauth_token", "oauth_token_secret",
               "oauth_consumer_key", "oauth_consumer_secret")  # fmt: skip


class Given:
    """What one path is given and gets: an auth structure, a new pair, and the header made of them.

    Args:
        path: the path's name.
        outcome: what the server does with its token: `grant`, `refuse`, `drop`, `echo`.

    Attributes:
        is_sent: whether its token came to the server.
    """

    def __init__(self, path, outcome="grant"):
        self.path, self.outcome, self.is_sent = path, outcome, False
        mark = "".join(c for c in path.title() if c.isalnum())
        self.auth = {key: f"{mark}-{secrets.token_urlsafe(24)}" for key in SECRET_KEYS}
        self.auth |= {"client_secret": f"{mark}+{secrets.token_urlsafe(18)}/~", "client_id": f"id-of-{mark}"}
        self.auth |= {"redirect_uri": "http://127.0.0.1/", "scope": "tweet.read offline.access"}
        self.pair = {key: f"{mark}-new-{secrets.token_urlsafe(24)}" for key in ("access_token", "refresh_token")}

    @property
    def text(self):
        return json.dumps(self.auth)

    @property
    def secrets(self):
        """Return all that must not be found: name to text."""
        pair = f"{quote_plus(self.auth['client_id'])}:{quote_plus(self.auth['client_secret'])}"
        found = {key: self.auth[key] for key in SECRET_KEYS} | {f"new {key}": text for key, text in self.pair.items()}
        return found | {"Basic header": base64.b64encode(pair.encode()).decode()}


class Server:
    """A token endpoint that keeps nothing on disk and logs nothing."""

    def __init__(self, all_given):
        by_token = {given.auth["refresh_token"]: given for given in all_given}

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                given = by_token.get(form["refresh_token"][0])
                if given:
                    given.is_sent = True
                status, answer = _answer(given, str(self.headers), form)
                if status:
                    body = json.dumps(answer).encode()
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                self.close_connection = True

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/2/oauth2/token"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def _answer(given, headers, form):
    """Return status and JSON of an answer; status 0 for none."""
    if given is None:
        return 400, {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}
    granted = {"token_type": "bearer", "expires_in": 7200, "scope": "tweet.read offline.access", **given.pair}
    echoed = {"debug": headers, "form": form, "secret": given.auth["client_secret"], given.auth["refresh_token"]: "x"}
    return {
        "grant": (200, granted),
        "refuse": (400, {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}),
        "drop": (0, {}),
        "echo": (200, granted | echoed),
        "echo refused": (400, {"error": form["refresh_token"][0], "error_description": f"{headers} {form}", **echoed}),
    }[given.outcome]
