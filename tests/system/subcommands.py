"""The subcommands of mqttspec, in the order of its help."""
import pathlib
import re

TABLE = pathlib.Path(__file__).resolve().parents[2] / "cli/main.c"
SUBCOMMANDS = [name.replace("_", "-") for name in re.findall(r"^\t&command_(\w+),$", TABLE.read_text(), re.M)]
