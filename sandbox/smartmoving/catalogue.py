"""The company's reference rows, built from the seed: branches, people, lists."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from sandbox import people
from sandbox.options import Options
from sandbox.seeds import Guids, mix
from sandbox.smartmoving import offices, reference

Row = dict[str, Any]
_US_AREA = "212"
_USERS = 74
_CREW = 40


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch, as the lists and the details need it."""

    id: str
    name: str
    phone: str | None
    city: str
    state: str
    zip: str
    lat: float
    lng: float
    primary: bool

    @property
    def area(self) -> str:
        """The telephone area code of its customers."""
        return offices.AREA_CODES.get(self.state, _US_AREA)

    @property
    def country(self) -> str:
        """The country as addresses end with it."""
        return "Canada" if self.state in offices.CANADIAN else "United States"

    def address(self, street: str) -> str:
        """Write an address near this branch on one line."""
        return f"{street}, {self.city}, {self.state} {self.zip}, {self.country}"


class Catalogue:
    """The reference lists of one company."""

    def __init__(self, options: Options, guids: Guids) -> None:
        self._guids = guids
        self._rng = random.Random(mix(options.seed, 11))
        self._seed = options.seed
        self.branches = [
            self._branch(position, office, options.rename_branches) for position, office in enumerate(offices.OFFICES)
        ]
        self.users = self._users()
        self.crew = self._crew()
        self.arrival_windows: list[Row] = [
            {"id": guids.loose("window", what), "description": what, "startTime": start, "endTime": end,
             "isDefault": default}
            for what, start, end, default in reference.ARRIVAL_WINDOWS
        ]  # fmt: skip
        self.tariffs = self._tariffs()
        self.lists: dict[str, list[Row]] = {}
        self.reset()

    def reset(self) -> None:
        """Forget the rows that leads have added."""
        guids = self._guids
        self.lists = {
            "branches": [self._branch_row(branch) for branch in self.branches],
            "users": list(self.users),
            "service-types": [
                {
                    "id": number,
                    "name": name,
                    "scalingFactorPercentage": scaling,
                    "hasActivityLoading": activity,
                    "hasActivityFinishedLoading": activity,
                    "hasActivityUnloading": activity,
                    "order": order,
                }
                for number, name, scaling, activity, order in reference.SERVICE_TYPES
            ],
            "move-sizes": [
                {"id": guids.loose("size", name), "name": name, "description": what, "volume": volume,
                 "weight": weight}
                for name, what, volume, weight in reference.MOVE_SIZES
            ],
            "referral-sources": [
                {"id": guids.loose("source", name), "name": name, "isLeadProvider": lead, "isPublic": public}
                for name, lead, public in reference.REFERRAL_SOURCES
            ],
            "bad-lead-reasons": self._reasons("bad", reference.BAD_LEAD_REASONS),
            "cancellation-reasons": self._reasons("cancel", reference.CANCELLATION_REASONS),
            "lost-reasons": [
                {"id": guids.loose("lost", what), "description": what} for what in reference.LOST_REASONS
            ],
            "arrival-windows": list(self.arrival_windows),
            "room-types": [
                {"id": guids.loose("room", name), "name": name} for name in reference.ROOM_TYPES
            ],
        }  # fmt: skip
        self.lead_statuses: list[Row] = [
            {"id": guids.loose("pipeline", name), "name": name} for name in reference.LEAD_STATUSES
        ]

    def learn(self, kind: str, text: str) -> None:
        """Add a reference row for a text that no row has: leads do that (contract, section 9).

        Args:
            kind: `move-sizes` or `referral-sources`.
            text: What the lead said.
        """
        rows = self.lists[kind]
        if any(row["name"] == text for row in rows):
            return
        row: Row = {"id": self._guids.loose(kind, text), "name": text}
        if kind == "move-sizes":
            row |= {"description": text, "volume": None, "weight": 0.0}
        else:
            row |= {"isLeadProvider": False, "isPublic": True}
        rows.append(row)

    def materials(self) -> list[Row]:
        """List the tariff's packing materials."""
        return [
            {
                "id": self._guids.loose("material", name),
                "rate": rate,
                "name": name,
                "description": None if number % 2 else name.strip(),
                "packTimeInMinutes": number * 5,
                "unpackTimeInMinutes": None,
                "carrierPackShortCode": 100 + number,
                "packByOwnerShortCode": 200 + number,
                "cost": 1.25 * number,
                "volume": 1.5,
                "weight": 10.5,
                "sortOrder": number,
            }
            for number, (name, rate) in enumerate(reference.MATERIALS)
        ]

    def _branch(self, position: int, office: offices.Office, rename: bool) -> Branch:
        name = office.name
        if rename:
            # The dirt after the town stays: spaces, flag, a missing apostrophe.
            flag = min((name.find(mark) for mark in "🇨🇺" if mark in name), default=-1)
            gap = name[len(name[:flag].rstrip()) : flag] if flag > 0 else ""
            rest = gap + name[flag:] if flag > 0 else ""
            name = (offices.TOWNS[position] + rest).replace("Get Moving", "Keep Rolling")
        area = offices.AREA_CODES.get(office.state, _US_AREA)
        number = f"({area}) 555-{100 + mix(self._seed, 12, position) % 100:04d}"
        phones = {"set": number, "empty": "", "null": None}
        return Branch(
            id=self._guids.loose("branch", position),
            name=name,
            phone=phones[office.phone],
            city=office.city,
            state=office.state,
            zip=office.zip,
            lat=office.lat,
            lng=office.lng,
            primary=office.primary,
        )

    def _branch_row(self, branch: Branch) -> Row:
        # Two branches share one address (section 11.10): the same street for the same ZIP.
        street = people.street(random.Random(mix(self._seed, 13, sum(branch.zip.encode()))))
        return {
            "id": branch.id,
            "name": branch.name,
            "phoneNumber": branch.phone,
            "dispatchLocation": {
                "fullAddress": branch.address(street),
                "street": street,
                "city": branch.city,
                "state": branch.state,
                "zip": branch.zip,
                "lat": branch.lat,
                "lng": branch.lng,
            },
            "isPrimary": branch.primary,
        }

    def _users(self) -> list[Row]:
        roles = [role for role, count in reference.ROLES for _ in range(count)]
        rows: list[Row] = []
        for number in range(_USERS):
            place = number % len(roles)
            # Section 11.11: of fifty users 17 have an empty title, 19 no branch; a role always.
            branch = self.branches[number % len(self.branches)]
            role = roles[place]
            rows.append(
                {
                    "id": self._guids.loose("user", number),
                    "name": people.name(self._rng) + (" " if place == 7 else ""),
                    "title": "" if place % 3 == 0 else reference.TITLES[number % len(reference.TITLES)],
                    "email": f"user{number:03d}@example.com",
                    "primaryBranch": None
                    if place % 5 in (1, 3) and place < 48
                    else {"id": branch.id, "name": branch.name},
                    "role": {"id": self._guids.loose("role", role), "name": role},
                }
            )
        return rows

    def _crew(self) -> list[Row]:
        rows: list[Row] = []
        for number in range(_CREW):
            branch = self.branches[mix(self._seed, 14, number) % len(self.branches)]
            role = reference.CREW_ROLES[number % len(reference.CREW_ROLES)]
            rows.append(
                {
                    "id": self._guids.loose("crew", number),
                    "name": people.name(self._rng),
                    "status": "Inactive" if number % 9 == 8 else "Active",
                    "mobile": people.phone(self._rng, branch.area),
                    "email": None if number % 4 else f"crew{number:03d}@example.org",
                    "role": {"id": self._guids.loose("crew-role", role), "name": role},
                    "branch": {"id": branch.id, "name": branch.name},
                    "compensation": {"hourlyRate": 21.5 + number % 7, "tips": True},
                }
            )
        return rows

    def _tariffs(self) -> list[Row]:
        return [
            {
                "id": self._guids.loose("tariff", name),
                "name": name,
                "isEnabled": enabled,
                "appliesToOpportunityTypes": [0, 1, 2] if enabled else None,
                "appliesToBranches": [
                    {"branchId": branch.id, "branchName": branch.name} for branch in self.branches[:3]
                ]
                if enabled
                else [],
            }
            for name, enabled in (("Legacy Tariff", True), ("Old Tariff ", False))
        ]

    def _reasons(self, kind: str, names: tuple[str, ...]) -> list[Row]:
        return [
            {"id": self._guids.loose(kind, name), "name": name, "sortOrder": number}
            for number, name in enumerate(names, start=1)
        ]
