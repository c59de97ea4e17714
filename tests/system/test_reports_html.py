"""HTML reports in headless Chromium: clicks, filters, keys, the address, and nothing in the console.

Screenshots are left in build/.../screenshots/ for people to look at.
"""
import json
import os
import pathlib
import subprocess

import pytest

import sample_runs

webdriver = pytest.importorskip("selenium.webdriver")
from selenium.webdriver.chrome.service import Service   # noqa: E402
from selenium.webdriver.common.by import By             # noqa: E402
from selenium.webdriver.common.keys import Keys         # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

pytestmark = [pytest.mark.xdist_group("reports_html"), pytest.mark.long, pytest.mark.bulk]
ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MQTTSPEC_BUILD", ROOT / "build/dev"))
PROGRAM = BUILD / "cli/mqttspec"
SHOTS = BUILD / "screenshots"
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
             "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PHONE, DESKTOP = (390, 844), (1280, 1000)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    for argument in [*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.set_page_load_timeout(60)
    yield driver
    driver.quit()


def one_cause(*arguments):
    """The same records, all fails of which have one cause; every fourth of them is known. And a cause unseen."""
    for line in sample_runs.lines(*arguments):
        record = json.loads(line)
        if record.get("verdict") == "fail":
            record["failure"] |= {"statement": "5.0:MQTT-3.3.1-1", "difference": "dup",
                                  "actual": f"PUBLISH \"{record['id']}\" q1 id 7 \"x\""}
            record["statements"] = [{"name": "5.0:MQTT-3.3.1-1", "verdict": "fail"}]
            record["level"] = "MUST"
        if record["type"] == "end":
            record["unseen"] = [{"cause": "5.0:MQTT-4.3.3-10 qos", "reason": "known since 2.0.9"}]
            record |= {"captured_us": 9000000, "topics": [{"name": "plant/<hall>", "to_server": 9, "from_server": 1}],
                       "times": [{"name": "through", "least_us": 3, "most_us": 40, "steps": [0, 1, 0, 2, 0, 1]}],
                       "silences": [{"connection": 3, "longest_us": 15000000, "keep_alive_s": 10}]}
        yield json.dumps(record) + "\n"


def render(command, folder, name, *runs, lines=sample_runs.lines):
    paths = []
    for i, arguments in enumerate(runs):
        path = folder / f"{name}{i}.jsonl"
        path.write_text("".join(lines(*arguments)), encoding="utf-8")
        paths.append(path)
    page = folder / f"{name}.html"
    subprocess.run([PROGRAM, command, *paths, "--html", page], check=True, timeout=120)
    return page.as_uri()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    return {"run": render("report", folder, "run", ["--runs", 360]),
            "green": render("report", folder, "green", ["--runs", 6]),
            "causes": render("report", folder, "causes", ["--runs", 360, "--worse", 10], lines=one_cause),
            "big": render("report", folder, "big", ["--runs", 5000])}


def look(browser, size=DESKTOP, scheme="light"):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": scheme}]})


def visit(browser, address):
    """Opens a page and waits until its script has unpacked what it holds."""
    browser.get("about:blank")
    browser.get(address)
    wait(browser, lambda: "ready" in browser.execute_script("return document.documentElement.className"))


def refresh(browser):
    browser.refresh()
    wait(browser, lambda: "ready" in browser.execute_script("return document.documentElement.className"))


def print_out(browser):
    """What a browser does before it prints, once all that was broken is unpacked."""
    wait(browser, lambda: "complete" in browser.execute_script("return document.documentElement.className"))
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")


@pytest.fixture
def page(browser, pages):
    """The report of a run, with all rows closed, at desktop size; afterwards the console must be empty."""
    look(browser)
    visit(browser, pages["run"] + "#view=failures")
    browser.get_log("browser")
    yield browser
    assert browser.get_log("browser") == []


def rows(browser):
    return browser.find_elements(By.CSS_SELECTOR, "#list > details")


def found(browser):
    return browser.find_element(By.ID, "found").text


