"""The agent of Eclipse Paho for Python from 2.0 on: that of its older releases, with the newer callbacks.

They give reason codes in 3.1.1, too, where there are none on the wire: what CONNACK had there is found again.
"""
import functools

from paho.mqtt import client as mqtt

from paho_python import Agent, main, told

OF_311 = {132: 1, 133: 2, 136: 3, 134: 4, 135: 5}  # reason code: the return code of CONNACK


class Agent2(Agent):
    made = staticmethod(functools.partial(mqtt.Client, mqtt.CallbackAPIVersion.VERSION2))

    def on_connect(self, _client, _data, flags, code, properties):
        if code != 0:
            value = code.value if self.five else OF_311.get(code.value, code.value)
            return self.answer("refused", "connect", code=value, **told(properties))
        self.answer("connected", "connect", session_present=flags.session_present, **told(properties))

    def on_unsubscribe(self, _client, _data, mid, codes, properties):
        fields = dict(codes=[code.value for code in codes], **told(properties)) if self.five else {}
        self.answer("acknowledged", "unsubscribe", mid, **fields)

    def on_publish(self, _client, _data, mid, code, properties):
        self.sent.add(mid)
        event = "refused" if code.is_failure else "acknowledged"
        for kind in ("kept", "qos 0"):
            self.answer(event, kind, mid, **(dict(code=code.value, **told(properties)) if self.five else {}))

    def on_disconnect(self, _client, _data, flags, code, properties):
        self.ended = {"code": code.value} if flags.is_disconnect_packet_from_server else {"text": str(code)}
        self.ended.update(told(properties))


if __name__ == "__main__":
    main(Agent2())
