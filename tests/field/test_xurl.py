"""N9, U8, B22: the store of X's own command line tool."""

import json
import sys
from pathlib import Path

import pytest
from field.rows import case, is_alive

from oint_magics import twitter
from oint_magics.auth import yaml_text
from oint_magics.errors import AuthError, AuthSyntaxError, InvalidGrant, OintError, TokenSpent

APP = "  {name}:\n    client_id: {CI}\n    client_secret: {CS}\n    oauth2_tokens:\n{users}"
USER = "      {name}:\n        type: oauth2\n        oauth2:\n          access_token: {AT}\n          refresh_token: {RT}\n          expiration_time: 1764160000\n"


@pytest.fixture
def pair(sandbox, monkeypatch):
    """A pair of the sandbox; xurl's file has no place for the sandbox's address, so a setting names it."""
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{sandbox.url}/2/oauth2/token")
    found = sandbox.issue()
    return {
        "CI": found["client_id"],
        "CS": found["client_secret"],
        "AT": found["access_token"],
        "RT": found["refresh_token"],
    }


def xurl(*apps, more="", is_folder=False):
    path = Path("~/.xurl").expanduser()
    if is_folder:
        path.mkdir(exist_ok=True)
        path /= "auth.yml"
    path.write_text("apps:\n" + "".join(apps) + more)
    return path


def app(pair, name="default", users=("bob",)):
    return APP.format(name=name, users="".join(USER.format(name=user, **pair) for user in users), **pair)


@pytest.mark.parametrize("more", [
    case("N9", "one app, one user, the default named", "cannot be read as auth JSON", "default_app: default\n"),
    case("N9", "without a default", "cannot be read as auth JSON", ""),
    case("N9", "with OAuth 1.0a and an app-only token", "cannot be read as auth JSON", "bearer_token: AAAA\n"),
])  # fmt: skip
def test_an_account_is_copied_out_and_works(sandbox, pair, after, more):
    xurl(app(pair), more=more)
    before = Path("~/.xurl").expanduser().read_bytes()

    twitter.keep("~/.xurl", "profile:bob")
    response = twitter.refresh("profile:bob")

    assert is_alive(sandbox, response["access_token"])
    assert Path("~/.xurl").expanduser().read_bytes() == before
    after("kept and refreshed; xurl's file is as it was")


@pytest.mark.parametrize("use", [twitter.refresh, twitter.session, twitter.me, twitter.status],
                         ids=["refresh", "session", "me", "status"])  # fmt: skip
def test_anything_else_says_that_its_copy_would_be_spent(pair, use):
    xurl(app(pair))

    if use is twitter.status:
        assert "%twitter_keep ~/.xurl" in str(use("~/.xurl")) or "twitter.keep" in str(use("~/.xurl"))
        return
    with pytest.raises(AuthError, match=r"belongs to xurl.*Nothing was sent") as caught:
        use("~/.xurl")
    assert "twitter.keep" in caught.value.next_step


@pytest.mark.parametrize(("apps", "words"), [
    case("N9", "two users, no default", "cannot be read as auth JSON", (("default", ("alice", "bob")),), "alice, bob"),
    case("N9", "two apps, no default", "cannot be read as auth JSON", (("one", ("a",)), ("two", ("b",))), "one, two"),
    case("N9", "no user", "cannot be read as auth JSON", (("default", ()),), "no users"),
])  # fmt: skip
def test_what_is_ambiguous_is_named(pair, after, apps, words):
    xurl(*(app(pair, name, users) for name, users in apps))

    with pytest.raises(AuthError) as caught:
        twitter.keep("~/.xurl", "profile:bob")

    assert words in str(caught.value)
    assert pair["RT"] not in str(caught.value)
    after(caught.value.what)


@pytest.mark.parametrize("text", ["apps: [oauth2_tokens\n MARKER", "apps: *x\noauth2_tokens: MARKER", "apps:\n" + "  a:\n" * 9 + "oauth2_tokens: MARKER",
                                  "oauth2_tokens: " + "[" * 100_000, "apps: {oauth2_tokens: MARKER}"])  # fmt: skip
