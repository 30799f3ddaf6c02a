"""The fields of a new post's body, as X's OpenAPI description has them: what each takes, and no others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_ID = re.compile(r"[0-9]{1,19}")
_SETTINGS = ("following", "mentionedUsers", "subscribers", "verified")


def is_id(value: object) -> bool:
    """Tell whether a value is an id: digits, as text."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_setting(value: object) -> bool:
    return value in _SETTINGS


def _are_ids(value: object) -> bool:
    return isinstance(value, list) and all(map(is_id, value))


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


Shape = dict[str, "Callable[[object], bool] | Shape"]
NEW_POST: Shape = {
    "text": _is_text,
    "card_uri": _is_text,
    "community_id": is_id,
    "direct_message_deep_link": _is_text,
    "edit_options": _is_object,
    "for_super_followers_only": _is_flag,
    "geo": {"place_id": _is_text},
    "made_with_ai": _is_flag,
    "media": {"call_to_actions": _is_object, "description": _is_text, "embeddable": _is_flag, "media_ids": _are_ids,
              "preview_media_id": is_id, "tagged_user_ids": _are_ids, "title": _is_text},
    "nullcast": _is_flag,
    "paid_partnership": _is_flag,
    "poll": {"duration_minutes": _is_number, "options": _are_texts, "reply_settings": _is_setting},
    "quote_tweet_id": is_id,
    "reply": {"auto_populate_reply_metadata": _is_flag, "exclude_reply_user_ids": _are_texts,
              "in_reply_to_tweet_id": is_id},
    "reply_settings": _is_setting,
    "share_with_followers": _is_flag,
}  # fmt: skip


def wrong(found: Any, shape: Shape, of: str = "") -> str | None:
    """Return what of a body does not fit its shape, in words; `None` if it fits.

    Args:
        found: the body, or an object in it.
        shape: what it may have.
        of: the object's name with a dot; blank for the body itself.
    """
    if not isinstance(found, dict):
        return f"{of.rstrip('.')}: an object"
    for name, value in found.items():
        test = shape.get(name)
        if test is None:
            return f"{of}{name[:60]}: not one of this call's fields"
        why = wrong(value, test, f"{of}{name}.") if isinstance(test, dict) else None
        if why or not (isinstance(test, dict) or test(value)):
            return why or f"{of}{name}: of another type, or not one of its values"
    return None
