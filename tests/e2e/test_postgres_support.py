"""The private PostgreSQL, its PgBouncer and the proxy do what they say."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from fault_proxy import DOWN, FaultProxy
from pgbouncer import PgBouncer
from postgres import (Postgres, PostgresError, binary, children_of,
                      process_start, query, remove_leftovers, wait_until)


class PostgresTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres().start()
        cls.addClassCleanup(cls.postgres.close)

    def test_kill_and_restart_keep_what_was_committed(self):
        url = self.postgres.create_database()
        self.postgres.query("create table kept as select 42 n", url)
        children = self.postgres.children()
        self.assertGreater(len(children), 1)
        self.postgres.kill()
        self.assertFalse([pid for pid in children if process_start(pid)])
        with self.assertRaises(PostgresError):
            self.postgres.query("select 1", url)
        self.postgres.restart()
        self.assertEqual(self.postgres.query("select n, null from kept", url),
                         [("42", None)])

    def test_a_paused_server_answers_after_it_is_resumed(self):
        self.postgres.pause()
        client = subprocess.Popen(
            [binary("psql"), "-XtA", "-d", self.postgres.url, "-c", "select 7"],
            stdout=subprocess.PIPE, text=True)
        with self.assertRaises(subprocess.TimeoutExpired):
            client.wait(0.3)
        self.postgres.resume()
        self.assertEqual(client.communicate(timeout=60)[0], "7\n")

    def test_a_dropped_database_is_gone(self):
        url = self.postgres.create_database()
        self.postgres.drop_database(url)
        with self.assertRaisesRegex(PostgresError, "does not exist"):
            self.postgres.query("select 1", url)

    def test_settings_that_are_wrong_are_named(self):
        with self.assertRaisesRegex(PostgresError, "max_connections"):
            Postgres({"max_connections": "many"}).start()

    def test_a_server_dies_with_the_process_that_started_it(self):
        owner = subprocess.Popen(
            [sys.executable, "-B", "-c",
             "import postgres, signal\n"
             "p = postgres.Postgres().start()\n"
             "print(p.pid, p.folder, flush=True)\n"
             "signal.pause()"], stdout=subprocess.PIPE, text=True)
        pid, folder = owner.stdout.readline().split()
        processes = [int(pid), *children_of(int(pid))]
        owner.send_signal(signal.SIGKILL)
        owner.communicate()
        for process in processes:
            wait_until(lambda: process_start(process) is None, "it has died")
        remove_leftovers()
        self.assertFalse(os.path.exists(folder))

    def test_pgbouncer_shares_sessions_between_transactions(self):
        with PgBouncer(self.postgres, {"default_pool_size": "1"}) as bouncer:
            sessions = {bouncer.query("select pg_backend_pid()")[0] for _ in range(3)}
            self.assertEqual(len(sessions), 1)
            bouncer.restart()
            self.assertEqual(bouncer.query("select 1"), [("1",)])
            self.assertIn("transaction", str(bouncer.admin("show config")))


class FixtureTest(unittest.TestCase):
    """tests/support/postgres_fixture.py, which ctest calls."""

    def setUp(self):
        self.fixture = pathlib.Path(__file__).parents[1] / "support/postgres_fixture.py"
        self.state = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="windlass-e2e-"))) / "state"

    def call(self, step):
        return subprocess.run([sys.executable, "-B", self.fixture, step, self.state],
                              check=True, capture_output=True, text=True)

    def keeper(self):
        return int((self.state / "keeper").read_text().split()[0])

    def test_start_leaves_a_server_behind_until_stop(self):
        self.call("start")
        self.addCleanup(self.call, "stop")
        keeper = self.keeper()
        url = (self.state / "url").read_text()
        self.assertEqual(query(url, "select 1"), [("1",)])
        server = children_of(keeper)
        self.call("stop")
        self.assertIsNone(process_start(keeper))
        self.assertFalse([pid for pid in server if process_start(pid)])
        self.assertFalse(self.state.exists())

    def test_the_next_start_removes_what_a_killed_run_left(self):
        self.call("start")
        self.addCleanup(self.call, "stop")
        first = self.keeper()
        os.kill(first, signal.SIGKILL)
        self.call("start")
        self.assertNotEqual(self.keeper(), first)
        url = (self.state / "url").read_text()
        self.assertEqual(query(url, "select 1"), [("1",)])

    def test_the_server_ends_with_the_run_that_started_it(self):
        # A shell stands for ctest.
        run = subprocess.Popen(
            ["sh", "-c", '"$@"; echo started; read line', "sh", sys.executable, "-B",
             self.fixture, "start", self.state],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        while run.stdout.readline() != "started\n":
            pass
        keeper = self.keeper()
        run.send_signal(signal.SIGKILL)
        run.communicate()
        wait_until(lambda: process_start(keeper) is None, "the keeper has ended")
        self.assertFalse(self.state.exists())


class FaultProxyTest(unittest.TestCase):
    """With a server of our own on the other side, so that bytes can be counted."""

    def setUp(self):
        listener = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        listener.settimeout(30)
        self.proxy = self.enterContext(FaultProxy(listener.getsockname()[1]))
        self.client = self.connect()
        self.server = self.enterContext(listener.accept()[0])
        self.server.settimeout(30)

    def connect(self):
        client = self.enterContext(
            socket.create_connection(("127.0.0.1", self.proxy.port)))
        client.settimeout(30)
        return client

    def assert_silent(self, connection):
        connection.settimeout(0.2)
        with self.assertRaises(TimeoutError):
            connection.recv(1)
        connection.settimeout(30)

    def test_bytes_go_both_ways_and_the_end_too(self):
        self.client.sendall(b"question")
        self.assertEqual(self.server.recv(100), b"question")
        self.server.sendall(b"answer")
        self.assertEqual(self.client.recv(100), b"answer")
        self.client.shutdown(socket.SHUT_WR)
        self.assertEqual(self.server.recv(1), b"")

    def test_a_stalled_direction_is_silent_until_it_is_resumed(self):
        self.proxy.stall(DOWN)
        self.client.sendall(b"question")
        self.assertEqual(self.server.recv(100), b"question")
        self.server.sendall(b"answer")
        self.assert_silent(self.client)
        self.proxy.resume()
        self.assertEqual(self.client.recv(100), b"answer")

    def test_a_delay_is_paid_once_by_bytes_sent_together(self):
        self.proxy.delay(0.2)
        begin = time.monotonic()
        self.client.sendall(b"x" * 2_000_000)  # 31 pieces at least
        received = 0
        while received < 2_000_000:
            received += len(self.server.recv(1 << 20))
        took = time.monotonic() - begin
        self.assertGreaterEqual(took, 0.2)
        self.assertLess(took, 31 * 0.2)

    def test_a_cut_comes_after_exactly_as_many_bytes(self):
        self.proxy.cut_after(5, DOWN)
        self.server.sendall(b"abcdefgh")
        received = b""
        with self.assertRaises(ConnectionResetError):
            while chunk := self.client.recv(100):
                received += chunk
            raise AssertionError("an orderly end")
        self.assertEqual(received, b"abcde")

    def test_reset_is_seen_by_both_ends(self):
        self.proxy.reset()
        for end in (self.client, self.server):
            with self.assertRaises(ConnectionResetError):
                end.recv(1)
        self.assertEqual(self.proxy.open, 0)

    def test_a_refusing_proxy_accepts_again_on_the_same_port(self):
        self.proxy.refuse()
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.proxy.port))
        self.proxy.accept()
        self.connect()


if __name__ == "__main__":
    unittest.main()
