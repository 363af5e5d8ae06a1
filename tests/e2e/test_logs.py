"""What attempts print: seen while they run, from any process, and bounded."""

import json
import os
import pathlib
import re
import signal
import subprocess
import unittest

from support import EndToEndTest


def shell(command, **fields):
    return {"type": "shell", "params": {"command": command}, **fields}


class LogsTest(EndToEndTest):

    def submit_tasks(self, **tasks):
        return self.submit(json.dumps({"windlass": 1, "name": "prints", "tasks": tasks}))

    def logs_of(self, run, complete=1):
        """Of a run that has ended, once so many are complete: the last of a log may come
        after the end of its task."""
        logs = []

        def are_there():
            self.windlass("logs", run, "--follow", code=0)
            logs[:] = self.windlass("logs", run, "--output", "json", code=0).json()["logs"]
            return sum(log["complete"] for log in logs) >= complete
        self.wait_until(are_there, f"{complete} logs are complete")
        return logs

    def wait_for_line(self, run, line):
        self.wait_until(lambda: line in self.windlass("logs", run, code=0).stdout,
                        f"{line!r} is in the log")

    def test_lines_are_seen_while_the_task_runs_and_stay(self):
        self.executor()
        run = self.submit_tasks(a=shell(
            "echo to stdout; echo to stderr >&2; until [ -e go ]; do sleep 0.05; done; echo late"))
        self.wait_for_line(run, "to stderr")
        follow = self.start("logs", run, "a", "--follow", stdout=subprocess.PIPE)
        self.assertEqual({follow.stdout.readline(), follow.stdout.readline()},
                         {"to stdout\n", "to stderr\n"})
        self.assertEqual(self.show(run)["tasks"][0]["state"], "running")
        self.write("go", "")
        self.assertEqual(follow.stdout.readline(), "late\n")
        self.assertEqual(self.wait_for_exit(follow), 0)
        follow.stdout.close()
        log, = self.logs_of(run)
        self.assertEqual((log["task"], log["attempt"], log["complete"]), ("a", 1, True))
        self.assertEqual({(line["source"], line["text"]) for line in log["lines"]},
                         {("stdout", "to stdout"), ("stderr", "to stderr"), ("stdout", "late")})
        self.assertEqual(sorted(log["text"].splitlines()), ["late", "to stderr", "to stdout"])

    def test_each_attempt_has_a_log_of_its_own(self):
        self.executor()
        run = self.submit_tasks(
            a=shell("echo this is $WINDLASS_ATTEMPT; exit 1",
                    retry_policy={"maximum_attempts": 3, "initial_interval": "10ms"}))
        self.wait_for_end(run)
        self.assertEqual([(log["attempt"], log["text"]) for log in self.logs_of(run, 3)],
                         [(n, f"this is {n}\n") for n in (1, 2, 3)])
        self.assertEqual(self.windlass("logs", run, "a", "--attempt", 2, code=0).stdout,
                         "this is 2\n")
        self.assertEqual(self.windlass("logs", run, code=0).stdout,
                         "".join(f"a.{n}  this is {n}\n" for n in (1, 2, 3)))
        self.windlass("logs", run, "--attempt", 0, code=2)

    def test_what_a_killed_executor_brought_stays_and_is_not_the_next_ones(self):
        first = self.executor()
        run = self.submit_tasks(a=shell(
            "[ -e second ] && echo again || { echo once; touch second; sleep 60; }"))
        self.wait_for_line(run, "once")
        os.kill(first.pid, signal.SIGKILL)
        self.executor()
        self.assertEqual(self.wait_for_end(run)["state"], "succeeded")
        logs = self.logs_of(run)
        self.assertEqual([log["text"] for log in logs], ["once\n", "again\n"])
        self.assertEqual([log["complete"] for log in logs], [False, True])

    def test_of_a_flood_the_beginning_and_the_end_are_kept(self):
        executor = self.executor("--log-limit", "64KiB", "--slots", "2")
        run = self.submit_tasks(
            flood=shell("echo first; seq 1 3000000 >&2; echo last >&2"))
        self.assertEqual(self.wait_for_end(run)["state"], "succeeded")
        status = pathlib.Path(f"/proc/{executor.pid}/status").read_text()
        self.assertLess(int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]), 200_000)
        log, = self.logs_of(run)
        lines = [line["text"] for line in log["lines"] if line["source"] == "stderr"]
        self.assertLess(len(log["text"]), 128 * 1024)
        self.assertEqual((lines[0], lines[-2:]), ("1", ["3000000", "last"]))
        gaps = [line for line in log["lines"] if line["source"] == "left_out"]
        self.assertEqual(len(gaps), 1, gaps)
        self.assertGreater(gaps[0]["bytes"], 20_000_000)
        self.assertRegex(gaps[0]["text"], r"^\.\.\. \d+ bytes left out \.\.\.$")

    def test_without_a_limit_nothing_is_kept(self):
        self.executor("--log-limit", "0B")
        run = self.submit_tasks(a=shell("echo something"))
        self.wait_for_end(run)
        self.assertEqual(self.logs_of(run, 0), [])
        self.assertIn("--log-limit", self.windlass("executor", "--log-limit", "1B", code=2).stderr)


if __name__ == "__main__":
    unittest.main()
