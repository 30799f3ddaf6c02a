"""What every store must do; a store's own test is a subclass with one fixture."""

from datetime import UTC, datetime

import pytest

from oint_magics.auth import auth_of
from oint_magics.errors import AuthNotFound, StoreTaken
from oint_magics.oauth import Grant
from oint_magics.secret import Secret

AUTH = auth_of({"client_id": "an-id", "client_secret": "s", "access_token": "old-access", "refresh_token": "old",
                "scope": "a b", "note": "Привет"})  # fmt: skip
END = datetime(2026, 11, 23, 14, tzinfo=UTC)


def grant(access="new-access", refresh="new", end=END):
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    return Grant(Secret(access), Secret(refresh) if refresh else None, now, end, Secret("{}"))


class StoreContract:
    """Subclasses provide `store`, empty, and `again`, which opens the same place a second time."""

    def test_an_empty_store_says_so(self, store):
        assert not store.exists()
        with pytest.raises(AuthNotFound):
            store.read()

    def test_what_was_created_is_read(self, store, again):
        store.create(AUTH)

        found = again().read()
        assert again().exists()
        assert found.refresh_token.matches(AUTH.refresh_token)
        assert found.document.matches(AUTH.document)

    def test_a_pair_is_saved_and_all_else_stays(self, store, again):
        store.create(AUTH)

        store.save(grant(), AUTH)

        found = again().read()
        assert found.access_token.reveal() == "new-access"
        assert found.refresh_token.reveal() == "new"
        assert found.expires_at == END
        assert found.scope == "a b"
        assert found.client_secret.reveal() == "s"
        assert "note" in found.document.reveal()

    def test_an_answer_without_refresh_token_or_expiry_leaves_the_old_ones(self, store, again):
        store.create(AUTH)

        store.save(grant(refresh=None, end=None), AUTH)

        assert again().read().refresh_token.reveal() == "old"
        assert again().read().expires_at is None

    def test_an_unknown_expiry_does_not_keep_the_old_tokens_end(self, store, again):
        store.create(AUTH)
        store.save(grant(), AUTH)

        store.save(grant("a2", "r2", end=None), store.read())

        assert again().read().expires_at is None

    def test_another_pair_that_was_put_there_meanwhile_is_not_overwritten(self, store, again):
        store.create(AUTH)
        for other in ({"client_id": "other-id"}, {"refresh_token": "other"}, {"refresh_token": None}):
            sent = auth_of({"client_id": "an-id", "refresh_token": "old"} | other)
            with pytest.raises(StoreTaken):
                store.save(grant(), sent)

        assert again().read().document.matches(AUTH.document)

    def test_proving_changes_nothing(self, store, again):
        store.create(AUTH)

        store.prove()

        assert again().read().document.matches(AUTH.document)

    def test_the_stamp_tells_of_every_write(self, store, again):
        stamps = [store.stamp()]
        store.create(AUTH)
        stamps.append(again().stamp())
        for n in range(3):
            store.save(grant(f"a{n}", f"r{n}"), store.read())
            stamps.append(again().stamp())

        assert len(set(stamps)) == 5
        assert store.stamp() == again().stamp()

    def test_saving_again_and_again(self, store, again):
        store.create(AUTH)
        for n in range(5):
            store.save(grant(f"a{n}", f"r{n}"), store.read())

        assert again().read().refresh_token.reveal() == "r4"

    def test_what_was_removed_is_gone(self, store, again):
        store.create(AUTH)

        store.remove()
        store.remove()

        assert not again().exists()

    def test_one_place_whoever_opens_it(self, store, again):
        assert store.place == again().place
        assert store.label == again().label
