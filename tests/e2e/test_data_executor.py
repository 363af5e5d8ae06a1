"""An executor of profile data: tasks are admitted by what they reserve."""

import unittest

from support import EndToEndTest
from test_health import ServedExecutor

CAPACITY = ["--profile", "data", "--slots", "4", "--memory", "256MiB", "--cpus", "2"]

FLOW = """
    windlass: 1
    name: sums
    tasks:
      sum:
        type: sql
        map: {items: [1, 2, 3, 4, 5, 6], as: n}
        resources: {memory: 100MiB, cpu: 1}
        params:
          query: "select sum(range) as total from range($n * 1000)"
          params: {n: "${{ n }}"}
      shares:
        type: sql
        params: {query: "select current_setting('memory_limit') as memory, current_setting('threads') as threads"}
"""


class DataExecutorTest(EndToEndTest):
    def test_a_pipeline_runs_within_the_capacity(self):
        run = self.submit(FLOW)
        executor = self.executor("--exit-when-idle", "--health-listen", "none", *CAPACITY)
        self.assertEqual(self.wait_for_exit(executor), 0)
        shown = self.show(run)
        self.assertEqual(shown["state"], "succeeded")
        sums = [self.value(shown, "sum", n - 1)["rows"][0]["total"] for n in range(1, 7)]
        self.assertEqual(sums, [n * 1000 * (n * 1000 - 1) // 2 for n in range(1, 7)])
        # A quarter each, for there are four slots; at least a whole thread.
        self.assertEqual(self.value(shown, "shares")["rows"],
                         [{"memory": "64.0 MiB", "threads": 1}])

    def test_what_is_free_and_what_was_put_off_can_be_seen(self):
        run = self.submit("""
            windlass: 1
            name: big
            tasks: {a: {type: noop, resources: {memory: 1GiB}}}
        """)
        executor = ServedExecutor(self, *CAPACITY)
        self.wait_until(lambda: 'windlass_tasks_postponed_total{type="noop"} 1' in executor.metrics(),
                        "the task was put off")
        self.assertIn(f'windlass_capacity_memory_bytes{{state="free"}} {256 << 20}', executor.metrics())
        self.assertIn('windlass_capacity_cpus{state="free"} 2', executor.metrics())
        self.assertEqual(self.states(self.show(run)), {"a": "scheduled"})
        listed = self.windlass("executors", "--output", "json", code=0).json()
        self.assertEqual(listed["executors"][0]["profile"], "data")

    def test_what_was_processed_can_be_seen(self):
        self.write("double.py", "def run(n):\n    return n * 2\n")
        self.submit("""
            windlass: 1
            name: work
            tasks:
              rows: {type: sql, params: {query: "select range as i from range(42)"}}
              call: {type: python, params: {script: double.py, function: run, args: {n: 1}}}
        """)
        executor = ServedExecutor(self, *CAPACITY)
        for line in ('windlass_data_rows_total{type="sql"} 42',
                     'windlass_workers_total{event="started",type="python"} 1'):
            self.wait_until(lambda: line in executor.metrics(), line)

    def test_the_quota_of_what_is_spilled_is_a_setting(self):
        flow = self.write("spill.yaml", """
            windlass: 1
            name: spill
            tasks:
              large:
                type: sql
                params:
                  memory: 64MiB
                  query: >
                    create table t as select repeat(md5(range::varchar), 8) as s from range(800000);
                    select count(*) as n from t
        """)
        failed = self.windlass("run", flow, "--spill-quota", "1MiB", "--output", "json", code=1).json()
        self.assertEqual(failed["tasks"][0]["error"]["type"], "SpillQuotaExceeded")
        self.windlass("run", flow, code=0, env={"WINDLASS_SPILL_QUOTA": "2GiB"})


if __name__ == "__main__":
    unittest.main()
