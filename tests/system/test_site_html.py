"""A site of 24 targets in headless Chromium: filters, keys, paper, and what axe-core finds. Screenshots are left in
build/.../screenshots/ for people to look at.
"""
import pathlib

import pytest

import test_reports_html as report
import test_site as made
from test_reports_html import By, Select, browser  # noqa: F401

pytestmark = [pytest.mark.xdist_group("reports_html"), pytest.mark.long, pytest.mark.bulk]
AXE = pathlib.Path(__file__).parent / "node_modules/axe-core/axe.min.js"
TARGETS = 24
PAGES = ["index.html", "about.html", pytest.param("matrix/ws.html", marks=pytest.mark.nightly), "servers/broker-3/index.html", "servers/broker-3/1.1/index.html",
         pytest.param("statements/index.html", marks=pytest.mark.nightly), "statements/5.0/MQTT-4.3.3-10.html", "cases/index.html", "cases/qos1_table.html"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Sixteen brokers and eight clients, one broker in two versions."""
    out = tmp_path_factory.mktemp("site")
    runs = [made.write(out / f"run{n}", "--runs", 30, "--worse", n // 2, "--target",
                       f"{'Broker' if n < 16 else 'Client'} {n}", "1.0", role="server" if n < 16 else "client",
                       change=made.over_ws) for n in range(TARGETS)]
    runs.append(made.write(out / "newer", "--runs", 30, "--worse", 12, "--target", "Broker 3", "1.1"))
    made.mqttspec("site", *runs, "--out", out / "site")
    return out / "site"


@pytest.fixture
def open_page(browser, site):  # noqa: F811
    def visit(way, size=report.DESKTOP, scheme="light"):
        report.look(browser, size, scheme)
        browser.get("about:blank")
        browser.get((site / way.partition("#")[0]).as_uri() + way.partition("#")[1] + way.partition("#")[2])
        return browser
    browser.get_log("browser")
    yield visit
    assert browser.get_log("browser") == []


def choose(page, name, text):
    Select(page.find_element(By.ID, name)).select_by_visible_text(text)


def shown(page, what="tbody tr:not(.chapter) th code"):
    """The texts of what can be seen in the table."""
    return page.execute_script(f"""return [...document.querySelectorAll(".grid {what}")]
        .filter(e => e.checkVisibility()).map(e => e.textContent)""")


def test_the_matrix_filters(open_page):
    page = open_page("index.html")
    everything = report.found(page)
    choose(page, "version", "5.0")
    some = shown(page)
    assert some and all(name.startswith("5.0:") for name in some) and report.found(page) == f"{len(some)} statements"
    choose(page, "level", "SHOULD")
    assert shown(page, ".chip") and all("SHOULD" in level for level in shown(page, ".chip"))
    page.refresh()
    assert page.find_element(By.ID, "level").get_attribute("value") == "SHOULD"   # the address keeps them
    for name in ("version", "level"):
        choose(page, name, "all")
    assert report.found(page) == everything
    choose(page, "chapter", "MQTT 5.0, 3 Control Packets")
    headings = shown(page, ".chapter span")
    assert headings and all(h.endswith("MQTT 5.0, 3 Control Packets") for h in headings)
    choose(page, "chapter", "all")
    page.find_element(By.ID, "only").click()
    assert all(heading.startswith("They differ: ") for heading in shown(page, ".chapter span"))
    report.key(page, "/", "SUBACK")
    narrowed = shown(page)
    assert narrowed and len(narrowed) < int(everything.split()[0])


def test_one_role_is_shown_without_the_other(open_page):
    page = open_page("index.html")
    choose(page, "role", "clients")
    titles = shown(page, "thead th")
    assert titles[0] == "statement" and len(titles) == 9 and all(t.startswith("Client") for t in titles[1:])
    assert len(shown(page, "tbody td")) == 8 * len(shown(page))
    assert not page.execute_script("return [...document.querySelectorAll('.list tr.s')].some(e => e.checkVisibility())")


@pytest.mark.parametrize("size", [report.DESKTOP, report.PHONE], ids=["desktop", "phone"])
def test_the_first_column_stays(open_page, size):
    page = open_page("index.html", size)
    assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    inside, first, last = page.execute_script("""
        const box = document.querySelector("main .scroll"), row = box.querySelector("tbody tr:not(.chapter)");
        row.scrollIntoView({block: "center"});
        box.scrollLeft = 1e6;
        const of = e => [e.getBoundingClientRect().left, e.getBoundingClientRect().right];
        return [of(box), of(row.cells[0]), of(row.cells[24])]""")
    assert abs(first[0] - inside[0]) < 2 and first[1] < inside[0] + (inside[1] - inside[0]) * .6
    assert abs(last[1] - inside[1]) < 2 and last[0] > first[1]


def test_a_cell_opens_its_evidence_and_leads_back(open_page):
    page = open_page("index.html")
    cell = page.find_element(By.CSS_SELECTOR, ".grid td.v-fail a")
    name = cell.find_element(By.XPATH, "ancestor::tr").find_element(By.CSS_SELECTOR, "th code").text
    cell.click()
    report.wait(page, lambda: "ready" in page.execute_script("return document.documentElement.className"))
    row = page.find_element(By.CSS_SELECTOR, "#list > .statement[open]")
    assert row.find_element(By.CSS_SELECTOR, ".name").text == name
    assert row.find_element(By.CSS_SELECTOR, ".body > .case .badge").text.lower() == "fail"
    row.find_element(By.LINK_TEXT, "this statement, by target").click()
    assert page.find_element(By.TAG_NAME, "h1").text == name
    page.find_element(By.CSS_SELECTOR, ".list tbody td a").click()   # a case run that broke it
    report.wait(page, lambda: "ready" in page.execute_script("return document.documentElement.className"))
    opened = page.find_element(By.CSS_SELECTOR, "#list > .case[open]")
    opened.find_element(By.LINK_TEXT, "this case, by target").click()
    assert page.find_element(By.CSS_SELECTOR, ".grid td.v-fail")


def test_all_is_there_without_scripts(open_page):
    page = open_page("about.html")
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page = open_page("index.html")
        assert len(page.find_elements(By.CSS_SELECTOR, ".grid thead th")) == TARGETS + 1
        page.find_element(By.LINK_TEXT, "ws").click()
        assert page.find_element(By.TAG_NAME, "h1").text.endswith("over ws")
    finally:
        page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_paper_shows_the_whole_table(open_page):
    page = open_page("index.html")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        box = page.execute_script("const b = document.querySelector('main .scroll'); return [b.clientHeight, b.scrollHeight]")
        assert box[0] == box[1] and not page.find_element(By.ID, "tools").is_displayed()
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("way", PAGES)
def test_axe_finds_nothing(browser, open_page, way):  # noqa: F811
    if not AXE.exists():
        pytest.skip("axe-core is not there: script/bootstrap test installs it with npm")
    browser.set_script_timeout(120)
    report.SHOTS.mkdir(exist_ok=True)
    for scheme, size, name in (("light", report.DESKTOP, "desktop"), ("dark", report.PHONE, "phone")):
        page = open_page(way, size, scheme)
        assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth"), name
        page.save_screenshot(str(report.SHOTS / f"site-{way.removesuffix('.html').replace('/', '-')}-{name}-{scheme}.png"))
        page.execute_script(AXE.read_text(encoding="utf-8"))
        found = page.execute_async_script(
            "axe.run(document, {resultTypes: ['violations'], preload: false}).then(arguments[0])")["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
