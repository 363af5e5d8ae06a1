"""Write Windlass tasks in Python.

    import windlass

    def work(task):
        task.progress(0.5, "half of it")
        return {"sum": task.args["a"] + task.args["b"]}

    windlass.serve(work)

A program that calls serve() is the command of a task of type `process`. It
executes one task at a time and waits for the next, so what it has loaded stays
loaded. A function of a task of type `python` needs none of that: it gets its
arguments, and progress(), save() and the others here concern its task. print()
goes to the log of the task. The protocol underneath is
docs/guides/process-protocol.md.
"""

from ._current import (cancelled, current, heartbeat, load, log, progress, save,
                       sign_url, traceparent)
from ._errors import FinalError, RetryableError, TaskCancelled
from ._serve import serve
from ._task import File, Task

__all__ = ["File", "FinalError", "RetryableError", "Task", "TaskCancelled",
           "cancelled", "current", "heartbeat", "load", "log", "progress", "save", "serve", "sign_url",
           "traceparent"]
__version__ = "0.1.0"
