#!/usr/bin/python3
"""A skeleton of an agent: MQTT 3.1.1, around Paho for Python 1 or 2, which calls back from a thread of its own."""
import json
import os
import sys
import threading

from paho.mqtt import __version__, client as mqtt

lock = threading.RLock()  # a callback waits until its command is in `waiting`
waiting = {}  # what a command waits for: its id
api = [mqtt.CallbackAPIVersion.VERSION1] if hasattr(mqtt, "CallbackAPIVersion") else []  # Paho 2 wants to be told
client, clean, up, leaving = None, None, False, {}


def say(event, **fields):
    with lock:
        print(json.dumps({"event": event, **fields}), flush=True)


def answer(key, event, **fields):
    with lock:
        if key in waiting:
            say(event, id=waiting.pop(key), **fields)


def on_connect(_client, _data, flags, code):
    global up
    up = code == 0
    told = {"session_present": flags["session present"] == 1} if up else {"code": code}
    answer("connect", "connected" if up else "refused", **told)


def on_done(_client, _data, number, *codes):  # SUBACK, UNSUBACK, the last answer to a PUBLISH
    answer(number, "acknowledged", **{"codes": list(granted) for granted in codes})


def on_message(_client, _data, m):
    say("message", topic=m.topic, payload_hex=m.payload.hex(), qos=m.qos, retain=m.retain == 1, dup=m.dup == 1)


def on_disconnect(*_):
    global up, leaving
    with lock:
        for key in list(waiting):  # a client that keeps messages for the next connection keeps theirs
            answer(key, "error", text="the connection has ended")
        say("disconnected", **leaving)
        up, leaving = False, {}


def connect(c):
    global client, clean
    if up:
        raise ValueError("there is a connection already")
    if "transport" in c or client and c["clean_start"] != clean:
        raise NotImplementedError("transport, or another clean_start")
    if not client:  # once: the second connect goes on with what this object has of its session
        client = mqtt.Client(*api, c["client_id"], c["clean_start"], protocol=mqtt.MQTTv311,
                             reconnect_on_failure=False)
        client.on_connect, client.on_disconnect, client.on_message = on_connect, on_disconnect, on_message
        clean = c["clean_start"]
        client.on_subscribe = client.on_unsubscribe = client.on_publish = on_done
    client.loop_stop()
    client.username_pw_set(c.get("user_name"), c.get("password"))
    client.will_clear()  # nothing of the first connect is for the second
    if "will" in c:
        client.will_set(c["will"]["topic"], content(c["will"]), c["will"]["qos"], c["will"]["retain"])
    client.connect(c["host"], c["port"], c["keep_alive"])
    client.loop_start()
    return "connect"


def content(c):
    return c["payload"].encode() if "payload" in c else bytes.fromhex(c["payload_hex"])


def obey(c):  # returns what its answer waits for
    global leaving
    if c["do"] == "connect":
        return connect(c)
    if c["do"] == "publish":
        return client.publish(c["topic"], content(c), c["qos"], c["retain"]).mid
    if c["do"] == "subscribe":
        return client.subscribe([(f["filter"], f["qos"]) for f in c["filters"]])[1]
    if c["do"] == "unsubscribe":
        return client.unsubscribe(c["filters"])[1]
    if c["do"] == "disconnect" and up:
        leaving = {"id": c["id"]}
        client.disconnect()
    elif c["do"] == "sync":
        say("synced", id=c["id"])
    else:
        known = c["do"] == "disconnect" or not isinstance(c["do"], str)
        say("error" if known else "unsupported", id=c["id"], text=str(c["do"]))


say("hello", contract=1, name="Paho Python", version=__version__, versions=["3.1.1"])
for line in sys.stdin.buffer:
    number = {}
    with lock:
        try:
            c = json.loads(line)
            number = {"id": c["id"]} if "id" in c else {}
            key = obey(c)
            if key is not None:
                waiting[key] = c["id"]
        except NotImplementedError as e:
            say("unsupported", text=str(e), **number)
        except Exception as e:
            say("error", text=repr(e), **number)
os._exit(0)  # at once, whatever the library's thread does
