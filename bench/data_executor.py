"""Runs workflows for bench/data.py, and measures the memory that takes."""

import contextlib
import datetime
import json
import os
import pathlib
import subprocess
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("WINDLASS_BINARY", str(ROOT / "build/release/windlass"))
SAMPLING_SECONDS = 0.02


def seconds_of(start, end):
    def moment(text):
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    return moment(end) - moment(start)


def run(data, tasks, *flags, peaks=None):
    """The tasks of a workflow that an executor of its own has run in the folder `data`.

    With `peaks`, a list, the most memory (MiB) of the executor and all it started.
    """
    with tempfile.TemporaryDirectory(dir=data) as name:
        store = f"sqlite:{name}/store.db"
        flow = data / "flow.json"
        flow.write_text(json.dumps({"windlass": 1, "name": "bench", "tasks": tasks}))

        def command(*arguments):
            return subprocess.run([BINARY, *arguments, "--store", store], cwd=data, check=True, text=True,
                                  stdout=subprocess.PIPE, env=environment()).stdout
        submitted = json.loads(command("submit", "flow.json", "--output", "json"))["run_id"]
        with subprocess.Popen([BINARY, "executor", "--profile", "data", "--exit-when-idle",
                               "--health-listen", "none", "--log-level", "error", "--store", store, *flags],
                              cwd=data, env=environment()) as executor:
            with sampled(executor.pid, peaks):
                executor.wait()
        ran = json.loads(command("show", submitted, "--output", "json"))
        for task in ran["tasks"]:
            if task["state"] != "succeeded" and not tasks[task["id"]].get("allow_failure"):
                raise SystemExit(f"{task['id']}: {task['error']}")
        return ran["tasks"]


def environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("WINDLASS_")}


@contextlib.contextmanager
def sampled(pid, peaks):
    if peaks is None:
        yield
        return
    done = threading.Event()
    seen = [0]

    def sample():
        while not done.wait(SAMPLING_SECONDS):
            seen.append(sum(proportional(one) for one in tree(pid)))
    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield
    finally:
        done.set()
        sampler.join()
        peaks.append(max(seen) / 1024)


def tree(pid):
    """The process and all below it."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{thread}/children") as file:
                    waiting += map(int, file.read().split())
    return found


def proportional(pid):
    """KiB of memory; of pages that processes share, each has its part."""
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1])
    return 0
