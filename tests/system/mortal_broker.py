"""A broker that one packet kills: mqttspec-broker behind a proxy.

    mortal_broker.py BROKER ITS_PORT PORT MODE

killed  an UNSUBSCRIBE from a filter with a wildcard ends the proxy by SIGABRT
mute    the same packet leaves it running, and it answers nobody any more
"""
import asyncio
import ctypes
import os
import signal
import subprocess
import sys

from late_broker import PR_SET_PDEATHSIG, UNSUBSCRIBE, read_packet


class Proxy:
    def __init__(self, upstream, mode):
        self.upstream, self.mode, self.mute = upstream, mode, False

    async def up(self, reader, writer):
        while packet := await read_packet(reader):
            if packet[0] >> 4 == UNSUBSCRIBE and b"#" in packet:
                if self.mode == "killed":
                    os.abort()
                self.mute = True
            if not self.mute:
                writer.write(packet)
        writer.close()

    @staticmethod
    async def down(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
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
