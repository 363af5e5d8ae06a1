"""The loop that turns messages into calls of a handler."""

import os
import sys
import traceback

from ._errors import TaskCancelled, TaskError
from ._task import File, Task
from ._wire import PROTOCOL, Wire, take_standard_streams


def serve(handler):
    """Executes tasks by handler(task) until the executor closes the program's
    input. What it returns is the result: any JSON value, bytes, or a File. What
    it raises is the failure: RetryableError, FinalError, or any exception, which
    is retryable and has its class name as its type."""
    reader, writer = take_standard_streams()
    Server(handler, Wire(reader, writer)).run()


class Server:
    def __init__(self, handler, wire):
        self._handler = handler
        self._wire = wire
        self._current = None

    def run(self):
        self._wire.start(self._cancel)
        while True:
            message = self._wire.tasks.get()
            if message is None:
                return
            if message["type"] == "hello":
                self._wire.send({"type": "ready", "protocol": PROTOCOL})
            elif message["type"] == "task":
                self._execute(Task(self._wire, message))

    def _cancel(self, message):
        task = self._current
        if task is not None and message.get("id", task.id) == task.id:
            task._cancel(message["reason"])

    def _execute(self, task):
        self._current = task
        task._enter_trace()
        try:
            end = result_of(self._handler(task), task)
        except Exception as error:
            end = error_of(error)
        self._current = None
        # Lines printed so far belong to this task's log.
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            self._wire.send({**end, "id": task.id})
        except (TypeError, ValueError) as error:
            self._wire.send({
                "type": "error", "id": task.id, "error_type": "InvalidResult",
                "message": f"the result is not JSON: {error}",
                "retryable": False})


def result_of(value, task):
    if isinstance(value, (bytes, bytearray, memoryview)):
        path = os.path.join(task.scratch_dir, ".windlass-result")
        with open(path, "wb") as file:
            file.write(value)
        value = File(path)
    if isinstance(value, File):
        return {"type": "result", "path": os.path.abspath(value.path),
                "media_type": value.media_type}
    return {"type": "result", "value": value}


# Of a message and a traceback; a line of the protocol has its limit.
MAXIMUM_TEXT = 65536


def error_of(error):
    message = {"type": "error", "error_type": type(error).__name__,
               "message": message_of(error)}
    if isinstance(error, TaskError):
        message.update(error_type=error.type, retryable=error.retryable,
                       details=error.details)
        if error.retry_after is not None:
            message["next_retry_delay"] = error.retry_after
    elif not isinstance(error, TaskCancelled):
        lines = traceback.format_exception(type(error), error,
                                           error.__traceback__)
        message["details"] = {"traceback": sendable("".join(lines)[-MAXIMUM_TEXT:])}
    return message


def message_of(error):
    try:
        text = str(error)
    except Exception:
        text = ""  # Its __str__ fails too.
    return sendable(text[:MAXIMUM_TEXT]) or type(error).__name__


def sendable(text):
    """Half a surrogate pair is no text for others."""
    return text.encode(errors="replace").decode()
