"""OPI's functions for Twitter: their names and options in OPI's words, and the calls that they are here.

Names, options and types: the command table of OPI 1.34, its last version with Twitter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics.display.table import Row, Table
from oint_magics.errors import UsageError
from oint_magics.posts.draft import Wanted
from oint_magics.posts.media import LARGEST, MediaId
from oint_magics.twitter import calls, logins, posting

if TYPE_CHECKING:
    from collections.abc import Callable


class Given(NamedTuple):
    """What a command gives a function.

    Attributes:
        values: by the option's name without its dashes; what is not there was not given.
        to: the store for new tokens, or `None`.
        interactive: whether somebody sees where new tokens go.
        is_again: make a post though the same one was made.
    """

    values: dict[str, Any]
    to: str | None
    interactive: bool
    is_again: bool = False

    def of(self, name: str) -> Any:
        """Return an option's value, or `None` where it was not given."""
        return self.values.get(name)


class Option(NamedTuple):
    """An option.

    Attributes:
        name: its long name, with the dashes.
        short: its short name.
        kind: how its value is read: a function of `oint_magics.opi.values`, or "word".
        about: what it is.
        about_in_russian: the same.
        is_required: whether OPI requires it.
    """

    name: str
    short: str
    kind: str
    about: str
    about_in_russian: str
    is_required: bool = False


class Function(NamedTuple):
    """A function.

    Attributes:
        english: its name.
        russian: its Russian name.
        about: what it does.
        about_in_russian: the same.
        options: what it takes.
        call: what it does here.
    """

    english: str
    russian: str
    about: str
    about_in_russian: str
    options: tuple[Option, ...]
    call: Callable[[Given], Any]


class Link(str):
    """The address of X's authorize page, shown as a table; as text it is the address alone."""

    __slots__ = ()

    def table(self) -> Table:
        """Return the table."""
        row = Row("next", 'open it, approve, then: oint twitter GetToken --code "ADDRESS" with the same --auth')
        return Table("Link to X's page", (Row("link", str(self)), row))

    def __repr__(self) -> str:
        return self.table().text()

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return self.table().mimebundle()


def find(name: str) -> Function | None:
    """Return the function of a name, English or Russian, in any case; `None` for none."""
    return next(
        (each for each in FUNCTIONS if name.casefold() in (each.english.casefold(), each.russian.casefold())), None
    )


def _link(given: Given) -> Link:
    return Link(logins.authorization_link(given.of("auth")))


def _token(given: Given) -> object:
    return logins.get_token(given.of("code"), given.of("auth"), to=given.to)


def _refresh(given: Given) -> object:
    return calls.refresh(given.of("auth"), to=given.to, interactive=given.interactive)


def _custom(given: Given) -> object:
    # OPI makes a poll only of answers and a duration together.
    has_poll = given.of("options") is not None and given.of("dur") is not None
    return _post(
        given,
        media=[MediaId(each) for each in given.of("media") or []],
        poll=given.of("options") if has_poll else (),
        minutes=given.of("dur") if has_poll else None,
    )


def _text(given: Given) -> object:
    return _post(given)


def _with_media(option: str, category: str) -> Callable[[Given], object]:
    def call(given: Given) -> object:
        return _post(given, media=given.of(option), kind=category)

    return call


def _poll(given: Given) -> object:
    return _post(given, poll=given.of("options"), minutes=given.of("duration"))


def _post(given: Given, *, kind: str | None = None, **more: Any) -> object:
    return posting.post(Wanted(text=given.of("text") or "", kind=kind, **more), given.of("auth"), again=given.is_again)


def _upload(given: Given) -> object:
    if given.of("type") not in LARGEST:
        raise UsageError(
            f"--type must be {', '.join([*LARGEST][:-1])} or {[*LARGEST][-1]}. Nothing was sent.",
            next_step="for a picture: --type tweet_image",
        )
    return posting.upload(given.of("files"), given.of("auth"), given.of("type"))


