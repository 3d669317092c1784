"""What is read as one document: a repair order with its jobs, and what an account is."""

from __future__ import annotations

from typing import Any

from branchline.web.asking import Asking
from branchline.web.login import extra_of
from branchline.web.problems import Problem


async def repair_order(asking: Asking, ro_id: int, shop: int | None) -> bytes:
    """The order as JSON.

    Raises:
        Problem: 404, there is none that the person may see; 409, several shops have one of that number.
    """
    rows = await asking.rows("api/tekmetric/repair_order.sql", {"ro_id": ro_id, "shop": shop})
    if not rows:
        raise Problem(
            404, f"There is no repair order {ro_id} among those you may see. Look at /tekmetric/repair-orders."
        )
    if len(rows) > 1:
        raise Problem(409, f"Several shops have a repair order {ro_id}. Name one: ?shop=")
    return str(rows[0].body).encode()


async def accounts_of(asking: Asking, source: str | None) -> list[Any]:
    """The accounts that the person sees, of one source or of all: rows of api/accounts.sql."""
    return await asking.rows("api/accounts.sql", {"source": source})


async def account(asking: Asking, user: str) -> dict[str, Any]:
    """Who asks, as what, and the accounts he sees: locations, calls of this month and what the vendor allows."""
    # who sees journeys alone has no right to so much as ask for accounts
    rows = [] if asking.is_crew else await accounts_of(asking, None)
    return {
        "user": user,
        "roles": [
            {"role": role.role, "client_id": role.client_id, "location_id": role.location_id} for role in asking.roles
        ],
        "accounts": [
            {
                "client_id": row.client_id,
                "client_name": row.client_name,
                "source": row.source,
                "account": row.account,
                "locations": row.locations,
                "calls_this_month": row.calls_this_month,
                "monthly_calls": int((await extra_of(row.conn_id)).get("monthly_calls", 0)) or None,
            }
            for row in rows
        ],
    }
