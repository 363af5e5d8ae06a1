"""Stopping what runs: cancels, timeouts, and what is left behind (nothing)."""

import json
import time
import unittest

from support import EndToEndTest, alive


def held(fields="", command="sleep 300 & echo $! > pid.new; mv pid.new pid; wait"):
    """A workflow whose first task goes on for ever."""
    return f"""\
windlass: 1
name: held
tasks:
  held:
    type: shell
    {fields}
    params: {{command: {json.dumps(command)}}}
  next: {{type: shell, depends_on: [held], params: {{command: "touch next"}}}}
"""


class CancelTest(EndToEndTest):
    def pid(self, name="pid"):
        return int(self.wait_for_file(name).read_text())

    def held_state(self, run):
        return self.task(self.show(run), "held")["state"]

    def cancel(self, run):
        """Cancels from another process; the time when that was acknowledged."""
        self.windlass("cancel", run, code=0)
        return time.time()

    def test_a_cancel_from_elsewhere_reaches_the_task_within_a_second(self):
        run = self.submit(held(command="trap 'date +%s.%N > told.new; mv told.new told; exit 0' TERM; "
                                       "touch started; while :; do sleep 0.02; done"))
        self.executor("--slots", "1")
        self.wait_for_file("started")
        cancelled = self.cancel(run)
        told = self.wait_for_file("told")
        # A second by contract; the rest is for a busy machine.
        self.assertLess(float(told.read_text()) - cancelled, 3.0)
        document = self.wait_for_end(run)
        self.assertEqual(document["state"], "cancelled")
        self.assertEqual(self.states(document), {"held": "cancelled", "next": "cancelled"})

    def test_a_cancel_kills_the_whole_tree_of_a_task_that_will_not_listen(self):
        run = self.submit(held(
            "cancellation: {grace_period: 300ms}",
            "trap '' TERM INT HUP; (setsid sleep 301 & echo $! > grandchild); sleep 300 & "
            "echo $! > child; echo $$ > shell.new; mv shell.new shell; wait; sleep 300"))
        self.executor()
        shell = self.pid("shell")
        pids = [shell, int(self.read("child")), int(self.read("grandchild"))]
        self.cancel(run)
        self.wait_until(lambda: not any(map(alive, pids)), "all its processes are gone", 20)
        self.assertEqual(self.wait_for_end(run)["state"], "cancelled")

    def test_nothing_succeeds_after_a_cancel(self):
        run = self.submit(held(
            "cancellation: {grace_period: 30s}",
            "trap 'touch told' TERM; touch started; while [ ! -e told ]; do sleep 0.02; done; "
            "echo done > finished; exit 0"))
        executor = self.executor()
        self.wait_for_file("started")
        self.cancel(run)
        self.wait_for_file("finished")
        executor.terminate()
        self.assertEqual(self.wait_for_exit(executor), 0)
        document = self.show(run)
        self.assertEqual(self.states(document), {"held": "cancelled", "next": "cancelled"})
        self.assertIsNone(self.task(document, "held")["result"])
        self.assertFalse((self.folder / "next").exists())

    def test_a_map_is_cancelled_with_all_its_instances(self):
        run = self.submit("""
            windlass: 1
            name: map
            tasks:
              each:
                type: shell
                map: {items: [1, 2, 3, 4, 5, 6, 7, 8]}
                params: {command: "touch started; sleep 300"}
            """)
        self.executor("--slots", "2")
        self.wait_for_file("started")
        self.cancel(run)
        document = self.wait_for_end(run)
        self.assertEqual(set(self.states(document).values()), {"cancelled"})

    def test_a_cancel_reaches_sub_workflows(self):
        self.write("child.yaml", held())
        run = self.submit("""
            windlass: 1
            name: parent
            tasks: {call: {type: workflow, params: {file: child.yaml}}}
            """, name="parent.yaml")
        self.executor()
        pid = self.pid()
        self.cancel(run)
        self.wait_until(lambda: not alive(pid), "the child's process is gone", 20)
        runs = self.windlass("list", "--output", "json", code=0).json()["runs"]
        self.assertEqual({one["state"] for one in runs}, {"cancelled"})
        self.assertEqual(len(runs), 2)

    def test_on_exit_runs_after_a_cancel_and_knows_it(self):
        run = self.submit(held() + "on_exit: {type: shell, params: {command: "
                          "'echo ${{ run.state }} > outcome.new; mv outcome.new outcome'}}\n")
        self.executor()
        self.pid()
        self.cancel(run)
        self.assertEqual(self.wait_for_file("outcome").read_text(), "cancelled\n")
        self.assertEqual(self.wait_for_end(run)["state"], "cancelled")

    # --- cancellation types

    def test_try_cancel_is_cancelled_at_once(self):
        run = self.submit(held("cancellation: {type: try_cancel, grace_period: 60s}",
                               "trap '' TERM; touch started; while [ ! -e go ]; do sleep 0.02; done"))
        self.executor()
        self.wait_for_file("started")
        self.cancel(run)
        self.assertEqual(self.held_state(run), "cancelled")
        (self.folder / "go").touch()

    def test_wait_cancellation_completed_waits_for_the_attempt(self):
        run = self.submit(held(
            "cancellation: {type: wait_cancellation_completed, grace_period: 60s}",
            "trap 'touch told' TERM; touch started; while [ ! -e go ]; do sleep 0.02; done"))
        self.executor()
        self.wait_for_file("started")
        self.cancel(run)
        self.wait_for_file("told")
        self.assertEqual(self.held_state(run), "running")
        self.assertEqual(self.show(run)["state"], "running")
        (self.folder / "go").touch()
        document = self.wait_for_end(run)
        self.assertEqual(document["state"], "cancelled")
        self.assertEqual(self.held_state(run), "cancelled")

    def test_abandon_lets_the_attempt_end_by_itself(self):
        run = self.submit(held(
            "cancellation: {type: abandon}",
            "trap 'touch told' TERM; touch started; while [ ! -e go ]; do sleep 0.02; done; touch ended"))
        executor = self.executor()
        self.wait_for_file("started")
        self.cancel(run)
        self.assertEqual(self.held_state(run), "cancelled")
        (self.folder / "go").touch()
        self.wait_for_file("ended")
        self.assertFalse((self.folder / "told").exists())
        executor.terminate()
        self.assertEqual(self.wait_for_exit(executor), 0)
        self.assertEqual(self.held_state(run), "cancelled")