def wait(browser, condition):
    return WebDriverWait(browser, 10).until(lambda _: condition())


def key(browser, *keys):
    webdriver.ActionChains(browser).send_keys(*keys).perform()


def view(browser, name):
    browser.find_element(By.CSS_SELECTOR, f"nav a[data-view={name}]").click()


def switch(browser, verdict):
    browser.find_element(By.CSS_SELECTOR, f"[data-verdict={verdict}]").click()


# ---- views and filters ----

def test_must_failures_come_first(page):
    assert "failures and surprises" in found(page)
    headings = [h.text for h in page.find_elements(By.CSS_SELECTOR, "#list h3")]
    assert headings[0].startswith("Broken MUSTs and crashes")
    assert headings[-1].startswith("Better than foreseen")
    labels = [b.text for b in page.find_elements(By.CSS_SELECTOR, "#list summary .badge")]
    assert labels[0] in ("CRASH", "FAIL") and "PASS" in labels   # an unexpected pass is among them


def test_filters_narrow_and_the_address_keeps_them(page):
    view(page, "cases")
    assert found(page) == "360 case runs"
    switch(page, "fail")
    count = len(rows(page))
    assert found(page) == f"{count} of 360 case runs" and count
    assert {b.text.lower() for b in page.find_elements(By.CSS_SELECTOR, "#list summary .badge")} == {"fail"}
    Select(page.find_element(By.ID, "version")).select_by_value("5.0")
    Select(page.find_element(By.ID, "which")).select_by_value("unexpected")
    narrowed = found(page)
    assert narrowed != f"{count} of 360 case runs"
    refresh(page)
    assert found(page) == narrowed
    assert page.find_element(By.CSS_SELECTOR, "[data-verdict=fail]").get_attribute("aria-pressed") == "true"
    page.back()
    wait(page, lambda: found(page) == f"{count} of 360 case runs" or "verdict=fail" in page.current_url)
    page.find_element(By.ID, "clear").click()
    assert found(page) == "360 case runs"


def test_search_by_statement(page):
    view(page, "statements")
    everything = found(page)
    assert everything.endswith(" of them judged") and int(everything.split()[0]) > 500
    box = page.find_element(By.ID, "q")
    box.send_keys("5.0:MQTT-4.3.3-10")
    wait(page, lambda: found(page).startswith("1 of "))
    assert "PUBREC" in rows(page)[0].text
    assert "q=5.0%3AMQTT-4.3.3-10" in page.current_url
    refresh(page)
    assert found(page).startswith("1 of ")
    box = page.find_element(By.ID, "q")
    box.send_keys(Keys.ESCAPE)
    wait(page, lambda: found(page) == everything)


def test_what_nobody_judged_is_listed_with_its_reason(page):
    view(page, "statements")
    switch(page, "untested")
    print_out(page)   # the whole list
    headings = [h.text for h in page.find_elements(By.CSS_SELECTOR, "#list h3")]
    assert headings[0].startswith("Not judged: no case run looked at it")
    assert any(h.startswith("Not judged: cannot be seen from outside") for h in headings)


def test_what_does_not_bind_the_role_is_left_out(page):
    """5.0:MQTT-3.1.0-1 binds a client, and is seen in a client only; so nobody misses it in the report of a server."""
    view(page, "statements")
    names = page.execute_script("""dispatchEvent(new Event("beforeprint"));
        return [...document.querySelectorAll("#list > .statement .name")].map(e => e.textContent)""")
    assert found(page).startswith(f"{len(names)} statements, ") and len(names) == len(set(names)) > 300
    rows = [line.split("\t") for line in (ROOT / "spec/statements-5.0.tsv").read_text().splitlines()[1:]]
    judged = {line["name"] for each in sample_runs.lines("--runs", 360) for line in json.loads(each).get("statements", [])}
    others = {"5.0:" + row[0] for row in rows if row[3] == "client" and "server-wire" not in row[6]} - judged
    ours = {"5.0:" + row[0] for row in rows if row[3] == "server"}
    assert len(others) > 5 and not others & set(names) and ours <= set(names)


