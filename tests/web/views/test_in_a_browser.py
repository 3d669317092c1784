"""The pages in Chromium: each one opened, looked at by axe, used, and pictured."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from branchline.warehouse import connect_async
from branchline.web import PAGES
from branchline_plugin import BranchlinePlugin
from playwright.sync_api import Page

from tests.web.conftest import STRANGER
from tests.web.views.conftest import CLIENT, HOSTILE, Site

#: Pages that say something of their own to whoever has no role, or none that reads.
FOR_EVERYBODY = {"access"}
#: Pages that show no syncs: what they show is tested where they are.
NO_HISTORY = {"access", "business"}
#: What is looked at instead of the whole where a page is long.
NARROWED = {"branches": {"search": "Meadow 1"}, "timeline": {"status": "failed"}}


def address_of(view: dict[str, str], history: dict[str, str]) -> str:
    """The address that Airflow opens for a run."""
    address = view["href"]
    for name, value in history.items():
        address = address.replace(f"{{{name.upper()}}}", urlencode({"": value})[1:])
    return address


def name_of(view: dict[str, str]) -> str:
    return view["url_route"].removeprefix("branchline-")


def test_every_page_of_the_plugin_opens(
    site: Site,
    history: dict[str, str],
    picture: Callable[[Page, str], None],
    record_property: Callable[[str, object], None],
) -> None:
    opened = 0
    site.complaints.clear()
    for view in BranchlinePlugin.external_views:
        for scheme in ("light", "dark"):
            with site.visit("super", color_scheme=scheme) as page:
                answer = page.goto(site.base + address_of(view, history))
                assert answer is not None
                assert answer.status == 200, view
                assert page.locator("main h1").count() == 1
                shown = page.locator("main table").count() + page.locator("main .empty").count()
                assert shown >= 1 if name_of(view) in NO_HISTORY else page.locator("main table").count() >= 1, view
                assert page.locator("footer time").count() == 1
                picture(page, name_of(view) + ("-dark" if scheme == "dark" else ""))
        opened += 1
    assert site.complaints == []
    record_property("walked pages", opened)
    assert opened == len(PAGES) >= 8


@pytest.mark.parametrize("view", BranchlinePlugin.external_views, ids=name_of)
def test_axe_finds_nothing_that_keeps_somebody_out(site: Site, history: dict[str, str], view: dict[str, str]) -> None:
    query = NARROWED.get(name_of(view), {})
    # in the dark only colours differ
    for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        with site.visit("super", color_scheme=scheme) as page:
            page.goto(site.base + address_of(view, history) + (f"?{urlencode(query)}" if query else ""))
            found = Axe().run(page, options={"resultTypes": ["violations"], **rules})
            assert [
                (fault["id"], fault["help"], [node["html"][:200] for node in fault["nodes"][:3]])
                for fault in found.response["violations"]
                if fault["impact"] in {"serious", "critical"}
            ] == [], scheme


def test_a_filter_is_in_the_address_and_holds(site: Site) -> None:
    with site.visit("super") as page:
        page.goto(site.url("timeline"))
        page.get_by_label("Ended").select_option("failed")
        page.get_by_label("Source").select_option("tekmetric")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url("**status=failed**")
        asked = parse_qs(urlsplit(page.url).query)
        assert (asked["status"], asked["source"]) == (["failed"], ["tekmetric"])
        rows = page.get_by_role("region", name="Events").locator("tbody tr")
        assert rows.count() > 3
        for text in rows.all_inner_texts():
            assert "failed" in text
            assert "tekmetric" in text
        # older ones keep the filter, and repeat none
        assert page.get_by_label("Ended").input_value() == "failed"


def test_older_events_go_on_where_the_page_ended(site: Site) -> None:
    with site.visit("super") as page:
        page.goto(site.url("timeline?source=tekmetric"))
        first = page.get_by_role("region", name="Events").locator("tbody tr").all_inner_texts()
        page.get_by_role("link", name="Older events").click()
        page.wait_for_url("**before=**")
        second = page.get_by_role("region", name="Events").locator("tbody tr").all_inner_texts()
        assert "source=tekmetric" in page.url
        assert len(first) == len(second) == 100
        assert not set(first) & set(second)


def test_a_replay_is_clicked_and_airflow_queues_it_as_the_caller(
    site: Site, picture: Callable[[Page, str], None]
) -> None:
    with site.visit("super") as page:
        page.goto(site.url("quarantine?source=tekmetric"))
        page.get_by_role("button", name="Replay repair_orders").first.click()
        page.wait_for_url("**started=**")
        assert "A replay was started" in page.get_by_role("status").inner_text()
        picture(page, "replayed")
        run_id = parse_qs(urlsplit(page.url).query)["started"][0]
    path = f"/api/v2/dags/tekmetric/dagRuns/{urlencode({'': run_id})[1:]}"
    headers = {"Authorization": f"Bearer {site.house.front.token('super')}"}
    run = site.house.front.client.get(path, headers=headers).json()
    assert run["conf"] == {"replay": True, "streams": ["repair_orders"]}
    assert run["triggering_user_name"] == "super"
    assert site.house.front.client.delete(path, headers=headers).status_code == 204


def test_who_may_not_trigger_in_airflow_replays_nothing(site: Site) -> None:
    """An admin of the warehouse's client who is a viewer in Airflow: Airflow decides."""
    with site.visit("super") as page:
        page.goto(site.url("quarantine?source=tekmetric"))
        page.context.clear_cookies()
        page.context.add_cookies([{"name": "_token", "value": site.house.front.token("auditor"), "url": site.base}])
        page.get_by_role("button", name="Replay repair_orders").first.click()
        page.wait_for_load_state()
        # of another client: he does not so much as learn which DAG it would be
        assert "No DAG that you may see" in page.get_by_role("alert").inner_text()


