"""The panel without its front end: what its messages do, and what they say."""

import json

import pytest
from patience import wait_for

from oint_magics import errors, twitter
from oint_magics.notebook.connect import ConnectPanel
from oint_magics.twitter import calls


class Driven(ConnectPanel):
    """A panel whose messages are kept."""

    def __init__(self):
        self.said, self.bundle = [], None
        super().__init__()
        self._shown.set()

    def send(self, content, buffers=None):
        self.said.append(content)

    def end(self, bundle):
        self.bundle = bundle

    def view(self):
        return next(each for each in reversed(self.said) if each["kind"] == "view")

    def give(self, auth):
        self.hear("text", [json.dumps(auth).encode()])

    def press(self, place, kind="submit"):
        """Press the button, and wait until what it does is done."""
        before = len(self.said)
        self.hear(kind, [place.encode(), (self._given.action or "refresh").encode()])
        wait_for(lambda: self.bundle or any(each.get("of") == "work" for each in self.said[before:]), lambda: self.said)
        return None if self.bundle else self.view()["problem"]


@pytest.fixture
def panel(home):
    return Driven()


def kept(home, name):
    return json.loads((home / "oint" / "profiles" / f"{name}.json").read_text())


def test_only_the_store_that_was_refused_is_replaced(panel, sandbox, home):
    for name in ("one", "two"):
        twitter.keep(sandbox.issue(), f"profile:{name}")
    two = kept(home, "two")
    panel.give(sandbox.issue())
    assert panel.press("profile:one")["replace"] == "profile:one"

    assert panel.press("profile:two", "replace") is None

    assert kept(home, "two") == two
    assert "saved to" in panel.bundle["text/plain"]
    assert "profile:one" in panel.bundle["text/plain"]
    assert not (home / "oint" / "profiles" / "before-profile-one.json").exists()


def test_nothing_is_replaced_before_it_was_asked_for(panel, sandbox, home):
    twitter.keep(sandbox.issue(), "profile:one")
    one = kept(home, "one")
    panel.give(sandbox.issue())
    panel.press("profile:one", "replace")
    panel.press("profile:one")
    panel.hear("field", [b"client_secret", b"another-secret-0123456789"])
    panel.press("profile:one", "replace")

    assert kept(home, "one") == one
    assert panel.bundle is None


@pytest.mark.parametrize("fault", ["refuse", "429"])
def test_what_stood_there_stays_where_the_new_tokens_are_refused(panel, sandbox, home, fault):
    twitter.keep(sandbox.issue(), "profile:one")
    one = kept(home, "one")
    panel.give(sandbox.issue())
    panel.press("profile:one")
    sandbox.faults.add(fault)
    assert panel.press("profile:one", "replace")["what"]

    assert kept(home, "one") == one
    assert twitter.refresh("profile:one")["access_token"]


def test_where_the_outcome_is_unknown_the_old_tokens_are_named(panel, sandbox, home):
    old = sandbox.issue()
    twitter.keep(old, "profile:one")
    panel.give(sandbox.issue())
    panel.press("profile:one")
    sandbox.faults.add("drop")

    assert "profile:before-profile-one" in panel.press("profile:one", "replace")["what"]
    assert kept(home, "before-profile-one")["refresh_token"] == old["refresh_token"]


def test_a_stop_that_comes_after_the_save_puts_nothing_back(sandbox, home, monkeypatch):
    """The new tokens are saved by then; the old ones stay where they were kept aside."""
    old = sandbox.issue()
    twitter.keep(old, "profile:one")
    right = calls.flow.refresh

    def stopped(*args, **given):
        right(*args, **given)
        raise errors.Stopped("the tokens are refreshed and saved.")

    monkeypatch.setattr(calls.flow, "refresh", stopped)
    new = sandbox.issue()
    with pytest.raises(errors.Stopped):
        calls.replace(new, "profile:one")

    assert kept(home, "one")["client_id"] == new["client_id"]
    assert kept(home, "one")["refresh_token"] not in (new["refresh_token"], old["refresh_token"])
    assert kept(home, "before-profile-one")["refresh_token"] == old["refresh_token"]


def test_a_place_without_a_name_is_said(panel, sandbox):
    panel.give(sandbox.issue())
    problem = panel.press("  ")

    assert "no name" in problem["what"]
    assert problem["field"] == "keep"
    assert panel.view()["hasSent"] is False


def test_no_value_is_in_any_message(panel, sandbox):
    auth = sandbox.issue()
    for key in ("client_id", "redirect_uri"):
        panel.hear("field", [key.encode(), json.dumps(auth).encode()])
        assert panel.view()["problem"]["field"] == key
    said = json.dumps(panel.said)
    for key in ("client_secret", "refresh_token", "access_token"):
        assert auth[key] not in said


def test_back_while_the_code_is_exchanged_goes_on(panel, sandbox):
    panel.give(sandbox.app())
    panel.press("profile:late")
    link = panel.login.link
    sandbox.faults.add("slow", 1)
    address = sandbox.approve(link)
    panel.hear("address", [address.encode()])
    wait_for(lambda: panel.login.has_address, "the address")
    panel.hear("back", [])

    assert panel.view()["login"]["hasAddress"]
    wait_for(lambda: panel.bundle, lambda: panel.said)
    assert "profile:late" in panel.bundle["text/plain"]


def test_a_login_that_is_refused_is_no_refused_refresh_token(panel, sandbox):
    panel.give(sandbox.app())
    panel.press("profile:late")
    sandbox.faults.add("refuse")
    panel.hear("address", [sandbox.approve(panel.login.link).encode()])
    wait_for(lambda: panel.login is None, lambda: panel.said)
    wait_for(lambda: "items" in panel.view(), lambda: panel.said)

    assert {item["key"]: item["state"] for item in panel.view()["items"]}["refresh_token"] == "none"
    assert panel.view()["problem"]["what"]


def test_after_back_the_panel_stands_as_before(panel, sandbox):
    panel.give(sandbox.app())
    panel.press("profile:late")
    panel.hear("back", [])

    assert panel.view()["action"] == "login"
    assert panel.view()["problem"] is None