def test_the_first_screen_has_counts_and_a_legend(page):
    for size in (DESKTOP, PHONE):
        look(page, size)
        page.execute_script("scrollTo(0, 0)")
        legend = page.find_element(By.CSS_SELECTOR, "header .legend")
        assert "pass as the standard demands" in legend.text and "fail broke a rule" in legend.text
        assert legend.rect["y"] + legend.rect["height"] < size[1] / 2
    counts = [int(b.text) for b in legend.find_elements(By.TAG_NAME, "b")]
    assert sum(counts) == 360
    legend.find_element(By.PARTIAL_LINK_TEXT, "fail").click()
    wait(page, lambda: found(page).endswith(" of 360 case runs"))
    assert int(found(page).split()[0]) == counts[1]


def test_the_first_failure_is_open_with_its_packet(browser, pages):
    look(browser)
    visit(browser, pages["run"])
    first = browser.find_element(By.CSS_SELECTOR, "#list > details")
    assert first.get_attribute("open") and first.find_elements(By.CSS_SELECTOR, ".ladder .in .packet .fields")
    assert len(browser.find_elements(By.CSS_SELECTOR, ".case[open]")) == 1
    assert "open=" not in browser.current_url      # the reader has asked for nothing
    first.find_element(By.TAG_NAME, "summary").click()
    assert not first.get_attribute("open")
    assert browser.get_log("browser") == []


def test_what_is_broken_comes_first(page):
    view(page, "cases")
    headings = [h.text for h in page.find_elements(By.CSS_SELECTOR, "#list h3")]
    assert headings[0].startswith("Broken")
    badges = [b.text for b in page.find_elements(By.CSS_SELECTOR, "#list h3:first-of-type ~ details > summary .badge")]
    broken = [b not in ("pass", "info", "nonstrict", "inapplicable") for b in badges]
    assert broken == sorted(broken, reverse=True) and broken[0]


def test_statements_lead_to_the_text_of_the_standard(page):
    page.find_element(By.CSS_SELECTOR, "#list > .case summary").click()
    links = page.find_elements(By.CSS_SELECTOR, "#list .section")
    assert len(links) > 5
    for link in links:
        version, section = link.text.removeprefix("MQTT ").split(", ")
        row = next(line.split("\t") for line in (ROOT / "spec/sections.tsv").read_text().splitlines()
                   if line.startswith(f"{version}\t{section}\t"))
        document = f"https://docs.oasis-open.org/mqtt/mqtt/v{version}/os/mqtt-v{version}-os.html"
        assert link.get_attribute("href") == f"{document}#{row[2]}"


