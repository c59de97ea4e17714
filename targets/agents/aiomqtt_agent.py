"""The agent of aiomqtt, which is asyncio around Paho for Python: an object that is entered for each connection.

Its settings are those of the object, so a second connect has to have the same.
"""
import asyncio
import json
import math
import os
import ssl
from importlib.metadata import version

import aiomqtt
from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes as Types
from paho.mqtt.reasoncodes import ReasonCode

from paho_python import FILTER, NEEDED, WILL, checked, content, fork_for_each_case_run, made, say, told
from paho_python2 import OF_311

VERSIONS = {"3.1.1": aiomqtt.ProtocolVersion.V311, "5.0": aiomqtt.ProtocolVersion.V5}
TRANSPORTS = {"tcp": "tcp", "tls": "tcp", "ws": "websockets", "wss": "websockets", "unix": "unix"}
TIMEOUT_S = 4  # for a connect: the library does not notice that its connection ends before CONNACK
OWN = {0x80, 0x8D}  # what Paho calls the end of a connection for which the server gave no code


def text(why):
    return f"{type(why).__name__}: {why}"


class Agent:
    client = settings = five = None
    connecting = up = False
    leave = None  # set when the connection is to be left
    leaving = {}  # the id of the command that has asked for it
    waiting = {}  # what has not been answered: its task, and whether the client keeps it for the next connection

    def answer(self, number, event, **fields):
        if self.waiting.pop(number, None):
            say(event, id=number, **fields)

    # ---- connections

    def make(self, c):
        transport = c.get("transport", "tcp")
        if transport not in TRANSPORTS or "server_name" in c or "password" in c and "user_name" not in c:
            raise NotImplementedError("that transport, server_name, or password without user_name")
        if transport not in ("tcp", "unix") and not c["keep_alive"]:  # its handshakes wait no longer than that
            raise NotImplementedError("keep_alive 0 over TLS and WebSocket")
        self.five = c["version"] == "5.0"
        checked(c, {}, self.five)
        more = {}
        if self.five:
            more.update(clean_start=c["clean_start"], properties=made(Types.CONNECT, c))
        else:
            more.update(clean_session=c["clean_start"])
        if "will" in c:
            w = checked(c["will"], WILL, self.five)
            more["will"] = aiomqtt.Will(w["topic"], content(w), w["qos"], w["retain"], made(Types.WILLMESSAGE, w))
        if "ca" in c:
            more["tls_context"] = ssl.create_default_context(cafile=c["ca"])
            if "cert" in c:
                more["tls_context"].load_cert_chain(c["cert"], c["key"])
        return aiomqtt.Client(c["host"], c["port"] or 1883, identifier=c["client_id"], protocol=VERSIONS[c["version"]],
                              keepalive=c["keep_alive"], username=c.get("user_name"), password=c.get("password"),
                              transport=TRANSPORTS[transport], websocket_path=c.get("path"), timeout=TIMEOUT_S, **more)

    async def connect(self, number, c):
        settings = {name: value for name, value in c.items() if name != "id"}
        if self.up:
            raise ValueError("there is a connection already")
        if self.client and settings != self.settings:
            raise NotImplementedError("other settings in a second connect")
        if not self.client:
            self.client = self.make(c)
            self.settings = settings
        self.connecting, self.leave, self.leaving = True, asyncio.Event(), {}
        why = None
        try:
            async with self.client:
                self.connecting, self.up = False, True
                self.answer(number, "connected")
                await self.stay()
        except aiomqtt.exceptions.MqttConnectError as e:
            code = getattr(e.rc, "value", e.rc)
            self.answer(number, "refused", code=code if self.five else OF_311.get(code, code))
        except aiomqtt.MqttError as e:
            why = e
        finally:
            self.connecting = False
        if self.up:
            self.ended(why)
        elif why:
            raise why

    async def stay(self):
        """Messages are told until the connection ends, by an exception, or is to be left."""
        reading, leaving = asyncio.ensure_future(self.read()), asyncio.ensure_future(self.leave.wait())
        await asyncio.wait({reading, leaving}, return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        if reading.done():
            reading.result()
        reading.cancel()

    def ended(self, why):
        self.up = False
        for number, (task, kept) in list(self.waiting.items()):
            if not kept and number != self.leaving.get("id"):
                task.cancel()
                self.answer(number, "error", text="the connection has ended")
        code = getattr(why.__cause__ if why else None, "rc", None)
        fields = {"code": code.value} if isinstance(code, ReasonCode) and code.value not in OWN else {}
        self.waiting.pop(self.leaving.get("id"), None)
        say("disconnected", **self.leaving, **fields, **{"text": text(why.__cause__ or why)} if why else {})

    async def disconnect(self, number, c):
        if c.get("code") or c.get("properties"):
            raise NotImplementedError("code or properties of DISCONNECT")
        if not self.up or self.leaving:
            raise ValueError("there is no connection")
        self.leaving = {"id": number}
        self.leave.set()

    # ---- requests

    async def subscribe(self, number, c):
        filters = []
        for f in c["filters"]:
            checked(f, FILTER, self.five)
            options = [f.get(n, 0) for n in ("qos", "no_local", "retain_as_published", "retain_handling")]
            filters.append((f["filter"], mqtt.SubscribeOptions(*options) if self.five else f["qos"]))
        codes = await self.client.subscribe(filters, properties=made(Types.SUBSCRIBE, c), timeout=math.inf)
        self.answer(number, "acknowledged", codes=[getattr(code, "value", code) for code in codes])

    async def unsubscribe(self, number, c):
        await self.client.unsubscribe(c["filters"], made(Types.UNSUBSCRIBE, c), timeout=math.inf)
        self.answer(number, "acknowledged")

    async def publish(self, number, c):
        await self.client.publish(c["topic"], content(c), c["qos"], c["retain"], made(Types.PUBLISH, c),
                                  timeout=math.inf)
        self.answer(number, "acknowledged")

    # ---- messages

    async def read(self):
        async for m in self.client.messages:
            say("message", topic=str(m.topic), payload_hex=bytes(m.payload).hex(), qos=m.qos, retain=m.retain,
                **told(m.properties))

    # ---- commands

    async def obey(self, number, c):
        what = c["do"]
        try:
            if what == "sync":
                return self.answer(number, "synced")
            if what not in NEEDED:  # authenticate, too
                raise NotImplementedError(what)
            if self.connecting:
                raise NotImplementedError(f"{what} while connect waits")
            if not self.client and what != "connect":
                raise ValueError("there has been no connect")
            await getattr(self, what)(number, c)
        except NotImplementedError as e:
            self.answer(number, "unsupported", text=str(e))
        except Exception as e:
            self.answer(number, "error", text=text(e))

    def take(self, line):
        number = {}
        try:
            c = json.loads(line.decode())
            number = {"id": c["id"]} if type(c["id"]) in (int, float) else {}
            checked(c, {"id": int, "do": str, **NEEDED.get(c["do"], {})}, self.five)
        except NotImplementedError as e:
            return say("unsupported", **number, text=str(e))
        except Exception as e:
            return say("error", **number, text=text(e))
        task = asyncio.ensure_future(self.obey(c["id"], c))  # in the order of the commands, up to their first wait
        self.waiting[c["id"]] = task, c["do"] == "publish" and c["qos"] > 0


async def main():
    agent, reader = Agent(), asyncio.StreamReader(limit=1 << 25)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), open(0, "rb", 0))
    say("hello", contract=1, name="aiomqtt", version=version("aiomqtt"), versions=list(VERSIONS),
        transports=list(TRANSPORTS), preload=True)
    while line := await reader.readline():
        agent.take(line)
    os._exit(0)


if __name__ == "__main__":
    if "MQTTSPEC_PRELOAD" in os.environ:
        fork_for_each_case_run()
    asyncio.run(main())
