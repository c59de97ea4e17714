"""A broker that one packet kills: mqttspec-broker behind a proxy.

    mortal_broker.py BROKER ITS_PORT PORT MODE

killed  an UNSUBSCRIBE from a filter with a wildcard ends the proxy by SIGABRT
mute    the same packet leaves it running, and it answers nobody any more
lossy   a SUBSCRIBE to a/# makes it lose messages, until the next CONNECT; the same packet kills it where no SUBSCRIBE
        came before it
"""
import asyncio
import ctypes
import os
import signal
import subprocess
import sys

from late_broker import CONNECT, PR_SET_PDEATHSIG, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, read_packet


class Proxy:
    def __init__(self, upstream, mode):
        self.upstream, self.mode, self.mute, self.lossy = upstream, mode, False, False

    async def up(self, reader, writer):
        subscribed = False
        while packet := await read_packet(reader):
            kind = packet[0] >> 4
            subscribed |= kind == SUBSCRIBE
            self.lossy = kind == SUBSCRIBE and b"a/#" in packet or self.lossy and kind != CONNECT
            if kind == UNSUBSCRIBE and b"#" in packet:
                if self.mode == "killed" or (self.mode == "lossy" and not subscribed):
                    os.abort()
                self.mute = self.mode == "mute"
            if not self.mute:
                writer.write(packet)
        writer.close()

    async def down(self, reader, writer):
        while packet := await read_packet(reader):
            if self.mode != "lossy" or not self.lossy or packet[0] >> 4 != PUBLISH:
                writer.write(packet)
        writer.close()

    async def serve_one(self, reader, writer):
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        await asyncio.gather(self.up(reader, up_writer), self.down(up_reader, writer), return_exceptions=True)

    async def serve(self, port):
        while True:
            try:
                (await asyncio.open_connection("127.0.0.1", self.upstream))[1].close()
                break
            except OSError:
                await asyncio.sleep(0.05)
        async with await asyncio.start_server(self.serve_one, "127.0.0.1", port) as server:
            await server.serve_forever()


def main(program, its_port, port, mode):
    libc = ctypes.CDLL(None)
    subprocess.Popen([program, "-p", its_port, "-q"], preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
    asyncio.run(Proxy(int(its_port), mode).serve(int(port)))


if __name__ == "__main__":
    main(*sys.argv[1:])