@pytest.mark.parametrize("counts, worst", [
    (["pass", "inapplicable"], "pass"), (["pass", "inconclusive"], "pass"), (["pass", "nonstrict"], "nonstrict"),
    (["inapplicable", "inconclusive"], "inconclusive"), (["error", "fail"], "fail"), (["info", "inapplicable"], "info"),
])
def test_a_statement_has_its_own_worst_verdict(page, tmp_path, counts, worst):
    """What could not be looked at in one case run hides nothing that another one saw."""
    lines = [json.loads(line) for line in sample_runs.lines("--runs", 2)]
    for case, verdict in zip((line for line in lines if line["type"] == "case"), counts):
        case["statements"] = [{"name": "5.0:MQTT-4.3.3-10", "verdict": verdict}]
    (tmp_path / "run.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    subprocess.run([PROGRAM, "report", tmp_path / "run.jsonl", "--html", tmp_path / "a.html"], check=True, timeout=60)
    visit(page, (tmp_path / "a.html").as_uri() + "#view=statements&q=5.0:MQTT-4.3.3-10")
    assert page.find_element(By.CSS_SELECTOR, "#list .statement .badge").text == worst


def test_the_keyboard_does_it_all(page):
    key(page, "3")
    assert page.find_element(By.CSS_SELECTOR, "nav [aria-current]").text == "By case"
    key(page, "/")
    assert page.switch_to.active_element.get_attribute("id") == "q"
    key(page, "will", Keys.ENTER)
    wait(page, lambda: "of 360" in found(page))
    key(page, "j")
    first = page.switch_to.active_element
    assert first.tag_name == "summary" and "will" in first.text
    key(page, Keys.ENTER)
    assert first.find_element(By.XPATH, "..").get_attribute("open") == "true"
    assert "open=will" in page.current_url
    refresh(page)
    assert len(page.find_elements(By.CSS_SELECTOR, "#list > details[open] .ladder")) == 1
    key(page, "2")
    assert "view=statements" in page.current_url


# ---- by cause ----

@pytest.fixture
def causes(browser, pages):
    """A report whose fails have one cause."""
    look(browser)
    visit(browser, pages["causes"] + "#view=failures")
    browser.get_log("browser")
    yield browser
    assert browser.get_log("browser") == []


def largest(browser):
    return browser.find_element(By.CSS_SELECTOR, "#list > h4 + details")


def count_of(row):
    """What its chip says, of which the words begin with the number."""
    return int(row.find_element(By.CSS_SELECTOR, "summary .chip").text.split()[0])


def test_failures_of_one_cause_are_one_line(causes):
    row = largest(causes)
    text = row.text
    assert "5.0:MQTT-3.3.1-1 dup" in text and "the DUP flag: " in text and "PUBLISH \"...\" qN id N" in text
    assert row.find_element(By.CSS_SELECTOR, "summary .badge").text == "FAIL"
    count = count_of(row)
    assert count > 30 and not row.find_elements(By.CSS_SELECTOR, ".case")
    row.find_element(By.TAG_NAME, "summary").click()
    wait(causes, lambda: row.find_elements(By.CSS_SELECTOR, ".case"))
    assert len(row.find_elements(By.CSS_SELECTOR, ".body > .case")) == count
    assert "A redelivered PUBLISH has DUP 1." in causes.find_element(By.CSS_SELECTOR, "#list > h4").text
    titles = row.find_elements(By.CSS_SELECTOR, ".case > summary .title")
    assert len(titles) == count and all(t.text.startswith("What a good server does") for t in titles)
    badges = [b.text for b in row.find_elements(By.CSS_SELECTOR, ".case > summary .badge")]
    assert set(badges) == {"FAIL", "fail"} and badges == sorted(badges)   # the unexpected first
    assert f"{badges.count('fail')} known" in text
    assert len([h for h in causes.find_elements(By.CSS_SELECTOR, "#list > .cause > summary .name")
                if "MQTT-3.3.1-1" in h.text]) == 1


def test_the_statement_of_most_failures_comes_first(causes):
    for heading in causes.find_elements(By.CSS_SELECTOR, "#list > h3"):
        counts = causes.execute_script("""
            const counts = [];
            for (let e = arguments[0].nextElementSibling; e && !e.matches("h3"); e = e.nextElementSibling)
                if (e.matches("h4"))
                    counts.push([!e.nextElementSibling.matches(".unexpected"), -parseInt(e.querySelector(".count").textContent)]);
            return counts;""", heading)
        assert counts and counts == sorted(counts)
    shown = sum(count_of(r) if "cause" in r.get_attribute("class").split() else 1 for r in rows(causes))
    assert found(causes).startswith(f"{shown} failures and surprises: ")
    rules = len(causes.find_elements(By.CSS_SELECTOR, "#list > h4 > a.name"))
    assert found(causes).endswith(f": {rules} statement{'s' * (rules != 1)}, {len(rows(causes))} causes")


def test_the_keyboard_goes_into_a_cause(causes):
    key(causes, "j", Keys.ENTER)
    row = largest(causes)
    wait(causes, lambda: row.find_elements(By.CSS_SELECTOR, ".case"))
    key(causes, "j")
    inner = causes.switch_to.active_element
    assert inner.tag_name == "summary" and inner.find_element(By.XPATH, "..").get_attribute("class").startswith("case")
    label = inner.find_element(By.CSS_SELECTOR, ".name").text
    key(causes, Keys.ENTER)
    wait(causes, lambda: "open=" + label.split("/")[0] in causes.current_url)
    key(causes, "k", Keys.ENTER)    # the cause is closed again; a link to the case run opens it
    wait(causes, lambda: "open=cause" not in causes.current_url)
    refresh(causes)
    opened = causes.find_elements(By.CSS_SELECTOR, "#list > .cause[open] .case[open] .ladder")
    assert len(opened) == 1


def test_a_cause_can_be_searched_for(causes):
    causes.find_element(By.ID, "q").send_keys("MQTT-3.3.1-1 dup")
    wait(causes, lambda: " of " in found(causes))
    assert len(rows(causes)) == 1 and count_of(rows(causes)[0]) > 30


def test_a_cause_unseen_is_named(causes):
    assert "1 cause foreseen but not seen" in causes.find_element(By.CSS_SELECTOR, ".state.red").text
    assert "5.0:MQTT-4.3.3-10 qos (known since 2.0.9); remove" in causes.find_element(By.CSS_SELECTOR, "p.gap + p.gap").text


def test_paper_has_what_a_cause_holds(causes):
    """Every line, the evidence of one case run of each cause, and of each other failure; later all is as before."""
    before = causes.current_url
    print_out(causes)
    assert len(largest(causes).find_elements(By.CSS_SELECTOR, ".case")) == count_of(largest(causes))
    for row in rows(causes):
        assert len(row.find_elements(By.CSS_SELECTOR, ".ladder")) == 1
    assert causes.find_element(By.CSS_SELECTOR, "header .facts").is_displayed()
    paper = causes.execute_cdp_cmd("Page.printToPDF", {})["data"]
    assert len(paper) > 100000
    causes.execute_script("dispatchEvent(new Event('afterprint'))")
    assert not causes.find_elements(By.CSS_SELECTOR, "details[open]") and causes.current_url == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_causes_are_readable_in_both_schemes_and_on_a_phone(causes, scheme, size):
    look(causes, size, scheme)
    SHOTS.mkdir(exist_ok=True)
    name = f"{'phone' if size == PHONE else 'desktop'}-{scheme}"
    causes.execute_script("arguments[0].scrollIntoView()", largest(causes))
    causes.save_screenshot(str(SHOTS / f"causes-{name}.png"))
    largest(causes).find_element(By.TAG_NAME, "summary").click()
    wait(causes, lambda: causes.find_elements(By.CSS_SELECTOR, ".cause .case"))
    causes.save_screenshot(str(SHOTS / f"cause-open-{name}.png"))
    assert causes.execute_script(CONTRAST) == []
    assert causes.execute_script("return document.documentElement.scrollWidth <= innerWidth")


# ---- a case run ----

def open_case(browser, verdict):
    view(browser, "cases")
    switch(browser, verdict)
    row = rows(browser)[0]
    row.find_element(By.TAG_NAME, "summary").click()
    wait(browser, lambda: row.find_elements(By.CSS_SELECTOR, ".body"))
    return row


def test_a_failure_has_everything(page):
    row = open_case(page, "fail")
    text = row.text
    for word in ("expected", "actual", "PUBACK 7", "statements", "cases/server/", "mqttspec run mosquitto", "What happened"):
        assert word in text
    capture, wire = [link.get_attribute("href") for link in row.find_elements(By.CSS_SELECTOR, ".ways a")]
    assert capture.endswith(".pcapng") and "/pcap/" in capture and wire == capture.replace(".pcapng", ".wire.pcapng")
    parties = [p.text for p in row.find_elements(By.CSS_SELECTOR, ".party")]
    assert parties == ["subscriber", "publisher", "target"]
    row.find_element(By.CSS_SELECTOR, ".bugreport summary").click()
    bug = row.find_element(By.CSS_SELECTOR, ".bug").text
    assert bug.startswith("# What a good server does") and "Expected: PUBACK 7" in bug and "Found with mqttspec" in bug
    row.find_element(By.CSS_SELECTOR, ".bugreport .copy").click()
    wait(page, lambda: row.find_element(By.CSS_SELECTOR, ".bugreport .copy").text.startswith(("Copied", "Selected")))


def fields_of(row, words):
    button = next(b for b in row.find_elements(By.CSS_SELECTOR, "button.label") if words in b.text)
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    packet = button.find_element(By.XPATH, "..").find_element(By.CSS_SELECTOR, ".packet")
    return packet, [[cell.text for cell in r.find_elements(By.CSS_SELECTOR, "th, td")]
                    for r in packet.find_elements(By.CSS_SELECTOR, "tbody tr")]


def test_a_packet_opens_into_its_fields(page):
    Select(page.find_element(By.ID, "version")).select_by_value("5.0")
    row = open_case(page, "fail")
    packet, fields = fields_of(row, "CONNECT")
    assert fields[:7] == [["Packet type", "0", "CONNECT, flags 0000"], ["Remaining Length", "1", fields[1][2]],
                          ["Protocol Name", "2–7", '"MQTT"'], ["Protocol Level", "8", "5, MQTT 5.0"],
                          ["Connect Flags", "9", "Clean"], ["Keep Alive", "10–11", "60 s"], ["Properties", "12", "5 bytes"]]
    assert fields[7] == ["Session Expiry Interval", "13–17", "30"]
    webdriver.ActionChains(page).move_to_element(packet.find_element(By.CSS_SELECTOR, 'tr[data-field="2"]')).perform()
    lit = packet.find_elements(By.CSS_SELECTOR, ".hex .lit")
    assert " ".join(b.text.strip() for b in lit) == "00 04 4D 51 54 54"
    _, fields = fields_of(row, "PUBLISH")
    assert fields[0][2] == "PUBLISH, QoS 1" and fields[-1] == ["Payload", fields[-1][1], '"a payload of some length"']
    assert ["Payload Format Indicator", "14–15", "1"] in fields or any(f[0] == "Payload Format Indicator" for f in fields)


# (hex, version) and what must be among the fields; `odd` marks what breaks a rule.
PACKETS = [
    ("C0 00", "5.0", [("Packet type", "PINGREQ, flags 0000", False)]),
    ("C1 00", "5.0", [("Packet type", "PINGREQ, flags 0001", True)]),
    ("62 02 00 00", "3.1.1", [("Packet Identifier", "0", True)]),
    ("C0 80 00", "5.0", [("Remaining Length", "0, in more bytes than it needs", True)]),
    ("C0 FF FF FF FF 01", "5.0", [("Remaining Length", "a fifth byte: malformed", True)]),
    ("E0 02 8E 00", "5.0", [("Reason Code", "0x8E Session taken over", False)]),
    ("E0 01 42", "5.0", [("Reason Code", "0x42 unknown", True)]),
    ("20 03 00 86 00", "5.0", [("Reason Code", "0x86 Bad User Name or Password", False)]),
    ("20 02 01 05", "3.1.1", [("Acknowledge Flags", "Session Present", False), ("Return Code", "5 not authorized", False)]),
    ("82 07 00 01 00 00 01 61 2E", "5.0", [("Topic Filter", '"a"', False),
                                           ("Options", "QoS 2, No Local, Retain As Published, Retain Handling 2", False)]),
    ("82 06 00 01 00 01 61 03", "3.1.1", [("Options", "QoS 3", True)]),
    ("30 04 00 02 61", "5.0", [("Remaining Length", "4, but 1 byte is missing", True),
                               ("Topic Name", "cut off: 1 of 2 bytes", True)]),
    ("30 04 00 01 FF 00", "5.0", [("Topic Name", "not UTF-8: FF", True)]),
    ("30 05 00 01 61 01 7F", "5.0", [("Property", "127, unknown", True)]),
    ("30 08 00 01 61 00 3C 62 3E 00", "5.0", [("Payload", "3C 62 3E 00", False)]),
    ("10 14 00 04 4D 51 54 54 04 0E 00 3C 00 01 63 00 01 77 00 02 68 69", "3.1.1",
     [("Connect Flags", "Will QoS 1, Will, Clean", False), ("Will Topic", '"w"', False), ("Will Payload", '"hi"', False)]),
    ("90 04 00 01 00 80", "5.0", [("Reason Code", "0x80 Unspecified error", False)]),
    ("B0 02 00 01", "3.1.1", [("Packet Identifier", "1", False)]),
    ("40 04 00 01 10 00", "5.0", [("Reason Code", "0x10 No matching subscribers", False)]),
    ("F0 00", "3.1.1", [("Packet type", "AUTH, flags 0000", True)]),
    ("C0 00 C0", "5.0", [("after the packet", '', True)]),
    ("30 10 00 01 61 09 26 00 01 6B 00 01 76 01 01 70 71 72", "5.0",
     [("User Property", '"k"', False), ("User Property, value", '"v"', False), ("Payload Format Indicator", "1", False),
      ("Payload", '"pqr"', False)]),
]


def test_packets_good_and_bad_are_taken_apart(page, tmp_path):
    """A record whose transcript has each of them, so the page's own decoder reads it."""
    lines = [json.loads(line) for line in sample_runs.lines("--runs", 2)]
    for version in ("3.1.1", "5.0"):
        case = next(l for l in lines if l.get("version") == version)
        case["transcript"] = [{"at_us": i, "peer": "p", "direction": ">", "text": f"packet {i} of {version}", "hex": hexes}
                              for i, (hexes, v, _) in enumerate(PACKETS) if v == version]
    (tmp_path / "run.jsonl").write_text("".join(json.dumps(l) + "\n" for l in lines))
    subprocess.run([PROGRAM, "report", tmp_path / "run.jsonl", "--html", tmp_path / "a.html"], check=True, timeout=60)
    visit(page, (tmp_path / "a.html").as_uri() + "#view=cases")
    for row in rows(page):
        row.find_element(By.TAG_NAME, "summary").click()
    wait(page, lambda: len(page.find_elements(By.CSS_SELECTOR, "button.label")) == len(PACKETS))
    for i, (hexes, version, wanted) in enumerate(PACKETS):
        button = next(b for b in page.find_elements(By.CSS_SELECTOR, "button.label") if f"packet {i} of" in b.text)
        page.execute_script("arguments[0].click()", button)
        shown = page.execute_script(
            "return [...arguments[0].parentNode.querySelectorAll('.packet tbody tr')].map(r => "
            "[r.cells[0].textContent, r.cells[2].textContent.replace(' (odd)', ''), r.classList.contains('bad')])", button)
        for name, value, odd in wanted:
            assert any(f[0] == name and value in f[1] and f[2] == odd for f in shown), (hexes, name, shown)
        expected_odd = any(odd for _, _, odd in wanted)
        assert any(f[2] for f in shown) == expected_odd, (hexes, shown)
        covered = page.execute_script("return arguments[0].parentNode.querySelectorAll('.hex [data-field=\"-1\"]').length", button)
        assert covered == 0, (hexes, shown)


def test_nothing_of_a_target_is_read_as_html(page):
    row = open_case(page, "crash")
    assert "owned" not in page.title and "</script><script>" in row.text and "\\x01" in row.text
    assert page.find_elements(By.CSS_SELECTOR, "#list img, #list script") == []
    assert not [a for a in page.find_elements(By.CSS_SELECTOR, "a") if a.get_attribute("href").startswith("javascript")]


def test_timing_is_plotted_against_its_window(page):
    view(page, "timing")
    plots = page.find_elements(By.CSS_SELECTOR, "#list .plot svg")
    assert plots and all(p.find_elements(By.CSS_SELECTOR, ".window") for p in plots)
    assert "allowed 3000 to 3500" in page.find_element(By.CSS_SELECTOR, "figcaption").text
    assert page.find_elements(By.CSS_SELECTOR, ".tick.out")   # some of the samples are too early


# ---- the page as a whole ----

def test_the_policy_stops_strangers(page):
    page.execute_script("const s = document.createElement('script'); s.textContent = 'window.owned = 1';"
                        "document.body.append(s); const i = new Image(); i.src = 'https://example.org/x.png';")
    assert page.execute_script("return window.owned") is None
    log = page.get_log("browser")
    assert log and all("Content Security Policy" in entry["message"] for entry in log)


def test_landmarks_and_names(page):
    view(page, "cases")
    for selector in ("header", "nav[aria-label]", "main", "footer", "[role=search]", "[role=status]", "h1", "html[lang]"):
        assert len(page.find_elements(By.CSS_SELECTOR, selector)) == 1, selector
    unnamed = page.execute_script("""return [...document.querySelectorAll("input, select, button, a")].filter(e =>
        !(e.textContent.trim() || e.labels && e.labels[0] && e.labels[0].textContent.trim())).length""")
    assert unnamed == 0
    key(page, Keys.TAB)


CONTRAST = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const rgb = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
    return .2126 * r + .7152 * g + .0722 * b; };
