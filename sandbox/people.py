"""Invented people: no name, number or address here belongs to anybody.

Given names are common ones, surnames are words that nobody bears by chance, telephone
numbers lie in the 555-01xx range kept for fiction, and mail goes to example domains.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

_GIVEN_WORDS = (
    "Alex Avery Bailey Blake Cameron Casey Charlie Dakota Devon Drew Eden Elliot Emery Finley Frankie "
    "Gray Harley Harper Hayden Jamie Jesse Jordan Jules Kai Kendall Lane Logan Marley Micah Morgan Noel "
    "Oakley Parker Peyton Phoenix Quinn Reese Remy Riley River Robin Rowan Ryan Sage Sam Sasha Shay "
    "Skyler Spencer Sydney Tatum Taylor Toby Tracy Val Wren Zoë Renée Éloi Søren"
)
GIVEN = tuple(_GIVEN_WORDS.split())
_SURNAMES_WORDS = (
    "Example Sample Placeholder Testwell Mockson-Test Fixturely Demoson Dummyton Specimen Prototyp Pretendo "
    "Fictionel Inventson Imaginer Nobodysson Anyperson Someoneski Whoever Samplewood Exampleton "
    "Testerfield Mockingham-Test Stubexample Fakenham-Test Drafterly-Test Patternson Templater Modelby "
    "Trialsworth Rehearsal Sandboxer Simulado Pseudonymo Aliasson Nonesuch Madeup Makebelief Storybook "
    "Fableton Novelton Fictive Notional Supposely Virtualis Synthet Randomova Seedling Permutari Shuffleton "
    "Hashworth Entropia Modulo Integerly Floatman Doubleday-Test Nullman Stringer-Test Arrayson Tuplewood "
    "Setterby Listerine-Test Queueman"
)
SURNAMES = tuple(_SURNAMES_WORDS.split())
# Text that has broken loaders before: trailing and double spaces, right-to-left, combining marks,
# four-byte characters, quotes, template and format signs.
DIRTY_NAMES = (
    "Alex Example ",
    "Casey  Sample",
    " Jordan Placeholder",
    "Renée Exámple",
    "مثال Example",
    "Quinn 🚚 Mockson-Test",
    "Drew O'Sample-Test",
    "Example'); DROP TABLE jobs;--",
    "Sam {{ ds }} Example",
    "100% Example %s",
    "=1+1 Example",
    "\tTab Example",
    'Robin "Rob" Testwell',
    "<script>alert(1)</script> Example",
    "NULL",
    "山田 サンプル",
)
_STREETS = (
    "Sample St",
    "Placeholder Ave",
    "Demo Rd",
    "Example Blvd",
    "Fixture Cres",
    "Mockup Lane",
    "Testing Way",
    "Specimen Dr",
    "Prototype Crt",
    "Rehearsal Pl",
)


@dataclass(slots=True)
class Person:
    """One invented person."""

    name: str
    phone: str | None
    phone_type: int | None
    email: str | None


def name(rng: random.Random) -> str:
    """Draw a full name."""
    return f"{GIVEN[int(rng.random() * len(GIVEN))]} {SURNAMES[int(rng.random() * len(SURNAMES))]}"


def street(rng: random.Random) -> str:
    """Draw a house number and an invented street."""
    return f"{int(rng.random() * 899) + 100} {_STREETS[int(rng.random() * len(_STREETS))]}"


def phone(rng: random.Random, area: str) -> str:
    """Draw ten digits in the range kept for fiction, as the sweep writes them."""
    return f"{area}55501{int(rng.random() * 100):02d}"


def person(rng: random.Random, area: str) -> Person:
    """Draw a customer with the usual gaps: no telephone, no mail, empty strings, dirt.

    Args:
        rng: Where the draw comes from.
        area: The telephone area code.

    Returns:
        The person.
    """
    who = name(rng)
    dirt = rng.random()
    mail: str | None = f"{who.split()[0].lower()}.{int(rng.random() * 9000) + 1000}@example.com"
    if mail and not mail.isascii():
        mail = f"customer.{int(rng.random() * 9000) + 1000}@example.org"
    if dirt < 0.03:
        who = DIRTY_NAMES[int(rng.random() * len(DIRTY_NAMES))]
    number: str | None = phone(rng, area)
    kind: int | None = (0, 0, 0, 1, 2, 3, None)[int(rng.random() * 7)]
    gaps = rng.random()
    if gaps < 0.04:
        number, kind = None, None
    elif gaps < 0.06:
        number = ""
    elif gaps < 0.12:
        mail = None
    elif gaps < 0.14:
        mail = ""
    return Person(who, number, kind, mail)
