"""Makes the pytest plugin of this tree known to pytest when it runs inside it."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "driver"))
pytest_plugins = ["mqttspec_pytest"]