def test_a_damaged_store_is_refused_in_our_words(text):
    Path("~/.xurl").expanduser().write_text(text)

    with pytest.raises(AuthError) as caught:
        twitter.keep("~/.xurl", "profile:bob")
    assert "MARKER" not in str(caught.value)


IS_NO_FILE = "~/.xurl cannot be read: it is not a file"
NO_USERS = "holds no users; log in"


@pytest.mark.parametrize("given", [
    case("U8", "~/.xurl, a folder with auth.yml", IS_NO_FILE, "~/.xurl"),
    case("U8", "~/.xurl/, with a slash", IS_NO_FILE, "~/.xurl/"),
    case("U8", "~/.xurl/auth.yml", "cannot be read as auth JSON", "~/.xurl/auth.yml"),
    case("U8", "Path('~/.xurl').expanduser()", IS_NO_FILE, Path),
    case("U8", "its copy, mounted as a folder of another name", IS_NO_FILE, "mounted"),
])  # fmt: skip
def test_the_folder_of_a_newer_xurl_is_read(sandbox, pair, after, given):
    path = xurl(app(pair), more="default_app: default\n", is_folder=True)
    path.with_name("keys.yml").write_text("another: file\n")
    Path("mounted").symlink_to(path.parent)
    before = path.read_bytes()

    twitter.keep(Path("~/.xurl").expanduser() if given is Path else given, "profile:work")

    assert is_alive(sandbox, twitter.refresh("profile:work")["access_token"])
    assert path.read_bytes() == before
    after("kept and refreshed; xurl's file is as it was")


@pytest.mark.parametrize(("apps", "more", "token"), [
    case("U8", "default_app: an empty app, the tokens under my-app", NO_USERS, (("default", ()), ("my-app", ("bob",))), "default_app: default\n", True),
    case("U8", "no default, one of three apps with tokens", "holds several apps", (("a", ()), ("b", ("bob",)), ("c", ())), "", True),
    case("U8", "default_app names an app that is not there", "holds several apps", (("a", ("bob",)), ("b", ())), "default_app: gone\n", True),
    case("U8", "default_app empty, two apps with tokens", NO_USERS, (("default", ()), ("one", ("a",)), ("two", ("b",))), "default_app: default\n", "one, two"),
])  # fmt: skip
def test_an_empty_app_is_passed_over(sandbox, pair, after, apps, more, token):
    xurl(*(app(pair, name, users) for name, users in apps), more=more)

    if token is not True:
        with pytest.raises(AuthError, match=f"several apps with tokens: {token}. Nothing was sent") as caught:
            twitter.keep("~/.xurl", "profile:work")
        assert "default," not in str(caught.value)
        after(caught.value.what)
        return
    twitter.keep("~/.xurl", "profile:work")
    assert is_alive(sandbox, twitter.refresh("profile:work")["access_token"])
    after("the only app with tokens is meant")


def test_a_default_user_who_is_gone_is_passed_over(pair):
    xurl(app(pair) + "    default_user: alice\n")
    assert twitter.keep("~/.xurl", "profile:work") == "profile:work"


@pytest.mark.parametrize("line", ["~/.xurl profile:work", "there profile:work"])
def test_the_table_says_which_of_the_two_goes_on(shell, pair, line):
    xurl(app(pair), is_folder=True)
    shell.user_ns["there"] = Path("~/.xurl").expanduser()

    table = str(shell.run_line_magic("twitter_keep", line))

    assert "xurl refreshes by itself; use one of the two from now on" in table
    assert "%twitter_refresh --auth profile:work" in table


