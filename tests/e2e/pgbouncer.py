"""A private PgBouncer in front of a private PostgreSQL.

    with Postgres() as postgres, PgBouncer(postgres) as bouncer:
        windlass("--store", bouncer.url_of("postgres"), ...)

Pools transactions, as most installations do: a session's settings, prepared
statements, advisory locks and LISTEN do not survive from one transaction to the
next. Anyone may log in as `postgres`.
"""

import atexit
import shutil
import signal
import socket
import subprocess

from postgres import (AS_SERVER, DEADLINE, PostgresError, free_port, new_folder,
                      query, wait_until)

# PgBouncer's own defaults but for these.
SETTINGS = {
    "pool_mode": "transaction",
    "default_pool_size": "10",
    "max_client_conn": "200",
}


class PgBouncer:
    """`settings` are added to SETTINGS."""

    def __init__(self, postgres, settings=None):
        self.postgres = postgres
        self.settings = {**SETTINGS, **(settings or {})}
        self.folder = None
        self.port = None
        self._process = None

    def start(self):
        self.folder = new_folder()
        atexit.register(self.close)
        self.port = free_port()
        self._write_settings()
        self._launch()
        return self

    def close(self):
        atexit.unregister(self.close)
        self.kill()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def kill(self):
        """Cuts every client off."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(DEADLINE)
            self._process = None

    def restart(self):
        self.kill()
        self._launch()

    def pause(self):
        self._process.send_signal(signal.SIGSTOP)

    def resume(self):
        self._process.send_signal(signal.SIGCONT)

    def url_of(self, database):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def query(self, sql, database="postgres"):
        return query(self.url_of(database), sql)

    def admin(self, command):
        """To PgBouncer's console: "show pools", "reconnect", "kill db"."""
        return query(self.url_of("pgbouncer"), command)

    @property
    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def _write_settings(self):
        settings = {
            **self.settings,
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "trust",
            "auth_file": self.folder / "users",
            "admin_users": "postgres",
        }
        (self.folder / "users").write_text('"postgres" ""\n')
        lines = ["[databases]", f"* = host=127.0.0.1 port={self.postgres.port}",
                 "[pgbouncer]", *(f"{k} = {v}" for k, v in settings.items())]
        (self.folder / "settings.ini").write_text("\n".join(lines) + "\n")

    def _launch(self):
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [*AS_SERVER, "/usr/sbin/pgbouncer", self.folder / "settings.ini"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        try:
            wait_until(self._accepts, "PgBouncer accepts connections")
        except PostgresError as error:
            self.kill()
            raise PostgresError(f"{error}\n{self.log}") from None

    def _accepts(self):
        if self._process.poll() is not None:
            raise PostgresError("PgBouncer ended while starting")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
