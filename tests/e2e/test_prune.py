"""Deleting what ended long ago, by hand and by executors."""

import sqlite3
import unittest

from support import EndToEndTest

FLOW = """
    windlass: 1
    name: flow
    params: {who: {type: string, default: Ada}}
    tasks: {a: {type: shell, params: {command: "echo hello; echo ${{ params.who }}"}}}
    """

HELD = """
    windlass: 1
    name: held
    tasks: {a: {type: shell, params: {command: "until [ -e go ]; do sleep 0.02; done"}}}
    """


class PruneTest(EndToEndTest):

    def json_of(self, *arguments):
        return self.windlass(*arguments, "--output", "json", code=0).json()

    def runs(self):
        return [run["run_id"] for run in self.json_of("list")["runs"]]

    def test_young_runs_stay(self):
        run = self.run_workflow(FLOW)["run_id"]
        self.assertEqual(self.windlass("prune", "--older-than", "1h", code=0).stdout,
                         "deleted 0 runs\n")
        self.assertEqual(self.runs(), [run])

    def test_old_runs_go_and_a_dry_run_only_says_so(self):
        for who in ("Ada", "Grace"):
            self.run_workflow(FLOW, "--param", f"who={who}")
        self.wait_until(lambda: self.json_of("prune", "--older-than", "1s", "--dry-run")
                        == {"runs": 2, "dry_run": True}, "both are old enough")
        self.assertEqual(len(self.runs()), 2)
        self.assertEqual(self.windlass("prune", "--older-than", "1s", code=0).stdout,
                         "deleted 2 runs\n")
        self.assertEqual(self.runs(), [])
        # What they were submitted with is gone, but for the newest.
        with sqlite3.connect(self.folder / ".windlass/windlass.db") as store:
            self.assertEqual(store.execute("SELECT count(*) FROM input").fetchall(), [(1,)])

    def test_inputs_that_no_run_has_go_however_many_there_are(self):
        run = self.run_workflow(FLOW)["run_id"]
        path = self.folder / ".windlass/windlass.db"
        with sqlite3.connect(path) as store:
            store.executemany("INSERT INTO input (params, labels, base_dir) VALUES (?, '{}', '')",
                              [(str(number),) for number in range(25_000)])
        self.windlass("prune", "--older-than", "1h", code=0)
        with sqlite3.connect(path) as store:
            # The run's own, and the newest.
            self.assertEqual(store.execute("SELECT count(*) FROM input").fetchall(), [(2,)])
        self.assertEqual(self.show(run)["params"], {"who": "Ada"})

    def test_an_executor_deletes_what_is_older_than_its_retention(self):
        self.executor("--retention", "1s")
        held = self.submit(HELD)
        ended = self.submit(FLOW, name="other.yaml")
        self.wait_until(lambda: self.runs() == [held], "the other has ended and is deleted")
        self.windlass("show", ended, code=2)
        self.write("go", "")
        self.wait_until(lambda: self.runs() == [], "it has ended, too")

    def test_a_retention_that_is_none_is_refused(self):
        for arguments in (["prune", "--older-than", "soon"], ["prune", "--older-than", "0s"],
                          ["prune"], ["executor", "--retention", "-1d"]):
            failed = self.windlass(*arguments, code=2)
            self.assertIn("--older-than" if arguments[0] == "prune" else "--retention",
                          failed.stderr)


if __name__ == "__main__":
    unittest.main()
