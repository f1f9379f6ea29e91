"""Makes consumers for whoever kills them: each line that comes in begets one, whose number is printed.

python consumers.py DATABASE_URL ADDRESS SECRET
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from webapp.streaming.following import follow
from webapp.streaming.formats import FORMATS
from webapp.streaming.posting import WebTarget

url, address, secret = sys.argv[1:]
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
for _ in sys.stdin:
    child = os.fork()
    if child:
        print(child, flush=True)
        continue
    target = WebTarget(address, secret, shortest=0.01)
    while True:
        follow(url, "siem", target, FORMATS["ndjson"], most=5, stop=threading.Event())
