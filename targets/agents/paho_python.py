"""The agent of Eclipse Paho for Python, as docs/AGENT.md wants it; written for its releases before 2.0."""
import json
import os
import select
import signal
import socket
import struct
import threading

from paho.mqtt import __version__, client as mqtt
from paho.mqtt.packettypes import PacketTypes as Types

VERSIONS = {"3.1.1": mqtt.MQTTv311, "5.0": mqtt.MQTTv5}
TRANSPORTS = {"tcp": "tcp", "tls": "tcp", "ws": "websockets", "wss": "websockets"}
NAMES = {name.lower().replace(" ", "_"): name.replace(" ", "") for name in mqtt.Properties(0).names}
NEEDED = {
    "connect": dict(host=str, port=int, version=str, client_id=str, clean_start=bool, keep_alive=int),
    "subscribe": dict(filters=list), "unsubscribe": dict(filters=list),
    "publish": dict(topic=str, qos=int, retain=bool), "disconnect": {}, "sync": {},
}
WILL, FILTER = NEEDED["publish"], dict(filter=str, qos=int)
FIVE = dict(properties=dict, code=int, no_local=bool, retain_as_published=bool, retain_handling=int)
OPTIONAL = dict(will=dict, user_name=str, password=str, payload=str, payload_hex=str, transport=str, path=str, ca=str,
                cert=str, key=str, server_name=str, **FIVE)


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def content(fields):
    return fields["payload"].encode() if "payload" in fields else bytes.fromhex(fields["payload_hex"])


def checked(fields, needed, five):
    """Those fields, if all are of the right type, and none is of 5.0 alone (unless five is None, or true)."""
    for name, wanted in {**{n: t for n, t in OPTIONAL.items() if n in fields}, **needed}.items():
        if type(fields.get(name)) is not wanted:
            raise ValueError(f"{name} is missing or of the wrong type")
        if name in FIVE and fields[name] and five is False:
            raise NotImplementedError(f"{name} in 3.1.1")
    return fields


def made(packet, fields):
    properties = mqtt.Properties(packet)
    for name, value in fields.get("properties", {}).items():
        if name not in NAMES:
            raise NotImplementedError(name)
        for one in [(key, text) for key, text in value] if name == "user_property" else [value]:
            setattr(properties, NAMES[name], bytes.fromhex(one) if name.endswith("_data") else one)
    properties.pack()  # finds wrong types before the client keeps anything
    return None if properties.isEmpty() else properties


def told(properties):
    found = {name: getattr(properties, paho) for name, paho in NAMES.items() if hasattr(properties, paho)}
    found = {name: value.hex() if isinstance(value, (bytes, bytearray)) else value for name, value in found.items()}
    return {"properties": found} if found else {}


