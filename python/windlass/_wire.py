"""Lines of JSON to and from the executor."""

import json
import os
import queue
import threading

PROTOCOL = 1


class Wire:
    """Sends from any thread; receives on a thread of its own, so that a cancel
    is seen while the handler works."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        self._lock = threading.Lock()
        self._on_cancel = None
        self.tasks = queue.Queue()    # Messages; None once the input has ended.
        self.replies = queue.Queue()  # Likewise.

    def start(self, on_cancel):
        self._on_cancel = on_cancel
        threading.Thread(target=self._receive, daemon=True).start()

    def send(self, message):
        # A NaN would not be JSON: ValueError here rather than an error there.
        line = json.dumps(message, allow_nan=False, separators=(",", ":"))
        with self._lock:
            self._writer.write(line.encode() + b"\n")
            self._writer.flush()

    def _receive(self):
        for line in self._reader:
            message = json.loads(line)
            kind = message["type"]
            if kind == "cancel":
                self._on_cancel(message)
            elif kind in ("loaded", "signed_url"):
                self.replies.put(message)
            else:
                self.tasks.put(message)
        self._on_cancel({"reason": "lease_lost"})  # The executor is gone.
        self.replies.put(None)
        self.tasks.put(None)


def take_standard_streams():
    """The protocol's streams, out of reach of everyone else: afterwards file
    descriptor 1 is the log, for print(), C code and child processes alike, and
    descriptor 0 is empty."""
    import sys

    reader = os.fdopen(os.dup(0), "rb")
    writer = os.fdopen(os.dup(1), "wb")
    sys.stdout.flush()
    os.dup2(2, 1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdout.reconfigure(line_buffering=True)
    return reader, writer
