"""What every store must do; a store's own test is a subclass with one fixture."""

from datetime import UTC, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from oint_magics.auth.foreign import is_other
from oint_magics.auth.structure import auth_of, is_token
from oint_magics.errors import AuthNotFound, StoreTaken
from oint_magics.oauth.raw_answer import read
from oint_magics.oauth.token_endpoint import Grant
from oint_magics.secret import Secret

AUTH = auth_of({"client_id": "an-id", "client_secret": "s", "access_token": "old-access", "refresh_token": "old",
                "scope": "a b", "note": "Привет"})  # fmt: skip
END = datetime(2026, 11, 23, 14, tzinfo=UTC)


def grant(access="new-access", refresh="new", end=END):
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    return Grant(Secret(access), Secret(refresh) if refresh else None, now, end, Secret("{}"))


# hypothesis takes words from our own code, such as the name of a file that is here: with a letter before, it is none.
TOKENS = (
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=60)
    .map(lambda text: f"t{text}")
    .filter(lambda text: is_token(text) and not is_other("access_token", text))
)
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"


class StoreMachine(RuleBasedStateMachine):
    """Any order of acts on a store, against what should be in it."""

    def __init__(self, open_again):
        super().__init__()
        self.open_again = open_again
        self.store = open_again()
        self.remove()

    def _held(self):
        return self.store.lock(5, lambda: None)

    def _auth(self, token):
        return auth_of({"client_id": "an-id", "access_token": "access", "refresh_token": token, "note": "Привет"})

    @rule()
    def open_it_again(self):
        self.store = self.open_again()

    @rule(token=TOKENS)
    def create(self, token):
        with self._held():
            self.store.create(self._auth(token))
        self.pair = ("access", token)

    @precondition(lambda self: self.pair)
    @rule(access=TOKENS, refresh=TOKENS, end=st.sampled_from([END, None]))
    def save(self, access, refresh, end):
        with self._held():
            self.store.prove()
            self.store.save(grant(access, refresh, end), self.store.read())
        self.pair = (access, refresh)

    @precondition(lambda self: self.pair)
    @rule(other=TOKENS)
    def save_over_another_pair(self, other):
        if other != self.pair[1]:
            with self._held():
                assert self._is_refused(other)

    @precondition(lambda self: self.pair)
    @rule()
    def prove(self):
        with self._held():
            self.store.prove()

    @rule()
    def remove(self):
        with self._held():
            self.store.remove()
            self.discard_records()
        self.pair = None
        self.left = {}

    @precondition(lambda self: self.pair)
    @rule(size=st.integers(0, len(WHOLE)), tries=st.integers(1, 3))
    def exchange_and_die(self, size, tries):
        """What had come by then is found: all of it, or at least nothing false."""
        with self._held():
            before = self._record().found()
            if before and before.answer:
                return
            record = self._record()
            record.begin(tries)
            record.append(WHOLE[:size])
            record.close()
        self.left = self._answers_of_others() | {self._name(): (tries, size)}

    @precondition(lambda self: self.pair)
    @rule(commits=st.booleans())
    def exchange_and_end(self, commits):
        with self._held():
            record = self._record()
            record.begin(1)
            if commits:
                record.commit()
                self.left = self._answers_of_others()
            else:
                record.rollback()

    def _is_refused(self, token):
        """`pytest.raises` would keep the store, and a team's connection, until garbage is collected."""
        try:
            self.store.save(grant(), self._auth(token))
        except StoreTaken:
            return True
        return False

    def teardown(self):
        self.store = None

    def _answers_of_others(self):
        """Return what stays of other tokens' exchanges: an answer, until the refresh log knows what is in it."""
        return {name: was for name, was in self.left.items() if name != self._name() and read(WHOLE[: was[1]])}

    def discard_records(self):
        for name in self.store.records.unfinished():
            self.store.records.of_login(name).discard()

    def _record(self):
        return self.store.records.of(self.store.read().refresh_token)

    def _name(self):
        return self.store.read().refresh_token.fingerprint()

    @invariant()
    def holds_what_it_should(self):
        assert self.store.exists() == (self.pair is not None)
        if self.pair:
            found = self.store.read()
            assert (found.access_token.reveal(), found.refresh_token.reveal()) == self.pair

    @invariant()
    def finds_what_was_left(self):
        if self.pair and self._name() in self.left:
            tries, size = self.left[self._name()]
            with self._held():
                found = self._record().found()
            assert found.tries == tries
            assert not found.is_elsewhere
            if size == len(WHOLE):
                assert found.answer.body == b"body"
                assert found.answer.broken is None
        elif self.pair and not self.left:
            with self._held():
                assert self._record().found() is None


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
        assert "note" not in found.document.reveal()

    def test_a_pair_is_saved_and_all_else_stays(self, store, again):
        store.create(AUTH)

        store.save(grant(), AUTH)

        found = again().read()
        assert found.access_token.reveal() == "new-access"
        assert found.refresh_token.reveal() == "new"
        assert found.expires_at == END
        assert found.scope == "a b"
        assert found.client_secret.reveal() == "s"

    @pytest.mark.parametrize("token", ["7-" + "a" * 41, "123-abcdefghij_-1234567890"])
    def test_an_access_token_that_looks_like_another_kind_costs_no_refresh_token(self, store, again, token):
        """Read again, it would be taken for OAuth 1.0a's: it is left out, and the next call refreshes."""
        store.create(AUTH)
        store.prove()

        store.save(grant(access=token), AUTH)

        assert again().read().refresh_token.reveal() == "new"
        assert again().read().access_token is None
        store.save(grant(), again().read())
        assert again().read().access_token.reveal() == "new-access"

    def test_a_pair_without_refresh_token_keeps_none_of_another_grant(self, store, again):
        """As a login without offline.access brings it; a refresh keeps its old token before it comes here."""
        store.create(AUTH)

        store.save(grant(refresh=None, end=None), AUTH)

        assert again().read().access_token.reveal() == "new-access"
        assert again().read().refresh_token is again().read().expires_at is None

    def test_a_first_pair_is_saved_where_none_was(self, store, again):
        app = auth_of({"client_id": "an-id", "client_secret": "s", "note": "Привет"})
        store.create(app)

        store.save(grant(), app)

        assert again().read().refresh_token.reveal() == "new"

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
        stamps = [store.version()]
        store.create(AUTH)
        stamps.append(again().version())
        for n in range(3):
            store.save(grant(f"a{n}", f"r{n}"), store.read())
            stamps.append(again().version())

        assert len(set(stamps)) == 5
        assert store.version() == again().version()

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

    def test_any_order_of_acts(self, again):
        bounds = settings(max_examples=25, stateful_step_count=15, deadline=None)
        run_state_machine_as_test(lambda: StoreMachine(again), settings=bounds)
