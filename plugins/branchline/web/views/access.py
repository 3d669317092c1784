"""Access: who has which role where, a form to grant one, a button to revoke it, and what people did last."""

# Not `from __future__ import annotations`: FastAPI reads the forms off the endpoints.
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from branchline.web.access import Wish, grant, revoke
from branchline.web.asking import Asking, on_behalf_of
from branchline.web.caller import Caller
from branchline.web.problems import Problem
from branchline.web.views.rendering import page_of

#: Rows of a page: grants that a search has found, and the newest of the audit.
GRANTS = 500
AUDIT = 50
#: What is said after a change; the address carries the word alone, so that nobody can put sentences into it.
DONE = {
    "granted": "Granted. It holds from the person's next question on.",
    "unchanged": "That person has this role there already: nothing was changed.",
    "revoked": "Revoked. It ends with the person's next question.",
}
#: Of the place where a role is granted: every client.
EVERYWHERE = ""

_Field = Annotated[str, Form(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
_Where = Annotated[str, Form(max_length=250, pattern=r"^((whole|[1-9][0-9]{0,8}) [^\x00]{1,200})?$")]


async def show(request: Request, user: Caller) -> Response:
    """The page."""
    return await _page(request, user, said=DONE.get(request.query_params.get("done", "")))


async def _granted(request: Request, user: Caller, who: _Field, role: _Field, where: _Where = EVERYWHERE) -> Response:
    """Grant what the form says, and back to the page.

    Args:
        request: the form's.
        user: who asks.
        who: Airflow user name.
        role: one of access.roles.
        where: nothing for every client, `whole client_id`, or `location_id client_id`.
    """
    place, _, client = where.partition(" ")
    wish = Wish(user=who, role=role, client=client or None, location=int(place) if place.isdecimal() else None)
    try:
        grant_id, is_new = await grant(request.app.state.pool, user, wish)
    except Problem as problem:
        return await _page(request, user, refused=problem, filled={"who": who, "role": role, "where": where})
    return _back(request, "granted" if is_new else "unchanged", grant_id)


async def _revoked(request: Request, user: Caller, grant_id: Annotated[int, Form(ge=1, lt=2**31)]) -> Response:
    """Revoke the grant whose button it was, and back to the page."""
    try:
        await revoke(request.app.state.pool, user, grant_id)
    except Problem as problem:
        return await _page(request, user, refused=problem)
    return _back(request, "revoked")


router = APIRouter(prefix="/access")
router.add_api_route("/grant", _granted, methods=["POST"], summary="Grant a role, from the page's form")
router.add_api_route("/revoke", _revoked, methods=["POST"], summary="Revoke a grant, from the page's button")


async def _page(
    request: Request, user: str, *, said: str | None = None, refused: Problem | None = None,
    filled: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    search = request.query_params.get("search", "").replace("\0", "")[:100]
    async with on_behalf_of(request.app.state.pool, user) as asking:
        seen = await _seen(asking, search)
    return page_of(
        request, "access.html", title="Access", status=refused.status if refused else 200, user=user, said=said,
        refused=refused.detail if refused else None, search=search,
        filled=filled or {"who": "", "role": "", "where": EVERYWHERE}, most={"grants": GRANTS, "audit": AUDIT}, **seen,
    )  # fmt: skip


async def _seen(asking: Asking, search: str) -> dict[str, Any]:
    """What the person sees: his own roles, and, where he grants any, everything there is to grant by."""
    seen: dict[str, Any] = {"own": asking.roles, "roles": [], "clients": [], "grants": [], "audit": []}
    # who sees journeys alone may not so much as ask
    if not asking.is_crew and (roles := await asking.rows("pages/access_roles.sql", {})):
        words = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        seen |= {
            "roles": roles,
            "clients": await asking.rows("pages/access_clients.sql", {}),
            "grants": await asking.rows("pages/access_grants.sql", {"search": f"%{words}%", "limit": GRANTS}),
            "audit": await asking.rows("pages/access_audit.sql", {"limit": AUDIT}),
        }
    return seen


def _back(request: Request, done: str, grant_id: int | None = None) -> Response:
    """To the page again, so that a reload asks for nothing a second time; to the grant itself where there is one."""
    root = request.scope.get("root_path", "")
    place = f"#grant-{grant_id}" if grant_id else ""
    return RedirectResponse(f"{root}/pages/access?{urlencode({'done': done})}{place}", 303)
