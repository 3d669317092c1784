"""Determinism: numbers and identifiers that depend on the seed and on nothing else."""

from __future__ import annotations

from typing import NamedTuple

_MASK64 = (1 << 64) - 1
_MASK62 = (1 << 62) - 1
_HALF62 = 31
_GUID_LENGTH = 36


def mix(*parts: int) -> int:
    """Mix whole numbers into one 64-bit number, the same on every machine.

    Args:
        *parts: What the number depends on, in order.

    Returns:
        A number of 64 bits.
    """
    x = 0x9E3779B97F4A7C15
    for part in parts:
        x = ((x ^ (part & _MASK64)) * 0xBF58476D1CE4E5B9) & _MASK64
        x ^= x >> 31
        x = (x * 0x94D049BB133111EB) & _MASK64
        x ^= x >> 29
    return x


def text_number(text: str) -> int:
    """Turn a text into a number for `mix` (Python's own hash differs from process to process).

    Args:
        text: Any text.

    Returns:
        A number of 64 bits.
    """
    number = 0xCBF29CE484222325
    for byte in text.encode("utf-8", "surrogatepass"):
        number = ((number ^ byte) * 0x100000001B3) & _MASK64
    return number


class Address(NamedTuple):
    """Where in the world a record stands; every GUID of a generated record holds it.

    Attributes:
        kind: What the record is; each vendor numbers its own kinds (1 to 15).
        day: Days since 2000-01-01.
        slot: Which pool of that day (0 to 255).
        place: Which record of the pool (0 to 65535).
        sub: Which child of the record (0 to 255).
    """

    kind: int
    day: int
    slot: int
    place: int
    sub: int


class Guids:
    """GUIDs that look random and can be read back.

    A detail call must find a record whose day nobody has generated yet, for example after
    the server was started again, so the GUID carries the address under a keyed permutation.
    """

    def __init__(self, seed: int) -> None:
        self._multiplier = mix(seed, 101) & _MASK62 | 1
        self._inverse = pow(self._multiplier, -1, 1 << 62)
        self._salt = mix(seed, 102) & _MASK62
        self._check = mix(seed, 103)

    def encode(self, address: Address) -> str:
        """Write an address as a GUID (lower case, hyphens, version 4 in shape).

        Args:
            address: The address.

        Returns:
            The GUID.
        """
        kind, day, slot, place, sub = address
        x = kind << 50 | day << 32 | slot << 24 | place << 8 | sub
        x ^= self._salt
        x = (x * self._multiplier) & _MASK62
        x ^= x >> _HALF62
        x = (x * self._multiplier) & _MASK62
        high = mix(self._check, x) & 0xFFFFFFFFFFFF0FFF | 0x4000
        low = x | 1 << 63
        return (
            f"{high >> 32:08x}-{high >> 16 & 0xFFFF:04x}-{high & 0xFFFF:04x}"
            f"-{low >> 48:04x}-{low & 0xFFFFFFFFFFFF:012x}"
        )

    def decode(self, guid: str) -> Address | None:
        """Read the address out of a GUID.

        Args:
            guid: A GUID in any case.

        Returns:
            The address, or None when this seed never wrote that GUID.
        """
        try:
            low = int(guid[19:23] + guid[24:36], 16)
        except ValueError:
            return None
        x = low & _MASK62
        x = (x * self._inverse) & _MASK62
        x ^= x >> _HALF62
        x = (x * self._inverse) & _MASK62
        x ^= self._salt
        address = Address(x >> 50, x >> 32 & 0x3FFFF, x >> 24 & 0xFF, x >> 8 & 0xFFFF, x & 0xFF)
        if len(guid) != _GUID_LENGTH or self.encode(address) != guid.lower():
            return None
        return address

    def loose(self, *parts: int | str) -> str:
        """Write a GUID that nobody reads back, for reference rows.

        Args:
            *parts: What the GUID depends on besides the seed.

        Returns:
            The GUID.
        """
        numbers = [text_number(part) if isinstance(part, str) else part for part in parts]
        high = mix(self._check, 1, *numbers) & 0xFFFFFFFFFFFF0FFF | 0x4000
        low = mix(self._check, 2, *numbers) & _MASK62 | 1 << 63
        return (
            f"{high >> 32:08x}-{high >> 16 & 0xFFFF:04x}-{high & 0xFFFF:04x}"
            f"-{low >> 48:04x}-{low & 0xFFFFFFFFFFFF:012x}"
        )
