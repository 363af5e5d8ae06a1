#!/usr/bin/env python3
"""Windlass as an entrant of run.py, by its command line.

    windlass.py URL enqueue|drain COUNT

The binary is build/release/windlass or $WINDLASS_BINARY. Times are of whole
processes, start and exit included: what a person with a stopwatch sees. It has
no part in `latency`, which a process per submit would decide; for that there is
`windlass bench latency`.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("WINDLASS_BINARY", str(ROOT / "build/release/windlass"))
WORKFLOW = """
windlass: 1
name: noop
tasks:
  noop: {type: noop}
"""


def main():
    url, step, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if step == "enqueue":
        timed(step, count, url, "submit", "-", "--count", str(count))
    elif step == "drain":
        timed(step, count, url, "executor", "--exit-when-idle")


def timed(step, count, url, command, *arguments):
    with tempfile.TemporaryFile() as workflow:
        workflow.write(WORKFLOW.encode())
        workflow.seek(0)
        begin = time.monotonic()
        process = subprocess.Popen(
            [BINARY, command, *arguments, "--store", url, "--log-level", "warn"],
            stdin=workflow, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begin
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        sys.exit(f"windlass {command}: exit code {code}")
    print(json.dumps({
        "system": "windlass", "settings": "defaults", "metric": step,
        "value": count / seconds, "unit": "tasks/s", "tasks": count,
        "seconds": seconds,
        "cpu_us_per_task": (usage.ru_utime + usage.ru_stime) * 1e6 / count,
        "peak_rss_mib": usage.ru_maxrss // 1024}))


if __name__ == "__main__":
    main()
