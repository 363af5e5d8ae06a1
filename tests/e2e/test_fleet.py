"""What operators do to executors and queues."""

import re
import unittest

from support import EndToEndTest

HELD = """
    windlass: 1
    name: held
    tasks: {a: {type: shell, params: {command: "touch begun; until [ -e go ]; do sleep 0.02; done"}}}
    """


class FleetTest(EndToEndTest):

    def json_of(self, *arguments, code=0):
        return self.windlass(*arguments, "--output", "json", code=code).json()

    def state_of(self, name):
        found = [one["state"] for one in self.json_of("executors")["executors"]
                 if one["name"] == name]
        return found[0] if found else None

    def test_an_executor_that_drains_finishes_what_it_has_and_takes_nothing_new(self):
        process = self.executor("--name", "worker", "--slots", "2")
        held = self.submit(HELD)
        self.wait_for_file("begun")
        self.assertEqual(self.windlass("executors", "drain", "worker", code=0).stdout,
                         "worker is draining\n")
        self.assertEqual(self.state_of("worker"), "draining")
        # How busy it is, it says with its heartbeats.
        self.wait_until(
            lambda: re.search(r"worker +generic +draining +1/2",
                              self.windlass("executors", code=0).stdout),
            "it is seen to be busy")
        # Submitted to a draining executor with a free slot: stays where it is.
        other = self.submit("{windlass: 1, name: other, tasks: {a: {type: noop}}}")
        self.write("go", "")
        self.assertEqual(self.wait_for_exit(process), 0)
        self.assertEqual(self.show(held)["state"], "succeeded")
        self.assertEqual(self.task(self.show(held), "a")["attempt"], 1)
        self.assertEqual(self.states(self.show(other)), {"a": "ready"})
        self.assertIsNone(self.state_of("worker"))

    def test_only_living_executors_can_be_drained(self):
        failed = self.windlass("executors", "drain", "nobody", code=2)
        self.assertIn("nobody", failed.stderr)
        self.windlass("executors", "drain", code=2)

    def test_a_lost_executor_is_listed_as_lost(self):
        process = self.executor("--name", "worker")
        self.wait_until(lambda: self.state_of("worker") == "running", "it is registered")
        process.kill()
        process.wait()
        self.executor("--name", "other")  # Whose sweep finds out.
        self.wait_until(lambda: self.state_of("worker") == "lost", "it is lost")
        self.assertEqual(self.state_of("other"), "running")

    def test_a_queue_can_be_paused_before_it_has_tasks_and_stays_so(self):
        self.assertEqual(self.json_of("queues")["queues"], [])
        self.assertEqual(self.windlass("queues", "pause", "reports", code=0).stdout,
                         "reports is paused\n")
        self.json_of("queues", "pause", "reports")  # Once more is no error.
        run = self.submit("{windlass: 1, name: r, tasks: {a: {type: noop, queue: reports}}}")
        self.executor("--exit-when-idle")
        queue, = self.json_of("queues")["queues"]
        self.assertEqual((queue["name"], queue["paused"], queue["ready"], queue["running"]),
                         ("reports", True, 1, 0))
        self.assertEqual(self.windlass("queues", "resume", "reports", code=0).stdout,
                         "reports is open\n")
        self.assertEqual(self.wait_for_end(run)["state"], "succeeded")
        queue, = self.json_of("queues")["queues"]
        self.assertEqual((queue["paused"], queue["ready"], queue["oldest_ready"]), (False, 0, None))

    def test_running_tasks_of_a_paused_queue_go_on(self):
        self.executor()
        run = self.submit(HELD)
        self.wait_for_file("begun")
        self.json_of("queues", "pause", "default")
        self.assertEqual(self.json_of("queues")["queues"][0]["running"], 1)
        self.write("go", "")
        self.assertEqual(self.wait_for_end(run)["state"], "succeeded")


if __name__ == "__main__":
    unittest.main()
