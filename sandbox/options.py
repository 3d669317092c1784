"""Everything that can be chosen when the sandbox is built."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

PREMIUM = "premium"
BASIC = "basic"
DEFAULT_KEYS = (("sandbox-smartmoving-key", PREMIUM), ("sandbox-smartmoving-basic-key", BASIC))
SCALES = ("small", "original", "plan")


@dataclass(frozen=True, slots=True)
class Options:
    """The choices for one sandbox.

    Attributes:
        seed: Everything that is drawn is drawn from this.
        scale: `small` 12 to 24 customers a day, `original` and `plan` 186.
        customers_per_day: Instead of what the scale says. Counted for the company when
            `branch_filter` is `ignored`, for each branch when it is `honoured`.
        branch_filter: What BranchId does on the customers sweep.
        page_cap: The largest page that is given, whatever is asked.
        service_date_format: How the sweep writes a job's service date (contract, section 7).
        smartmoving_keys: Pairs of key and tier.
        provider_key: The Lead Provider API's key.
        rate_per_minute: Calls a minute and key; 0 for no limit.
        rate_per_second: Calls a second and key; 0 for no limit.
        rate_window: How many seconds the "minute" lasts, so that tests need not wait for one.
        retry_after: Whether a 429 carries the header: `never`, `always`, or `mixed` (every second one).
        monthly_quota: Calls a month and key; None for the tier's own, 0 for no limit.
        latency_ms: How long every answer waits.
        jitter_ms: How much longer it may wait, drawn from the seed.
        now: The fixed moment; None for the machine's clock.
        rename_branches: Give every branch another name in the same style.
        shuffle_optional: Leave out null keys now and then, and shuffle the order of keys.
        fault_rate: The share of calls that fail at random.
        fault_kinds: Which faults those are.
        tekmetric_id: The public Tekmetric API's client id.
        tekmetric_secret: Its client secret.
        tekmetric_shop_token: The Tekmetric shop API's x-auth-token.
        tekmetric_shops: How many shops are drawn; None for what the scale says: 3, 1 or 10.
        tekmetric_days: How many days of orders there are before today; None for 20, 60 or 100.
        tekmetric_orders_per_day: How many orders a shop writes a day; None for 3, 17 or 5.
        tekmetric_golden: Whether the golden shop is there too.
        tekmetric_rate_per_minute: Calls a minute and Tekmetric credential; 0 for no limit.
        tekmetric_token_seconds: How long a Tekmetric token lives by the sandbox's clock; 0 until it is revoked.
        fms_folder: The folder in the address of every FMS report: who knows it may read.
        fms_size: The FMS world as a multiple of the original's; None for what the scale says: 0.1, 1 or 1.
        fms_layout: The day whose columns the reports have; None for today's.
        fms_dirt: Whether the reports hold rows that cannot be loaded.
        geocoder_key: The Google geocoder's key.
        geocoder_rate_per_second: Calls a second of the Google geocoder; 0 for no limit.
        geocoder_per_day: Its calls a day, until midnight Pacific time; 0 for no limit.
        geocoder_latency_ms: How long the geocoder's answers wait, besides `latency_ms`.
        nominatim_rate_per_second: Calls a second of Nominatim; 0 for no limit.
        arrivy_key: The Arrivy API's X-Auth-Key.
        arrivy_token: Its X-Auth-Token.
        arrivy_rate_per_minute: Calls a minute of the Arrivy key; 0 for no limit.
        arrivy_crew: How many crew members there are; None for what the scale says: 5, 20 or 60.
        arrivy_days: How many days of tasks and readings there are before today; None for 12, 30 or 76.
        arrivy_tasks_per_day: How many tasks are planned for a day; None for 4, 40 or 228.
        arrivy_reading_seconds: How often a crew member says where it is; None for 600, 300 or 60.
        arrivy_page_cap: Arrivy's largest page, whatever is asked.
        arrivy_short_pages: Whether pages before the last hold less than was asked for now and then.
        arrivy_window_cap: How many tasks a list holds at most, the rest being left out; 0 for no such cap.
        port: 0 for any free one.
        access_log: Whether calls are logged to stderr.
    """

    seed: int = 7
    scale: str = "small"
    customers_per_day: int | None = None
    branch_filter: Literal["ignored", "honoured"] = "ignored"
    page_cap: int = 200
    service_date_format: Literal["iso", "compact"] = "iso"
    smartmoving_keys: tuple[tuple[str, str], ...] = DEFAULT_KEYS
    provider_key: str = "sandbox-provider-key"
    rate_per_minute: int = 120
    rate_per_second: int = 0
    rate_window: float = 60.0
    retry_after: Literal["never", "always", "mixed"] = "mixed"
    monthly_quota: int | None = None
    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    now: datetime | None = None
    rename_branches: bool = False
    shuffle_optional: bool = False
    fault_rate: float = 0.0
    fault_kinds: tuple[str, ...] = ()
    tekmetric_id: str = "sandbox-tekmetric-id"
    tekmetric_secret: str = "sandbox-tekmetric-secret"  # noqa: S105 - the sandbox's own
    tekmetric_shop_token: str = "sandbox-tekmetric-shop-token"  # noqa: S105 - likewise
    tekmetric_shops: int | None = None
    tekmetric_days: int | None = None
    tekmetric_orders_per_day: int | None = None
    tekmetric_golden: bool = True
    tekmetric_rate_per_minute: int = 600
    tekmetric_token_seconds: int = 0
    fms_folder: str = "sandbox-fms-folder"
    fms_size: float | None = None
    fms_layout: date | None = None
    fms_dirt: bool = True
    geocoder_key: str = "sandbox-geocoder-key"
    geocoder_rate_per_second: int = 50
    geocoder_per_day: int = 0
    geocoder_latency_ms: float = 0.0
    nominatim_rate_per_second: int = 1
    arrivy_key: str = "sandbox-arrivy-key"
    arrivy_token: str = "sandbox-arrivy-token"  # noqa: S105 - the sandbox's own
    arrivy_rate_per_minute: int = 0
    arrivy_crew: int | None = None
    arrivy_days: int | None = None
    arrivy_tasks_per_day: int | None = None
    arrivy_reading_seconds: int | None = None
    arrivy_page_cap: int = 500
    arrivy_short_pages: bool = True
    arrivy_window_cap: int = 0
    port: int = 0
    access_log: bool = False
