"""Passes TCP connections on to a server, and turns bits of requests and of answers while a file is there.

usage: flipping_proxy.py LISTEN_HOST:PORT SERVER_HOST:PORT SWITCH SEED
Each bit turned adds a byte to the file SWITCH.count. A bit is turned in about one of ten pieces of 64 KiB or less.
Pieces that are smaller than LEAST are passed on as they are: settings, acknowledgements, and windows, whose loss nobody
can tell from a slow peer.
"""

import asyncio
import pathlib
import random
import sys

# Bytes.
LEAST = {"request": 60, "answer": 200}


async def main():
    listen, server, switch, seed = sys.argv[1:]
    switch, dice = pathlib.Path(switch), random.Random(seed)
    count = open(f"{switch}.count", "ab", buffering=0)

    async def carry(reader, writer, least):
        try:
            while piece := await reader.read(1 << 16):
                if len(piece) > least and switch.exists() and dice.random() < 0.1:
                    piece = bytearray(piece)
                    piece[dice.randrange(len(piece))] ^= 1 << dice.randrange(8)
                    count.write(b"x")
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def accept(reader, writer):
        host, port = server.rsplit(":", 1)
        try:
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            return writer.close()
        await asyncio.gather(carry(reader, far_writer, LEAST["request"]), carry(far_reader, writer, LEAST["answer"]))

    host, port = listen.rsplit(":", 1)
    async with await asyncio.start_server(accept, host, int(port)) as proxy:
        await proxy.serve_forever()


asyncio.run(main())
