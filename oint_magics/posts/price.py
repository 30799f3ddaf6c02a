"""What X bills for a call, in thousandths of a US dollar (https://docs.x.com/x-api/getting-started/pricing)."""

from __future__ import annotations

POST, POST_WITH_LINK, ALT_TEXT, DELETE = 15, 200, 5, 10


def of_post(*, has_link: bool, alts: int) -> int:
    """Return the price of a post and of the alt texts of its media; uploads are not in X's list."""
    return (POST_WITH_LINK if has_link else POST) + alts * ALT_TEXT


def shown(thousandths: int) -> str:
    """Return a price as text."""
    return f"${thousandths / 1000:.3f}"
