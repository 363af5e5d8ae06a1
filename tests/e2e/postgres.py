"""A private PostgreSQL per test, and the ways it can break.

    with Postgres() as postgres:
        url = postgres.create_database()
        postgres.query("select 1", url)      # [("1",)]
        postgres.kill()                      # as the machine's power would
        postgres.restart()                   # same port, same data

Each server has a data folder of its own under the temp folder, a port of its
own on 127.0.0.1, trust authentication, and leaves nothing behind: when this
process dies, however it dies, the kernel tells the server to quit; folders of
processes that were killed are removed by the next start. Use it from the main
thread: the kernel's promise is bound to the thread that started the server.

As root everything runs as the user `postgres`, which PostgreSQL insists on.
"""

import atexit
import contextlib
import glob
import os
import pathlib
import pwd
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

DEADLINE = 60.0
PREFIX = "windlass-postgres-"
# Set by ctest: the state folder of tests/support/postgres_fixture.py. Has a
# data folder to copy instead of calling initdb, which costs 1.5 s of CPU.
FIXTURE_VARIABLE = "WINDLASS_TEST_POSTGRES"

# Quick to start and small. Without fsync what was committed still survives a
# crash of PostgreSQL, as the kernel has it; DURABLE is for times, not for tests.
QUICK = {
    "fsync": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "log_min_messages": "warning",
}
REPLICATED = {"wal_level": "replica", "max_wal_senders": "4"}
DURABLE = {**QUICK, "fsync": "on", "synchronous_commit": "on"}


class PostgresError(Exception):
    """PostgreSQL could not do what a test asked it to; says why."""


