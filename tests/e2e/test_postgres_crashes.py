"""PostgreSQL and its backends die under load; nothing is lost or doubled."""

import signal
import unittest

from fault_proxy import DOWN, UP, FaultProxy
from postgres_faults import CHAIN, HELD, NOOPS, PostgresFaultTest, every

TERMINATE = """select count(pg_terminate_backend(pid)) from pg_stat_activity
    where application_name = 'windlass' and pid <> pg_backend_pid()"""

# A good part of the transactions that end or claim tasks is in another's way.
UNLUCKY = """
    create sequence unlucky_times;
    create function unlucky() returns trigger language plpgsql as $$ begin
      if random() < 0.3 then
        perform nextval('windlass.unlucky_times');
        raise exception 'unlucky' using errcode =
          case when random() < 0.5 then 'serialization_failure'
               else 'deadlock_detected' end;
      end if;
      return null;
    end $$;
    create trigger unlucky after insert on task_end
      for each statement execute function unlucky();
    create trigger unlucky after insert on task_end_range
      for each statement execute function unlucky();
    create trigger unlucky after insert on lease
      for each statement execute function unlucky();
    create trigger unlucky after insert on lease_range
      for each statement execute function unlucky()"""


class CrashTest(PostgresFaultTest):
    def test_backends_that_are_terminated_again_and_again_cost_only_time(self):
        runs = self.submit_many(CHAIN, 60)
        for _ in range(3):
            self.executor("--slots", "4")
        killed = 0
        for _ in every(0.15, 12):
            killed += self.number(TERMINATE)
        self.assertGreater(killed, 0)
        self.wait_for_all()
        self.assert_all_succeeded(60)
        self.assert_each_ran_once(runs)

    def test_a_storm_of_terminations_strands_no_task(self):
        self.submit_many(NOOPS, 600)
        for _ in range(2):
            self.executor("--slots", "16")
        for _ in every(0.05, 60):
            self.sql(TERMINATE)
        self.wait_for_all()
        self.assert_all_succeeded(600)

    def test_transactions_that_were_in_anothers_way_are_tried_again(self):
        runs = self.submit_many(CHAIN, 40)
        self.sql(UNLUCKY)
        for _ in range(2):
            self.executor("--slots", "4")
        self.wait_for_all()
        self.assertGreater(self.number("select last_value from unlucky_times"), 10)
        self.assert_all_succeeded(40)
        self.assert_each_ran_once(runs)

    def test_a_server_killed_and_restarted_under_load_loses_and_doubles_nothing(self):
        runs = self.submit_many(CHAIN, 60)
        for _ in range(2):
            self.executor("--slots", "4")
        for share in (20, 60, 100):
            self.wait_until(lambda: len(self.ran()) >= share, f"{share} tasks ran")
            self.server.kill()
            self.server.restart()
        self.wait_for_all(30)
        self.assert_all_succeeded(60)
        self.assert_each_ran_once(runs)

    def test_a_server_that_stays_away_past_the_lease_stops_attempts_and_then_goes_on(self):
        run = self.submit(HELD)
        self.executor(ttl="3s")
        self.wait_for_file("started")
        self.server.kill()
        (self.folder / "started").unlink()
        # I11: the executor fences itself although nobody tells it to.
        self.wait_until(lambda: "could not be renewed" in self.logs(), "the fence")
        self.server.restart()
        self.wait_for_file("started")
        (self.folder / "go").touch()
        document = self.wait_for_end(run)
        self.assertEqual(document["state"], "succeeded", document)
        self.assertEqual(self.ran(), ["a", "a", "b"])
        self.assert_consistent()

    def test_two_sweepers_recover_what_a_dead_executor_held_once(self):
        run = self.submit(HELD)
        victim = self.executor()
        self.wait_for_file("started")
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        (self.folder / "go").touch()
        for _ in range(4):
            self.executor()
        document = self.wait_for_end(run)
        self.assertEqual(document["state"], "succeeded", document)
        self.assertEqual(self.task(document, "a")["attempt"], 2)
        self.assertEqual(self.ran(), ["a", "a", "b"])
        self.assert_consistent()


class LostAnswerTest(PostgresFaultTest):
    def setUp(self):
        super().setUp()
        self.proxy = FaultProxy(self.server.port).start()
        self.addCleanup(self.proxy.close)
        self.store = self.direct.replace(f":{self.server.port}/", f":{self.proxy.port}/")

    def test_connections_cut_in_the_middle_of_answers_strand_no_task(self):
        self.submit_many(NOOPS, 300)
        self.executor("--slots", "8")
        self.executor("--slots", "8")
        # One that cannot reach the server when it starts says so and ends.
        self.wait_until(lambda: self.number("select count(*) from executor") == 2,
                        "both are at work")
        for i in every(0.05, 60):
            self.proxy.cut_after(1 + 97 * i % 5000, DOWN if i % 3 else UP)
        self.proxy.cut_after(1 << 40)
        self.wait_for_all()
        self.assert_all_succeeded(300)

    def test_a_black_hole_stops_attempts_in_time_and_is_survived(self):
        run = self.submit(HELD)
        executor = self.executor(ttl="3s")
        self.wait_for_file("started")
        # Neither an answer nor an end: only a deadline tells.
        self.proxy.stall()
        (self.folder / "started").unlink()
        self.wait_until(lambda: "could not be renewed" in self.logs(), "the fence")
        self.proxy.reset()
        self.proxy.resume()
        self.wait_for_file("started")
        (self.folder / "go").touch()
        document = self.wait_for_end(run)
        self.assertEqual(document["state"], "succeeded", document)
        self.assertEqual(self.ran(), ["a", "a", "b"])
        self.assertIsNone(executor.poll())
        self.assert_consistent()

    def test_two_seconds_of_latency_make_it_slow_and_nothing_else(self):
        self.submit_many(NOOPS, 20)
        self.executor("--slots", "20")
        self.wait_until(self.ended, "the first run ends")
        self.submit_many(NOOPS, 20)
        self.proxy.delay(1.0)
        self.wait_for_all()
        self.proxy.delay(0)
        self.assert_all_succeeded(40)


if __name__ == "__main__":
    unittest.main()
