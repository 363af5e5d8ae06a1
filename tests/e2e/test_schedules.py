"""Workflows that run by the clock, through the binary."""

import datetime
import os
import sqlite3
import time
import unittest

from support import EndToEndTest, postgres

# Sees a clock of its own; see FAKETIME(1).
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"

FLOW = """
    windlass: 1
    name: flow
    params: {{who: {{type: string, default: Ada}}}}
    schedule: {{cron: "{cron}", overlap: {overlap}, catch_up: {catch_up}}}
    tasks:
      a: {{type: shell, params: {{command: "echo ${{{{ params.who }}}} ${{{{ run.scheduled_at }}}}"}}}}
    """

NOOP = """
    windlass: 1
    name: flow
    schedule: {cron: "* * * * *", overlap: allow, catch_up: true}
    tasks: {a: {type: noop}}
    """

HELD = """
    windlass: 1
    name: flow
    schedule: {cron: "0 0 29 2 *", overlap: cancel_running, catch_up: true}
    tasks: {a: {type: shell, params: {command: "until [ -e go ]; do sleep 0.02; done"}}}
    """


# Rarely enough.
LEAP_DAYS = "0 0 29 2 *"


def at_minute(seconds):
    """As the label of a run has it."""
    return datetime.datetime.utcfromtimestamp(seconds).isoformat() + "Z"


