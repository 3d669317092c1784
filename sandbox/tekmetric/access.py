"""Who may call: OAuth tokens, shops in scope, the shop API's token, the limit of a minute."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from urllib.parse import parse_qs

from sandbox.clock import Clock
from sandbox.limits import Window
from sandbox.options import Options
from sandbox.seeds import Guids
from sandbox.tekmetric.model import Shop
from sandbox.tekmetric.paging import numbers, problem
from sandbox.vendor import TEXT, Answer, Call, json_answer

TOKEN_PATH = "/api/v1/oauth/token"  # noqa: S105 - an address
_EMPTY_401 = Answer(401, b"", TEXT)
_EMPTY_429 = Answer(429, b"", TEXT)


class Access:
    """Keeps the door of both APIs (Tekmetric contract, sections 1.1 to 1.3 and 2)."""

    def __init__(self, options: Options, clock: Clock, shops: dict[int, Shop]) -> None:
        self._options = options
        self._clock = clock
        self._guids = Guids(options.seed)
        self._shops = shops
        # The minute of the shop API's token is its own: the limit is the credential's (section 1.2).
        self._minute = Window(options.tekmetric_rate_per_minute, options.rate_window)
        self.reset()

    def reset(self) -> None:
        """Go back to a valid token and all shops."""
        self._minute.reset()
        self._issue = 0
        self._revoked = False
        self._born = self._clock.now()
        self.scope = list(self._shops)
        self.forbidden: dict[int, str] = {}
        self.shop_token = self._options.tekmetric_shop_token

    @property
    def token(self) -> str:
        """The token that was given last."""
        return self._guids.loose("tekmetric", self._issue)

    def revoke(self) -> None:
        """Make the present token worthless; the next one is another."""
        self._revoked = True

    def give_token(self, call: Call) -> Answer:
        """Answer the token endpoint: the same UUID again and again while it lives (section 1.1)."""
        if not self._is_client(call):
            return json_answer({"error": "invalid_client"}, 401)
        form = parse_qs(call.body.decode("utf-8", "replace"))
        if form.get("grant_type") != ["client_credentials"]:
            problem_ = {"error": "unsupported_grant_type", "error_description": "OAuth 2.0 Parameter: grant_type"}
            return json_answer(problem_, 400)
        if not self._lives():
            self._issue += 1
            self._revoked = False
            self._born = self._clock.now()
        told = {
            "access_token": self.token,
            "token_type": "bearer",
            # The shops, not permissions (section 1.1).
            "scope": " ".join(map(str, self.scope)),
        }
        seconds = self._options.tekmetric_token_seconds
        if seconds:
            left = timedelta(seconds=seconds) - (self._clock.now() - self._born)
            return json_answer(told | {"expires_in": int(left.total_seconds())})
        return json_answer(told)

    def guard_public(self, call: Call) -> Answer | None:
        """Refuse a wrong bearer with an empty 401, a burst with an empty 429, a foreign shop with 403."""
        if call.path.endswith(TOKEN_PATH):
            return None
        if call.headers.get("Authorization") != f"Bearer {self.token}" or not self._lives():
            return _EMPTY_401
        if self._minute.wait("public"):
            return _EMPTY_429
        asked = call.args.get("shopId")
        wanted = [int(asked)] if asked and asked.isdigit() else numbers(call, "shop")
        return next((refusal for shop in wanted if (refusal := self.refusal(shop))), None)

    def guard_shop(self, call: Call) -> Answer | None:
        """Refuse whoever has no x-auth-token: a cookie is not enough (section 2)."""
        if call.headers.get("x-auth-token") != self.shop_token:
            return _EMPTY_401
        if self._minute.wait("shop"):
            return _EMPTY_429
        asked = call.args.get("shopId", "")
        return self.refusal(int(asked)) if asked.isdigit() else None

    def refusal(self, shop: int) -> Answer | None:
        """Refuse a shop that is out of scope or forbidden, in one of two shapes (section 1.3)."""
        if self.forbidden.get(shop) == "oauth":
            told = {
                "error": "insufficient_scope",
                "error_description": "Insufficient scope for this resource",
                "scope": str(shop),
            }
            return json_answer(told, 403)
        if shop in self.forbidden or shop not in self.scope:
            return problem(403, "Access Denied")
        return None

    def open_shops(self) -> list[Shop]:
        """List the shops that may be read."""
        return [self._shops[shop] for shop in self.scope if shop in self._shops and shop not in self.forbidden]

    def _is_client(self, call: Call) -> bool:
        kind, _, packed = call.headers.get("Authorization", "").partition(" ")
        try:
            told = base64.b64decode(packed, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        return kind == "Basic" and told == f"{self._options.tekmetric_id}:{self._options.tekmetric_secret}"

    def _lives(self) -> bool:
        if self._revoked:
            return False
        seconds = self._options.tekmetric_token_seconds
        return not seconds or (self._clock.now() - self._born).total_seconds() < seconds
