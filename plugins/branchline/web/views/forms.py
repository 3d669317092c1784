"""What a page's address may say. An empty field of a form is one that was left open."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _open(value: Any) -> Any:
    return None if value == "" else value


#: PostgreSQL's text holds no NUL.
Word = Annotated[Annotated[str, Field(max_length=250, pattern=r"^[^\x00]*$")] | None, BeforeValidator(_open)]
Day = Annotated[date | None, BeforeValidator(_open)]


class Form(BaseModel):
    """What every page takes: the source that it is narrowed to, and whether it reads itself anew."""

    model_config = ConfigDict(extra="forbid")

    source: Word = None
    refresh: Word = None

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of its SQL."""
        return self.model_dump(exclude={"refresh"})
