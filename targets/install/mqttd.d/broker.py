"""mqttd: broker.py HOST PORT. One TCP listener, for everybody."""
import sys

from mqttd import MQTTApp

MQTTApp(host=sys.argv[1], port=int(sys.argv[2])).run()
