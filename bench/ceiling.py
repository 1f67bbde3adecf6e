"""How fast the load client is when the server costs next to nothing.

    python -m bench.ceiling PORT BYTES

answers every request with the same body of that many bytes.
"""

import asyncio
import sys
from typing import cast

import uvloop


class Canned(asyncio.Protocol):
    """One write for each request, whatever it says; the client never pipelines."""

    answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(self.answer)


async def serve(port: int, size: int) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
    Canned.answer = head.encode() + b"x" * size
    server = await asyncio.get_running_loop().create_server(Canned, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2])))