class TimeoutTest(EndToEndTest):
    def assert_timed_out(self, document, task, error, state="failed"):
        self.assertEqual(document["state"], state, document)
        record = self.task(document, task)
        self.assertEqual((record["state"], record["error"]["type"]), ("failed", error), record)
        return record

    def test_start_to_close_ends_an_attempt(self):
        document = self.run_workflow("""
            windlass: 1
            name: timeouts
            tasks:
              slow:
                type: shell
                start_to_close_timeout: 200ms
                cancellation: {grace_period: 100ms}
                retry_policy: {maximum_attempts: 2, initial_interval: 10ms}
                params: {command: "echo x >> attempts; sleep 300"}
            """, code=1)
        record = self.assert_timed_out(document, "slow", "Timeout")
        self.assertEqual(record["attempt"], 2)
        self.assertEqual(self.read("attempts"), "x\nx\n")

    def test_schedule_to_start_ends_a_wait(self):
        run = self.submit("""
            windlass: 1
            name: timeouts
            tasks:
              lonely: {type: noop, queue: nobody, schedule_to_start_timeout: 300ms}
            """)
        self.executor("--queue", "default")
        self.assert_timed_out(self.wait_for_end(run), "lonely", "ScheduleToStartTimeout")

    def test_schedule_to_close_ends_all_attempts(self):
        document = self.run_workflow("""
            windlass: 1
            name: timeouts
            tasks:
              again:
                type: shell
                schedule_to_close_timeout: 3s
                retry_policy: {maximum_attempts: 0, initial_interval: 100ms, backoff_coefficient: 1}
                params: {command: "echo x >> attempts; exit 1"}
            """, code=1)
        record = self.assert_timed_out(document, "again", "ScheduleToCloseTimeout")
        self.assertGreater(record["attempt"], 1)

    def test_a_missing_heartbeat_ends_an_attempt(self):
        document = self.run_workflow("""
            windlass: 1
            name: timeouts
            tasks:
              silent:
                type: shell
                heartbeat_timeout: 300ms
                cancellation: {grace_period: 100ms}
                params: {command: "sleep 300"}
            """, code=1)
        self.assert_timed_out(document, "silent", "HeartbeatTimeout")

    def test_the_timeout_of_a_run_cancels_what_is_left(self):
        document = self.run_workflow("""
            windlass: 1
            name: timeouts
            timeout: 500ms
            tasks:
              slow: {type: shell, cancellation: {grace_period: 100ms}, params: {command: "sleep 300"}}
              after: {type: noop, depends_on: [slow]}
            """, "--sweep-interval", "100ms", code=1)
        self.assertNotEqual(document["state"], "succeeded")
        self.assertIn("timeout", document["reason"])
        self.assertNotIn("succeeded", self.states(document).values())


