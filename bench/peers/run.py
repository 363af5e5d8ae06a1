#!/usr/bin/env python3
"""Measures queue systems side by side on a private, durable PostgreSQL.

    bench/peers/run.py [--rounds 3] [--tasks 100000] [--only NAME]...
                       [--entrant NAME=COMMAND]... [--json FILE]

Every round gives every entrant a fresh database and calls its command with

    COMMAND URL enqueue TASKS     put TASKS no-op tasks into the database
    COMMAND URL drain TASKS       execute them all, and end
    COMMAND URL latency SAMPLES   submit one at a time to an idle worker

Each call prints one line of JSON: system, settings, metric, value, unit, and
what it likes of seconds, cpu_us_per_task, peak_rss_mib, p50, p99; or nothing for
a step it has no part in. The CPU time of the server and the bytes it wrote to its
log are added here. ../README.md says how to read the result.
"""

import argparse
import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from postgres import DURABLE, Postgres, children_of  # noqa: E402

# What an operator of a 24 GiB machine would set; the rest is PostgreSQL's own.
SERVER = {
    **DURABLE,
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "wal_level": None,
    "max_wal_senders": None,
}
STEPS = ("enqueue", "drain", "latency")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class Entrant:
    name: str
    command: list
    # Of the full number of tasks; for those that would take minutes.
    scale: float = 1.0


def node(program, settings, scale=1.0):
    name = f"{program.replace('_', '-')} {settings}"
    return Entrant(name, ["node", f"{HERE}/{program}.mjs", settings], scale)


ENTRANTS = [
    node("graphile", "defaults", scale=0.1),
    node("graphile", "concurrency 24", scale=0.1),
    node("graphile", "best"),
    node("pg_boss", "best"),
    Entrant("windlass", [f"{HERE}/windlass.py"]),
    Entrant("windlass, two executors", [f"{HERE}/windlass.py", "--executors", "2"]),
    Entrant("windlass, a map", [f"{HERE}/windlass.py", "--map"]),
]


def main():
    arguments = parse()
    entrants = chosen(arguments)
    prepare(entrants)
    describe_machine()
    results = []
    with Postgres(SERVER) as postgres, contextlib.ExitStack() as stack:
        out = stack.enter_context(open(arguments.json, "a")) if arguments.json else None
        for number in range(arguments.rounds):
            for entrant in entrants:
                for result in one_round(postgres, entrant, arguments):
                    result["round"] = number
                    results.append(result)
                    print(json.dumps(result), file=out or sys.stderr, flush=True)
    print(table(results))


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--only", action="append", default=[],
                        help="entrants whose name contains this")
    parser.add_argument("--step", action="append", default=[], choices=STEPS)
    parser.add_argument("--entrant", action="append", default=[],
                        metavar="NAME=COMMAND", help="one more")
    parser.add_argument("--json", help="append every single result to this file")
    return parser.parse_args()


def chosen(arguments):
    entrants = list(ENTRANTS)
    for text in arguments.entrant:
        name, command = text.split("=", 1)
        entrants.append(Entrant(name, shlex.split(command)))
    if arguments.only:
        entrants = [e for e in entrants if any(o in e.name for o in arguments.only)]
    return entrants or sys.exit("no such entrant")


def prepare(entrants):
    """The lock file decides what is measured."""
    if any(e.command[0] == "node" for e in entrants) and not (
            HERE / "node_modules/.package-lock.json").exists():
        subprocess.run(["npm", "ci", "--silent"], cwd=HERE, check=True)


def describe_machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), "unknown CPU")
    print(f"{os.cpu_count()} cores of {model}, {datetime.date.today()}, "
          f"load before: {os.getloadavg()[0]:.1f}")


def one_round(postgres, entrant, arguments):
    database = postgres.create_database()
    url = postgres.socket_url_of(database.rsplit("/", 1)[1])
    tasks = max(1, int(arguments.tasks * entrant.scale))
    for step in STEPS:
        if arguments.step and step not in (*arguments.step, "enqueue"):
            continue
        count = arguments.samples if step == "latency" else tasks
        result = measure(postgres, entrant, url, step, count)
        if result is not None:
            yield result
        if step == "enqueue":
            # As autovacuum would have by the time a backlog matters.
            postgres.query("vacuum analyze", database)
    postgres.drop_database(database)


def measure(postgres, entrant, url, step, count):
    log_before, cpu_before = log_position(postgres), server_cpu(postgres)
    finished = subprocess.run([*entrant.command, url, step, str(count)], cwd=HERE,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              text=True, timeout=600)
    if finished.returncode != 0:
        sys.exit(f"{entrant.name}: {step} failed")
    if not finished.stdout.strip():
        return None
    cpu, log = server_cpu(postgres) - cpu_before, log_position(postgres) - log_before
    result = json.loads(finished.stdout.strip().splitlines()[-1])
    return {"entrant": entrant.name, **result, "metric": step,
            "server_cpu_us_per_task": cpu * 1e6 / count,
            "wal_bytes_per_task": log / count, "load": os.getloadavg()[0]}


def log_position(postgres):
    return int(postgres.query("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")[0][0])


def server_cpu(postgres):
    """Seconds, of the postmaster, its children and those it has reaped."""
    while True:
        reaped = ticks(postgres.pid, slice(13, 15))
        total = (ticks(postgres.pid, slice(11, 15))
                 + sum(ticks(pid, slice(11, 13)) for pid in children_of(postgres.pid)))
        # Else a child was reaped meanwhile, and counted twice or not at all.
        if ticks(postgres.pid, slice(13, 15)) == reaped:
            return total / TICKS


def ticks(pid, fields):
    """User and system time, of the process and of its reaped children."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(v) for v in stat.rsplit(")", 1)[1].split()[fields])


# --- The table

def table(results):
    rows = [("entrant", "enqueue/s", "drain/s (all rounds)", "start p50 / p99 ms",
             "client us/task", "server us/task", "WAL B/task", "RSS MiB")]
    for name in dict.fromkeys(r["entrant"] for r in results):
        rows.append(row(name, [r for r in results if r["entrant"] == name]))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(v.ljust(w) for v, w in zip(row, widths)).rstrip()
                     for row in rows)


def row(name, results):
    def values(metric, key):
        return [r[key] for r in results if r["metric"] == metric and r.get(key) is not None]

    def middle(metric, key, text="{:,.0f}"):
        found = values(metric, key)
        return text.format(statistics.median(found)) if found else ""

    drains = " ".join(f"{v / 1000:.1f}k" for v in values("drain", "value"))
    latency = " / ".join(filter(None, [middle("latency", "p50", "{:.2f}"),
                                       middle("latency", "p99", "{:.2f}")]))
    return (name, middle("enqueue", "value"),
            f"{middle('drain', 'value')} ({drains})" if drains else "", latency,
            middle("drain", "cpu_us_per_task", "{:.1f}"),
            middle("drain", "server_cpu_us_per_task", "{:.1f}"),
            middle("drain", "wal_bytes_per_task"), middle("drain", "peak_rss_mib"))


if __name__ == "__main__":
    main()
