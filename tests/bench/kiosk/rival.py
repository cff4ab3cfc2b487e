"""Holds the peer as the kiosk's bench measures it: a Redis and a Django Channels service, both started for one run.

Never measures, and never starts a service of the machine. The bench calls it; the service itself is in `peer/`.
"""

import os
import pathlib
import shutil
import subprocess

from load import HOST, PORT, awake

PEER = pathlib.Path(__file__).resolve().parent / "peer"
UVICORN = PEER / ".venv/bin/uvicorn"
TOKEN = "a-token-of-the-bench-and-no-secret"


class Rival:
    """One process of Channels, as one of the product stands beside it, and its Redis, which keeps nothing."""

    def __init__(self, layer: str):
        self.name, self.layer = f"channels-{layer}", layer

    @staticmethod
    def is_installed() -> bool:
        return UVICORN.exists() and shutil.which("redis-server") is not None

    def start(self, folder: pathlib.Path) -> list[subprocess.Popen]:
        where = folder / "redis.sock"
        log = (folder / "log").open("w")
        redis = ["redis-server", "--port", "0", "--unixsocket", where, "--save", "", "--appendonly", "no", "--dir", folder]
        words = {**os.environ, "PEER_REDIS": str(where), "PEER_LAYER": self.layer, "PEER_TOKEN": TOKEN}
        serve = [UVICORN, "service:application", "--app-dir", PEER, "--host", HOST, "--port", str(PORT)]
        serve += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        return [subprocess.Popen(redis, stdout=log, stderr=log), subprocess.Popen(serve, stdout=log, stderr=log, env=words)]

    async def let_in(self, agents: int, _boot: str) -> list[str]:
        await awake("/healthz")
        return [TOKEN] * agents

    async def begin(self, watchers: int) -> tuple[str, list[str]]:
        return "/ws/sessions/1", [TOKEN] * watchers

    async def change(self) -> tuple[str, str]:
        return "/api/sessions/1/add_time", TOKEN
