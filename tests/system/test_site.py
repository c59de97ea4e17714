"""mqttspec site: every link leads somewhere, links stay, and nothing gets in or stays behind that must not."""
import functools
import html.parser
import json
import os
import pathlib
import re
import subprocess
import urllib.parse

import pytest

import sample_runs

pytestmark = pytest.mark.xdist_group("site")   # they share the site that is made first
ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MQTTSPEC_BUILD", ROOT / "build/dev"))
PROGRAM = BUILD / "cli/mqttspec"
MAGIC = b"\x0a\x0d\x0d\x0a"
VOID = {"meta", "link", "br", "input", "rect", "hr", "img"}


def mqttspec(*arguments, code=0):
    run = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert run.returncode == code, run
    return run


def write(path, *arguments, role="server", change=lambda record: record):
    """A folder with the record of a made-up run; of a client, that of a client."""
    path.mkdir(parents=True)
    with open(path / "run.jsonl", "w", encoding="utf-8") as file:
        for line in sample_runs.lines(*arguments):
            record = json.loads(line)
            if record["type"] == "run":
                record["role"] = role
            file.write(json.dumps(change(record)) + "\n")
    return path


def over_ws(record):
    if record["type"] == "case" and len(record["title"]) % 2:
        record["transport"] = "ws"
    return record


GONE = {"old": "given_up", "first": "replaced"}   # cases and statements of a run that no newer one has


def with_gone(which):
    """The first two case runs are those of a case, and about a statement, that nothing else knows."""
    numbers = iter(range(2))

    def change(record):
        if record["type"] == "case" and next(numbers, None) is not None:
            record |= {"id": GONE[which], "title": f"What is {GONE[which]}", "verdict": "fail",
                       "statements": [{"name": f"5.0:U50-{GONE[which].upper().replace('_', '-')}", "verdict": "fail"}]}
        return record

    return change


