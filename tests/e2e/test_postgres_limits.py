"""PostgreSQL that refuses: no connections left, no time, read-only, no disk."""

import os
import pathlib
import subprocess
import time
import unittest

from postgres import binary
from postgres_faults import CHAIN, NOOPS, PostgresFaultTest


class LimitsTest(PostgresFaultTest):
    settings = {"max_connections": "12", "superuser_reserved_connections": "2"}

    def crowd(self):
        """Clients that take every connection there is."""
        self.server.query("create role guest login")
        crowd, refused = [], 0
        # A backend outlives its client for a moment, and its place is free then.
        while refused < 3:
            client = subprocess.Popen(
                [binary("psql"), "-XqAt", "-d",
                 self.direct.replace("postgres@", "guest@"), "-c", "select 'in'",
                 "-c", r"\! cat"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.started.append(client)
            self.addCleanup(client.stdout.close)
            if client.stdout.readline():
                crowd.append(client)
                refused = 0
            else:
                client.stdin.close()
                refused += 1
                time.sleep(0.3)
        return crowd

    def be(self, role):
        """From here on everything comes as a role that superusers' places are
        not kept for."""
        self.server.query(f"create role {role} login")
        database = self.direct.rsplit("/", 1)[1]
        self.server.query(f"grant create on database {database} to {role}")
        self.store = self.direct.replace("postgres@", f"{role}@")

    def test_an_executor_that_finds_no_connection_says_so_and_ends(self):
        self.be("newcomer")
        self.submit(NOOPS)
        crowd = self.crowd()
        self.windlass("list", code=3)
        refused = self.windlass("executor", code=3)
        self.assertIn("connection slots", refused.stderr)
        for client in crowd:
            client.stdin.close()
            client.wait()
        self.executor("--slots", "2")
        self.wait_for_all()
        self.assert_all_succeeded(1)

    def test_executors_wait_while_there_is_no_connection_left(self):
        self.be("worker")
        runs = self.submit_many(CHAIN, 40)
        executor = self.executor("--slots", "2")
        self.wait_until(lambda: len(self.ran()) > 3, "some tasks ran")
        # The same refusal as of a server that is full, and nobody can take its place.
        self.server.query("alter role worker connection limit 0")
        self.server.query("select pg_terminate_backend(pid) from pg_stat_activity"
                          " where usename = 'worker'")
        self.wait_until(lambda: "too many connections for role" in self.server.log,
                        "it was refused a connection")
        self.server.query("alter role worker connection limit -1")
        self.wait_for_all()
        self.assert_all_succeeded(40)
        self.assert_each_ran_once(runs)
        self.assertIsNone(executor.poll(), "the executor lives")

    def test_a_tiny_statement_timeout_of_the_role_breaks_nothing(self):
        self.server.query("create role hasty login superuser")
        self.submit_many(NOOPS, 60)
        self.executor("--slots", "8",
                      env={"WINDLASS_STORE": self.direct.replace("postgres@", "hasty@")})
        self.wait_until(lambda: self.number("select count(*) from executor"), "it is at work")
        self.set_timeout("'1ms'")
        self.submit_many(NOOPS, 60)
        self.wait_until(lambda: "due to statement timeout" in self.server.log,
                        "a statement takes too long")
        self.set_timeout("default")
        self.wait_for_all()
        self.assert_all_succeeded(120)

    def set_timeout(self, value):
        """For the sessions that the role begins from now on."""
        self.server.query(f"alter role hasty set statement_timeout = {value}")
        self.server.query("select pg_terminate_backend(pid) from pg_stat_activity"
                          " where usename = 'hasty'")

    def test_a_server_that_is_read_only_for_a_while_is_waited_for(self):
        runs = self.submit_many(CHAIN, 20)
        self.executor("--slots", "2")
        self.wait_until(lambda: len(self.ran()) > 3, "some tasks ran")
        self.set_read_only("on")
        refused = self.windlass("submit", "flow.yaml")
        self.assertEqual(refused.code, 3, refused)
        self.assertIn("read-only", refused.stderr)
        self.set_read_only("off")
        self.wait_for_all()
        self.assert_all_succeeded(20)
        self.assert_each_ran_once(runs)

    def set_read_only(self, value):
        # The setting must not keep us from taking it back.
        for command in (f"alter system set default_transaction_read_only to {value}",
                        "select pg_reload_conf()"):
            subprocess.run([binary("psql"), "-Xq", "-d", self.server.url, "-c", command],
                           check=True, stdout=subprocess.DEVNULL,
                           env={**os.environ,
                                "PGOPTIONS": "-c default_transaction_read_only=off"})
        self.wait_until(
            lambda: self.server.query("show default_transaction_read_only") == [(value,)],
            "the setting is read")


class OpeningTest(PostgresFaultTest):
    def test_ten_processes_may_open_a_new_database_at_once(self):
        opening = [self.start("list", "--output", "json", stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) for _ in range(10)]
        for process in opening:
            stdout, stderr = process.communicate(timeout=60)
            self.assertEqual((process.returncode, stdout.strip()), (0, '{"runs":[]}'), stderr)
        self.assertEqual(self.number("select count(*) from migration where version = 1"), 1)

    def test_a_newer_schema_is_refused_and_left_alone(self):
        self.windlass("migrate", "up", code=0)
        self.sql("insert into migration values (1000, 'future', now())")
        for command in (("list",), ("submit", "flow.yaml"), ("executor", "--exit-when-idle"),
                        ("migrate", "up")):
            self.write("flow.yaml", NOOPS)
            refused = self.windlass(*command)
            self.assertNotEqual(refused.code, 0, refused)
            self.assertIn("1000", refused.stderr)
            self.assertIn("newer", refused.stderr)
        self.assertEqual(self.number("select count(*) from run"), 0)

    def test_the_password_of_the_url_is_never_printed(self):
        secret = "c0rrect-h0rse"
        right = self.direct.replace("postgres@", f"postgres:{secret}@")
        wrong = right.replace(f":{self.server.port}/", ":1/")
        self.write("flow.yaml", NOOPS)
        ended = self.windlass("run", "flow.yaml", "--log-level", "debug",
                              env={"WINDLASS_STORE": right}, code=0)
        said = ended.stdout + ended.stderr
        for url in (wrong, right + "?port=abc", right.replace("127.0.0.1", "[::"),
                    right.replace("h0rse", "h0rse%zz"), right + "-not-there",
                    right + "?windlass_listen_url=%zz"):
            for command in (("list",), ("doctor",)):
                ended = self.windlass(*command, env={"WINDLASS_STORE": url})
                self.assertIn(ended.code, (2, 3), ended)
                said += ended.stdout + ended.stderr
        self.assertNotIn(secret, said)
        executor = self.executor("--log-level", "debug", "--exit-when-idle",
                                 env={"WINDLASS_STORE": right})
        self.assertEqual(self.wait_for_exit(executor), 0)
        self.assertNotIn(secret, self.logs())


class FullDiskTest(PostgresFaultTest):
    """The server's data folder is on a small disk of its own."""

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root may mount a small disk")
        super().setUpClass()
        disk = cls.server.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=777",
                                  "windlass-test", disk], capture_output=True, text=True)
        if mounted.returncode != 0:
            raise unittest.SkipTest(f"no disk to mount: {mounted.stderr.strip()}")
        cls.addClassCleanup(subprocess.run, ["umount", "-l", disk])
        subprocess.run(["chown", "postgres:", disk], check=True)
        cls.disk = pathlib.Path(disk)
        cls.server.query(f"create tablespace small location '{disk}'")

    def test_a_full_disk_stops_nothing_for_good(self):
        database = self.direct.rsplit("/", 1)[1]
        self.server.query(f"alter database {database} set tablespace small")
        self.submit_many(CHAIN, 30)
        self.executor("--slots", "2")
        self.wait_until(lambda: len(self.ran()) > 3, "some tasks ran")
        ballast = self.disk / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 65536):
                    pass
            except OSError:
                pass
        # Big enough not to fit into what its tables have left.
        big = self.write("big.yaml", "windlass: 1\nname: big\ntasks: {a: {type: noop, params: "
                         "{x: '" + os.urandom(300_000).hex() + "'}}}\n")
        refused = self.windlass("submit", big)
        self.assertIn("No space left", refused.stderr, refused)
        self.assertNotEqual(refused.code, 0)
        ballast.unlink()
        self.wait_for_all()
        self.assert_all_succeeded(30)


if __name__ == "__main__":
    unittest.main()
