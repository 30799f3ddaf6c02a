"""Notes in the data folder of tokens that are being sent: they lead a copy to the record beside another store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oint_magics.stores.notes import Notes

if TYPE_CHECKING:
    from oint_magics.secret import Secret

NOTES = Notes("exchanges", "The note of a recovery file")


def place_of_record(token: Secret) -> str | None:
    """Return the store, as it can be opened, from which this machine last sent a token and did not come to an end.

    Copies of one file, and a text and its profile, have records in different folders.

    Raises:
        StoreError: the note of it is of an unknown format.
    """
    place = NOTES.read(token.fingerprint()).get("place")
    return place if isinstance(place, str) else None
