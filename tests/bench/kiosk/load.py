"""Holds the load of the kiosk's bench: requests, sockets, what each heard and when, and what processes cost.

Never knows which service it speaks to. The bench calls it.
"""

import asyncio
import base64
import json
import os
import pathlib
import struct
import time

HOST, PORT = "127.0.0.1", 8080
# A session of a person or a program may have so many sockets.
SOCKETS_PER_TOKEN = 8
MOST_WAIT_S = 60


async def ask(method: str, path: str, body=None, token=None, source=HOST):
    """One request on a connection of its own."""
    reader, writer = await asyncio.open_connection(HOST, PORT, local_addr=(source, 0))
    text = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost:{PORT}\r\nConnection: close\r\nContent-Type: application/json\r\n"
    head += f"Authorization: Bearer {token}\r\n" if token else ""
    writer.write(f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text)
    whole = await reader.read()
    writer.close()
    head, _, rest = whole.partition(b"\r\n\r\n")
    status = int(head.split(b" ")[1])
    if status >= 300:
        raise RuntimeError(f"{method} {path}: {status} {rest[:300]!r}")
    return json.loads(rest) if rest else None


class Socket:
    """A WebSocket, as far as this needs one."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, path: str, token: str):
        reader, writer = await asyncio.open_connection(HOST, PORT)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost:{PORT}\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(head.split(b"\r\n")[0])
        return cls(reader, writer)

    def write(self, kind: int, payload: bytes):
        length = len(payload)
        size = bytes([0x80 | length]) if length < 126 else bytes([0x80 | 126]) + struct.pack(">H", length)
        self.writer.write(bytes([0x80 | kind]) + size + bytes(4) + payload)

    def say(self, kind: str, data):
        self.write(1, json.dumps({"type": kind, "data": data}).encode())

    async def hear(self) -> bytes:
        """The next text; pings are answered."""
        while True:
            first, second = await self.reader.readexactly(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", await self.reader.readexactly(2))
            payload = await self.reader.readexactly(length)
            if first & 0x0F == 9:
                self.write(10, payload)
            elif first & 0x0F == 8:
                raise RuntimeError(f"closed: {payload!r}")
            else:
                return payload


class Fleet:
    """Every socket, and when each heard of what."""

    def __init__(self):
        self.heard = {}
        self.beats = []
        self.closed = []
        self.asked = {}
        self.frames = 0

    async def listen(self, number: int, socket: Socket):
        try:
            while True:
                text = await socket.hear()
                now = time.monotonic()
                self.frames += 1
                if b'"time_added"' in text:
                    self.heard.setdefault(json.loads(text)["data"]["delta_ms"], []).append(now)
                elif b'"lease"' in text and socket in self.asked:
                    self.beats.append(now - self.asked.pop(socket))
        except (RuntimeError, asyncio.IncompleteReadError, ConnectionError) as error:
            self.closed.append((number, repr(error)))


def family(pid: int) -> list[int]:
    """A process and all that came of it."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def cost(pids: list[int]):
    """CPU seconds, resident bytes and bytes written of processes together."""
    cpu = rss = written = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        cpu += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        rss += int(status.split("VmRSS:")[1].split()[0]) * 1024
        written += int(pathlib.Path(f"/proc/{pid}/io").read_text().split("write_bytes: ")[1].split()[0])
    return cpu, rss, written


async def awake(path: str):
    """Waits until a service answers."""
    for _ in range(MOST_WAIT_S * 10):
        try:
            await ask("GET", path)
            return
        except (OSError, RuntimeError):
            await asyncio.sleep(0.1)
    raise RuntimeError("the service does not answer")


def word(boot: str):
    """The regular word of an agent at rest."""
    return {"boot": boot, "nonce": os.urandom(16).hex(), "lease_seq": 0, "report": None, "screen": "locked", "version": "1"}


async def beat(fleet, socket, boot: str, number: int, agents: int):
    # Spread over the period, as machines that were not switched on in one moment are.
    await asyncio.sleep(10 * number / agents)
    while True:
        fleet.asked[socket] = time.monotonic()
        socket.say("heartbeat", word(boot))
        await asyncio.sleep(10)



def tell(delays) -> str:
    if not delays:
        return "none"
    delays = sorted(delays)
    part = [delays[len(delays) // 2], delays[min(len(delays) - 1, len(delays) * 99 // 100)], delays[-1]]
    return ", ".join(f"{1000 * delay:.0f} ms" for delay in part) + f" ({len(delays)} heard)"