class Agent:
    made = mqtt.Client
    client = first = five = leaving = ended = dialling = failure = None
    later = []  # lines that came while a connection was being made
    waiting = {}  # what a command waits for: its id
    sent = set()  # messages that were done with before publish() had returned their number

    def check(self, fields, needed):
        checked(fields, needed, self.five)

    def connect(self, number, c):
        five = c["version"] == "5.0"
        transport = c.get("transport", "tcp")
        same = (c["version"], c["client_id"], five or c["clean_start"], transport,
                *(c.get(name) for name in ("path", "ca", "cert", "key")))
        if transport not in TRANSPORTS or "server_name" in c:
            raise NotImplementedError(f"transport {transport}, or server_name")
        if transport != "tcp" and not c["keep_alive"]:  # its handshakes wait no longer than that
            raise NotImplementedError("keep_alive 0 over TLS and WebSocket")
        if not self.client:
            self.client = self.made(c["client_id"], None if five else c["clean_start"], None,
                                    VERSIONS[c["version"]], TRANSPORTS[transport], False)
            if "path" in c:
                self.client.ws_set_options(c["path"])
            if "ca" in c:
                self.client.tls_set(c["ca"], c.get("cert"), c.get("key"))
            self.first, self.five = same, five
            for name in [name for name in dir(self) if name.startswith("on_")]:
                setattr(self.client, name, getattr(self, name))
        if self.client.socket():
            raise ValueError("there is a connection already")
        if same != self.first or "password" in c and "user_name" not in c:
            raise NotImplementedError("another clean_start in 3.1.1, another transport or certificate, or password "
                                      "without user_name")
        self.check(c, {})
        options = dict(clean_start=c["clean_start"], properties=made(Types.CONNECT, c)) if five else {}
        self.client.username_pw_set(c.get("user_name"), c.get("password"))
        self.client.will_clear()
        if "will" in c:
            self.check(c["will"], WILL)
            self.client.will_set(**{name: c["will"][name] for name in WILL}, payload=content(c["will"]),
                                 properties=made(Types.WILLMESSAGE, c["will"]))
        self.waiting["connect", None] = number
        self.dialling = threading.Thread(target=self.dial, args=(c, options), daemon=True)
        self.dialling.start()

    def dial(self, c, options):
        """The handshakes of TLS and WebSocket are made in here, while no other call of the library is."""
        try:
            self.client.connect(c["host"], c["port"], c["keep_alive"], **options)
        except Exception as e:
            self.failure = e
        os.write(self.wake[1], b"!")

    def dialled(self):
        os.read(self.wake[0], 1)
        self.dialling.join()
        if self.failure:
            self.answer("error", "connect", text=f"{type(self.failure).__name__}: {self.failure}")
        self.dialling = self.failure = None
        lines, self.later[:] = self.later[:], []
        for line in lines:
            self.obey(line)

    def subscribe(self, number, c):
        filters, properties = [], made(Types.SUBSCRIBE, c)
        for f in c["filters"]:
            self.check(f, FILTER)
            options = [f.get(n, 0) for n in ("qos", "no_local", "retain_as_published", "retain_handling")]
            filters.append((f["filter"], mqtt.SubscribeOptions(*options) if self.five else f["qos"]))
        self.wait("subscribe", number, *self.client.subscribe(filters, properties=properties))

    def unsubscribe(self, number, c):
        self.wait("unsubscribe", number, *self.client.unsubscribe(c["filters"], made(Types.UNSUBSCRIBE, c)))

    def publish(self, number, c):
        self.sent.clear()
        info = self.client.publish(c["topic"], content(c), c["qos"], c["retain"], made(Types.PUBLISH, c))
        if info.mid in self.sent:
            return say("acknowledged", id=number)
        # Without a connection the client keeps what is not QoS 0.
        kept = c["qos"] and info.rc in (mqtt.MQTT_ERR_NO_CONN, mqtt.MQTT_ERR_CONN_LOST)
        self.wait("kept" if c["qos"] else "qos 0", number, 0 if kept else info.rc, info.mid)

    def disconnect(self, number, c):
        code = mqtt.ReasonCodes(Types.DISCONNECT, identifier=c["code"]) if "code" in c else None
        if self.client.disconnect(code, made(Types.DISCONNECT, c)) == mqtt.MQTT_ERR_NO_CONN:
            raise ValueError("there is no connection")
        self.leaving = number

    def wait(self, kind, number, rc, mid):
        if rc:
            raise ValueError(mqtt.error_string(rc))
        self.waiting[kind, mid] = number

    def answer(self, event, kind, mid=None, **fields):
        if (kind, mid) in self.waiting:
            say(event, id=self.waiting.pop((kind, mid)), **fields)

    def on_connect(self, _client, _data, flags, code, properties=None):
        if code != 0:
            return self.answer("refused", "connect", code=getattr(code, "value", code))
        self.answer("connected", "connect", session_present=flags["session present"] == 1, **told(properties))

    def on_subscribe(self, _client, _data, mid, codes, properties=None):
        codes = [getattr(code, "value", code) for code in codes]
        self.answer("acknowledged", "subscribe", mid, codes=codes, **told(properties))

    def on_unsubscribe(self, _client, _data, mid, properties=None, codes=()):
        codes = [code.value for code in (codes if isinstance(codes, (list, tuple)) else [codes])]
        fields = dict(codes=codes, **told(properties)) if self.five else {}
        self.answer("acknowledged", "unsubscribe", mid, **fields)

    def on_publish(self, _client, _data, mid):
        self.sent.add(mid)
        self.answer("acknowledged", "kept", mid)
        self.answer("acknowledged", "qos 0", mid)

    def on_message(self, _client, _data, m):
        text = m.payload.decode(errors="ignore")
        is_text = text.encode() == m.payload and "\0" not in text
        payload = {"payload": text} if is_text else {"payload_hex": m.payload.hex()}
        try:
            say("message", topic=m.topic, qos=m.qos, retain=m.retain == 1, dup=m.dup == 1, **payload,
                **told(getattr(m, "properties", None)))
        except UnicodeError as e:
            say("error", text=f"a message on a topic that is not UTF-8: {e}")

    def on_disconnect(self, _client, _data, code, properties=None):
        self.ended = {"code": code.value} if hasattr(code, "value") else {"text": mqtt.error_string(code)}
        self.ended.update(told(properties))

    def settle(self):
        """Says that the connection has ended, after the answers that it owes."""
        if self.ended is not None:
            for kind, mid in [key for key in self.waiting if key[0] != "kept"]:
                self.answer("error", kind, mid, text="the connection has ended")
            say("disconnected", **{} if self.leaving is None else {"id": self.leaving}, **self.ended)
            self.leaving = self.ended = None

    def obey(self, line):
        number = {}
        try:
            c = json.loads(line.decode())
            number = {"id": c["id"]} if type(c["id"]) in (int, float) else {}
            self.check(c, {"id": int, "do": str, **NEEDED.get(c["do"], {})})
            if self.dialling and (self.later or c["do"] != "sync"):  # the client has been handed all that is before it
                return self.later.append(line)
            if c["do"] not in NEEDED:  # authenticate, too
                raise NotImplementedError(c["do"])
            if c["do"] == "sync":
                return say("synced", **number)
            getattr(self, c["do"])(c["id"], c)
        except NotImplementedError as e:
            say("unsupported", **number, text=str(e))
        except Exception as e:
            say("error", **number, text=f"{type(e).__name__}: {e}")


