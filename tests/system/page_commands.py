"""The commands that the pages show, as their readers would type them: test_docs.py plays them, page by page.

A block of commands is marked `sh`; in one marked `console`, commands begin with "$ ", and what they answered follows.
"""
import re
from typing import NamedTuple

# What begins a line of commands; a block that has one, and is marked by no language, is an error.
PROGRAM = re.compile(r"(?:\$ )?(?:[A-Z]+=\S+ )?(?:mqttspec(?:-\w+)?|(?:script|ci|bench|targets/install|build)/[\w./-]+|pytest|cmake|ctest|"
                     r"docker|apt|pip|tar|tcpdump|cc|git|curl|ssh|source|/usr/bin/python3|mosquitto\w*)(?= |$)")


class NotPlayed(NamedTuple):
    pattern: str   # matches the beginning of the command
    reason: str


# Why a command is not played. What is here has to be on a page, and what is on a page and not here is played.
NOT_PLAYED = [
    NotPlayed(r"script/(?:test|nightly)", "it is what runs this test"),
    NotPlayed(r"script/conformance|git clone|cmake|ctest|script/(?:bootstrap|build)", "it installs or builds what is being tested: ci/bare-debian plays it on a bare system"),
    NotPlayed(r"script/field", "it plays every broker for hours: test_field.py plays it with made-up ones"),
    NotPlayed(r"script/fetch", "it gets an archive from where it is published: test_packages.py plays it with one that it has made"),
    NotPlayed(r"script/(?:tidy|mutation|manual|mistakes)", "it takes minutes, or writes into the source: script/test runs it, or what holds its outcome"),
    NotPlayed(r"ci/|script/package|apt |tar |pip |docker |PATH=", "it makes or installs packages, with root's rights or Docker: ci/packages plays it where there is nothing else"),
    NotPlayed(r"cc ", "it needs the library to be installed: test_library.py installs it and builds programs"),
    NotPlayed(r"targets/install/\w+\b(?! --help)|mqttspec targets install", "it fetches a broker from a registry: test_recipes.py plays the recipes in the nightly run"),
    NotPlayed(r"mqttspec check -i", "it listens to an interface of the machine, which takes rights: test_check.py does where it has them"),
    NotPlayed(r"mqttspec-broker -p|mqttspec-deviant --(?:target|agent)", "it serves until it is stopped: what follows finds a broker that this test has started"),
    NotPlayed(r"for i in ", "it needs three hosts: test_reports.py puts shards together"),
    NotPlayed(r"(?:/usr/bin/python3 -m )?pytest", "it collects thousands of tests, and wants hosts or minutes: test_driver.py plays the plugin, with these options"),
    NotPlayed(r"build/dev/cli/mqttspec run \S+ will_qos --no-fork", "it is for a debugger: test_run.py plays one case run in one process"),
]


def blocks(text):
    """The language, the line of the page and the body of each block."""
    for match in re.finditer(r"^( *)```([^\n]*)\n(.*?)^ *```$", text, re.M | re.S):
        indentation = len(match.group(1))
        body = "\n".join(line[indentation:] for line in match.group(3).splitlines())
        yield match.group(2), text.count("\n", 0, match.start()) + 2, body


def lines_of(body):
    """Lines as a shell takes them: those that are continued, and loops, in one."""
    whole = ""
    for line in body.replace("\\\n", " ").splitlines():
        whole += ("\n" if whole else "") + line
        if whole.startswith("for ") and not re.search(r"\bdone\b", whole):
            continue
        if whole.strip() and not whole.startswith("#"):
            yield whole
        whole = ""


def commands(text):
    """The commands of a page, in their order."""
    for language, _, body in blocks(text):
        if language == "sh":
            yield from lines_of(body)
        elif language == "console":
            yield from (line[2:] for line in body.splitlines() if line.startswith("$ "))


def unmarked(text):
    """Lines that look like commands in blocks that say nothing of the kind."""
    return [(number + n, line) for language, number, body in blocks(text) if not language
            for n, line in enumerate(body.splitlines()) if PROGRAM.match(line)]


def reason_not_to_play(command):
    return next((each for each in NOT_PLAYED if re.match(each.pattern, command)), None)
