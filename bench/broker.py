#!/usr/bin/python3
"""Measures executors that hear of work by RabbitMQ: against polling, and against
Celery on the same RabbitMQ.

    bench/broker.py [--tasks 100000] [--celery-tasks 10000] [--json FILE]

A private RabbitMQ and a private, durable PostgreSQL, which share the machine with
what is measured. Windlass is the binary at build/release/windlass or
$WINDLASS_BINARY, and `drain` its scenario `noop`. Celery (Debian's python3-celery)
gets its tasks first and is measured from its worker's first task to its last;
without it installed it is left out. ../README.md says how to read the result.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))

from postgres import DURABLE, Postgres  # noqa: E402
from rabbitmq import RabbitMq  # noqa: E402

BINARY = os.environ.get("WINDLASS_BINARY", str(ROOT / "build/release/windlass"))
SAMPLES = 200
PATIENCE = 600

# Celery's documented best for short tasks, and each thing that people turn on.
CELERY = {
    "solo": (["--pool", "solo"], {"worker_prefetch_multiplier": 256}),
    "prefork": (["--pool", "prefork", "--concurrency", "2"],
                {"worker_prefetch_multiplier": 128}),
    "prefork, acks_late": (["--pool", "prefork", "--concurrency", "2"],
                           {"worker_prefetch_multiplier": 128, "task_acks_late": True}),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--celery-tasks", type=int, default=10_000)
    parser.add_argument("--json", type=pathlib.Path)
    chosen = parser.parse_args()
    rows = []
    with Postgres(DURABLE) as postgres, RabbitMq() as broker:
        for name, more in [("windlass, polling", []),
                           ("windlass, RabbitMQ", ["--broker", broker.url])]:
            rows += windlass(name, postgres, more, chosen.tasks)
        if celery_is_installed():
            for name, (arguments, settings) in CELERY.items():
                rows += celery(f"celery {name}", broker, None, arguments, settings,
                               chosen.celery_tasks)
            arguments, settings = CELERY["prefork"]
            url = postgres.create_database().replace("postgres://", "db+postgresql://")
            rows += celery("celery prefork, results in PostgreSQL", broker, url, arguments,
                           settings, chosen.celery_tasks // 10)
        else:
            print("Celery: skipped, python3-celery is not installed", file=sys.stderr)
    print(f"{'SYSTEM':40} {'DRAINED tasks/s':>16} {'START p50/p99 ms':>18}")
    for row in rows:
        print(f"{row['system']:40} {row['drain']:16,.0f} {row['p50']:9.2f} / {row['p99']:.2f}")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n")


def windlass(name, postgres, more, tasks):
    url = postgres.create_database()
    finished = subprocess.run(
        [BINARY, "bench", "noop", "latency", "--scale", str(tasks / 100_000),
         "--store", url, "--output", "json", *more],
        stdout=subprocess.PIPE, check=True, stdin=subprocess.DEVNULL)
    found = {one["scenario"]: one for one in json.loads(finished.stdout)["benchmarks"]}
    return [{"system": name, "drain": found["noop"]["tasks_per_second"],
             "p50": found["latency"]["start_latency_p50_ms"],
             "p99": found["latency"]["start_latency_p99_ms"]}]


def celery_is_installed():
    return subprocess.run(["/usr/bin/python3", "-c", "import celery"],
                          stderr=subprocess.DEVNULL).returncode == 0


def celery(name, broker, results, arguments, settings, tasks):
    with tempfile.TemporaryDirectory() as folder:
        done = pathlib.Path(folder) / "done"
        done.touch()
        environment = {
            **os.environ, "PYTHONPATH": str(HERE / "peers"),
            "CELERY_BENCH": json.dumps({
                "broker": broker.url + "//", "results": results, "done": str(done),
                "settings": {"task_default_queue": f"bench-{os.path.basename(folder)}",
                             **settings}})}
        ask(environment, f"""
            from celery_app import noop, app
            with app.producer_or_acquire() as producer:
                for _ in range({tasks}): noop.apply_async(producer=producer)
            """)
        worker = subprocess.Popen(
            ["/usr/bin/python3", "-m", "celery", "-A", "celery_app", "worker", "-l", "error",
             "--without-gossip", "--without-mingle", "--without-heartbeat", *arguments],
            env=environment, cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: done.stat().st_size > 0)
            begin = time.monotonic()
            wait_until(lambda: done.stat().st_size >= tasks)
            drain = tasks / (time.monotonic() - begin)
            os.truncate(done, 0)
            ask(environment, f"""
                import time, os
                from celery_app import noop, app, CHOSEN
                with app.producer_or_acquire() as producer:
                    for _ in range({SAMPLES}):
                        before = os.path.getsize(CHOSEN["done"])
                        noop.apply_async(args=[time.time()], producer=producer)
                        while os.path.getsize(CHOSEN["done"]) == before: time.sleep(0.0005)
                        time.sleep(0.005)
                """)
            samples = sorted(float(line) * 1000 for line in done.read_text().split())
        finally:
            worker.terminate()
            worker.wait()
    return [{"system": name, "drain": drain, "p50": statistics.median(samples),
             "p99": samples[int(len(samples) * 0.99)]}]


def ask(environment, code):
    lines = code.strip("\n").splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip())
    subprocess.run(["/usr/bin/python3", "-c", "\n".join(line[indent:] for line in lines)],
                   env=environment, check=True, stdin=subprocess.DEVNULL)


def wait_until(fact):
    end = time.monotonic() + PATIENCE
    while not fact():
        if time.monotonic() > end:
            sys.exit("Celery did not get on")
        time.sleep(0.005)


if __name__ == "__main__":
    main()