@pytest.mark.parametrize("path", ["~/.xurl", "~/.xurl/auth.yml", "mounted"])
def test_the_folder_is_refused_for_anything_else(pair, path):
    there = xurl(app(pair), is_folder=True)
    Path("mounted").symlink_to(there.parent)
    before = there.read_bytes()

    for use in (twitter.refresh, twitter.session, twitter.me, twitter.revoke):
        with pytest.raises(AuthError, match=r"belongs to xurl.*Nothing was sent") as caught:
            use(path)
        assert f'twitter.keep("{path}", "profile:NAME")' in caught.value.next_step
    assert there.read_bytes() == before


@pytest.mark.parametrize("is_folder", [False, True])
@pytest.mark.parametrize("path", ["~/.xurl", "~/.xurl/auth.yml"])
def test_it_is_never_written(pair, auth, is_folder, path):
    """Not even over: xurl would lose its other accounts."""
    there = xurl(app(pair), is_folder=is_folder)
    before = there.read_bytes()

    for options in ({}, {"replace": True}):
        with pytest.raises(OintError):
            twitter.keep(auth, path, **options)
    with pytest.raises(OintError):
        twitter.refresh(auth, to=path)
    assert there.read_bytes() == before


def test_without_pyyaml_the_extra_is_named(monkeypatch, pair):
    xurl(app(pair))
    monkeypatch.delitem(sys.modules, "oint_magics.auth.yaml_text", raising=False)
    monkeypatch.setitem(sys.modules, "yaml", None)

    with pytest.raises(AuthSyntaxError) as caught:
        twitter.keep("~/.xurl", "profile:work")

    assert "oint_magics[xurl]" in caught.value.cause
    assert caught.value.next_step == "pip install PyYAML"


def other_program_refreshes(sandbox, pair, **options):
    """Refresh as xurl does: by the token in its own store."""
    accounts = sandbox.accounts
    new = accounts.refresh(accounts.client(pair["CI"]), pair["RT"])
    later = pair | {"AT": new.access_token, "RT": new.refresh_token}
    xurl(app(later), **options)
    return later


@pytest.mark.parametrize("is_folder", [
    case("U8", "xurl has refreshed since the keep, ~/.xurl a file", "the old token is sent: both copies end", False),
    case("U8", "xurl has refreshed since the keep, ~/.xurl a folder", "the old token is sent: both copies end", True),
])  # fmt: skip
def test_a_token_that_xurl_has_replaced_is_not_sent(sandbox, pair, after, is_folder):
    """A server that sees a token twice ends the whole family: xurl's newer tokens too."""
    xurl(app(pair), is_folder=is_folder)
    twitter.keep("~/.xurl", "profile:bob")
    later = other_program_refreshes(sandbox, pair, is_folder=is_folder)

    with pytest.raises(TokenSpent, match=r"^~/\.xurl holds newer tokens .*Nothing was sent") as caught:
        twitter.refresh("profile:bob")

    line = 'twitter.keep("~/.xurl", "profile:bob", replace=True)'
    assert line in caught.value.next_step
    assert "~/.xurl holds newer tokens" in str(twitter.status("profile:bob"))
    assert line in str(twitter.status("profile:bob")) or "%twitter_keep ~/.xurl profile:bob --replace" in str(
        twitter.status("profile:bob")
    )
    assert is_alive(sandbox, later["AT"])
    twitter.keep("~/.xurl", "profile:bob", replace=True)
    assert is_alive(sandbox, twitter.refresh("profile:bob")["access_token"])
    after(caught.value.what)


def test_try_old_sends_it_nevertheless_and_the_refusal_names_the_file(sandbox, pair):
    xurl(app(pair))
    twitter.keep("~/.xurl", "profile:bob")
    other_program_refreshes(sandbox, pair)

    with pytest.raises(InvalidGrant) as caught:
        twitter.refresh("profile:bob", try_old=True)

    assert "copied from ~/.xurl, which has changed since" in caught.value.cause
    assert 'twitter.keep("~/.xurl", "profile:bob", replace=True)' in caught.value.next_step
    assert "~/.xurl holds newer tokens" in str(twitter.status("profile:bob"))