const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; }
    return rgb("Canvas"); };
const bad = [];
for (const e of document.querySelectorAll("body *")) {
    if (e.closest("svg, script, noscript, .hidden, [hidden], button:disabled") || !e.getClientRects().length ||
        ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const a = light(rgb(getComputedStyle(e).color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) bad.push(e.className + " " + e.textContent.slice(0, 30) + " " + ratio.toFixed(2));
}
return bad;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_readable_in_both_schemes_and_on_a_phone(page, scheme, size):
    look(page, size, scheme)
    SHOTS.mkdir(exist_ok=True)
    name = f"{'phone' if size == PHONE else 'desktop'}-{scheme}"
    page.save_screenshot(str(SHOTS / f"failures-{name}.png"))
    Select(page.find_element(By.ID, "version")).select_by_value("5.0")
    row = open_case(page, "fail")
    fields_of(row, "PUBLISH")
    page.execute_script("arguments[0].scrollIntoView()", row)
    page.save_screenshot(str(SHOTS / f"case-{name}.png"))
    assert page.execute_script(CONTRAST) == []
    assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    for other in ("statements", "timing"):
        view(page, other)
        page.execute_script("scrollTo(0, 0)")
        if page.find_element(By.ID, "clear").is_enabled():
            page.find_element(By.ID, "clear").click()
        page.save_screenshot(str(SHOTS / f"{other}-{name}.png"))
        assert page.execute_script(CONTRAST) == []
        assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth")


def test_paper_has_all_that_is_listed(page):
    view(page, "cases")
    assert len(rows(page)) < 360
    print_out(page)
    assert len(rows(page)) == 360
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not page.find_element(By.ID, "tools").is_displayed()
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_a_green_run_says_so(browser, pages):
    look(browser)
    visit(browser, pages["green"])
    assert "6 case runs, all as expected" in browser.find_element(By.CSS_SELECTOR, ".state.green").text
    assert browser.find_element(By.CSS_SELECTOR, "nav [aria-current]").text == "By statement"
    view(browser, "failures")
    assert "Every verdict was expected" in browser.find_element(By.ID, "list").text
    assert browser.get_log("browser") == []


def test_without_scripts_the_failures_are_text(browser, pages):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(pages["run"])
        assert "expected  PUBACK 7" in browser.find_element(By.CSS_SELECTOR, "noscript").text
        assert "It broke a MUST" in browser.find_element(By.CSS_SELECTOR, ".words").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    browser.get_log("browser")


def test_five_thousand_case_runs_open(browser, pages):
    look(browser)
    visit(browser, pages["big"])
    view(browser, "cases")
    assert found(browser) == "5000 case runs"
    browser.find_element(By.ID, "q").send_keys("qos2 split")
    wait(browser, lambda: "of 5000" in found(browser))
    assert browser.get_log("browser") == []
