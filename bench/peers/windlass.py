#!/usr/bin/env python3
"""Windlass as an entrant of run.py, by its command line.

    windlass.py [--executors N] [--map] URL enqueue|drain COUNT

With --map the tasks are one run that maps over COUNT items, and a task that
joins them. The binary is build/release/windlass or $WINDLASS_BINARY. Times are of
whole processes, start and exit included: what a person with a stopwatch sees. It
has no part in `latency`, which a process per submit would decide; for that there
is `windlass bench latency`.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("WINDLASS_BINARY", str(ROOT / "build/release/windlass"))
NOOP = """
windlass: 1
name: noop
tasks:
  noop: {type: noop}
"""
MAP = """
windlass: 1
name: map
params:
  items: {type: array}
tasks:
  each: {type: noop, map: {items: "${{ params.items }}"}}
  join: {type: noop, depends_on: [each]}
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--executors", type=int, default=1)
    parser.add_argument("--map", action="store_true")
    parser.add_argument("url")
    parser.add_argument("step")
    parser.add_argument("count", type=int)
    arguments = parser.parse_args()
    if arguments.step == "enqueue":
        report(arguments, *enqueue(arguments))
    elif arguments.step == "drain":
        report(arguments, *drain(arguments))


def enqueue(arguments):
    with tempfile.TemporaryDirectory() as folder:
        workflow = pathlib.Path(folder, "workflow.yaml")
        workflow.write_text(MAP if arguments.map else NOOP)
        if not arguments.map:
            return run(arguments, [["submit", str(workflow), "--count", str(arguments.count)]])
        params = pathlib.Path(folder, "params.json")
        params.write_text(json.dumps({"items": list(range(arguments.count))}))
        return run(arguments, [["submit", str(workflow), "--params", str(params)]])


def drain(arguments):
    return run(arguments, [["executor", "--exit-when-idle", "--health-listen", "127.0.0.1:0"]]
               * arguments.executors)


def run(arguments, commands):
    """Seconds for all of them, side by side, and what each used."""
    begin = time.monotonic()
    processes = [subprocess.Popen(
        [BINARY, *command, "--store", arguments.url, "--log-level", "warn"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for command in commands]
    ends = [os.wait4(process.pid, 0) for process in processes]
    seconds = time.monotonic() - begin
    if any(status != 0 for _, status, _ in ends):
        sys.exit(f"windlass {commands[0][0]}: exit status {[status for _, status, _ in ends]}")
    return seconds, [usage for _, _, usage in ends]


def report(arguments, seconds, usages):
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    print(json.dumps({
        "system": "windlass", "settings": f"{arguments.executors} executors",
        "metric": arguments.step, "value": arguments.count / seconds, "unit": "tasks/s",
        "tasks": arguments.count, "seconds": seconds,
        "cpu_us_per_task": cpu * 1e6 / arguments.count,
        "peak_rss_mib": max(usage.ru_maxrss for usage in usages) // 1024}))


if __name__ == "__main__":
    main()