def test_a_group_is_ignored_for_a_reason_and_shown_again(site: Site) -> None:
    with site.visit("super") as page:
        page.goto(site.url("quarantine?source=arrivy&reason=missing"))
        page.get_by_text("Ignore missing customer_id").click()
        page.get_by_label("Why").fill("old records, agreed with the vendor")
        page.get_by_role("button", name="Ignore it").click()
        page.wait_for_url("**decided=ignored**")
        page.goto(site.url("quarantine?source=arrivy&reason=missing"))
        (row,) = page.get_by_role("region", name="Ignored groups").locator("tbody tr").all_inner_texts()
        assert "super" in row
        assert "agreed with the vendor" in row
        assert page.get_by_role("region", name="Open groups").count() == 0
        page.get_by_role("region", name="Ignored groups").get_by_label("Why").fill("they came back")
        page.get_by_role("button", name="Show again").click()
        page.wait_for_url("**decided=reopened**")
        page.goto(site.url("quarantine?source=arrivy&reason=missing"))
        assert page.get_by_role("region", name="Open groups").locator("tbody tr").count() == 1
    kept = site.house.warehouse.rows("SELECT decision, decided_by FROM ops.quarantine_decisions ORDER BY decision_id")
    assert [tuple(row) for row in kept] == [("ignored", "super"), ("reopened", "super")]


def test_T82_a_script_in_a_branch_name_is_text(site: Site) -> None:
    site.complaints.clear()
    with site.visit("super") as page:
        page.goto(site.url("branches?source=smartmoving&search=Sons"))
        assert page.get_by_role("rowheader").inner_text() == HOSTILE
        assert page.locator("script").count() == 0
    assert site.complaints == []


def test_T82_no_other_site_frames_a_page(site: Site) -> None:
    with site.visit("super") as page:
        answer = page.goto(site.url("health"))
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'self'" in policy
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        # of the same site, so that the cookie goes along, and of another origin
        other = "http://127.0.0.1:9/"
        page.route(other, lambda route: route.fulfill(body=f'<iframe src="{site.url("health")}"></iframe>',
                                                      content_type="text/html"))  # fmt: skip
        page.goto(other)
        assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"]


