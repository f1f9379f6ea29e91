"""A receiver of its own process: keeps what it took in a file, and fails as it is told.

    python receiver.py FILE SECRET WORST [CERTIFICATE KEY]
WORST: every so many requests, one is refused, one cut off, and one taken without an answer; 0: none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

FILE, SECRET, WORST = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])


class Handler(BaseHTTPRequestHandler):
    requests = 0

    def do_POST(self) -> None:
        Handler.requests += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        step = Handler.requests % WORST if WORST else 1
        if self.path != "/take":
            return self.answer({"/gone": 410, "/moved": 302}[self.path])
        if step == 0:
            return self.answer(503, ("Retry-After", "0"))
        if step == WORST // 2 and WORST:
            return None  # closes without a word, and has taken nothing
        identity, at = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        expected = hmac.new(SECRET.encode(), f"{identity}.{at}.".encode() + body, hashlib.sha256).digest()
        given = self.headers["webhook-signature"].removeprefix("v1,")
        if not hmac.compare_digest(base64.b64decode(given), expected) or abs(time.time() - int(at)) > 300:
            return self.answer(401)
        with FILE.open("a") as file:
            events = [json.loads(line)["event_id"] for line in body.splitlines()]
            kept = {"id": identity, "events": events, "authorization": self.headers["Authorization"]}
            file.write(json.dumps(kept) + "\n")
        if step == WORST - 1 and WORST:
            return None  # has taken it, and its answer is lost
        return self.answer(204)

    def answer(self, code: int, *headers: tuple[str, str]) -> None:
        self.send_response(code)
        for name, value in [*headers, ("Location", "/take")]:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


with HTTPServer(("127.0.0.1", 0), Handler) as server:
    if len(sys.argv) > 4:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[4], sys.argv[5])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_port, flush=True)
    server.serve_forever()
