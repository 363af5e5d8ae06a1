"""What a handler knows and can do about the attempt it executes."""

import os
import threading

from ._errors import FinalError, TaskCancelled


class File:
    """A file as the result of a task: `return windlass.File("report.pdf",
    "application/pdf")`. It is read when the handler has returned; leave it
    alone afterwards, best by making it in task.scratch_dir."""

    def __init__(self, path, media_type="application/octet-stream"):
        self.path = path
        self.media_type = media_type


class Task:
    """Valid until the handler returns. Methods may be called from any thread,
    load() and sign_url() from one at a time."""

    def __init__(self, wire, message):
        self._wire = wire
        self._cancelled = threading.Event()
        self.id = message["id"]
        self.run = message["run"]
        self.task = message["task"]
        self.index = message["index"]  # In an instance of a map, else None.
        self.attempt = message["attempt"]
        # Grows with every claim: a fence for outside systems.
        self.lease_token = message["lease_token"]
        # The same for every attempt.
        self.idempotency_key = message["idempotency_key"]
        self.base_dir = message["base_dir"]
        self.scratch_dir = message["scratch_dir"]
        # What the last attempt gave to heartbeat(), or None.
        self.heartbeat_details = message["heartbeat_details"]
        # The W3C trace context of this execution, for the headers of what it
        # calls; "" where its run is part of no trace.
        self.traceparent = message.get("traceparent", "")
        self.tracestate = message.get("tracestate", "")
        self.args = message["args"]
        self.cancel_reason = None

    def progress(self, fraction, message=""):
        """Shows people how far it is, from 0 to 1."""
        self._send("progress", fraction=fraction, message=message)

    def heartbeat(self, details=None):
        """Shows life to heartbeat_timeout; keeps `details` for the next
        attempt."""
        self._send("heartbeat", details=details)

    def save(self, name, value):
        """Keeps a value until the task has succeeded."""
        self._send("save", name=name, value=value)

    def load(self, name, default=None):
        """What this or an earlier attempt saved under the name."""
        self._send("load", name=name)
        reply = self._wire.replies.get()
        if reply is None:
            raise TaskCancelled("the executor is gone")
        return reply["value"] if reply["found"] else default

    def sign_url(self, result, lifetime="1h"):
        """A URL from which any program can read an upstream result that is in
        object storage (as it is stored: see its "encoding"), while it lasts.
        `result` is the value that came for it, or its "uri"."""
        uri = result if isinstance(result, str) else result["uri"]
        self._send("sign_url", uri=uri, lifetime=lifetime)
        reply = self._wire.replies.get()
        if reply is None:
            raise TaskCancelled("the executor is gone")
        if reply["url"] is None:
            raise FinalError(reply["error"], "NoUrl")
        return reply["url"]

    def log(self, message, level="info"):
        """level: trace, debug, info, warn or error."""
        self._send("log", level=level, message=str(message))

    def cancelled(self):
        """Whether to stop: return soon, or be killed after the grace period."""
        return self._cancelled.is_set()

    def wait_cancelled(self, timeout=None):
        """Waits instead of sleeping: True as soon as the task is cancelled."""
        return self._cancelled.wait(timeout)

    def raise_if_cancelled(self):
        if self._cancelled.is_set():
            raise TaskCancelled(self.cancel_reason)

    def _enter_trace(self):
        """For programs it starts, and libraries that look there."""
        for name, value in (("TRACEPARENT", self.traceparent),
                            ("TRACESTATE", self.tracestate)):
            os.environ.pop(name, None)
            if value:
                os.environ[name] = value

    def _cancel(self, reason):
        self.cancel_reason = reason
        self._cancelled.set()

    def _send(self, kind, **fields):
        self._wire.send({"type": kind, "id": self.id, **fields})
