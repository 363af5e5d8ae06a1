"""What once went wrong, seen from outside."""

import unittest

from support import EndToEndTest


class Regressions(EndToEndTest):
    def test_schedule_to_close_timeout_stops_an_attempt_that_runs(self):
        document = self.run_workflow("""
            windlass: 1
            name: slow
            tasks:
              a:
                type: sleep
                params: {duration: 50s}
                schedule_to_close_timeout: 300ms
                retry_policy: {maximum_attempts: 5, initial_interval: 1ms}
            """, code=1)
        task = self.task(document, "a")
        self.assertEqual(task["error"]["type"], "ScheduleToCloseTimeout")
        self.assertEqual(task["attempt"], 1)
        self.assertLess(task["duration_ms"], 20_000)

    def test_an_executor_prints_one_document_as_it_stops(self):
        ended = self.windlass("executor", "--name", "x", "--exit-when-idle",
                              "--output", "json", code=0)
        self.assertEqual(ended.json(), {"name": "x", "state": "stopped"})


if __name__ == "__main__":
    unittest.main()
