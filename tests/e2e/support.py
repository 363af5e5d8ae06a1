"""What the end-to-end tests share: the binary, a folder per test, waiting.

Every test runs the real binary as a person or a program would, in a folder of
its own, with a store of its own. Nothing waits by sleeping alone: wait_until()
polls for a fact and fails loudly after a generous deadline.
"""

import atexit
import contextlib
import functools
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import textwrap
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WINDLASS = os.environ.get("WINDLASS_BINARY", str(ROOT / "build/release/windlass"))
DEADLINE = 60.0


class Finished:
    """A command that ended."""

    def __init__(self, process, stdout, stderr):
        self.code = process.returncode
        self.stdout = stdout
        self.stderr = stderr

    def json(self):
        return json.loads(self.stdout)

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


# "postgres": each test has a database on a server that its file shares.
STORE = os.environ.get("WINDLASS_TEST_STORE", "sqlite")


@functools.cache
def postgres():
    from postgres import Postgres
    server = Postgres()
    server.start()
    atexit.register(server.close)
    return server

# "rabbitmq": executors listen to a broker that the file shares.
SOURCE = os.environ.get("WINDLASS_TEST_SOURCE", "poll")


@functools.cache
def rabbitmq():
    from rabbitmq import RabbitMq
    broker = RabbitMq()
    broker.start()
    atexit.register(broker.close)
    return broker


class EndToEndTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="windlass-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.store = None  # The default: a file in the folder.
        if STORE == "postgres":
            self.store = postgres().create_database()
            self.addCleanup(postgres().drop_database, self.store)
        self.started = []
        self.addCleanup(self.stop_all)

    def stop_all(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()

    # --- files

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def read(self, name):
        return (self.folder / name).read_text()

    # --- commands

    def environment(self, extra=None):
        environment = {k: v for k, v in os.environ.items()
                       if not k.startswith(("WINDLASS_", "OTEL_", "TRACE"))}
        # The default port is one for the whole machine, and tests are many.
        environment["WINDLASS_HEALTH_LISTEN"] = "127.0.0.1:0"
        if self.store is not None:
            environment["WINDLASS_STORE"] = self.store
        if SOURCE == "rabbitmq":
            environment["WINDLASS_BROKER"] = rabbitmq().url
            environment["WINDLASS_SOURCE"] = "rabbitmq"
        environment.update(extra or {})
        return environment

    def windlass(self, *arguments, code=None, stdin=None, env=None, timeout=DEADLINE):
        process = subprocess.Popen(
            [WINDLASS, *map(str, arguments)], cwd=self.folder,
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.environment(env))
        try:
            stdout, stderr = process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
            self.fail(f"windlass {' '.join(map(str, arguments))} did not end\n{stdout}\n{stderr}")
        finished = Finished(process, stdout, stderr)
        if code is not None:
            self.assertEqual(finished.code, code, finished)
        return finished

    def start(self, *arguments, env=None, **kwargs):
        """A command that goes on; killed when the test ends."""
        process = subprocess.Popen(
            [WINDLASS, *map(str, arguments)], cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=kwargs.get("stdout", subprocess.DEVNULL),
            stderr=kwargs.get("stderr", subprocess.DEVNULL), text=True,
            env=self.environment(env))
        self.started.append(process)
        return process

    def executor(self, *arguments, env=None):
        """An executor with short lease times, so that recovery is quick."""
        # A second is short for a server that shares a busy machine: whoever cannot
        # renew in time gives up its tasks, as it should, and they run again.
        ttl = "1s" if self.store is None else "3s"
        return self.start("executor", "--lease-ttl", ttl, "--sweep-interval", "200ms",
                          *arguments, env=env)

    def pause(self, process):
        """Stops a process, as a hang of it or its machine does, until the test ends.

        Not while it writes to a SQLite file: the lock would stay with it, and whoever
        shares the file would wait for as long as it does.
        """
        self.addCleanup(process.send_signal, signal.SIGCONT)

        def paused():
            process.send_signal(signal.SIGSTOP)
            self.wait_until(lambda: state_of(process.pid) == "T", "the process stopped")
            if self.store is not None:
                return True
            with contextlib.closing(sqlite3.connect(
                    self.folder / ".windlass/windlass.db", timeout=0)) as connection:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    return True
                except sqlite3.OperationalError:
                    process.send_signal(signal.SIGCONT)
                    return False
        self.wait_until(paused, "the process stopped between two of its writes")

    def run_workflow(self, text, *arguments, code=0, name="flow.yaml", env=None):
        self.write(name, text)
        return self.windlass("run", name, "--output", "json", *arguments,
                             code=code, env=env).json()

    def submit(self, text, *arguments, name="flow.yaml"):
        self.write(name, text)
        return self.windlass("submit", name, *arguments, code=0).stdout.strip()

    # --- what became of it

    def show(self, run):
        return self.windlass("show", run, "--output", "json", code=0).json()

    def task(self, document, name, index=None):
        for task in document["tasks"]:
            if task["id"] == name and task["index"] == index:
                return task
        self.fail(f"no task {name} {index} in {json.dumps(document, indent=1)}")

    def states(self, document):
        return {t["id"] if t["index"] is None else f"{t['id']}[{t['index']}]": t["state"]
                for t in document["tasks"]}

    def value(self, document, name, index=None):
        return self.task(document, name, index)["result"]["value"]

    # --- waiting

    def wait_until(self, fact, what, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while True:
            value = fact()
            if value:
                return value
            if time.monotonic() > end:
                self.fail(f"never happened: {what}")
            time.sleep(0.01)

    def wait_for_end(self, run, deadline=DEADLINE):
        final = ("succeeded", "failed", "cancelled")

        def ended():
            document = self.show(run)
            return document if document["state"] in final else None
        return self.wait_until(ended, f"{run} ends", deadline)

    def wait_for_file(self, name):
        path = self.folder / name
        return self.wait_until(lambda: path.exists() and path, f"{name} exists")

    def wait_for_exit(self, process, deadline=DEADLINE):
        try:
            return process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.fail("the process did not end")


def interrupt(process):
    process.send_signal(signal.SIGINT)


def state_of(pid):
    """"R", "S", "T" as proc(5) has them; "Z" also of a process that is gone."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return "Z"


def alive(pid):
    """Whether a process runs; a zombie does not."""
    return state_of(pid) != "Z"
