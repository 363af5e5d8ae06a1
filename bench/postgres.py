#!/usr/bin/env python3
"""Measures Windlass on a private, durable PostgreSQL: shapes, fleets, backlogs.

    bench/postgres.py [--scale 1.0] [--only SECTION]...

Sections: shapes, fleet, chains, flat, idle. README.md says how to read them.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "peers"))

from run import SERVER, describe_machine, log_position, server_cpu  # noqa: E402
from postgres import SEPARATE_READY, Postgres, pinned_horizon  # noqa: E402

BINARY = os.environ.get("WINDLASS_BINARY", str(HERE.parent / "build/release/windlass"))
NOOP = "{windlass: 1, name: noop, tasks: {a: {type: noop}}}"
CHAIN = ("{windlass: 1, name: chain, tasks: {a: {type: noop},"
         " b: {type: noop, depends_on: [a]}, c: {type: noop, depends_on: [b]}}}")
SHAPES = ("noop", "chain", "fan", "map", "latency")
# Of a drain that is looked at from outside: long enough to be steady.
WINDOW = 4.0


class Windlass:
    """Commands on one database."""

    def __init__(self, server):
        self.server = server
        self.database = server.create_database()
        self.url = server.socket_url_of(self.database.rsplit("/", 1)[1])
        self.folder = tempfile.TemporaryDirectory()

    def __enter__(self):
        self.run("migrate", "up")
        return self

    def __exit__(self, *_):
        self.server.drop_database(self.database)
        self.folder.cleanup()

    def start(self, *arguments, stdin=subprocess.DEVNULL):
        return subprocess.Popen(
            [BINARY, *arguments, "--store", self.url], cwd=self.folder.name, text=True,
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def run(self, *arguments, stdin=None):
        process = self.start(*arguments, stdin=subprocess.PIPE if stdin else subprocess.DEVNULL)
        out, _ = process.communicate(stdin)
        if process.returncode != 0:
            sys.exit(f"windlass {' '.join(arguments)}: exit code {process.returncode}")
        return out

    def submit(self, workflow, count):
        """Runs per second."""
        begin = time.monotonic()
        self.run("submit", "-", "--count", str(count), stdin=workflow)
        rate = count / (time.monotonic() - begin)
        self.server.query("vacuum analyze", self.database)
        return rate

    def number(self, sql):
        return int(self.server.query("set search_path to windlass; " + sql, self.database)[0][0])

    def ended(self):
        return self.number("select coalesce(sum(count), 0) from tally where what = 3 and which > 0")

    def drain(self, executors):
        """Seconds, and the executors' CPU time."""
        begin = time.monotonic()
        fleet = [self.start("executor", "--exit-when-idle", "--health-listen", "127.0.0.1:0")
                 for _ in range(executors)]
        usages = [os.wait4(process.pid, 0)[2] for process in fleet]
        return (time.monotonic() - begin,
                sum(usage.ru_utime + usage.ru_stime for usage in usages),
                max(usage.ru_maxrss for usage in usages) // 1024)

    def drain_rate(self, before=0):
        """Runs per second of one executor while it goes on, once that many ended."""
        already = self.ended()
        executor = self.start("executor", "--health-listen", "127.0.0.1:0")
        try:
            while self.ended() <= already + before:
                time.sleep(0.05)
            first, begin = self.ended(), time.monotonic()
            time.sleep(WINDOW)
            last, end = self.ended(), time.monotonic()
        finally:
            executor.kill()
            executor.wait()
        return (last - first) / (end - begin)


def shapes(server, scale):
    print("\nshape      tasks/s   client us/task  MiB  start p50/p99 ms  run p50/p99 ms")
    for shape in SHAPES:
        with Windlass(server) as windlass:
            result = json.loads(windlass.run(
                "bench", shape, "--scale", str(scale), "--output", "json"))["benchmarks"][0]
            print(f"{shape:8} {result['tasks_per_second']:10,.0f}"
                  f" {result['cpu_us_per_task']:12.1f} {result['peak_rss_mib']:8.0f}"
                  f" {result['start_latency_p50_ms']:9.2f} /{result['start_latency_p99_ms']:6.2f}"
                  f" {result['run_latency_p50_ms']:8.2f} /{result['run_latency_p99_ms']:6.2f}")


def fleet(server, scale):
    count = int(100_000 * scale)
    print(f"\n{count:,} single-task runs\nexecutors  submit/s   tasks/s"
          "  client us/task  server us/task  WAL B/task  MiB")
    for executors in (1, 2, 4):
        with Windlass(server) as windlass:
            submitted = windlass.submit(NOOP, count)
            log, cpu = log_position(server), server_cpu(server)
            seconds, client, memory = windlass.drain(executors)
            print(f"{executors:9} {submitted:9,.0f} {count / seconds:9,.0f}"
                  f" {client * 1e6 / count:15.1f}"
                  f" {(server_cpu(server) - cpu) * 1e6 / count:15.1f}"
                  f" {(log_position(server) - log) / count:11.0f} {memory:4}")


def chains(server, scale):
    count = int(20_000 * scale)
    print(f"\n{count:,} runs of three steps\nexecutors    runs/s   tasks/s")
    for executors in (1, 2):
        with Windlass(server) as windlass:
            windlass.submit(CHAIN, count)
            seconds, *_ = windlass.drain(executors)
            print(f"{executors:9} {count / seconds:9,.0f} {3 * count / seconds:9,.0f}")


def flat(server, scale):
    """The drain rate of one executor by what else is in the store."""
    million, some = int(1_000_000 * scale), int(300_000 * scale)
    rates = {}
    with Windlass(server) as windlass:
        windlass.submit(NOOP, some)
        rates["little"] = windlass.drain_rate()
    with Windlass(server) as windlass:
        windlass.submit(NOOP, million)
        rates[f"{million:,} ready"] = windlass.drain_rate()
        windlass.drain(2)
        windlass.submit(NOOP, some)
        rates[f"{million:,} finished"] = windlass.drain_rate()
    with Windlass(server) as windlass, pinned_horizon(windlass.url):
        windlass.submit(NOOP, some)
        rates["a pinned horizon"] = windlass.drain_rate(before=some // 3)
    with Windlass(server) as windlass, pinned_horizon(windlass.url):
        windlass.submit(NOOP, some)
        server.query(SEPARATE_READY, windlass.database)
        rates["and single submits"] = windlass.drain_rate(before=some // 3)
    print("\nruns/s of one executor with")
    for name, rate in rates.items():
        print(f"{name:20} {rate:9,.0f}   {rate / rates['little']:.2f}")


def idle(server, scale):
    window = max(4.0, 30 * scale)
    with Windlass(server) as windlass:
        server.query("create extension pg_stat_statements", windlass.database)
        executor = windlass.start("executor", "--health-listen", "127.0.0.1:0")
        while windlass.number("select count(*) from executor") == 0:
            time.sleep(0.05)
        time.sleep(5)  # At first it looks more often, until it has heard itself ring.
        server.query("select pg_stat_statements_reset()", windlass.database)
        time.sleep(window)
        said = server.query("select sum(calls) from pg_stat_statements"
                            " where query not like '%pg_stat%'", windlass.database)[0][0]
        executor.kill()
        executor.wait()
    print(f"\nan idle executor says {int(said) / window:.2f} statements/s")


SECTIONS = {"shapes": shapes, "fleet": fleet, "chains": chains, "flat": flat, "idle": idle}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the work")
    parser.add_argument("--only", action="append", choices=SECTIONS, help="this section")
    arguments = parser.parse_args()
    describe_machine()
    settings = {**SERVER, "shared_preload_libraries": "pg_stat_statements"}
    with Postgres(settings) as server:
        for name, section in SECTIONS.items():
            if not arguments.only or name in arguments.only:
                section(server, arguments.scale)


if __name__ == "__main__":
    main()
