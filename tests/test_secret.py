import copy
import io
import pickle

import pytest

from oint_magics.secret import Secret, fingerprint, mask, redacted

VALUE = "MARKER-bnRnOXpVdXVjdlp2azlkVjYzaEMwY2FxdFloTS03aWhY"


def test_reveals_what_it_holds():
    """The one way out gives the text back."""
    assert Secret(VALUE).reveal() == VALUE


@pytest.mark.parametrize("show", [repr, str, format, "{}".format, "{:>80}".format, "%s".__mod__, "%r".__mod__])
def test_shows_nothing(show):
    """However it is turned into text, the text is not there."""
    assert VALUE not in show(Secret(VALUE))


def test_has_nothing_to_look_into():
    """Inspectors walk attributes and slots; there are none that hold anything."""
    secret = Secret(VALUE)

    assert not hasattr(secret, "__dict__")
    assert VALUE not in "".join(repr(getattr(secret, name)) for name in dir(secret))


def test_cannot_be_pickled():
    """A pickle would be a plain text on disk."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dump(Secret(VALUE), io.BytesIO(), protocol)


def test_a_copy_is_itself():
    """Copying makes no second object to guard."""
    secret = Secret(VALUE)

    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret


def test_matches_by_text():
    """Two secrets of one text match; nothing matches nothing."""
    assert Secret(VALUE).matches(Secret(VALUE))
    assert not Secret(VALUE).matches(Secret(VALUE + "x"))
    assert not Secret(VALUE).matches(None)


def test_is_true_when_it_holds_something():
    assert Secret("x")
    assert not Secret("")


def test_fingerprint_names_without_showing():
    """Equal texts have equal fingerprints of 128 bits, others have others."""
    assert fingerprint(VALUE) == fingerprint(VALUE) == Secret(VALUE).fingerprint()
    assert fingerprint(VALUE) != fingerprint(VALUE + "x")
    assert len(fingerprint(VALUE)) == 32
    assert fingerprint("abc") == "ba7816bf8f01cfea414140de5dae2223"


def test_mask_spares_short_texts():
    """Outer characters are shown only where enough is left unseen."""
    assert mask("x" * 32).startswith("xxxx…xxxx ")
    assert mask("x" * 31) == f"… #{fingerprint('x' * 31)[:10]}"
    assert mask(VALUE) == f"MARK…aWhY #{fingerprint(VALUE)[:10]}"
    assert Secret(VALUE).masked() == mask(VALUE)


@pytest.mark.parametrize(
    "echo",
    [VALUE, f"bad token {VALUE}!", "a b/c", "a+b%2Fc", "a%20b%2Fc", VALUE[:35], f"x{VALUE[5:]}", "QUJD" * 10],
)
def test_redacted_cuts_echoes(echo):
    """What was sent, in a form's spellings, in part, or anything as long as a token, goes."""
    clean = redacted(f"Value {echo} passed.", [Secret(VALUE), Secret("a b/c")])

    assert echo not in clean
    assert "…" in clean
    assert clean.startswith("Value ")


def test_redacted_cuts_pieces_of_eight_and_no_shorter():
    assert redacted("it is abcdefgh now", [Secret("xxabcdefghyy")]) == "it is … now"
    assert redacted("it is abcdefg now", [Secret("xxabcdefghyy")]) == "it is abcdefg now"
    assert redacted("short one", [Secret("one")]) == "short …"


def test_redacted_leaves_words_alone():
    words = "Value passed for the redirect uri did not match the uri of the authorization code. [code_verifier]"

    assert redacted(words, [Secret(VALUE), Secret("")]) == words