def test_a_file_that_became_a_folder_since_is_found(sandbox, pair):
    """xurl moves its store at its first run after an upgrade."""
    xurl(app(pair)).rename("moved")
    Path("moved").rename(Path("~/.xurl").expanduser())
    twitter.keep("~/.xurl", "profile:bob")
    Path("~/.xurl").expanduser().unlink()
    other_program_refreshes(sandbox, pair, is_folder=True)

    with pytest.raises(TokenSpent, match="holds newer tokens"):
        twitter.refresh("profile:bob")


@pytest.mark.parametrize("change", ["another user", "another app", "the same tokens", "gone", "damaged"])
def test_another_account_there_is_not_proposed(sandbox, pair, change):
    """To keep that one would put another account's tokens into the profile."""
    path = xurl(app(pair))
    twitter.keep("~/.xurl", "profile:bob")
    other = pair | {"RT": "t" * 40}
    {
        "another user": lambda: xurl(app(other, users=("alice",))),
        "another app": lambda: xurl(app(other | {"CI": "another"})),
        "the same tokens": lambda: xurl(app(pair), more="default_app: default\n"),
        "gone": path.unlink,
        "damaged": lambda: path.write_text("apps: oauth2_tokens: ["),
    }[change]()

    assert is_alive(sandbox, twitter.refresh("profile:bob")["access_token"])
    sandbox.accounts.end_all()
    with pytest.raises(InvalidGrant) as caught:
        twitter.refresh("profile:bob")
    assert "xurl" not in str(caught.value)


@pytest.mark.parametrize("name", [
    case("U8", "a pair copied from auth.json, which has changed since", "log in again", "auth.json"),
    case("U8", "a pair copied from 'my app/.env', which has changed since", "log in again", "my app/.env"),
    case("U8", "a copy of a copy", "log in again", "twice"),
])  # fmt: skip
def test_a_refused_copy_names_the_file_that_has_changed(sandbox, monkeypatch, after, name):
    """Another program goes on with the file."""
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{sandbox.url}/2/oauth2/token")
    Path("my app").mkdir()
    issued, other = sandbox.issue(), sandbox.issue()
    other |= {"client_id": issued["client_id"], "client_secret": issued["client_secret"]}
    file = "auth.json" if name == "twice" else name

    def write(values):
        Path(file).write_text(
            json.dumps(values)
            if file.endswith(".json")
            else "".join(
                f"X_{key.upper()}={value}\n" for key, value in values.items() if key.endswith(("id", "secret", "token"))
            )
        )

    write(issued)
    place = twitter.keep(file, "profile:work")
    if name == "twice":
        place = twitter.keep(place, "profile:again")
    twitter.refresh(place)
    write(other)
    sandbox.accounts.end_all()

    with pytest.raises(InvalidGrant) as caught:
        twitter.refresh(place)

    assert f"copied from {file}" in caught.value.cause.replace('"', "")
    assert f'twitter.keep("{file}", "{place}", replace=True)' in caught.value.next_step
    for secret in (issued["refresh_token"], other["refresh_token"]):
        assert secret not in str(caught.value)
    after(caught.value.next_step)


def test_a_file_that_we_refreshed_is_not_newer(sandbox, auth_file):
    """Our own log tells where its tokens went."""
    auth_file()
    twitter.keep("auth.json", "profile:work")
    twitter.refresh("profile:work")
    sandbox.accounts.end_all()
    with pytest.raises(InvalidGrant) as caught:
        twitter.refresh("profile:work")
    assert "auth.json" not in str(caught.value).replace("sandbox-auth.json", "")


def test_the_note_holds_no_secret_and_goes_with_its_store(home, pair):
    xurl(app(pair))
    twitter.keep("~/.xurl", "profile:bob")
    (note,) = (home / "oint" / "origins").iterdir()
    text = note.read_text()

    assert json.loads(text)["format"] == 1
    assert not any(pair[key] in text for key in pair)
    assert note.stat().st_mode & 0o077 == 0
    twitter.forget("profile:bob")
    assert not note.exists()