def test_pages_work_without_javascript(site: Site) -> None:
    with site.visit("super", java_script_enabled=False) as page:
        page.goto(site.url("health"))
        page.locator("select[name=severity]").select_option("error")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url("**severity=error**")
        assert page.locator("main table").count() >= 1
        page.goto(site.url("budget"))
        assert page.locator("svg.pygal-chart").count() == 1
        page.get_by_text("The same as a table").click()
        assert page.get_by_role("table", name="Calls a UTC day").is_visible()


def test_dark_is_dark_and_light_is_light(site: Site) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        with site.visit("super", color_scheme=scheme) as page:
            page.goto(site.url("budget"))
            grounds[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert grounds == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}


def test_the_keyboard_reaches_the_content_first(site: Site) -> None:
    with site.visit("super") as page:
        page.goto(site.url("health"))
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.url.endswith("#main")


def test_the_clock_reads_itself_anew_when_asked(site: Site) -> None:
    with site.visit("super") as page:
        page.goto(site.url("freshness?source=smartmoving"))
        assert page.locator("meta[http-equiv=refresh]").count() == 0
        page.get_by_role("link", name="Read it again every 30 seconds").click()
        page.wait_for_url("**refresh=30**")
        assert "source=smartmoving" in page.url
        assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "30"


def test_a_list_is_handed_out_as_csv(site: Site) -> None:
    with site.visit("super") as page:
        page.goto(site.url("timeline?source=fms"))
        address = page.get_by_role("link", name="As CSV").get_attribute("href")
        answer = page.context.request.get(site.base + str(address))
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/csv")


@pytest.mark.parametrize("user", ["driver", "dispatcher"])
def test_crews_are_told_that_it_is_not_for_them(site: Site, user: str) -> None:
    with site.visit(user) as page:
        for view in PAGES:
            if view.name in FOR_EVERYBODY:
                continue
            answer = page.goto(site.base + f"/branchline{view.path}")
            assert answer is not None
            assert answer.status == 403, view.path
            assert page.get_by_role("heading", name="Not for your role").is_visible()


def test_who_has_no_role_is_told_that_nothing_is_there(site: Site) -> None:
    with site.visit(STRANGER) as page:
        for view in PAGES:
            answer = page.goto(site.base + f"/branchline{view.path}")
            assert answer is not None
            assert answer.status == 200, view.path
            assert page.locator("p.empty").count() >= 1, view.path
            assert "Meadow" not in page.content()
            assert CLIENT not in page.locator("main").inner_text()


def test_who_is_not_signed_in_is_led_to_airflows_login(site: Site) -> None:
    with site.visit(None) as page:
        answer = page.context.request.get(
            site.url("timeline?status=failed"), headers={"Accept": "text/html"}, max_redirects=0
        )
        assert answer.status == 303
        place = urlsplit(answer.headers["location"])
        assert place.path == "/api/v2/auth/login"
        (back,) = parse_qs(place.query)["next"]
        assert urlsplit(back).path == "/branchline/pages/timeline"
        assert urlsplit(back).query == "status=failed"


def test_a_warehouse_that_does_not_answer_is_told_by_a_page(site: Site) -> None:
    state = site.house.front.app.state
    kept = state.pool
    state.pool = type(kept)(lambda: connect_async("host=127.0.0.1 port=9 dbname=away connect_timeout=2"), 1)
    try:
        with site.visit("super") as page:
            for path in ("health", "branches", "timeline", "quarantine", "budget", "freshness", "run"):
                answer = page.goto(site.url(path))
                assert answer is not None
                assert answer.status == 503, path
                assert page.get_by_role("heading", name="The warehouse does not answer").is_visible()
                assert "Ask again in a moment" in page.get_by_role("alert").inner_text()
                # the way on, and the style, need no warehouse
                assert page.get_by_role("navigation").get_by_role("link").count() >= 6
    finally:
        state.pool = kept


def test_the_runbook_is_read_where_a_remedy_points(site: Site) -> None:
    with site.visit("super") as page:
        page.goto(site.url("health"))
        page.get_by_role("link", name="Runbook: data is late").first.click()
        page.wait_for_url("**#data-is-late")
        assert page.get_by_role("heading", name="Data is late").is_visible()
