import pytest

from oint_magics import settings
from oint_magics.auth.structure import auth_of
from oint_magics.errors import SettingError
from oint_magics.http import endpoints

OURS = auth_of({"client_id": "an-id"})
MARKED = auth_of({"client_id": "sandbox-1", "sandbox": "http://127.0.0.1:1234"})


def test_xs_pairs_go_to_x():
    assert endpoints.url_of(endpoints.TOKEN, OURS) == "https://api.x.com/2/oauth2/token"


@pytest.mark.parametrize(
    "url", ["https://example.com/t", "http://127.0.0.1:9/t", "http://localhost/t", "http://[::1]:8/t"]
)
def test_or_where_the_setting_says(url, monkeypatch):
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", url)

    assert endpoints.url_of(endpoints.TOKEN, OURS) == url


@pytest.mark.parametrize(
    "url",
    ["http://api.x.com/t", "ftp://x", "api.x.com", "https://", "http://127.0.0.1.evil.com/", "https://u:MARK@x/", "http://[",
     "http://localhost.evil.com", "http://evil.com/127.0.0.1", "http://127.0.0.1@evil.com/"],
)  # fmt: skip
def test_plain_http_is_for_loopback_only(url, monkeypatch):
    """A token never travels in the clear, and an address with a password is not repeated."""
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", url)

    with pytest.raises(SettingError) as caught:
        endpoints.url_of(endpoints.TOKEN, OURS)
    assert "MARK" not in str(caught.value)


def test_the_sandboxs_pairs_go_to_the_sandbox(monkeypatch):
    assert endpoints.url_of(endpoints.TOKEN, MARKED) == "http://127.0.0.1:1234/2/oauth2/token"

    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", "https://api.x.com/2/oauth2/token")
    assert endpoints.url_of(endpoints.TOKEN, MARKED) == "http://127.0.0.1:1234/2/oauth2/token"


@pytest.mark.parametrize(
    "address", [None, "https://api.x.com", "http://evil.com", "http://127.0.0.1@evil.com", "nonsense"]
)
def test_and_never_to_x(address, monkeypatch):
    """A marked pair has nowhere to go but loopback, whatever stands in its file or in the settings."""
    lost = auth_of({"client_id": "sandbox-1", "sandbox": address})
    for setting in ("", "https://api.x.com/2/oauth2/token"):
        monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", setting)
        with pytest.raises(SettingError, match="never sent to X"):
            endpoints.url_of(endpoints.TOKEN, lost)


def test_the_sandbox_of_this_process_serves_pairs_that_name_none(monkeypatch):
    """The environment and a prompt cannot say where the sandbox runs."""
    endpoints.use_sandbox("http://127.0.0.1:99")

    assert (
        endpoints.url_of(endpoints.TOKEN, auth_of({"client_id": "sandbox-1"})) == "http://127.0.0.1:99/2/oauth2/token"
    )
    assert endpoints.url_of(endpoints.TOKEN, MARKED) == "http://127.0.0.1:1234/2/oauth2/token"
    endpoints.use_sandbox(None)
    with pytest.raises(SettingError):
        endpoints.url_of(endpoints.TOKEN, auth_of({"client_id": "sandbox-1"}))


def test_a_marked_pair_may_go_to_a_loopback_setting(monkeypatch):
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", "http://127.0.0.1:7/t")

    assert endpoints.url_of(endpoints.TOKEN, auth_of({"client_id": "sandbox-1"})) == "http://127.0.0.1:7/t"


@pytest.mark.parametrize("text", ["0", "-1", "601", "nan", "soon", "1e999"])
def test_the_timeout_is_1_to_600_seconds(text, monkeypatch):
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", text)

    with pytest.raises(SettingError, match="1 to 600"):
        settings.timeout()


def test_the_timeouts_default(monkeypatch):
    assert settings.timeout() == 30
    for text, seconds in (("2.5", 2.5), ("1", 1), ("600", 600)):
        monkeypatch.setenv("OINT_TWITTER_TIMEOUT", text)
        assert settings.timeout() == seconds


def test_the_data_folder(monkeypatch, home):
    assert settings.data_folder() == home / "oint"
    assert settings.has_home()

    monkeypatch.delenv("OINT_HOME")
    assert not settings.has_home()
    assert settings.data_folder().name == "oint_magics"
    monkeypatch.setenv("OINT_HOME", "~/mine")
    assert settings.data_folder() == home / "mine"
