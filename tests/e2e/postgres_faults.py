"""What the fault tests on PostgreSQL share: a server that may be broken, load,
and what must hold afterwards."""

import time

from postgres import Postgres
from support import EndToEndTest

# Each task appends its name when it runs, so that executions can be counted.
CHAIN = """
    windlass: 1
    name: chain
    tasks:
      a: {type: shell, params: {command: "echo ${{ run.id }}/a >> ran"}}
      b: {type: shell, depends_on: [a], params: {command: "echo ${{ run.id }}/b >> ran"}}
      c: {type: shell, depends_on: [b], params: {command: "echo ${{ run.id }}/c >> ran"}}
    """
STEPS = "abc"

# Volume: every claim and finish is a transaction that may be hit.
NOOPS = """
    windlass: 1
    name: noops
    tasks:
      a: {type: noop}
      b: {type: noop, depends_on: [a]}
      c: {type: noop, depends_on: [b]}
      d: {type: noop, depends_on: [b]}
      e: {type: noop, depends_on: [c, d]}
    """

# Waits for a file, to be caught in the act.
HELD = """
    windlass: 1
    name: held
    tasks:
      a:
        type: shell
        params: {command: "echo a >> ran; touch started; while [ ! -e go ]; do sleep 0.02; done"}
      b: {type: shell, depends_on: [a], params: {command: "echo b >> ran"}}
    """


class PostgresFaultTest(EndToEndTest):
    """One server for the tests of a class; a database for each of them."""
    settings = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = Postgres(cls.settings).start()
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        super().setUp()
        self.direct = self.server.create_database()
        self.store = self.direct

    # --- load

    def submit_many(self, text, count, **kwargs):
        """The ids of that many runs."""
        self.submit(text, "--count", str(count), **kwargs)
        return self.all_runs()

    def executor(self, *arguments, env=None, ttl="60s"):
        """A lease is longer than any fault takes even on a busy machine, so that
        nothing runs again for its sake: tests about its end name a short one."""
        self.executors = getattr(self, "executors", 0) + 1
        log = open(self.folder / f"executor-{self.executors}.log", "w")
        self.addCleanup(log.close)
        return self.start("executor", "--lease-ttl", ttl, "--sweep-interval", "200ms",
                          "--poll-interval", "200ms", *arguments, env=env, stderr=log)

    def sql(self, text):
        """Behind Windlass's back, by a connection that no fault concerns."""
        return self.server.query("set search_path to windlass; " + text, self.direct)

    def number(self, text):
        return int(self.sql(text)[0][0])

    def all_runs(self):
        return [f"r{row[0]}" for row in self.sql("select id from run order by id")]

    def ended(self):
        return self.number("select count(*) from run where state <> 0")

    def wait_for_all(self, deadline=60):
        self.wait_until(lambda: self.number("select count(*) from run where state = 0") == 0,
                        "all runs end", deadline)

    # --- what must hold

    def assert_all_succeeded(self, count):
        self.assertEqual(
            self.sql("select state, count(*) from run group by state"),
            [("1", str(count))])
        self.assert_consistent()

    def assert_consistent(self):
        looked = self.windlass("doctor", "--deep", "--output", "json",
                               env={"WINDLASS_STORE": self.direct})
        self.assertEqual(looked.code, 0, looked)
        self.assertEqual(looked.json()["contradictions"], [])

    def ran(self):
        try:
            return sorted(self.read("ran").split())
        except FileNotFoundError:
            return []

    def assert_each_ran_once(self, runs):
        self.assertEqual(self.ran(), sorted(f"{run}/{step}" for run in runs for step in STEPS))

    def logs(self):
        return "".join(path.read_text() for path in self.folder.glob("executor-*.log"))


def every(seconds, times):
    """Lets that much time pass between faults, measured from the first."""
    begin = time.monotonic()
    for i in range(times):
        yield i
        time.sleep(max(0.0, begin + (i + 1) * seconds - time.monotonic()))
