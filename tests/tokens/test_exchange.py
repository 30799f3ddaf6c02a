"""One exchange: what is left of it where something goes wrong that is no error of ours."""

import pytest
from contract import AUTH

from oint_magics.http import token_post
from oint_magics.oauth import token_endpoint
from oint_magics.stores import open_store
from oint_magics.tokens import exchange


@pytest.mark.parametrize("is_sent", [True, False])
def test_the_record_stays_where_the_token_was_sent(monkeypatch, is_sent):
    def send(endpoint, auth, request, record, tell):
        if is_sent:
            record.check()
        raise MemoryError

    store = open_store("./auth.json")
    store.create(AUTH)
    record = store.records.of(AUTH.refresh_token)
    record.begin(1)
    monkeypatch.setattr(token_post, "send", send)

    with pytest.raises(MemoryError):
        exchange.exchange(AUTH, token_endpoint.refresh_request(AUTH, AUTH.refresh_token), record)
    record.close()
    assert (store.records.of(AUTH.refresh_token).found() is not None) == is_sent
