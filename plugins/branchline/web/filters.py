"""What may be asked of a list: the query's parameters, as a form of their own for each list, and as conditions."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, create_model

from branchline.warehouse import identifier
from branchline.web.catalogue import Collection

MOST = 1000
_INTEGER = 2**31 - 1
#: What a filter by equality compares with, where it is not the column of its own name.
COLUMNS = {"client": "client_id", "shop": "tm_shop_id", "table": "table_name"}

#: PostgreSQL's text holds no NUL.
_TEXT = r"^[^\x00]*$"
_Word = Annotated[str, Field(min_length=1, max_length=200, pattern=_TEXT)]
_Id = Annotated[int, Field(ge=1, lt=2**63)]
_TYPES: dict[str, Any] = {"shop": _Id, "lead_id": _Id}


class Form(BaseModel):
    """What every list takes. A parameter that it does not know is refused: a filter nobody applies misleads."""

    model_config = ConfigDict(extra="forbid")

    limit: int | None = Field(
        None, ge=1, le=MOST, description="Rows of a page: 100 unless told; of CSV all rows unless told"
    )
    cursor: str | None = Field(None, max_length=4000, description="Where the page begins: from `next` of the last one")
    format: Literal["json", "csv"] | None = Field(None, description="Instead of the header Accept")

    @property
    def filters(self) -> dict[str, Any]:
        """What was asked for, without how it is to be handed over."""
        return self.model_dump(exclude={"limit", "cursor", "format"}, exclude_none=True)


def form_of(collection: Collection) -> type[Form]:
    """The parameters of one list: those of every list, and the filters that mean something on it."""
    fields: dict[str, Any] = {name: (_TYPES.get(name, _Word) | None, None) for name in collection.equals}
    if collection.location:
        fields["location"] = (int | None, Field(None, ge=1, le=_INTEGER, description="location_id: see /locations"))
    if collection.day:
        fields["since"] = (date | None, Field(None, description=f"First day of {collection.day}"))
        fields["until"] = (date | None, Field(None, description=f"Last day of {collection.day}"))
    if collection.status:
        said = f"{collection.status}; given several times, any of them"
        fields["status"] = (list[_Word] | None, Field(None, max_length=20, description=said))
    if collection.search:
        said = f"Words in {', '.join(collection.search)}"
        fields["search"] = (str | None, Field(None, min_length=2, max_length=100, pattern=_TEXT, description=said))
    return cast("type[Form]", create_model(f"Form{collection.path.title().replace('/', '')}", __base__=Form, **fields))


def conditions_of(collection: Collection, form: Form) -> tuple[list[str], dict[str, Any]]:
    """What was asked for as SQL.

    Returns:
        Conditions, written by the code alone, and the values of their parameters.
    """
    asked = form.filters
    found = [f"found.{identifier(COLUMNS.get(name, name))} = %({name})s" for name in collection.equals if name in asked]
    if "location" in asked:
        place = f"found.{identifier(str(collection.location))}"
        found.append(
            f"%(location)s = ANY({place})" if collection.location == "location_ids" else f"{place} = %(location)s"
        )
    day = f"found.{identifier(str(collection.day))}"
    if "since" in asked:
        found.append(f"{day} >= %(since)s::date")
    if "until" in asked:
        found.append(f"{day} < %(until)s::date + 1")
    if "status" in asked:
        found.append(f"found.{identifier(str(collection.status))} = ANY(%(status)s)")
    if "search" in asked:
        words = ", ".join(f"found.{identifier(column)}" for column in collection.search)
        found.append(f"concat_ws(' ', {words}) ILIKE %(search)s")
        asked["search"] = f"%{literally(asked['search'])}%"
    return found, asked


def literally(words: str) -> str:
    """Words for LIKE, in which nothing stands for something else."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
