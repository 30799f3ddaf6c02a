"""What somebody wants to post, checked against X's rules before anything is sent."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics.errors import UsageError
from oint_magics.posts import claims, price, text
from oint_magics.posts.given import listed, opened
from oint_magics.posts.media import MediaId, Medium
from oint_magics.posts.upload import check_alt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ID = re.compile(r"[0-9]{1,19}")
# As X's page, its app and other programs write a post's address; people leave out how it begins.
_STATUS = re.compile(
    r"(?:https?://)?(?:www\.|mobile\.|m\.)?(?:x|twitter)\.com/(?:i/web|[^/?#]+)/status(?:es)?/([0-9]{1,19})(?:[/?#].*)?",
    re.IGNORECASE,
)
_MOST_PICTURES = 4


class Wanted(NamedTuple):
    """What somebody asked for, as it was given.

    Attributes:
        text: the text; blank for none.
        media: what `oint_magics.posts.given` takes: paths, bytes, open files, figures, https addresses, media ids.
        alt: the alt text of each medium, in their order; there may be fewer.
        poll: two to four answers; none for no poll.
        minutes: how long the poll runs; `None` for a day.
        reply_to: the post that it answers, its id or address; `None` for none.
        quote: the post that it quotes, the same.
        kind: what X shall take the media for, as `tweet_image`; `None` for what fits their types.
        is_long: let X decide on a text over 280, for accounts with Premium.
    """

    text: object = ""
    media: object = ()
    alt: object = ()
    poll: object = ()
    minutes: object = None
    reply_to: object = None
    quote: object = None
    kind: str | None = None
    is_long: bool = False


class Draft(NamedTuple):
    """A post that can be sent, as far as is known here.

    Attributes:
        text: its text.
        counted: the text as X counts it.
        media: what to upload, and what X has already.
        alts: an alt text for each medium; blank for none.
        poll: its answers.
        minutes: how long the poll runs.
        reply_to: the id of the post that it answers, or `None`.
        quote: the id of the post that it quotes, or `None`.
    """

    text: str
    counted: text.Counted
    media: tuple[Medium | MediaId, ...]
    alts: tuple[str, ...]
    poll: tuple[str, ...]
    minutes: int
    reply_to: str | None
    quote: str | None

    def identity(self) -> list[str]:
        """Return what makes two posts of an account the same."""
        media = [each.digest if isinstance(each, Medium) else claims.digest_of(each) for each in self.media]
        words = unicodedata.normalize("NFC", self.text).strip()
        return [words, *media, "poll", *self.poll, "reply", self.reply_to or "", "quote", self.quote or ""]

    def body(self, media_ids: Sequence[str]) -> dict[str, Any]:
        """Return the body of `POST /2/tweets`.

        Args:
            media_ids: what X calls the media.
        """
        body: dict[str, Any] = {"text": self.text}
        if media_ids:
            body["media"] = {"media_ids": list(media_ids)}
        if self.poll:
            body["poll"] = {"options": list(self.poll), "duration_minutes": self.minutes}
        if self.reply_to:
            body["reply"] = {"in_reply_to_tweet_id": self.reply_to}
        return body | ({"quote_tweet_id": self.quote} if self.quote else {})

    def price(self) -> int:
        """Return what X bills for it, in thousandths of a dollar."""
        return price.of_post(has_link=bool(self.counted.links), alts=sum(map(bool, self.alts)))


@contextlib.contextmanager
def checked(wanted: Wanted) -> Iterator[Draft]:
    """Check what somebody wants to post; what comes from the web is kept until the body ends.

    Raises:
        UsageError: X would not take it.
        CallError: a medium could not be read from its address.
    """
    if not isinstance(wanted.text, str):
        raise UsageError("The text of a post must be text. Nothing was sent.", next_step='twitter.post("Hello")')
    words = text.with_line_feeds(wanted.text)
    counted = text.counted(words)
    text.check(counted, is_long=wanted.is_long)
    poll, alts = _texts(wanted.poll, "poll"), _texts(wanted.alt, "alt")
    minutes = _checked_poll(poll, wanted.minutes)
    reply_to = None if wanted.reply_to is None else post_id(wanted.reply_to, "reply_to")
    quote = None if wanted.quote is None else post_id(wanted.quote, "quote")
    given = listed(wanted.media)
    _check_mix(words, len(given), poll, quote)
    _check_alts(alts, len(given))
    with opened(given, wanted.kind) as media:
        _check_number(media)
        yield Draft(words, counted, media, alts + ("",) * (len(given) - len(alts)), poll, minutes, reply_to, quote)


def _texts(given: object, name: str) -> tuple[str, ...]:
    found = tuple(listed(given))
    if not all(isinstance(each, str) for each in found):
        raise UsageError(f"{name} must be a list of texts. Nothing was sent.", next_step="help(twitter.post)")
    words = tuple(text.with_line_feeds(str(each)) for each in found)
    for each in words:
        text.check_characters(each)
    return words


def _checked_poll(poll: tuple[str, ...], minutes: object) -> int:
    wrong = None
    if poll and not 2 <= len(poll) <= 4:
        wrong = f"a poll has 2 to 4 answers, and here are {len(poll)}."
    elif not all(1 <= len(each) <= 25 for each in poll):
        wrong = "each answer has 1 to 25 characters."
    elif minutes is not None and not poll:
        wrong = "minutes are a poll's, and there is none."
    elif minutes is not None and not (isinstance(minutes, int) and 5 <= minutes <= 10080):
        wrong = "minutes is a whole number from 5 to 10080 (seven days)."
    if wrong:
        raise UsageError(
            "X does not take that poll. Nothing was sent.",
            cause=wrong,
            next_step="for example: --poll Yes --poll No --minutes 60",
        )
    return minutes if isinstance(minutes, int) else 1440


def post_id(given: object, name: str) -> str:
    """Return the id of a post that is given by its id, its address, or what `twitter.post` returned.

    Args:
        given: what was given.
        name: what messages call it.

    Raises:
        UsageError: it is none of these.
    """
    known = given.get("id") if isinstance(given, dict) else given
    words = str(known).strip()
    found = _STATUS.fullmatch(words)
    if found or _ID.fullmatch(words):
        return found[1] if found else words
    raise UsageError(
        f"{name} must be the id of a post, or its address. Nothing was sent.",
        cause="an id is a number of at most 19 digits, the last part of a post's address.",
        next_step="give the id or the address, or what %twitter_post returned: {name}",
    )


def _check_mix(words: str, media: int, poll: tuple[str, ...], quote: str | None) -> None:
    if sum(map(bool, (media, poll, quote))) > 1:
        raise UsageError(
            "Media, a poll and a quote exclude each other. Nothing was sent.", next_step="make two posts of it"
        )
    if not words.strip() and not media:
        raise UsageError("The post is empty. Nothing was sent.", next_step='%twitter_post "Hello"')


def _check_alts(alts: tuple[str, ...], media: int) -> None:
    wrong = next((found for each in alts if each and (found := check_alt(each))), None)
    if len(alts) > media:
        wrong = f"alt texts: {len(alts)}; media: {media}."
    if wrong:
        raise UsageError(
            "An alt text does not fit. Nothing was sent.",
            cause=wrong,
            next_step="give one alt text for each medium",
        )


def _check_number(media: tuple[Medium | MediaId, ...]) -> None:
    """Refuse what X does not take together: it takes four pictures, or one GIF, or one video."""
    moving = [each for each in media if isinstance(each, Medium) and each.category != "tweet_image"]
    if len(media) > _MOST_PICTURES or (moving and len(media) > 1):
        raise UsageError(
            "X does not take these media together. Nothing was sent.",
            cause=f"a post has up to four pictures, or one GIF, or one video; here are {len(media)}.",
            next_step="make two posts of it",
        )
