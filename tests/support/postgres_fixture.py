#!/usr/bin/env python3
"""Keeps a PostgreSQL for tests that are not written in Python.

    postgres_fixture.py start STATE   one for all tests of a ctest run
    postgres_fixture.py stop STATE
    postgres_fixture.py serve [NAME=VALUE]...   one for a single test process

`start` returns when the server accepts connections and leaves a keeper behind,
which ends with the process that called `start` (ctest), if `stop` does not end
it first. The folder STATE then holds

    url        the url of the database `postgres`
    template   a link to a data folder that can be copied instead of initdb
    keeper     pid and start time of the keeper, pid and start time of ctest
    log        what the keeper had to say

`serve` obeys lines on standard input (stop, kill, restart, pause, resume) and
answers each, and its own start, with one line of JSON on standard output: url,
socket_url and pid (null while the server is down), or error. When its input
ends, it deletes the server.
"""

import contextlib
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from postgres import (Postgres, PostgresError, process_start, template,
                      wait_until)  # noqa: E402


def main():
    command, *arguments = sys.argv[1:] or [""]
    # Turned into an exception, so that a server is deleted on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if command == "serve":
        serve(dict(a.split("=", 1) for a in arguments))
    elif command == "start" and len(arguments) == 1:
        start(pathlib.Path(arguments[0]).absolute())
    elif command == "stop" and len(arguments) == 1:
        stop(pathlib.Path(arguments[0]).absolute())
    elif command == "keep":
        keep(pathlib.Path(arguments[0]), int(arguments[1]))
    else:
        sys.exit(__doc__)


# --- One server for a ctest run

def start(state):
    refuse_to_share(state)
    stop(state)
    state.mkdir(parents=True)
    owner = os.getppid()
    # ctest waits for everyone who holds a test's standard output.
    with open(state / "log", "w") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-B", __file__, "keep", str(state), str(owner)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True)
    (state / "keeper").write_text(
        f"{keeper.pid} {process_start(keeper.pid)} {owner} {process_start(owner)}")
    wait_until(lambda: (state / "url").exists() or keeper.poll() is not None,
               "the keeper has started PostgreSQL")
    if keeper.poll() is not None:
        sys.exit((state / "log").read_text())
    print((state / "url").read_text())


def stop(state):
    """Also ends the keeper of a run that crashed, and no other process."""
    pid = keeper_of(state)
    if pid is not None:
        pidfd = os.pidfd_open(pid)
        signal.pidfd_send_signal(pidfd, signal.SIGTERM)
        select.select([pidfd], [], [])
    shutil.rmtree(state, ignore_errors=True)


def keeper_of(state):
    pid, start_time, _, _ = recorded(state)
    return pid if pid and process_start(pid) == start_time else None


def refuse_to_share(state):
    """Two ctest runs in one build tree would stop each other's server."""
    _, _, owner, start_time = recorded(state)
    if (keeper_of(state) and owner != os.getppid()
            and process_start(owner) == start_time):
        sys.exit(f"process {owner} is running tests in this build tree already")


def recorded(state):
    try:
        fields = (state / "keeper").read_text().split()
        return int(fields[0]), fields[1], int(fields[2]), fields[3]
    except (FileNotFoundError, ValueError, IndexError):
        return None, None, None, None


def keep(state, owner):
    pidfd = os.pidfd_open(owner)
    with Postgres() as postgres:
        (state / "template").symlink_to(template())
        (state / "url.new").write_text(postgres.url)
        (state / "url.new").rename(state / "url")
        select.select([pidfd], [], [])
    shutil.rmtree(state, ignore_errors=True)


# --- One server for one process

def serve(settings):
    with contextlib.ExitStack() as stack:
        postgres = Postgres(settings)
        stack.callback(postgres.close)
        answer(postgres, postgres.start)
        for line in sys.stdin:
            answer(postgres, COMMANDS[line.strip()].__get__(postgres))


COMMANDS = {name: getattr(Postgres, name)
            for name in ("stop", "kill", "restart", "pause", "resume")}


def answer(postgres, action):
    try:
        action()
        reply = {"url": postgres.url, "socket_url": postgres.socket_url,
                 "pid": postgres.pid}
    except PostgresError as error:
        reply = {"error": str(error)}
    print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
