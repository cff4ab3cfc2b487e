"""The appliance as a browser or a program sees it: its page and its API over HTTP, or over TLS where it asks for that.

It never trusts a certificate authority: the appliance signs for itself, and the test knows which one it talks to.
`qemu` and `user` ask their questions through it.
"""

import http.client
import json
import ssl
import time

# One question on a loaded, emulated machine.
ANSWER_LIMIT_S = 20
# Between two attempts to connect while the service starts: fine enough to time a start of seconds.
RETRY_S = 0.02


class Page:
    """Talks to `address`; `host` is the name the appliance knows itself by, which it insists on."""

    def __init__(self, host, port, tls_port, address="127.0.0.1"):
        self.address, self.host = address, host
        self.port, self.tls_port = port, tls_port
        self.secure = False
        self.last = "no connection yet"

    def ask(self, method, path, body=None, limit=ANSWER_LIMIT_S):
        """One request; returns (status, text). Follows the appliance's own move from HTTP to TLS."""
        if self.secure:
            link = http.client.HTTPSConnection(self.address, self.tls_port, timeout=limit,
                                               context=ssl._create_unverified_context())
        else:
            link = http.client.HTTPConnection(self.address, self.port, timeout=limit)
        try:
            headers = {"Host": f"{self.host}:{self.tls_port if self.secure else self.port}"}
            payload = None
            if body is not None:
                payload = json.dumps(body).encode()
                headers["Content-Type"] = "application/json"
            link.request(method, path, payload, headers)
            answer = link.getresponse()
            text = answer.read().decode("utf-8", "replace")
            # A page is led to TLS; a change is told to go there by itself, since it was readable on its way here.
            led = answer.status in (301, 302, 307, 308) and (answer.getheader("Location") or "").startswith("https://")
            if not self.secure and (led or (answer.status == 421 and '"tls_needed"' in text)):
                self.secure = True
                return self.ask(method, path, body, limit)
            return answer.status, text
        finally:
            link.close()

    def first_answer(self, seconds, alive=lambda: True):
        """Asks for /healthz until it answers 200; returns the moment, or None when the time or the process is over; what
        came instead is in `last`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and alive():
            try:
                status, text = self.ask("GET", "/healthz", limit=2)
                if status == 200:
                    return time.monotonic()
                self.last = f"{status} {text[:200]}"
            except (OSError, http.client.HTTPException) as reason:
                self.last = repr(reason)
            time.sleep(RETRY_S)
        return None
