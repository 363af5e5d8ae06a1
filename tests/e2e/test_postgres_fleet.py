"""Many executors, clocks that are wrong, processes that stand still; and
PgBouncer between them and the server."""

import os
import signal
import unittest
import urllib.parse

from pgbouncer import PgBouncer
from postgres_faults import CHAIN, HELD, NOOPS, PostgresFaultTest
from support import alive

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


class FleetTest(PostgresFaultTest):
    # Each executor has a handful of connections.
    settings = {"max_connections": "400"}

    def test_a_stopped_executors_late_write_is_refused(self):
        run = self.submit(HELD)
        sleeper = self.executor(ttl="1s")
        self.wait_for_file("started")
        self.pause(sleeper)
        (self.folder / "started").unlink()
        self.executor()
        self.wait_for_file("started")
        sleeper.send_signal(signal.SIGCONT)
        (self.folder / "go").touch()
        document = self.wait_for_end(run)
        self.assertEqual(document["state"], "succeeded", document)
        self.assertEqual(self.task(document, "a")["attempt"], 2)
        self.assertEqual(self.ran(), ["a", "a", "b"])
        self.assertIsNone(sleeper.poll())
        self.assert_consistent()

    @unittest.skipUnless(os.path.exists(FAKETIME), "libfaketime is not installed")
    def test_executors_whose_clocks_are_an_hour_off_agree_with_the_others(self):
        runs = self.submit_many(CHAIN, 20)
        for offset in ("-1h", "+1h", "+0"):
            self.executor("--slots", "2", env={
                "LD_PRELOAD": FAKETIME, "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1"})
        self.wait_for_all()
        self.assert_all_succeeded(20)
        self.assert_each_ran_once(runs)
        # I6: all times are the server's.
        self.assertEqual(self.number(
            "select count(*) from run where finished_at not between"
            " now() - interval '10 minutes' and now() + interval '10 minutes'"), 0)

    def test_fifty_executors_at_one_task_run_it_once(self):
        self.windlass("migrate", "up", code=0)
        executors = [self.start("executor", "--slots", "1", "--lease-ttl", "60s")
                     for _ in range(50)]
        self.wait_until(lambda: self.number("select count(*) from executor") == 50,
                        "all register")
        run = self.submit(CHAIN)
        self.wait_for_end(run)
        self.assert_each_ran_once([run])
        self.assert_all_succeeded(1)
        self.assertTrue(all(alive(executor.pid) for executor in executors))


class PgBouncerTest(PostgresFaultTest):
    def setUp(self):
        super().setUp()
        self.bouncer = PgBouncer(self.server).start()
        self.addCleanup(self.bouncer.close)
        self.store = self.bouncer.url_of(self.direct.rsplit("/", 1)[1])

    def test_submit_run_and_cancel_work_through_it(self):
        document = self.run_workflow(CHAIN)
        self.assertEqual(document["state"], "succeeded")
        held = self.submit(HELD)
        self.executor()
        self.wait_for_file("started")
        self.windlass("cancel", held, code=0)
        self.assertEqual(self.wait_for_end(held)["state"], "cancelled")
        self.assert_consistent()

    def test_a_listen_url_wakes_executors_at_once(self):
        self.store += "?windlass_listen_url=" + urllib.parse.quote(self.direct, safe="")
        self.windlass("migrate", "up", code=0)
        self.start("executor", "--poll-interval", "60s", "--slots", "2")
        self.wait_until(lambda: self.number(
            "select count(*) from pg_stat_activity where query like 'SELECT pg_notify%'"
            " and datname = current_database()"), "it listens")
        # It would not look again by itself before the test's deadline.
        run = self.submit(CHAIN)
        self.wait_for_end(run, deadline=30)
        self.assert_all_succeeded(1)

    def test_a_server_killed_behind_it_under_load_loses_nothing(self):
        # The pooler is slow to find the server back: it lets nobody in for a while.
        self.submit_many(CHAIN, 40)
        for _ in range(2):
            self.executor("--slots", "4")
        for share in (20, 60):
            self.wait_until(lambda: len(self.ran()) >= share, f"{share} tasks ran")
            self.server.kill()
            self.server.restart()
        self.wait_for_all(40)
        self.assert_all_succeeded(40)

    def test_a_bouncer_restarted_under_load_strands_no_task(self):
        self.submit_many(NOOPS, 200)
        self.executor("--slots", "8")
        for share in (20, 80, 140):
            self.wait_until(lambda: self.ended() >= share, f"{share} runs ended")
            self.bouncer.restart()
        self.wait_for_all()
        self.assert_all_succeeded(200)


if __name__ == "__main__":
    unittest.main()
