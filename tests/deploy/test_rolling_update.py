"""A rollout, with real processes: executors replaced one at a time, as a
Deployment does it with maxSurge 1 and maxUnavailable 0, while runs go on."""

import collections
import json
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import support  # noqa: E402
from support import EndToEndTest  # noqa: E402

EXECUTORS = 3
RUNS = 40

FLOW = """
windlass: 1
name: rolled
tasks:
  first: {type: shell, params: {command: "echo $WINDLASS_IDEMPOTENCY_KEY >> done; sleep 0.05"}}
  second:
    type: shell
    depends_on: [first]
    map: {items: [1, 2, 3], as: item}
    params: {command: "echo $WINDLASS_IDEMPOTENCY_KEY >> done; sleep 0.05"}
  third: {type: shell, depends_on: [second], params: {command: "echo $WINDLASS_IDEMPOTENCY_KEY >> done"}}
"""
TASKS = 5


class RollingUpdateTest(EndToEndTest):

    def setUp(self):
        super().setUp()
        if self.store is None:
            # Pods on many machines share PostgreSQL, not a file.
            self.store = support.postgres().create_database()
            self.addCleanup(support.postgres().drop_database, self.store)

    def ready_executor(self, name):
        """One that has told whoever asks that it is ready."""
        log = self.folder / f"{name}.log"
        with open(log, "w") as stderr:
            process = self.start("executor", "--name", name, "--slots", "4",
                                 "--log-format", "json", stderr=stderr)
        self.wait_until(lambda: '"started"' in log.read_text(), f"{name} is ready")
        return process

    def ended(self):
        listed = self.windlass("list", "--limit", "1000", "--output", "json", code=0).json()
        return collections.Counter(run["state"] for run in listed["runs"])

    def test_a_rollout_loses_nothing_and_doubles_nothing(self):
        old = [self.ready_executor(f"old-{number}") for number in range(EXECUTORS)]
        self.write("flow.yaml", FLOW)
        self.windlass("submit", "flow.yaml", "--count", RUNS, code=0)
        for number, leaving in enumerate(old):
            # In the middle of things: some of this round's tasks have begun.
            begun = len(self.read("done").splitlines()) if (self.folder / "done").exists() else 0
            self.wait_until(lambda: (self.folder / "done").exists()
                            and len(self.read("done").splitlines()) > begun, "work goes on")
            self.ready_executor(f"new-{number}")
            leaving.send_signal(signal.SIGTERM)
            self.assertEqual(self.wait_for_exit(leaving), 0)
            self.windlass("submit", "flow.yaml", "--count", RUNS, code=0)
        wanted = RUNS * (EXECUTORS + 1)
        self.wait_until(lambda: self.ended()["succeeded"] == wanted, "every run succeeds", 120)
        self.assertEqual(self.ended(), {"succeeded": wanted})
        # A drain lets running tasks finish, so not even an attempt was repeated.
        times = collections.Counter(self.read("done").split())
        self.assertEqual(len(times), wanted * TASKS)
        self.assertEqual(set(times.values()), {1})
        lost = [one for one in json.loads(self.windlass("executors", "--output", "json").stdout)
                ["executors"] if one["state"] == "lost"]
        self.assertEqual(lost, [])


if __name__ == "__main__":
    unittest.main()