def fork_for_each_case_run():
    """Preloading, as docs/AGENT.md has it: only the processes that were asked for return from here."""
    asked = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        _, fds, _, _ = socket.recv_fds(asked, 1, 4)
        if not fds:
            os._exit(0)
        if not os.fork():
            break
        for fd in fds:
            os.close(fd)
    asked.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    agent, report = os.fork(), fds[3]
    if not agent:
        os.setpgid(0, 0)
        for fd, standard in zip(fds, (0, 1, 2, None)):
            if standard is not None:
                os.dup2(fd, standard)
            os.close(fd)
        return
    for fd in fds[:3]:
        os.close(fd)
    os.write(report, struct.pack("i", agent))
    os.write(report, struct.pack("i", os.waitpid(agent, 0)[1]))
    os._exit(0)


def main(agent):
    if "MQTTSPEC_PRELOAD" in os.environ:
        fork_for_each_case_run()
    say("hello", contract=1, name="Paho Python", version=__version__, versions=list(VERSIONS), transports=list(TRANSPORTS),
        preload=hasattr(socket, "recv_fds"))
    begun = bytearray()
    agent.wake = os.pipe()  # written to when a connection has been made, or has not come about
    while True:
        client, sock = agent.client, agent.client and not agent.dialling and agent.client.socket()
        writing = [sock] if sock and client.want_write() else []
        at_once = getattr(sock, "pending", int)()  # read from the socket, and kept by TLS
        wait = None if not sock else 0 if at_once else 0.1
        ready, _, _ = select.select([0, agent.wake[0], sock] if sock else [0, agent.wake[0]], writing, [], wait)
        if agent.wake[0] in ready:
            agent.dialled()
            agent.settle()
        if 0 in ready:
            chunk = os.read(0, 1 << 20)
            if not chunk:
                os._exit(0)
            begun += chunk
            *lines, begun = begun.split(b"\n") if b"\n" in chunk else [begun]
            for line in lines:
                agent.obey(line)
                agent.settle()
        try:
            for step in (client.loop_read, client.loop_write, client.loop_misc) if sock and not agent.dialling else ():
                step()
        except Exception as e:  # would end a program that calls loop_forever(), and its connection with it
            say("error", text=f"{type(e).__name__}: {e}")
            client._sock_close()
            agent.ended = {}
        agent.settle()


if __name__ == "__main__":
    main(Agent())
