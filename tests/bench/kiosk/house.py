"""Holds the product as the kiosk's bench measures it: how it is started, and how its workstations and watchers come in.

Never measures. The bench calls it.
"""

import asyncio
import os
import pathlib
import subprocess

from load import HOST, MOST_WAIT_S, PORT, SOCKETS_PER_TOKEN, ask, awake, word

PASSWORD = "correct horse battery"
# An account may have so many sessions, and there may be so many accounts beside the first.
SESSIONS_PER_ACCOUNT = 30


class House:
    """The service as it is shipped, without TLS: its peer has none either."""

    name = "vigie"

    def __init__(self, program: pathlib.Path):
        self.program = program

    def start(self, folder: pathlib.Path) -> list[subprocess.Popen]:
        data = folder / "data"
        setup = [self.program, "setup", "--data", data, "--admin", "ada", "--password-stdin"]
        subprocess.run(setup, input=f"{PASSWORD}\n", text=True, check=True, stdout=subprocess.DEVNULL)
        log = (folder / "log").open("w")
        run = [self.program, "run", "--data", data, "--no-tls", "--listen", f"{HOST}:{PORT}"]
        return [subprocess.Popen(run, stdout=log, stderr=log)]

    async def let_in(self, agents: int, boot: str) -> list[str]:
        """The tokens of so many workstations."""
        await awake("/healthz")
        admin = await log_in("ada")
        self.seats = [await enrol(admin, number, boot) for number in range(agents)]
        return [token for _, token in self.seats]

    async def begin(self, watchers: int) -> tuple[str, list[str]]:
        """A running session: where its sockets are, and tokens enough for them."""
        admin = await log_in("ada")
        self.session = (await ask("POST", "/api/sessions", {"minutes": 60}, admin))["id"]
        await ask("POST", f"/api/sessions/{self.session}/start", {"workstation": self.seats[0][0]}, admin)
        return f"/ws/sessions/{self.session}", await tokens(admin, watchers)

    async def change(self) -> tuple[str, str]:
        """Where time is added, and by whom."""
        return f"/api/sessions/{self.session}/add_time", await log_in("ada")


async def log_in(username: str, password: str = PASSWORD) -> str:
    return (await ask("POST", "/api/token", {"username": username, "password": password}))["access"]


async def enrol(admin: str, number: int, boot: str):
    question = os.urandom(32).hex()
    mac = f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"
    # Each machine has an address of its own, as in a house.
    source = f"127.0.{1 + number // 250}.{1 + number % 250}"
    knock = {"mac": mac, "name": f"p{number}", "boot": boot, "question": question}
    shown = (await ask_again("/api/postes/enrolment", knock, source))["number"]
    await ask("POST", f"/api/postes/enrolment/{shown}/approve", {}, admin)
    told = await ask_again("/api/postes/enrolment/status", {"question": question}, source)
    seat, token = told["workstation"]["id"], told["token"]
    # Whoever was let in says so at once, and makes room for the next who waits.
    await ask("POST", f"/api/postes/{seat}/heartbeat", word(boot), token)
    return seat, token


async def ask_again(path: str, body, source: str):
    """A call of a stranger, of whom ten a second are let through in all."""
    for _ in range(MOST_WAIT_S):
        try:
            return await ask("POST", path, body, source=source)
        except RuntimeError as error:
            if ": 429 " not in str(error):
                raise
            await asyncio.sleep(1)
    raise RuntimeError(f"{path}: never let through")


async def tokens(admin: str, watchers: int):
    """Access tokens enough for so many sockets: several log-ins of several viewers."""
    wanted, made = -(-watchers // SOCKETS_PER_TOKEN), []
    for account in range(-(-wanted // SESSIONS_PER_ACCOUNT)):
        name = f"viewer-{account}"
        await ask("POST", "/api/accounts", {"username": name, "role": "viewer", "password": f"{PASSWORD} one"}, admin)
        first = await log_in(name, f"{PASSWORD} one")
        await ask("PUT", "/api/accounts/me/password", {"old": f"{PASSWORD} one", "new": f"{PASSWORD} two"}, first)
        for _ in range(min(SESSIONS_PER_ACCOUNT, wanted - len(made))):
            made.append(await log_in(name, f"{PASSWORD} two"))
    return made