class Postgres:
    """One server. Started by start() or `with`; stopped and deleted by close().

    `settings` are added to QUICK; a value of None takes one out.
    """

    def __init__(self, settings=None):
        chosen = {**QUICK, **(settings or {})}
        self.settings = {k: v for k, v in chosen.items() if v is not None}
        self.folder = None
        self.port = None
        self._process = None

    # --- life

    def start(self):
        remove_leftovers()
        self.folder = new_folder()
        atexit.register(self.close)
        self.data = self.folder / "data"
        self._make_data()
        for _ in range(10):
            self.port = free_port()
            try:
                self._launch()
                return self
            except PostgresError as error:
                if "could not bind" not in str(error):
                    raise
        raise PostgresError("no free port for PostgreSQL")

    def close(self):
        """Stops it at once and deletes it. May be called twice."""
        atexit.unregister(self.close)
        if self._process is not None:
            self.kill()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def stop(self):
        """In order: clients are cut off, everything reaches the disk."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(DEADLINE)
        self._process = None

    def kill(self):
        """SIGKILL to the server and to all its processes."""
        if self._process is None:
            return
        pids = self._freeze()
        watched = [os.pidfd_open(pid) for pid in pids if process_exists(pid)]
        for pid in pids:
            send_signal(pid, signal.SIGKILL)
        self._process.wait(DEADLINE)
        self._process = None
        wait_for_exits(watched)

    def restart(self):
        """Starts it again on the same port and data; stops it first if it runs."""
        if self._process is not None:
            self.stop()
        self._launch()

    def pause(self):
        """Stops the server's processes, connections and all, like a host that
        hangs. resume() lets them go on."""
        self._freeze()

    def resume(self):
        for pid in [*self.children(), self.pid]:
            send_signal(pid, signal.SIGCONT)

    @property
    def pid(self):
        """Of the postmaster; None while it is down."""
        return self._process and self._process.pid

    def children(self):
        """The pids of its backends and background processes."""
        return children_of(self.pid)

    # --- use

    @property
    def url(self):
        """Of the database `postgres`, by TCP."""
        return self.url_of("postgres")

    def url_of(self, database):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    @property
    def socket_url(self):
        """Of the database `postgres`, by the unix socket."""
        return self.socket_url_of("postgres")

    def socket_url_of(self, database):
        folder = str(self.folder).replace("/", "%2F")
        return f"postgres://postgres@{folder}:{self.port}/{database}"

    def create_database(self):
        """The url of a new, empty database."""
        name = f"test_{uuid.uuid4().hex[:16]}"
        self.query(f"create database {name} template template0 strategy file_copy")
        return self.url_of(name)

    def drop_database(self, url):
        """Whoever is still connected to it is cut off."""
        name = url.rsplit("/", 1)[1]
        self.query(f"drop database if exists {name} with (force)")

    def query(self, sql, url=None):
        """Rows as tuples of strings; None for null."""
        return query(url or self.url, sql)

    @property
    def log(self):
        """What the server has written so far."""
        return (self.folder / "log").read_text(errors="replace")

    # --- inside

    def _make_data(self):
        copy_folder(template(), self.data)

    def _launch(self):
        options = {**self.settings, "port": self.port,
                   "listen_addresses": "127.0.0.1",
                   "unix_socket_directories": self.folder}
        flags = [f"-c{name}={value}" for name, value in options.items()]
        said_before = len(self.log) if (self.folder / "log").exists() else 0
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [*AS_SERVER, binary("postgres"), "-D", self.data, *flags],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        try:
            wait_until(self._ready, "PostgreSQL accepts connections")
        except PostgresError as error:
            self.kill()
            raise PostgresError(f"{error}\n{self.log[said_before:]}") from None

    def _ready(self):
        """What pg_ctl looks at: line 1 is the pid, line 8 the state."""
        if self._process.poll() is not None:
            raise PostgresError("PostgreSQL ended while starting")
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        return (len(lines) > 7 and lines[0] == str(self.pid)
                and lines[7].strip() == "ready")

    def _freeze(self):
        """Stops all its processes, the one that makes new ones first."""
        send_signal(self.pid, signal.SIGSTOP)
        pids = [*self.children(), self.pid]
        for pid in pids:
            send_signal(pid, signal.SIGSTOP)
        return pids


class Standby(Postgres):
    """Follows `primary`, which has the settings REPLICATED, and takes no writes."""

    def __init__(self, primary):
        super().__init__(primary.settings)
        self._primary = primary

    def _make_data(self):
        finished = subprocess.run(
            [*AS_SERVER, binary("pg_basebackup"), "-D", self.data, "-d", self._primary.url,
             "-R", "-X", "stream", "-c", "fast", "--no-sync"],
            cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if finished.returncode != 0:
            raise PostgresError(f"pg_basebackup: {finished.stderr.strip()}")


def query(url, sql):
    finished = subprocess.run(
        [binary("psql"), "-XqtA", "-F", "\x1f", "-R", "\x1e", "-P", "null=\x01",
         "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql],
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if finished.returncode != 0:
        raise PostgresError(finished.stderr.strip())
    rows = finished.stdout.rstrip("\n").split("\x1e") if finished.stdout else []
    return [tuple(None if v == "\x01" else v for v in row.split("\x1f"))
            for row in rows]


# What is ready, as if each run had been submitted alone.
SEPARATE_READY = """
    with shared as (delete from windlass.ready where runs > 1 returning *)
    insert into windlass.ready
    select lane, rank, one, node, idx, count, attempt, failures, crashes,
           scheduled_at, ready_at, 1, definition, input
    from shared, lateral generate_series(run - runs + 1, run) as each (one);
    """


@contextlib.contextmanager
def pinned_horizon(url):
    """Yields a session's process; nothing that dies meanwhile can be cleaned away."""
    session = subprocess.Popen([binary("psql"), "-XqtA", "-d", url], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        session.stdin.write("begin isolation level repeatable read;"
                            " select 'pinned' from pg_class limit 1;\n")
        session.stdin.flush()
        if session.stdout.readline() != "pinned\n":
            raise PostgresError("no transaction to pin the horizon with")
        yield session
    finally:
        session.kill()
        session.communicate()


# --- Where and as whom it runs

def binary(name):
    """From the newest PostgreSQL installed; Debian keeps them off PATH."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"),
                   key=lambda path: int(path.split("/")[4]))
    path = found[-1] if found else shutil.which(name)
    if path is None:
        raise PostgresError(f"{name} is not installed; run tools/install_deps.sh test")
    return path


def _as_server():
    """Before a command: ends with this process, and is not root."""
    command = ["setpriv", "--pdeathsig", "QUIT"]
    if os.geteuid() == 0:
        command += ["--reuid=postgres", "--regid=postgres", "--init-groups"]
    return command


AS_SERVER = _as_server()


def new_folder():
    """Of the server's user, and marked as ours."""
    # A unix socket's path has room for 107 bytes.
    parent = tempfile.gettempdir()
    folder = pathlib.Path(tempfile.mkdtemp(
        prefix=PREFIX, dir=parent if len(parent) < 60 else "/tmp"))
    (folder / "owner").write_text(f"{os.getpid()} {process_start(os.getpid())}")
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def remove_leftovers():
    """Removes the folders of owners that were killed."""
    for owner in pathlib.Path(tempfile.gettempdir()).glob(PREFIX + "*/owner"):
        try:
            pid, start = owner.read_text().split()
            if process_start(int(pid)) != start:
                shutil.rmtree(owner.parent, ignore_errors=True)
        except (OSError, ValueError):
            continue  # being made or removed right now, or not ours to touch


_template = None


def template():
    """A data folder nothing runs on. Made once per process, or given."""
    global _template
    given = os.environ.get(FIXTURE_VARIABLE)
    if given and os.path.isdir(given + "/template"):
        return os.path.realpath(given + "/template")
    if _template is None:
        folder = new_folder()
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        make_data(folder / "data")
        _template = folder / "data"
    return _template


def make_data(folder):
    finished = subprocess.run(
        [*AS_SERVER, binary("initdb"), "-D", folder, "-U", "postgres",
         "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
         "--no-instructions"],
        cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if finished.returncode != 0:
        raise PostgresError(f"initdb: {finished.stderr.strip()}")


def copy_folder(source, target):
    subprocess.run(["cp", "-a", "--reflink=auto", source, target], check=True)


def free_port():
    """Below the ports the kernel gives to clients: one of those could be taken
    by a client that keeps trying while the server is down."""
    first = int(re.match(r"\d+", pathlib.Path(
        "/proc/sys/net/ipv4/ip_local_port_range").read_text())[0])
    while True:
        port = random.randrange(10000, max(first, 10100))
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


# --- Processes

def process_start(pid):
    """In ticks since boot: with the pid it names a process for ever. None when
    there is no such process."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rsplit(")", 1)[1].split()
    return None if fields[0] in "ZX" else fields[19]


def process_exists(pid):
    return os.path.exists(f"/proc/{pid}")


def children_of(parent):
    found = []
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            fields = pathlib.Path(stat).read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.split("/")[2]))
    return found


def send_signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def wait_for_exits(pidfds):
    for pidfd in pidfds:
        if not select.select([pidfd], [], [], DEADLINE)[0]:
            raise PostgresError("a process of PostgreSQL outlived SIGKILL")
        os.close(pidfd)


def wait_until(fact, what):
    end = time.monotonic() + DEADLINE
    while not fact():
        if time.monotonic() > end:
            raise PostgresError(f"never happened: {what}")
        time.sleep(0.005)
