"""Ids as the datastore gives them: 16 digits, close to 2^53 (Arrivy contract, section 4)."""

from __future__ import annotations

from sandbox.seeds import mix

_BITS = 52
_MASK = (1 << _BITS) - 1
_HALF = 26
_NUMBER_BITS = 47

ACCOUNT, GROUP, ENTITY, CUSTOMER, CREW, DEFINITION, TASK, ENTRY, BOOKING, TEMPLATE = range(10)
# So many status entries can a task have.
ENTRIES_OF_A_TASK = 64


class Ids:
    """Gives every record a number that looks random; no two records get the same."""

    def __init__(self, seed: int) -> None:
        self._multiplier = mix(seed, 301) & _MASK | 1
        self._salt = mix(seed, 302) & _MASK

    def of(self, kind: int, number: int) -> int:
        """Number a record.

        Args:
            kind: Which kind of record.
            number: Which of its kind, below 2^47.

        Returns:
            A number from 2^52 to 2^53 - 1: floats still hold it, 32 bits do not.
        """
        # Each step can be undone, so two records never meet.
        x = (kind << _NUMBER_BITS | number) ^ self._salt
        x = (x * self._multiplier) & _MASK
        x ^= x >> _HALF
        x = (x * self._multiplier) & _MASK
        return 1 << _BITS | x


def url_safe(number: int) -> str:
    """Write the opaque key that stands in links."""
    return f"ag9z{mix(number, 303):016x}{mix(number, 304):016x}"
