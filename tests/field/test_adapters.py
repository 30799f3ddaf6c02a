"""U6: adapters of somebody else's on our session keep their settings, and print nothing."""

import http.client
import io
import pickle
from contextlib import redirect_stdout
from urllib.parse import urlsplit

import pytest
import requests
from field.rows import case, read
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, PoolManager
from urllib3.util import Retry

from oint_magics import twitter


class Pooled(HTTPAdapter):
    """An adapter as people write them: with pools and a header of its own."""

    def init_poolmanager(self, connections, maxsize, block=False, **kwargs):
        super().init_poolmanager(3, 3, block=True, **kwargs)

    def add_headers(self, request, **kwargs):
        request.headers["X-Own"] = "1"


class OwnPools(HTTPAdapter):
    """One that makes each pool itself, past the pool manager."""

    def get_connection_with_tls_context(self, request, verify, proxies=None, cert=None):
        address = urlsplit(request.url)
        return HTTPConnectionPool(address.hostname, address.port)


class Holding(requests.adapters.BaseAdapter):
    """One that lets another one send, as limits of rates and caches are written."""

    def __init__(self):
        super().__init__()
        self.inner = HTTPAdapter(max_retries=1)

    def send(self, request, **options):
        return self.inner.send(request, **options)

    def close(self):
        self.inner.close()


def replaced_later(session, adapter):
    """One whose pools are put in the place of the first ones when it is in use."""
    session.mount("http://", adapter)
    session.get(f"{session.api}/2/users/me")
    adapter.poolmanager = PoolManager(maxsize=2)


def mounted(session, adapter):
    session.mount("http://", adapter)


def put(session, adapter):
    session.adapters["http://"] = adapter


def used_before(session, adapter):
    """One that another session has used, whose connections are there already."""
    other = requests.Session()
    other.mount("http://", adapter)
    other.get(session.api)
    session.mount("http://", adapter)


CASES = [
    case("U6", "the retry recipe", "prints the token", mounted, lambda: HTTPAdapter(max_retries=Retry(3))),
    case("U6", "an adapter with a class of its own", "prints the token", mounted, Pooled),
    case("U6", "put into the dictionary", "prints the token", put, lambda: HTTPAdapter(pool_maxsize=2)),
    case("U6", "an adapter that makes its own pools", "prints the token", mounted, OwnPools),
    case("U6", "an adapter that holds another one", "prints the token", mounted, Holding),
    case("U6", "pools that are replaced later", "prints the token", replaced_later, lambda: HTTPAdapter(max_retries=2)),
    case("U6", "used before by another session", "prints the token", used_before, lambda: HTTPAdapter(max_retries=2)),
]


@pytest.mark.parametrize(("how", "make"), CASES)
def test_nothing_is_printed_and_its_settings_stay(sandbox, auth_file, monkeypatch, after, how, make):
    session, adapter = twitter.session(auth_file()), make()
    token = read("auth.json")["access_token"]
    how(session, adapter)
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    said = io.StringIO()

    with redirect_stdout(said):
        for _ in range(2):
            assert session.get(f"{session.api}/2/users/me").status_code == 200
        session.after_fork()
        assert session.get(f"{session.api}/2/users/me").status_code == 200

    assert token[:12] not in said.getvalue()
    assert "Authorization" not in said.getvalue()
    assert session.get_adapter(session.api) is adapter
    assert type(adapter) is type(make())
    if isinstance(adapter, Pooled):
        assert adapter.poolmanager.connection_pool_kw["maxsize"] == 3
    elif isinstance(adapter, HTTPAdapter):
        copy = pickle.loads(pickle.dumps(adapter))
        assert adapter.max_retries.total == copy.max_retries.total == make().max_retries.total
    after("prints nothing, keeps its settings")


def test_a_retry_is_made_by_the_adapter_s_own_rule(raw, monkeypatch, auth):
    from posts.test_attacks import write
    from raw_server import answer

    answers = iter([answer("503 No", b"{}"), answer("503 No", b"{}"), answer("200 OK", b'{"data": {"id": "7"}}')])
    server = raw(lambda connection: next(answers)(connection))
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    write("x.json")
    session = twitter.session("x.json")
    session.mount("http://", HTTPAdapter(max_retries=Retry(3, backoff_factor=0, status_forcelist=[503])))

    assert session.get(f"{session.api}/2/users/me").json() == {"data": {"id": "7"}}
    assert len(server.requests) == 3


def test_what_makes_no_connections_stays_what_it_is(auth_file):
    class Canned(requests.adapters.BaseAdapter):
        def send(self, request, **_):
            found = requests.Response()
            found.status_code, found.request, found.raw = 200, request, io.BytesIO(b"{}")
            return found

        def close(self):
            pass

    session = twitter.session(auth_file())
    session.mount("http://", Canned())

    assert session.get(f"{session.api}/2/users/me").json() == {}