with_first = with_gone("first")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two versions of one broker, another one, and a client; of the older version two runs."""
    out = tmp_path_factory.mktemp("runs")
    return [write(out / "old", "--runs", 90, "--target", "Eclipse Mosquitto", "2.0.9", change=with_gone("old")),
            write(out / "new", "--runs", 90, "--worse", 20, "--target", "Eclipse Mosquitto", "2.0.11"),
            write(out / "nano", "--runs", 90, "--worse", 35, "--target", "NanoMQ", "0.21", change=over_ws),
            write(out / "client", "--runs", 40, "--target", "libmosquitto", "2.0.11", role="client"),
            write(out / "first", "--runs", 20, "--target", "Eclipse Mosquitto", "2.0.9",
                  change=lambda r: with_first(r) | ({"started_us": 1} if r["type"] == "run" else {}))]


@pytest.fixture(scope="module")
def site(runs, tmp_path_factory):
    out = tmp_path_factory.mktemp("site")
    run = mqttspec("site", *runs, "--out", out)
    assert run.stdout.startswith(f"{out}/index.html: 3 targets, ") and run.stderr.count("is left out") == 1
    return out


def files(site):
    return {str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()}


class Page(html.parser.HTMLParser):
    """Its links and ids; every element is ended in its turn."""
    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.open, self.text = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.links += [attributes[name] for name in ("href", "src") if name in attributes]
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass   # of SVG

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}


def test_every_link_leads_somewhere(site, pages):
    assert len(pages) > 600
    for path, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), path
        for link in page.links:
            if link.startswith("https://docs.oasis-open.org/mqtt/"):
                continue
            way, _, fragment = link.partition("#")
            to = (path.parent / urllib.parse.unquote(way)).resolve() if way else path
            assert to.is_file() and site in to.parents, (path, link)
            if "=" in fragment:
                assert is_in_report(to, fragment), (path, link)
            elif fragment:
                assert fragment in pages[to].ids, (path, link)


@functools.cache
def result_of(page):
    """The ids and labels of all case runs in the report of a version, and its statements."""
    cases = json.loads((page.parent / "result.json").read_text())["cases"]
    return {c["id"] for c in cases}, {name for c in cases for name in c["statements"]}


def is_in_report(page, fragment):
    """What a link opens in a report is there: "#view=cases&q=ID&open=LABEL". Others only choose what is shown."""
    wish = dict(urllib.parse.parse_qsl(fragment, strict_parsing=True))
    if "open" not in wish:
        return wish["view"] in ("cases", "statements", "causes", "run")
    ids, names = result_of(page)
    return wish["q"] in (ids if wish["view"] == "cases" else names) and wish["open"].startswith(wish["q"])


def test_links_that_scripts_make_lead_somewhere(site):
    """A report leads from each case run to the page of its case (reports/html/case.js)."""
    found = 0
    for report in site.glob("*/*/*/result.json"):
        for case in json.loads(report.read_text())["cases"]:
            assert (site / "cases" / f"{case['id'].split('/')[0]}.html").is_file(), (report, case["id"])
            found += 1
    assert found > 250


def test_a_page_stays_when_a_newer_version_has_no_word_of_it(site):
    """A case and a statement of the older version keep theirs, with its verdict; those of a run that another one has
    replaced keep theirs without."""
    text = (site / "cases/given_up.html").read_text()
    assert re.search(r'<th scope="col" class="s"><a [^>]*>Eclipse Mosquitto 2\.0\.9</a>', text) and ">fail</a>" in text
    assert "newest version that it has" in text and "../servers/eclipse-mosquitto/2.0.9/index.html#view=" in text
    text = (site / "statements/5.0/U50-GIVEN-UP.html").read_text()
    assert "Eclipse Mosquitto 2.0.9</a><small>Eclipse Mosquitto 2.0.11 has not been judged by it" in text
    text = (site / "cases/replaced.html").read_text()
    assert "no version here has been judged by it" in text and "v-fail" not in text
    text = (site / "statements/5.0/U50-REPLACED.html").read_text()
    assert "No case run of these targets has judged it" in text and "../../cases/replaced.html" in text
    cases = {case["id"]: case["targets"] for case in json.loads((site / "cases.json").read_text())["cases"]}
    assert set(cases["given_up"]) == {"servers/eclipse-mosquitto/2.0.9/"} and cases["replaced"] == {}


def test_each_page_says_what_it_was_made_from(pages):
    site_says = re.match(r"mqttspec (\S+), catalogue (\w+)", mqttspec("--version").stdout).groups()
    record_says = sample_runs.TOOL_VERSION, sample_runs.CATALOGUE[:12]   # a report says what judged it
    for path, page in pages.items():
        text = " ".join("".join(page.text).split())
        assert all(word in text for word in site_says) or all(word in text for word in record_says), path
        assert re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC", text), path


def test_no_page_needs_a_network_or_lets_a_text_in(pages):
    for path in pages:
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', path.read_text()).group(1)
        assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "http" not in policy, path


def test_the_matrix_shows_differences_first(site):
    text = (site / "index.html").read_text()
    titles = re.findall(r'<th scope="col" class="[sc]"><a [^>]*>([^<]*)</a>', text)
    assert titles == ["Eclipse Mosquitto 2.0.11", "NanoMQ 0.21", "libmosquitto 2.0.11"]
    groups = re.findall(r"<tbody data-chapter=[^>]*?( data-differs)?>", text)
    assert groups[0] and groups == sorted(groups, reverse=True)
    names = re.findall(r'<th scope="row"><a href="statements/[^"]*"><code>([^<]*)', text)
    assert names and len(names) == len(set(names))   # each statement once
    bad = re.findall(r'<td class="[sc] v-(\w+)">(<a href=")?', text)
    assert all(bool(link) == (verdict not in ("pass", "info", "inapplicable")) for verdict, link in bad)
    assert {verdict for verdict, _ in bad} >= {"pass", "fail"}


def test_a_target_shows_what_has_changed(site):
    text = (site / "servers/eclipse-mosquitto/index.html").read_text()
    assert text.index(">2.0.11</a></th>") < text.index(">2.0.9</a></th>")
    assert re.search(r"<p>\d+ of \d+ statements were not judged alike in all versions.</p>", text)
    changes = text[text.index('id="changes"'):]
    assert changes.index(">2.0.9</a></th>") < changes.index(">2.0.11</a></th>")
    assert "mqttspec run mosquitto" in text[text.index('id="configuration"'):]
    assert 'id="changes"' not in (site / "servers/nanomq/index.html").read_text()


def test_each_transport_has_its_matrix(site):
    assert (site / "matrix/tcp.html").is_file() and 'href="matrix/ws.html"' in (site / "index.html").read_text()
    text = (site / "matrix/ws.html").read_text()
    lines = dict(re.findall(r'<tr class="[sc]"><th scope="row"><a [^>]*>([^<]*)</a>.*?<td class="n">(\d+)</td>', text))
    nano = json.loads((site / "servers/nanomq/0.21/result.json").read_text())
    assert int(lines["NanoMQ"]) == sum(case["transport"] == "ws" for case in nano["cases"]) > 0


def test_json_says_what_the_pages_say(site):
    index = json.loads((site / "index.json").read_text())
    versions = {v["way"]: v for target in index["targets"] for v in target["versions"]}
    assert set(versions) == {"servers/eclipse-mosquitto/2.0.9/", "servers/eclipse-mosquitto/2.0.11/",
                             "servers/nanomq/0.21/", "clients/libmosquitto/2.0.11/"}
    for way, version in versions.items():
        result = json.loads((site / way / "result.json").read_text())
        assert len(result["cases"]) == version["case_runs"] == sum(version["counts"].values())
        assert (site / way / "badge.svg").read_text().startswith("<svg")
    statements = json.loads((site / "statements.json").read_text())["statements"]
    for each in statements:
        page = (site / each["way"]).read_text()
        for way, found in each["targets"].items():
            assert way in versions and f'badge v-{found["verdict"]}' in page
    cases = json.loads((site / "cases.json").read_text())["cases"]
    assert len({(case["id"], case["version"]) for case in cases}) == len(cases)
    assert all((site / case["way"]).is_file() for case in cases)


def test_links_stay(site, runs, tmp_path):
    """What is made again is the same; a site with one target less has the same pages without it."""
    mqttspec("site", *reversed(runs), "--out", tmp_path / "again")
    assert files(tmp_path / "again") == files(site)
    mqttspec("site", runs[0], runs[1], "--out", tmp_path / "fewer")
    assert set(files(tmp_path / "fewer")) < set(files(site))


def test_nothing_of_an_earlier_site_is_left(runs, tmp_path):
    out = tmp_path / "public"
    mqttspec("site", *runs, "--out", out)
    (out / "CNAME").write_text("mqtt.example\n")
    mqttspec("site", runs[0], "--out", out)
    assert not (out / "servers/nanomq").exists() and not (out / "clients").exists() and not (out / "matrix").exists()
    assert (out / "CNAME").read_text() == "mqtt.example\n"   # not ours
    (out / ".mqttspec-site").write_text("../runs/x\n/etc/hostname\nindex.html\n")
    precious = tmp_path / "runs/x"
    precious.parent.mkdir()
    precious.touch()
    mqttspec("site", runs[0], "--out", out)
    assert precious.exists() and (out / "index.html").exists()


def test_what_is_no_site_is_not_written_into(runs, tmp_path):
    (tmp_path / "thesis.tex").write_text("!")
    run = mqttspec("site", runs[0], "--out", tmp_path, code=3)
    assert "what lies there is no site of mqttspec" in run.stderr and [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_of_one_version_the_later_run_counts(runs, tmp_path):
    twin = write(tmp_path / "twin", "--runs", 10, "--target", "NanoMQ", "0.21",
                 change=lambda r: r | {"started_us": r["started_us"] + 10**9} if r["type"] == "run" else r)
    run = mqttspec("site", runs[2], twin, "--out", tmp_path / "site")
    assert f"{runs[2]}/run.jsonl is left out: {twin}/run.jsonl is a later run" in run.stderr
    assert json.loads((tmp_path / "site/index.json").read_text())["targets"][0]["versions"][0]["case_runs"] == 10


def test_only_captures_of_the_run_are_copied(tmp_path):
    """A record may come from anybody, and what it names would be on the web."""
    (tmp_path / "secret.pcapng").write_bytes(MAGIC)
    names = ["pcap/own.pcapng", "../secret.pcapng", str(tmp_path / "secret.pcapng"), "pcap/../../secret.pcapng",
             "pcap/link.pcapng", "pcap/gone.pcapng", "pcap/key.pem"]

    def change(record):
        if record["type"] == "case" and names:
            record |= {"pcap": names.pop(0), "wire": "pcap/wire.pcapng"}
        elif record["type"] == "case":
            record.pop("pcap", None)
        return record

    run = write(tmp_path / "run", "--runs", 120, change=change)
    assert not names
    (run / "pcap").mkdir()
    (run / "pcap/own.pcapng").write_bytes(MAGIC + b"own")
    (run / "pcap/wire.pcapng").write_bytes(MAGIC + b"secrets")
    (run / "pcap/key.pem").write_bytes(b"key")
    (run / "pcap/link.pcapng").symlink_to(tmp_path / "secret.pcapng")
    site = tmp_path / "site"
    mqttspec("site", run, "--out", site)
    folder = site / "servers/eclipse-mosquitto/2.0.11"
    assert [path.name for path in (folder / "pcap").iterdir()] == ["own.pcapng"]
    result = json.loads((folder / "result.json").read_text())
    assert [case["pcap"] for case in result["cases"] if "pcap" in case] == ["pcap/own.pcapng"]
    mqttspec("site", run, "--out", site, "--no-captures")
    assert not (folder / "pcap").exists() and "own.pcapng" not in (folder / "result.json").read_text()


def test_hostile_names_stay_inside(tmp_path):
    evil = write(tmp_path / "evil", "--runs", 30, "--target", "../../<script>x", "../..")
    mqttspec("site", evil, "--out", tmp_path / "site/public")
    assert [p.name for p in (tmp_path / "site").iterdir()] == ["public"]
    assert (tmp_path / "site/public/servers/script-x").is_dir()
    assert "<script>x" not in (tmp_path / "site/public/index.html").read_text()


def test_what_cannot_be_used_is_told(runs, tmp_path):
    assert "which records?" in mqttspec("site", code=2).stderr
    assert "where to? --out FOLDER" in mqttspec("site", runs[0], code=2).stderr
    agent = write(tmp_path / "agent", "--runs", 3, role="agent")
    assert "neither a server nor a client, but an agent" in mqttspec("site", agent, "--out", tmp_path / "a", code=2).stderr
    assert not (tmp_path / "a").exists()
    (tmp_path / "file").touch()
    assert "Not a directory" in mqttspec("site", runs[0], "--out", tmp_path / "file/site", code=3).stderr


def test_a_foreseen_failure_shows_its_reason(tmp_path):
    """A verdict that is known, or disputed, does not stand alone."""
    def change(record):
        if record["type"] == "case":
            record |= {"verdict": "fail", "expected": True, "statements": [{"name": "5.0:MQTT-4.3.3-10", "verdict": "fail"}],
                       "foreseen": {"as": "fail", "reason": "disputed & open", "link": "https://example.org/7"}}
        return record

    mqttspec("site", write(tmp_path / "run", "--runs", 2, change=change), "--out", tmp_path / "site")
    text = (tmp_path / "site/statements/5.0/MQTT-4.3.3-10.html").read_text()
    assert 'Known: disputed &amp; open <a href="https://example.org/7" rel="noreferrer">' in text


def test_script_results(runs, tmp_path):
    out = tmp_path / "public"
    run = subprocess.run([ROOT / "script/results", runs[0], runs[2], "--out", out], capture_output=True, text=True,
                         timeout=120, env={**os.environ, "MQTTSPEC": str(PROGRAM)})
    assert run.returncode == 0 and (out / "index.html").is_file(), run
    assert subprocess.run([ROOT / "script/results"], capture_output=True, text=True, timeout=30,
                          env={**os.environ, "MQTTSPEC": str(PROGRAM)}).returncode == 2
