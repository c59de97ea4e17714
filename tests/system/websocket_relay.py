"""websocket_relay.py BROKER_PORT SHAPE [CERTIFICATE KEY]: a WebSocket server made of python3-websockets in front of a
broker over TCP. It prints its port, and for each connection its path and what it asks for; what comes from the broker
goes out in frames of a SHAPE: whole, bytes (a frame each) or fragments (of three bytes, with pings in between)."""
import asyncio
import ssl
import sys

import websockets

BROKER, SHAPE = int(sys.argv[1]), sys.argv[2]


async def fragments(websocket, data):
    for at in range(0, len(data), 3):
        await websocket.ping()
        yield data[at:at + 3]


async def from_broker(reader, websocket):
    while data := await reader.read(1 << 16):
        if SHAPE == "whole":
            await websocket.send(data)
        elif SHAPE == "bytes":
            for at in range(len(data)):
                await websocket.send(data[at:at + 1])
        else:
            await websocket.send(fragments(websocket, data))
    await websocket.close()


async def serve(websocket, path):
    print("path", path, "protocol", websocket.subprotocol, "x-test", websocket.request_headers.get("X-Test"), flush=True)
    reader, writer = await asyncio.open_connection("127.0.0.1", BROKER)
    task = asyncio.create_task(from_broker(reader, websocket))
    try:
        async for data in websocket:
            assert isinstance(data, bytes)
            writer.write(data)
            await writer.drain()
    finally:
        print("closed", websocket.close_code, flush=True)
        task.cancel()
        writer.close()


async def main():
    tls = None
    if len(sys.argv) > 3:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[3], sys.argv[4])
    async with websockets.serve(serve, "127.0.0.1", 0, subprotocols=["mqtt"], ssl=tls, max_size=1 << 26,
                                compression=None, ping_interval=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())
