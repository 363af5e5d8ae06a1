"""What must not grow: the cost of looking, of waiting, and of the past."""

import time
import unittest

from postgres import SEPARATE_READY, pinned_horizon
from postgres_faults import PostgresFaultTest

NOOP = "{windlass: 1, name: noop, tasks: {a: {type: noop}}}"
WAITING = "{windlass: 1, name: waiting, tasks: {a: {type: noop, queue: nobodys}}}"
FAILING = """
    windlass: 1
    name: failing
    tasks:
      a: {type: shell, params: {command: exit 1}, retry_policy: {maximum_attempts: 1}}
    """

MILLION = 1_000_000

# More rows than any look at a list or a metric may read.
FEW = 1_000

ROWS_READ = """
    select coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0)
    from pg_stat_user_tables where schemaname = 'windlass'
    """


ENTRIES_READ = """
    select coalesce(sum(idx_tup_read), 0)
    from pg_stat_user_indexes where schemaname = 'windlass' and relname = 'ready'
    """


class ScaleTest(PostgresFaultTest):
    settings = {"shared_preload_libraries": "pg_stat_statements",
                "pg_stat_statements.track": "top"}

    def copy_run(self, count):
        """As many runs like the newest, by the columns that their tables have."""
        newest = self.number("select max(id) from run")
        for table, run in (("run", "id"), ("task_end", "run")):
            columns = [row[0] for row in self.sql(
                "select column_name from information_schema.columns where"
                f" table_schema = 'windlass' and table_name = '{table}' order by 1")]
            values = [f"{column} + number" if column in (run, "token") else column
                      for column in columns]
            self.sql(f"insert into {table} ({', '.join(columns)}) select {', '.join(values)}"
                     f" from {table}, generate_series(1, {count}) as number"
                     f" where {run} = {newest}")
        self.sql(f"select setval('run_id', {newest + count});"
                 f"insert into tally values (3, 1, -1, {count}); analyze run; analyze task_end")

    def wait_for_quiet(self):
        """What sessions have read is counted when they are over."""
        self.wait_until(lambda: self.number(
            "select count(*) from pg_stat_activity where pid <> pg_backend_pid()"
            " and backend_type = 'client backend'") == 0, "all sessions are over")

    def rows_read_by(self, *arguments):
        self.wait_for_quiet()
        before = self.number(ROWS_READ)
        answer = self.windlass(*arguments, "--output", "json", code=0).json()
        self.wait_for_quiet()
        return self.number(ROWS_READ) - before, answer

    def test_looking_costs_the_same_with_a_million_finished_tasks(self):
        self.run_workflow(NOOP)
        self.copy_run(MILLION)
        self.submit(NOOP, "--count", "5000")
        for arguments in (["queues"], ["executors"], ["limits"], ["schedules"],
                          ["dead-letter", "list"], ["list", "--limit", "50"], ["doctor"]):
            with self.subTest(arguments):
                rows, answer = self.rows_read_by(*arguments)
                self.assertLess(rows, FEW)
                if arguments == ["queues"]:
                    self.assertEqual(answer["queues"][0]["ready"], 5000)
        self.assert_consistent()

    def test_runs_of_a_state_are_found_behind_a_million_others(self):
        self.run_workflow(FAILING, code=1)
        waiting, paused, cancelled = (self.submit(WAITING) for _ in range(3))
        self.windlass("pause", paused, code=0)
        self.windlass("cancel", cancelled, code=0)
        old = {"failed": "r1", "running": waiting, "paused": paused, "cancelled": cancelled}
        self.run_workflow(NOOP)
        self.copy_run(MILLION)
        for state, run in old.items():
            with self.subTest(state):
                rows, answer = self.rows_read_by("list", "--state", state)
                self.assertEqual([one["run_id"] for one in answer["runs"]], [run])
                self.assertLess(rows, FEW)
        self.submit(WAITING, "--count", "5000")
        for state in ("succeeded", "running"):
            with self.subTest(state, of="many"):
                rows, answer = self.rows_read_by("list", "--state", state, "--limit", "20")
                self.assertEqual(len(answer["runs"]), 20)
                self.assertLess(rows, FEW if state == "running" else 5000 + FEW)

    def statements_in(self, seconds):
        self.sql("select public.pg_stat_statements_reset()")
        time.sleep(seconds)
        return self.number("select coalesce(sum(calls), 0) from public.pg_stat_statements"
                           " where query not like '%pg_stat_statements%'"
                           " and query not like '%search_path%'")

    def test_an_idle_executor_says_less_than_two_statements_a_second(self):
        self.windlass("migrate", "up", code=0)
        self.sql("create extension pg_stat_statements schema public")
        process = self.start("executor", "--health-listen", "127.0.0.1:0")
        self.wait_until(lambda: self.number("select count(*) from executor") == 1,
                        "it has begun")
        # At first it looks more often, until it has heard itself ring.
        self.wait_until(lambda: self.statements_in(seconds=10) < 20, "it says little")
        self.assertIsNone(process.poll())

    def test_a_million_tasks_run_under_a_pinned_horizon(self):
        self.windlass("migrate", "up", code=0)
        with pinned_horizon(self.direct) as session:
            self.submit(NOOP, "--count", str(MILLION))
            executors = [self.start("executor", "--exit-when-idle") for _ in range(2)]
            for executor in executors:
                self.assertEqual(self.wait_for_exit(executor, deadline=240), 0)
            self.assertIsNone(session.poll())
        self.assert_all_succeeded(MILLION)

    def test_what_is_dead_is_not_read_by_every_claim(self):
        count = 300_000
        old = self.submit(WAITING.replace("nobodys", "default"))
        self.windlass("pause", old, code=0)
        self.submit(NOOP, "--count", str(count))
        self.sql(SEPARATE_READY)
        self.server.query("vacuum analyze windlass.ready", self.direct)
        with pinned_horizon(self.direct):
            before = self.number(ENTRIES_READ)
            executor = self.start("executor", "--health-listen", "127.0.0.1:0")
            self.wait_until(lambda: self.number(
                "select coalesce(sum(count), 0) from tally where what = 3 and which > 0")
                == count, "all but one have ended", deadline=240)
            # Every claim of a thousand tasks would read half of the dead, twice.
            self.assertLess((self.number(ENTRIES_READ) - before) / count, 150)
            # Its task is behind all the dead.
            self.windlass("resume", old, code=0)
            self.wait_until(lambda: self.show(old)["state"] == "succeeded", "it ran")
            self.assertIsNone(executor.poll())
        self.assert_all_succeeded(count + 1)


if __name__ == "__main__":
    unittest.main()
