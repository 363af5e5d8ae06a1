"""Executors killed at every moment of a run's life."""

import pathlib
import signal
import unittest

from support import EndToEndTest, alive

# Every task appends a line when it starts, so executions can be counted, and
# waits for a file where a test wants to catch it in the act.
STEPS = """
    windlass: 1
    name: steps
    tasks:
      first: {type: shell, params: {command: "echo first >> ran; echo 1", result: json}}
      held:
        type: shell
        depends_on: [first]
        params:
          command: "echo held >> ran; echo $$ > held.pid; while [ ! -e go ]; do sleep 0.01; done; echo 2"
          result: json
      last:
        type: shell
        depends_on: [held]
        params: {command: "echo last >> ran; echo ${{ tasks.first.result + tasks.held.result }}", result: json}
    """


class RecoveryTest(EndToEndTest):
    def assert_ended_well(self, run):
        document = self.wait_for_end(run)
        self.assertEqual(document["state"], "succeeded", document)
        self.assertEqual(self.value(document, "last"), 3)
        return document

    def ran(self, name):
        try:
            return self.read("ran").split().count(name)
        except FileNotFoundError:
            return 0

    def test_a_submitted_run_survives_until_an_executor_comes(self):
        run = self.submit(STEPS)
        (self.folder / "go").touch()
        self.assertEqual(self.show(run)["state"], "running")
        self.executor()
        self.assert_ended_well(run)
        self.assertEqual([self.ran(n) for n in ("first", "held", "last")], [1, 1, 1])

    def test_an_executor_killed_with_a_running_child_leaves_no_child_and_no_gap(self):
        run = self.submit(STEPS)
        victim = self.executor()
        pid = int(self.wait_for_file("held.pid").read_text() or 0) or \
            int(self.wait_until(lambda: self.read("held.pid"), "pid written"))
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self.wait_until(lambda: not alive(pid), "the child died with its executor")
        (self.folder / "go").touch()
        self.executor()
        document = self.assert_ended_well(run)
        self.assertEqual(self.ran("first"), 1)
        self.assertEqual(self.task(document, "held")["attempt"], 2)

    def test_the_scratch_folders_of_a_killed_executor_go_with_the_next_one(self):
        scratch = self.folder / "scratch"
        scratch.mkdir()
        run = self.submit("""
            windlass: 1
            name: scratch
            tasks:
              a: {type: shell, params: {command: "echo $WINDLASS_SCRATCH_DIR > at; touch $WINDLASS_SCRATCH_DIR/x; touch held; while [ ! -e go ]; do sleep 0.01; done"}}
            """)
        victim = self.executor("--scratch-dir", str(scratch))
        self.wait_for_file("held")
        left = pathlib.Path(self.read("at").strip())
        self.assertTrue((left / "x").exists())
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self.assertTrue((left / "x").exists())
        (self.folder / "go").touch()
        self.executor("--scratch-dir", str(scratch))
        self.assertEqual(self.wait_for_end(run)["state"], "succeeded")
        self.assertFalse(left.exists())

    def test_a_run_whose_executors_die_three_times_still_ends_right(self):
        run = self.submit("""
            windlass: 1
            name: cursed
            tasks:
              first: {type: shell, params: {command: "echo first >> ran; echo 1", result: json}}
              a: {type: shell, depends_on: [first], params: {command: "touch a; while [ ! -e go ]; do sleep 0.01; done"}}
              b: {type: shell, depends_on: [a], params: {command: "touch b; while [ ! -e go2 ]; do sleep 0.01; done"}}
              c: {type: shell, depends_on: [b], params: {command: "touch c; while [ ! -e go3 ]; do sleep 0.01; done"}}
              last: {type: shell, depends_on: [c], params: {command: "echo 3", result: json}}
            """)
        for held, go in (("a", "go"), ("b", "go2"), ("c", "go3")):
            victim = self.executor()
            self.wait_for_file(held)
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            (self.folder / go).touch()
        self.executor()
        document = self.assert_ended_well(run)
        self.assertEqual(self.ran("first"), 1)
        # A crash costs no retry attempt, although each task may fail only once.
        for task in ("a", "b", "c"):
            self.assertEqual(self.task(document, task)["state"], "succeeded")

    def test_a_task_that_loses_its_executor_three_times_still_succeeds(self):
        run = self.submit(STEPS)
        for _ in range(3):
            victim = self.executor()
            self.wait_for_file("held.pid")
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            (self.folder / "held.pid").unlink()
        (self.folder / "go").touch()
        self.executor()
        document = self.assert_ended_well(run)
        self.assertEqual(self.task(document, "held")["attempt"], 4)

    def test_a_task_that_kills_its_executors_is_given_up(self):
        run = self.submit("""
            windlass: 1
            name: poison
            tasks:
              poison: {type: shell, params: {command: "kill -9 $PPID; sleep 10"}}
              other: {type: noop}
            """)
        for _ in range(8):
            process = self.executor("--exit-when-idle")
            self.wait_for_exit(process)
            document = self.show(run)
            if document["state"] != "running":
                break
        self.assertEqual(document["state"], "failed")
        self.assertEqual(self.task(document, "poison")["error"]["type"], "ExecutorLost")
        self.assertEqual(self.task(document, "other")["state"], "succeeded")

    def test_run_killed_is_continued_by_an_executor(self):
        self.write("flow.yaml", STEPS)
        victim = self.start("run", "flow.yaml", "--lease-ttl", "1s")
        self.wait_for_file("held.pid")
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        (self.folder / "go").touch()
        self.executor()
        run = self.windlass("list", "--output", "json", code=0).json()["runs"][0]["run_id"]
        self.assert_ended_well(run)

    def test_sigterm_gives_running_tasks_their_grace_and_exits_zero(self):
        run = self.submit(STEPS)
        executor = self.executor()
        self.wait_for_file("held.pid")
        executor.send_signal(signal.SIGTERM)
        (self.folder / "go").touch()
        self.assertEqual(self.wait_for_exit(executor), 0)
        document = self.show(run)
        self.assertEqual(self.task(document, "held")["state"], "succeeded")
        self.executor()
        self.assert_ended_well(run)
        self.assertEqual(self.ran("held"), 1)

    def test_what_a_drain_gives_back_costs_no_attempt(self):
        run = self.submit(STEPS)
        executor = self.executor("--drain-grace-period", "100ms")
        self.wait_for_file("held.pid")
        executor.send_signal(signal.SIGTERM)
        self.assertEqual(self.wait_for_exit(executor), 0)
        self.assertIn(self.task(self.show(run), "held")["state"], ("ready", "scheduled"))
        (self.folder / "go").touch()
        self.executor()
        self.assert_ended_well(run)

    def test_a_stopped_executor_that_wakes_late_cannot_write(self):
        run = self.submit(STEPS)
        sleeper = self.executor("--name", "sleeper")
        self.wait_for_file("held.pid")
        self.pause(sleeper)
        (self.folder / "held.pid").unlink()
        self.executor("--name", "rescuer")
        self.wait_for_file("held.pid")
        (self.folder / "go").touch()
        document = self.assert_ended_well(run)
        sleeper.send_signal(signal.SIGCONT)
        sleeper.send_signal(signal.SIGTERM)
        self.assertEqual(self.wait_for_exit(sleeper), 0)
        self.assertEqual(self.show(run), document)
        self.assertEqual(self.task(document, "held")["executor"], "rescuer")

    def test_two_executors_never_run_a_task_twice(self):
        run = self.submit("""
            windlass: 1
            name: shared
            params: {n: {type: array}}
            tasks:
              each:
                type: shell
                map: {items: "${{ params.n }}"}
                params: {command: [sh, -c, "echo $0 >> ran", "${{ string(index) }}"]}
              last: {type: shell, depends_on: [each], params: {command: "echo 3", result: json}}
            """, "-p", "n=[" + ",".join("0" * 200) + "]")
        self.executor("--slots", "4")
        self.executor("--slots", "4")
        self.assert_ended_well(run)
        self.assertEqual(sorted(map(int, self.read("ran").split())), list(range(200)))


if __name__ == "__main__":
    unittest.main()