class ScheduleTest(EndToEndTest):

    def json_of(self, *arguments, env=None):
        return self.windlass(*arguments, "--output", "json", code=0, env=env).json()

    def add(self, text, *arguments):
        self.write("flow.yaml", text)
        return self.json_of("schedules", "add", "flow.yaml", *arguments)

    def schedule(self):
        schedule, = self.json_of("schedules")["schedules"]
        return schedule

    def runs(self, env=None):
        """Oldest first."""
        return self.json_of("list", "--limit", "10000", env=env)["runs"][::-1]

    def times(self):
        return [run["labels"]["windlass.scheduled_at"] for run in self.runs()]

    def let_come(self, minutes=0):
        """Makes the schedule due since this minute, or so many before; returns the time."""
        due = int(time.time()) // 60 * 60 - minutes * 60
        if self.store is None:
            with sqlite3.connect(self.folder / ".windlass/windlass.db", timeout=30) as file:
                file.execute("update schedule set next_at = ?", (due * 1_000_000,))
            file.close()
        else:
            postgres().query(f"update windlass.schedule set next_at = to_timestamp({due})",
                             self.store)
        return at_minute(due)

    def wait_for_runs(self, count):
        def enough():
            runs = self.runs()
            return runs if len(runs) >= count else None
        return self.wait_until(enough, f"{count} runs")

    def wait_for_all(self):
        self.wait_until(lambda: all(run["state"] == "succeeded" for run in self.runs()),
                        "all runs succeed")

    # --- commands

    def test_a_schedule_is_added_listed_paused_resumed_and_removed(self):
        self.assertEqual(self.json_of("schedules")["schedules"], [])
        added = self.add(FLOW.format(cron="30 6 * * mon-fri", overlap="queue", catch_up="true"),
                         "-p", "who=Grace")
        self.assertEqual(added, self.schedule())
        self.assertEqual(
            {name: added[name] for name in ("workflow", "cron", "timezone", "overlap", "catch_up",
                                            "state", "last_at", "last_run", "params")},
            {"workflow": "flow", "cron": "30 6 * * mon-fri", "timezone": "UTC",
             "overlap": "queue", "catch_up": True, "state": "active", "last_at": None,
             "last_run": None, "params": {"who": "Grace"}})
        self.assertRegex(added["next_at"], r"T06:30:00\.000000Z$")
        self.assertRegex(self.windlass("schedules", code=0).stdout,
                         r"flow +30 6 \* \* mon-fri +UTC +queue +active +\d{4}-\d\d-\d\d 06:30:00")

        self.assertEqual(self.windlass("schedules", "pause", "flow", code=0).stdout,
                         "flow is paused\n")
        self.assertEqual((self.schedule()["state"], self.schedule()["next_at"]), ("paused", None))
        # Still so when it is replaced.
        self.assertEqual(self.windlass("schedules", "add", "flow.yaml", code=0).stdout,
                         "flow is paused\n")
        self.assertEqual(self.schedule()["params"], {"who": "Ada"})
        self.windlass("schedules", "resume", "flow", code=0)
        self.assertEqual(self.schedule()["next_at"], added["next_at"])
        self.assertEqual(self.windlass("schedules", "remove", "flow", code=0).stdout,
                         "flow is removed\n")
        self.assertEqual(self.json_of("schedules")["schedules"], [])

    def test_the_next_times_are_shown_of_a_file_and_of_a_schedule(self):
        text = FLOW.format(cron="0 12 1 1 *", overlap="skip", catch_up="false")
        self.write("flow.yaml", text.replace("cron:", "timezone: Asia/Kolkata, cron:"))
        shown = self.windlass("schedules", "next", "flow.yaml", "--count", "2", code=0).stdout
        self.assertRegex(shown, r"\A(\d{4}-01-01T12:00:00\+05:30\n){2}\Z")
        self.windlass("schedules", "add", "flow.yaml", code=0)
        self.assertEqual(self.windlass("schedules", "next", "flow", "--count", "2", code=0).stdout,
                         shown)
        times = self.json_of("schedules", "next", "flow")["times"]
        self.assertEqual(len(times), 5)
        self.assertEqual(times[0], self.schedule()["next_at"])
        self.windlass("schedules", "pause", "flow", code=0)
        self.assertEqual(self.json_of("schedules", "next", "flow")["times"], times)

    def test_what_cannot_be_scheduled_is_refused_and_says_why(self):
        self.write("plain.yaml", "{windlass: 1, name: plain, tasks: {a: {type: noop}}}")
        for arguments, expected in (
                (("add", "plain.yaml"), "plain has no schedule"),
                (("next", "plain.yaml"), "plain has no schedule"),
                (("next", "nothing"), "neither a file nor a schedule named nothing"),
                (("pause", "nothing"), "no schedule of workflow nothing"),
                (("resume", "nothing"), "no schedule of workflow nothing"),
                (("remove", "nothing"), "no schedule of workflow nothing")):
            with self.subTest(arguments):
                self.assertIn(expected, self.windlass("schedules", *arguments, code=2).stderr)
        self.write("flow.yaml", FLOW.format(cron="0 0 30 2 *", overlap="skip", catch_up="false"))
        refused = self.windlass("schedules", "add", "flow.yaml", code=2).stderr
        self.assertRegex(refused, r"flow\.yaml:5:.*names a date that never comes")
        self.write("flow.yaml", FLOW.format(cron="@daily", overlap="skip", catch_up="false"))
        self.assertIn("who", self.windlass("schedules", "add", "flow.yaml", "-p", "whom=Ada",
                                           code=2).stderr)
        self.assertEqual(self.json_of("schedules")["schedules"], [])

    def test_run_and_submit_start_one_run_now_and_mention_the_schedule(self):
        self.write("flow.yaml", FLOW.format(cron="@daily", overlap="skip", catch_up="false"))
        for command in ("run", "submit"):
            done = self.windlass(command, "flow.yaml", code=0)
            self.assertEqual(done.stderr.count("windlass schedules add flow.yaml"), 1, done)
        self.assertEqual(len(self.runs()), 2)
        self.assertEqual(self.json_of("schedules")["schedules"], [])
        # A run by hand is for the time of its submit.
        first = self.runs()[0]
        said = self.value(self.show(first["run_id"]), "a")
        self.assertRegex(said, r"^Ada 20\d\d-\d\d-\d\dT")
        self.assertEqual(said.split()[1][:19], first["created_at"][:19])

    # --- the clock

    def test_an_executor_starts_a_run_that_knows_its_time(self):
        self.add(FLOW.format(cron=LEAP_DAYS, overlap="skip", catch_up="true"), "-p", "who=Grace")
        at = self.let_come()
        self.executor()
        run, = self.wait_for_runs(1)
        self.assertEqual(run["labels"], {"windlass.scheduled_at": at})
        document = self.wait_for_end(run["run_id"])
        self.assertEqual(self.value(document, "a").strip(), f"Grace {at}")
        self.assertEqual(self.schedule()["last_run"], run["run_id"])
        self.assertEqual(self.schedule()["last_at"][:19], at[:19])

    @unittest.skipUnless(os.path.exists(FAKETIME), "libfaketime is not installed")
    def test_a_run_starts_when_its_minute_comes(self):
        if self.store is not None:
            self.skipTest("the server's clock decides")
        # By the clock that our processes see it is soon a whole minute.
        offset = 60 - time.time() % 60 - 6
        env = {"LD_PRELOAD": FAKETIME, "FAKETIME": f"{offset:+.3f}s", "DONT_FAKE_MONOTONIC": "1"}
        self.write("flow.yaml", FLOW.format(cron="* * * * *", overlap="skip", catch_up="false"))
        self.windlass("schedules", "add", "flow.yaml", code=0, env=env)
        # Sweeps so rarely that it is in time only because it knows the time.
        self.start("executor", "--sweep-interval", "1h", env=env)
        run = self.wait_until(lambda: self.runs(env), "a run")[0]
        self.assertEqual(run["labels"]["windlass.scheduled_at"][:17], run["created_at"][:17])

    def test_cancel_running_replaces_the_run_before(self):
        self.add(HELD)
        self.let_come()
        self.executor()
        first = self.wait_for_runs(1)[0]["run_id"]
        self.wait_until(lambda: self.states(self.show(first)) == {"a": "running"}, "it runs")
        self.let_come()
        second = self.wait_for_runs(2)[1]["run_id"]
        self.assertEqual(self.wait_for_end(first)["state"], "cancelled")
        self.write("go", "")
        self.assertEqual(self.wait_for_end(second)["state"], "succeeded")

    def test_executors_that_are_killed_lose_and_double_no_time(self):
        self.add(NOOP)
        first = self.let_come(400)
        executors = [self.executor() for _ in range(3)]
        for share in (1, 101, 201):
            self.wait_for_runs(share)
            victim = executors.pop(0)
            victim.kill()
            victim.wait()
            executors.append(self.executor())
        self.wait_for_runs(400)
        self.json_of("schedules", "pause", "flow")
        self.wait_for_all()
        times = self.times()
        begin = datetime.datetime.fromisoformat(first.rstrip("Z"))
        self.assertEqual(times, [(begin + datetime.timedelta(minutes=i)).isoformat() + "Z"
                                 for i in range(len(times))])


if __name__ == "__main__":
    unittest.main()
