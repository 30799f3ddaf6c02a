"""An OAuth server that we did not write (django-oauth-toolkit), as a process of its own.

Single use, rotation, the family revoked on reuse, form-encoded Basic. Prints one line of JSON: its token
endpoint, and an auth structure for each client; then serves until its input ends.
"""

import json
import os
import sys
import threading
from datetime import timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

SECRETS = {"confidential": "plainSecret-of_xs-alphabet", "special": "s ec:r%t+/=&-~!", "public": None}


def set_up(folder):
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="tests-only",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="oauth2_provider.urls",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "oauth.sqlite")}},
        OAUTH2_PROVIDER={
            "ROTATE_REFRESH_TOKEN": True,
            "REFRESH_TOKEN_REUSE_PROTECTION": True,
            "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
            "SCOPES": {"tweet.read": "", "users.read": ""},
        },
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def issue(name, secret):
    """Register a client and log a user in."""
    from django.contrib.auth.models import User
    from django.utils import timezone
    from oauth2_provider.models import AccessToken, Application, RefreshToken

    user, _ = User.objects.get_or_create(username="somebody")
    app = Application.objects.create(
        name=name,
        client_type="public" if secret is None else "confidential",
        authorization_grant_type="authorization-code",
        client_secret=secret or "",
        redirect_uris="http://127.0.0.1/",
    )
    access = AccessToken.objects.create(
        user=user, token=f"first-access-{name}", application=app, scope="tweet.read users.read",
        expires=timezone.now() + timedelta(hours=2),
    )  # fmt: skip
    RefreshToken.objects.create(user=user, token=f"first-refresh-{name}", application=app, access_token=access)
    found = {"client_id": app.client_id, "access_token": access.token, "refresh_token": f"first-refresh-{name}"}
    return found | ({"client_secret": secret} if secret else {})


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


if __name__ == "__main__":
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    set_up(Path(sys.argv[1]))
    from django.core.handlers.wsgi import WSGIHandler

    clients = {name: issue(name, secret) for name, secret in SECRETS.items()}
    server = make_server("127.0.0.1", 0, WSGIHandler(), Server, Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}/token/", "clients": clients}), flush=True)
    sys.stdin.read()
