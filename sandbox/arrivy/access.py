"""Who may call, and how often (Arrivy contract, sections 1 and 7)."""

from __future__ import annotations

from sandbox.arrivy.paging import problem
from sandbox.limits import Window
from sandbox.options import Options
from sandbox.vendor import Answer, Call, json_answer


class Access:
    """Keeps the door: a key and a token on every call.

    Attributes:
        token: The token that is valid now.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        # The vendor documents no rate: by default there is none.
        self._minute = Window(options.arrivy_rate_per_minute, options.rate_window)
        self.reset()

    def reset(self) -> None:
        """Go back to the token of the start, and forget all calls."""
        self._minute.reset()
        self._refused = 0
        self.token = self._options.arrivy_token

    def guard(self, call: Call) -> Answer | None:
        """Refuse wrong headers with 401 and a burst with 429; Retry-After may be there or not."""
        key, token = call.headers.get("X-Auth-Key"), call.headers.get("X-Auth-Token")
        if key != self._options.arrivy_key or token != self.token:
            return problem(401, "UNAUTHORIZED", "The X-Auth-Key or X-Auth-Token header is missing or wrong.")
        seconds = self._minute.wait(key)
        if not seconds:
            return None
        self._refused += 1
        how = self._options.retry_after
        headers = {"Retry-After": str(seconds)} if how == "always" or (how == "mixed" and self._refused % 2) else {}
        refusal = json_answer({"message": "TOO_MANY_REQUESTS", "description": "Slow down."}, 429)
        return Answer(refusal.status, refusal.body, refusal.content_type, headers)