class LeftBehindTest(EndToEndTest):
    def test_scratch_folders_go_whatever_the_outcome(self):
        (self.folder / "scratch").mkdir()
        document = self.run_workflow("""
            windlass: 1
            name: scratch
            tasks:
              good: {type: shell, params: {command: "touch $WINDLASS_SCRATCH_DIR/x; echo $WINDLASS_SCRATCH_DIR"}}
              bad:
                type: shell
                allow_failure: true
                params: {command: "mkdir -p $WINDLASS_SCRATCH_DIR/a/b; chmod 0 $WINDLASS_SCRATCH_DIR/a; exit 1"}
              slow:
                type: shell
                allow_failure: true
                start_to_close_timeout: 200ms
                cancellation: {grace_period: 100ms}
                params: {command: "touch $WINDLASS_SCRATCH_DIR/x; sleep 300"}
            """, "--scratch-dir", "scratch")
        self.assertIn("/scratch/", self.value(document, "good"))
        self.assertEqual(list((self.folder / "scratch").iterdir()), [])

    def test_an_interrupted_executor_leaves_no_scratch_folder(self):
        (self.folder / "scratch").mkdir()
        self.submit(held(command="touch $WINDLASS_SCRATCH_DIR/x started; sleep 300"))
        executor = self.executor("--scratch-dir", "scratch", "--drain-grace-period", "100ms")
        self.wait_for_file("started")
        executor.terminate()
        self.assertEqual(self.wait_for_exit(executor), 0)
        self.assertEqual(list((self.folder / "scratch").iterdir()), [])

    def test_requeued_dead_letters_bring_the_run_to_success(self):
        run = self.submit("""
            windlass: 1
            name: letters
            tasks:
              each:
                type: shell
                map: {items: [0, 1, 2, 3]}
                params: {command: "echo ${{ index }} >> ran; test -e mended -o $(( ${{ index }} % 2 )) = 0 && echo ${{ index }}",
                         result: json}
              sum: {type: shell, depends_on: [each],
                    params: {command: [echo, "${{ tasks.each.result.map(x, string(x)).join('+') }}"]}}
            """)
        self.executor()
        self.assertEqual(self.wait_for_end(run)["state"], "failed")
        letters = self.windlass("dead-letter", "list", "--output", "json",
                                code=0).json()["dead_letters"]
        self.assertEqual(sorted(letter["index"] for letter in letters), [1, 3])
        (self.folder / "mended").touch()
        self.windlass("dead-letter", "requeue", *[letter["id"] for letter in letters], code=0)
        document = self.wait_for_end(run)
        self.assertEqual(document["state"], "succeeded", document)
        self.assertEqual(self.value(document, "sum"), "0+1+2+3")
        ran = self.read("ran").split()
        self.assertEqual([ran.count(str(i)) for i in range(4)], [1, 2, 1, 2])


if __name__ == "__main__":
    unittest.main()
