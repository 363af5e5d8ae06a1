"""Python functions between SQL tasks, and functions that go wrong."""

import unittest

from support import EndToEndTest


class PythonTest(EndToEndTest):
    def test_tables_pass_between_sql_and_python(self):
        self.write("fns.py", """
            import pandas as pd

            def enrich(small, large):
                small["when"] = pd.Timestamp("2024-02-29 12:00", tz="Europe/Berlin")
                small["rows"] = len(large)
                small["top"] = large["r"].max()
                small["kind"] = pd.Categorical(["é", None])
                return small

            def many(n):
                return pd.DataFrame({"i": range(n), "s": ["x" * 10] * n})
            """)
        run = self.run_workflow("""
            windlass: 1
            name: chain
            tasks:
              small: {type: sql, params: {query: "select range as i, date '2024-01-01' as day from range(2)"}}
              large: {type: sql, params: {query: "select range as r from range(20000)"}}
              enrich:
                type: python
                depends_on: [small, large]
                params:
                  script: fns.py
                  function: enrich
                  args: {small: "${{ tasks.small.result }}", large: "${{ tasks.large.result }}"}
              many: {type: python, params: {script: fns.py, function: many, args: {n: 50000}}}
              end:
                type: sql
                depends_on: [enrich, many]
                params:
                  inputs: {e: "${{ tasks.enrich.result }}", m: "${{ tasks.many.result }}"}
                  query: "select e.*, typeof(day) as t, (select count(*) from m) as many from e order by i"
            """)
        self.assertEqual(self.value(run, "end")["rows"][1], {
            "i": 1, "day": "2024-01-01T00:00:00", "when": "2024-02-29T11:00:00Z", "rows": 20000,
            "top": 19999, "kind": None, "t": "TIMESTAMP", "many": 50000})

    def test_a_function_that_goes_wrong_fails_alone(self):
        self.write("fns.py", """
            import os, signal

            def die(): os.kill(os.getpid(), signal.SIGSEGV)
            def hang():
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                while True: pass
            def hoard(): return len(bytearray(1 << 40))
            def good(): return "fine"
            """)
        run = self.run_workflow("""
            windlass: 1
            name: trouble
            defaults: {cancellation: {grace_period: 200ms}}
            tasks:
              die: {type: python, allow_failure: true, params: {script: fns.py, function: die, preload: []}}
              hang: {type: python, allow_failure: true, start_to_close_timeout: 1s, params: {script: fns.py, function: hang, preload: []}}
              hoard: {type: python, allow_failure: true, params: {script: fns.py, function: hoard, preload: []}}
              good: {type: python, depends_on: [die, hoard], params: {script: fns.py, function: good, preload: []}}
            """)
        errors = {task["id"]: (task["error"] or {}) for task in run["tasks"]}
        self.assertEqual((errors["die"]["type"], errors["die"]["category"]), ("WorkerKilled", "crash"))
        self.assertEqual(errors["hang"]["type"], "Timeout")
        self.assertEqual((errors["hoard"]["type"], errors["hoard"]["category"]), ("MemoryError", "resource"))
        self.assertEqual(self.value(run, "good"), "fine")


if __name__ == "__main__":
    unittest.main()
