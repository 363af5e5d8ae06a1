"""The process of one task of type `python`."""

import importlib.util
import json
import os
import resource
import signal
import sys
import traceback

from . import _current
from ._errors import FinalError
from ._serve import error_of, result_of
from ._frame import map_frames
from ._task import File, Task
from ._values import frame_of, from_wire, large_table, to_json
from ._wire import Wire

# More goes by way of a file: a line of the protocol has its limit.
MAXIMUM_LINE = 1 << 20

WARM_UP = {
    "id": "", "run": "", "task": "", "index": None, "attempt": 1, "lease_token": 0,
    "idempotency_key": "", "base_dir": "", "scratch_dir": "", "heartbeat_details": None,
    "args": {"function": "main", "args": {"x": [1, 2.5, "y"]}, "memory": None, "max_rows": 1,
             "script": os.path.join(os.path.dirname(__file__), "_warm.py")}}


def run_child(reader, writer, done):
    """Waits for its task and never returns. Tells `done` that it has begun, and that
    the executor has been told the end."""
    code = 1
    try:
        os.setpgid(0, 0)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        warm_up()
        reader = os.fdopen(reader, "rb")
        line = reader.readline()
        if not line:
            os._exit(0)  # The worker ends, and no task comes.
        os.write(done, b"0")
        wire = Wire(reader, os.fdopen(writer, "wb"))
        end = execute(json.loads(line), wire)
        flush(sys.stdout)
        flush(sys.stderr)
        wire.send(end)
        os.write(done, b"1")
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def warm_up():
    """A function like any other, whose end nobody hears: what it makes this process
    touch is its own then."""
    path = list(sys.path)
    with open(os.devnull, "rb") as nothing, open(os.devnull, "wb") as nobody:
        wire = Wire(nothing, nobody)
        wire.send(execute(WARM_UP, wire))
        wire.tasks.get()  # Its thread has seen the end.
    _current.task = None
    del sys.modules["windlass_script"]
    sys.path[:] = path


def flush(stream):
    """The function may have closed it, or put anything in its place."""
    try:
        stream.flush()
    except Exception as error:
        os.write(2, f"what was printed is lost: {error}\n".encode())


def execute(message, wire):
    request = message["args"]
    task = Task(wire, message)
    _current.task = task
    task._enter_trace()
    wire.start(lambda cancel: task._cancel(cancel["reason"]))
    try:
        map_frames(request["args"])
        limit(request)
        forget_shared_state()
        end = end_of(call(request), task, request["max_rows"])
    except SystemExit as error:
        end = error_of(FinalError(f"the function called sys.exit({error.code})", "SystemExit"))
    except BaseException as error:  # All that a function can raise is its failure.
        end = error_of(error)
    return {**end, "id": task.id}


def call(request):
    function = load(request)
    args = from_wire(request["args"])
    return function(**args)


def load(request):
    name = request["function"]
    try:
        module = load_module(request)
    except Exception as error:
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        raise FinalError(f"the script cannot be loaded: {type(error).__name__}: {error}",
                         "ScriptError", {"traceback": "".join(lines)}) from error
    function = getattr(module, name, None)
    if not callable(function):
        there = sorted(n for n, value in vars(module).items()
                       if callable(value) and not n.startswith("_"))
        raise FinalError(f"the script has no function {name}; it has {', '.join(there)}",
                         "ScriptError")
    return function


def load_module(request):
    path = request["script"]
    if path is not None:
        sys.path.insert(0, os.path.dirname(path))
        spec = importlib.util.spec_from_file_location("windlass_script", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["windlass_script"] = module
        spec.loader.exec_module(module)
        return module
    module = type(sys)("windlass_script")
    sys.modules["windlass_script"] = module
    exec(compile(request["code"], "<code>", "exec"), module.__dict__)
    return module


def limit(request):
    """What the process has already is not the function's."""
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[0])
    if request["memory"] is None:
        return
    most = pages * resource.getpagesize() + request["memory"]
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def forget_shared_state():
    """Python seeds its own random numbers after a fork, numpy does not."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def end_of(value, task, max_rows):
    if isinstance(value, (bytes, bytearray, memoryview, File)):
        return result_of(value, task)
    if isinstance(value, os.PathLike):
        return result_of(File(os.fspath(value)), task)
    try:
        table = large_table(value, max_rows)
        if table is not None:
            path = os.path.join(task.scratch_dir, ".windlass-result.frame")
            return {"type": "result", "value": frame_of(table, path)}
        if isinstance(value, dict) and "$windlass" in value:
            raise ValueError("the key $windlass is Windlass's own")
        value = to_json(value)
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise FinalError(f"what the function returned cannot be a result: {error}",
                         "InvalidResult") from error
    if len(text) <= MAXIMUM_LINE:
        return {"type": "result", "value": value}
    path = os.path.join(task.scratch_dir, ".windlass-result.json")
    with open(path, "w") as file:
        file.write(text)
    return result_of(File(path, "application/json"), task)