_AUTH = Option(
    "--auth", "-a", "auth", "Auth data: JSON, a file, or a store", "Данные авторизации: JSON, файл или хранилище"
)
_TEXT = Option("--text", "-t", "text", "Text of the post", "Текст твита", is_required=True)


def _files(name: str, short: str, about: str, about_in_russian: str) -> Option:
    return Option(name, short, "files", about, about_in_russian, is_required=True)


FUNCTIONS = (
    Function(
        "GetAuthorizationLink", "ПолучитьСсылкуАвторизации",
        "The link to X's authorize page", "Ссылка на страницу авторизации X", (_AUTH,), _link,
    ),
    Function(
        "GetToken", "ПолучитьТокен",
        "The tokens for the code that came back", "Токены по полученному коду",
        (
            Option("--code", "-c", "word", "The code, or the whole address that the browser ended at",
                   "Код или весь адрес, на котором остановился браузер", is_required=True),
            _AUTH,
        ),
        _token,
    ),
    Function(
        "RefreshToken", "ОбновитьТокен",
        "New tokens for the refresh token, saved where it came from",
        "Новые токены по refresh_token; сохраняются туда, откуда он взят", (_AUTH,), _refresh,
    ),
    Function(
        "CreateCustomTweet", "СоздатьПроизвольныйТвит",
        "A post of text, media and a poll", "Твит из текста, медиа и опроса",
        (
            Option("--text", "-t", "text", "Text of the post", "Текст твита"),
            Option("--media", "-m", "items", "Ids of uploaded media", "Идентификаторы загруженных медиа"),
            Option("--options", "-o", "items", "Answers of a poll", "Варианты опроса"),
            Option("--dur", "-d", "number", "Minutes that the poll runs", "Длительность опроса в минутах"),
            _AUTH,
        ),
        _custom,
    ),
    Function(
        "CreateTextTweet", "СоздатьТекстовыйТвит", "A post of text", "Твит с текстом", (_TEXT, _AUTH), _text,
    ),
    Function(
        "CreateImageTweet", "СоздатьТвитКартинки", "A post with pictures", "Твит с картинками",
        (
            _TEXT,
            _files("--pictures", "-p", "Pictures: paths, addresses, base64", "Картинки: пути, адреса, base64"),
            _AUTH,
        ),
        _with_media("pictures", "tweet_image"),
    ),
    Function(
        "CreateGifTweet", "СоздатьТвитГифки", "A post with a GIF", "Твит с гифкой",
        (_TEXT, _files("--gifs", "-g", "GIFs: paths, addresses, base64", "Гифки: пути, адреса, base64"), _AUTH),
        _with_media("gifs", "tweet_gif"),
    ),
    Function(
        "CreateVideoTweet", "СоздатьТвитВидео", "A post with a video", "Твит с видео",
        (_TEXT, _files("--videos", "-v", "Videos: paths, addresses, base64", "Видео: пути, адреса, base64"), _AUTH),
        _with_media("videos", "tweet_video"),
    ),
    Function(
        "CreatePollTweet", "СоздатьТвитОпрос", "A post with a poll", "Твит с опросом",
        (
            _TEXT,
            Option("--options", "-o", "items", "Two to four answers", "От двух до четырёх вариантов", is_required=True),
            Option("--duration", "-d", "number", "Minutes that the poll runs", "Длительность опроса в минутах",
                   is_required=True),
            _AUTH,
        ),
        _poll,
    ),
    Function(
        "UploadAttachmentsArray", "ЗагрузитьМассивВложений", "Media for later posts: their ids",
        "Медиа для будущих твитов: их идентификаторы",
        (
            _files("--files", "-f", "Files: paths, addresses, base64", "Файлы: пути, адреса, base64"),
            Option("--type", "-t", "word", "tweet_image, tweet_gif or tweet_video",
                   "tweet_image, tweet_gif или tweet_video", is_required=True),
            _AUTH,
        ),
        _upload,
    ),
)  # fmt: skip
