"""A private RabbitMQ for tests, and the ways it can break.

    with RabbitMq() as broker:
        broker.url                       # amqp://guest:guest@127.0.0.1:PORT
        broker.kill()                    # as the machine's power would
        broker.restart()                 # same port, same data
        broker.control("set_vm_memory_high_watermark", "0")

A node of its own: name, ports on 127.0.0.1, folders, cookie, name server (epmd).
It leaves nothing behind: when this process dies, however it dies, the kernel
kills them. Starting one costs several seconds, so tests share it. Use it from
the main thread: the kernel's promise is bound to the thread that started it.

As root everything runs as the user `rabbitmq`. The tools of other clients
(amqp-publish and so on) are here as well: what a foreign program would do.
"""

import atexit
import contextlib
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import amqp

from postgres import free_port

DEADLINE = 90.0
SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
CONTROL = "/usr/lib/rabbitmq/bin/rabbitmqctl"


class RabbitMqError(Exception):
    """RabbitMQ could not do what a test asked it to; says why."""


class RabbitMq:
    """One node. Started by start() or `with`; stopped and deleted by close().

    `settings` are lines of rabbitmq.conf, `advanced` the text of advanced.config.
    """

    def __init__(self, settings=(), advanced="[]."):
        self.settings = list(settings)
        self.advanced = advanced
        self.folder = None
        self._epmd = None
        self._process = None

    # --- life

    def start(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="windlass-rabbitmq-"))
        atexit.register(self.close)
        self.port, self.dist_port, self.epmd_port = (free_port() for _ in range(3))
        self.node = f"windlass-{secrets.token_hex(4)}@localhost"
        self._write_config()
        if os.geteuid() == 0:
            user = pwd.getpwnam("rabbitmq")
            for path in [self.folder, *self.folder.iterdir()]:
                os.chown(path, user.pw_uid, user.pw_gid)
        self._epmd = subprocess.Popen(
            [*as_server(), "epmd", "-port", str(self.epmd_port),
             "-address", "127.0.0.1"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        self._launch()
        return self

    def close(self):
        """Kills it and deletes it. May be called twice."""
        atexit.unregister(self.close)
        self.kill()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait(DEADLINE)
            self._epmd = None
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def kill(self):
        """SIGKILL to the node and what it started. Loses even confirmed messages of
        quorum queues that are not is_kept() yet."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(DEADLINE)
        self._process = None

    def restart(self):
        """Starts it again on the same ports and data; kills it first if it runs."""
        self.kill()
        self._launch()

    def pause(self):
        """The node stands still, its connections stay: a host that hangs."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def resume(self):
        os.killpg(self._process.pid, signal.SIGCONT)

    # --- use

    @property
    def url(self):
        return self.url_at(self.port)

    def url_at(self, port, more=""):
        return f"amqp://guest:guest@127.0.0.1:{port}{more}"

    def control(self, *arguments):
        """rabbitmqctl; a second or two each."""
        return self._run([*as_server(), CONTROL, "-n", self.node, "-q", *arguments])

    def tool(self, name, *arguments, stdin=None):
        """One of amqp-tools: publish, get, delete-queue, declare-queue, consume."""
        return self._run([f"amqp-{name}", "--url", self.url, *arguments], stdin)

    def publish(self, body, *arguments):
        """By a client that is not ours."""
        self.tool("publish", *arguments, stdin=body)

    def get(self, queue):
        """The first message's body, taken; None when there is none."""
        try:
            return self.tool("get", "-q", queue)
        except RabbitMqError:
            return None

    @contextlib.contextmanager
    def channel(self, **options):
        """Of py-amqp, the client of Celery: what rabbitmqctl needs seconds for."""
        connection = amqp.Connection(f"127.0.0.1:{self.port}", connect_timeout=10, **options)
        connection.connect()
        try:
            yield connection.channel()
        finally:
            connection.close()

    def is_kept(self, queue):
        """Whether a killed broker will know the content of this quorum queue, whose
        name no other has had. RabbitMQ 3.10 writes down where that is a second or so
        after the declaration; what it has confirmed before is gone, and the queue
        may be left without a leader.
        """
        return any(f"_{queue}".encode() in names.read_bytes()
                   for names in (self.folder / "data").glob("*/quorum/*/names.dets"))

    @property
    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    # --- inside

    def _write_config(self):
        lines = [f"listeners.tcp.1 = 127.0.0.1:{self.port}", "log.console = true",
                 "log.console.level = warning", "log.file = false",
                 "vm_memory_high_watermark.absolute = 1GB",
                 "disk_free_limit.absolute = 1MB", *self.settings]
        (self.folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (self.folder / "advanced.config").write_text(self.advanced)
        (self.folder / "plugins").write_text("[].\n")
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8",
            "RUNNING_UNDER_SYSTEMD": "1",  # The server in place of its script.
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            # No spinning beside the tests, on a machine of few cores.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none +sbwtdcpu none",
        }

    def _launch(self):
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [*as_server(), SERVER], cwd=self.folder, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        end = time.monotonic() + DEADLINE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                log = self.log[-4000:]
                self.kill()
                raise RabbitMqError(f"RabbitMQ did not start\n{log}")
            time.sleep(0.05)

    def _answers(self):
        """It listens before it can be used; then it greets."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.settimeout(5)
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return connection.recv(1) == b"\x01"
        except OSError:
            return False

    def _run(self, command, stdin=None):
        if isinstance(stdin, str):
            stdin = stdin.encode()
        finished = subprocess.run(command, input=stdin if stdin is not None else b"",
                                  env=self.environment, cwd=self.folder,
                                  capture_output=True, timeout=DEADLINE)
        if finished.returncode != 0:
            raise RabbitMqError(f"{command}: {finished.stderr.decode(errors='replace')}")
        return finished.stdout.decode(errors="replace")


def as_server():
    """Before a command: ends with this process, and is not root."""
    command = ["setpriv", "--pdeathsig", "KILL"]
    if os.geteuid() == 0:
        command += ["--reuid=rabbitmq", "--regid=rabbitmq", "--init-groups"]
    return command