def test_a_store_that_gets_other_tokens_loses_its_note(home, pair, auth):
    xurl(app(pair))
    twitter.keep("~/.xurl", "profile:bob")
    twitter.keep(auth, "profile:bob", replace=True)
    assert list((home / "oint" / "origins").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{", b'{"format": 9}', b'{"format": 1, "file": 5}'])
def test_a_damaged_note_tells_nothing(sandbox, home, pair, content):
    xurl(app(pair))
    twitter.keep("~/.xurl", "profile:bob")
    (note,) = (home / "oint" / "origins").iterdir()
    note.write_bytes(content)
    assert is_alive(sandbox, twitter.refresh("profile:bob")["access_token"])


def multiplied(levels, width):
    """Return YAML in which each level names the one before several times."""
    lines = ["l0: &l0 [x]"] + [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * width)}]" for n in range(1, levels + 1)]
    return "\n".join(
        [*lines, f"oauth2_tokens: {{bob: {{oauth2: {{access_token: a, expiration_time: *l{levels}}}}}}}", ""]
    )


MINUTES = "7 s, and 40 times as long with each further level"


@pytest.mark.parametrize(("text", "words"), [
    case("B22", "aliases that multiply, four levels of forty", MINUTES, multiplied(4, 40), "10,000 values"),
    case("B22", "an alias of what it is in", "it is not valid YAML", "oauth2_tokens: &a [*a]\n", "10,000 values"),
    case("B22", "10,001 values", "read; it holds no users", "oauth2_tokens:\n" + "  - x\n" * 10_001, "10,000 values"),
    case("B22", "many aliases of one list", "read; it holds no users", "a: &a {k: &b [x, x]}\n" + "".join(f"b{n}: [{', '.join(['*a'] * 900)}]\n" for n in range(5)) + "oauth2_tokens:\n", "10,000 values"),
    case("B22", "nested 51 deep", "read; it holds no users", "oauth2_tokens: " + "[" * 51 + "]" * 51, "50 levels"),
    case("B22", "nested 100,000 deep", "not valid YAML", "oauth2_tokens: " + "[" * 100_000, "50 levels"),
])  # fmt: skip
def test_a_text_that_stands_for_more_is_refused(after, text, words):
    Path("~/.xurl").expanduser().write_text(text)

    with pytest.raises(AuthSyntaxError, match="xurl's store cannot be read. Nothing was sent") as caught:
        twitter.keep("~/.xurl", "profile:bob")

    assert words in caught.value.cause
    after(caught.value.cause)


def test_what_is_read_stands_for_no_more_than_its_bound():
    """Whoever walks through it comes to an end: an alias counts with all that it stands for."""

    def size(found):
        inner = [*found, *found.values()] if isinstance(found, dict) else found if isinstance(found, list) else ()
        return 1 + sum(map(size, inner))

    assert size(yaml_text.read_yaml(multiplied(3, 10))) <= yaml_text.MOST_NODES
    assert size(yaml_text.read_yaml(multiplied(3, 10))) > 10**3
    for levels, width in ((4, 10), (3, 40), (12, 2)):
        with pytest.raises(yaml_text.TooMuch):
            yaml_text.read_yaml(multiplied(levels, width))


def test_a_few_aliases_are_read(sandbox, pair):
    """By hand one may write an app's id once and name it twice; numbers stay text."""
    xurl(app(pair).replace(pair["CI"], f"&id {pair['CI']}"), "  spare: {client_id: *id}\n")
    twitter.keep("~/.xurl", "profile:work")
    assert is_alive(sandbox, twitter.refresh("profile:work")["access_token"])
    assert yaml_text.read_yaml("a: &x [1, 012, yes]\nb: [*x, *x]") == {
        "a": ["1", "012", "yes"],
        "b": [["1", "012", "yes"]] * 2,
    }
