"""Large results in object storage: there and back, broken off, collected."""

import hashlib
import os
import sqlite3
import unittest

from stand_in import StandIn
from support import ROOT, EndToEndTest

# Noise is stored as it is, in chunks of 256 KiB; text is compressed.
FLOW = """
    windlass: 1
    name: flow
    tasks:
      noise:
        type: shell
        params: {command: "head -c 2000000 /dev/urandom | tee noise.bin", result: bytes}
      text:
        type: shell
        params: {command: "seq 1 120000", result: text}
      sizes:
        type: shell
        depends_on: [noise, text]
        params: {command: [wc, -c], stdin: "${{ tasks.text.result }}"}
    """

SLOW = """
    windlass: 1
    name: slow
    tasks:
      noise:
        type: shell
        params: {command: "head -c 1000000 /dev/urandom | tee noise.bin", result: bytes}
    """

HELD = """
    windlass: 1
    name: held
    tasks:
      noise:
        type: shell
        params:
          command: |
            head -c 1000000 /dev/urandom > noise.bin; touch ready
            until [ -e go ]; do sleep 0.02; done
            cat noise.bin
          result: bytes
    """


class ResultsTest(EndToEndTest):

    @classmethod
    def setUpClass(cls):
        cls.server = StandIn("supabase")
        cls.addClassCleanup(cls.server.close)
        cls.s3 = StandIn("s3", "bucket=results")
        cls.addClassCleanup(cls.s3.close)

    def setUp(self):
        super().setUp()
        self.server.ask()
        bucket = self.id().rsplit(".", 1)[1]
        self.bucket = bucket
        self.env = {
            "WINDLASS_RESULTS": f"supabase+{self.server.url}?bucket={bucket}"
                                "&chunk_size=256KiB&retry_delay=10ms",
            "WINDLASS_SUPABASE_SERVICE_KEY": self.server.told["service_key"]}

    def digest(self, name):
        return hashlib.sha256((self.folder / name).read_bytes()).hexdigest()

    def check_there_and_back(self):
        run = self.run_workflow(FLOW, env=self.env)
        results = {task["id"]: task["result"] for task in run["tasks"]}
        self.assertEqual(results["noise"]["encoding"], "identity")
        self.assertEqual(results["text"]["encoding"], "zstd")
        self.assertEqual(results["noise"]["sha256"], self.digest("noise.bin"))
        self.windlass("result", run["run_id"], "noise", "--to", "back.bin", code=0, env=self.env)
        self.assertEqual(self.digest("back.bin"), self.digest("noise.bin"))
        sizes = self.windlass("result", run["run_id"], "sizes", code=0, env=self.env).stdout
        self.assertEqual(sizes.strip(), str(len("".join(f"{i}\n" for i in range(1, 120_001))) - 1))
        return run

    def test_there_and_back_through_supabase(self):
        self.check_there_and_back()
        self.assertEqual(len(self.server.list(self.bucket)), 2)

    def use_s3(self):
        self.env = {"WINDLASS_RESULTS": f"s3://results/some/place?endpoint={self.s3.url}"
                                        "&part_size=256KiB&range_size=256KiB",
                    "AWS_ACCESS_KEY_ID": self.s3.told["access_key"],
                    "AWS_SECRET_ACCESS_KEY": self.s3.told["secret_key"]}

    def test_there_and_back_through_s3(self):
        self.use_s3()
        self.check_there_and_back()

    def test_a_server_that_fails_now_and_then_costs_no_attempt(self):
        self.server.ask(
            {"method": "PATCH", "path": "resumable", "do": "reset", "after": 100_000, "skip": 1},
            {"method": "PATCH", "path": "resumable", "do": "answer", "status": 544, "skip": 4},
            {"path": "/object/authenticated/", "do": "cut", "after": 1000, "times": 2})
        run = self.check_there_and_back()
        self.assertEqual([task["attempt"] for task in run["tasks"]], [1, 1, 1])

    def test_a_wrong_key_and_a_missing_bucket_are_told_before_anything_runs(self):
        self.write("flow.yaml", FLOW)
        wrong = self.server.told["foreign_key"]
        told = self.windlass("run", "flow.yaml", code=3,
                             env={**self.env, "WINDLASS_SUPABASE_SERVICE_KEY": wrong})
        self.assertIn("signature verification failed", told.stderr)
        self.assertIn("WINDLASS_SUPABASE_SERVICE_KEY", told.stderr)
        self.assertNotIn(wrong, told.stderr + told.stdout)
        url = self.env["WINDLASS_RESULTS"] + "&create_bucket=false"
        told = self.windlass("run", "flow.yaml", code=2, env={**self.env, "WINDLASS_RESULTS": url})
        self.assertIn("Bucket not found", told.stderr)
        self.assertFalse((self.folder / "noise.bin").exists())

    def test_a_key_may_come_from_a_file(self):
        key = self.write("key", self.server.told["service_key"] + "\n")
        del self.env["WINDLASS_SUPABASE_SERVICE_KEY"]
        self.env["WINDLASS_SUPABASE_SERVICE_KEY_FILE"] = str(key)
        self.check_there_and_back()

    def test_an_executor_killed_in_an_upload_leaves_nothing_wrong(self):
        self.write("slow.yaml", SLOW)
        self.server.ask({"method": "PATCH", "path": "resumable", "do": "stall", "skip": 2})
        killed = self.start("run", "slow.yaml", env=self.env)
        before = len(self.server.requests())
        self.wait_until(lambda: sum(one.startswith("PATCH") for one in
                                    self.server.requests()[before:]) >= 3, "the upload stalls")
        self.assertEqual(self.server.list(self.bucket), [])
        killed.kill()
        killed.wait()
        self.executor(env=self.env)
        run = self.windlass("list", "--output", "json", code=0).json()["runs"][0]["run_id"]
        self.wait_until(lambda: self.show(run)["state"] == "succeeded", "the next attempt")
        self.windlass("result", run, "noise", "--to", "back.bin", code=0, env=self.env)
        self.assertEqual(self.digest("back.bin"), self.digest("noise.bin"))
        self.assertEqual(len(self.server.list(self.bucket)), 1)

    def test_an_executor_killed_before_its_success_is_recorded_leaves_nothing_wrong(self):
        self.write("held.yaml", HELD)
        run = self.windlass("submit", "held.yaml", code=0).stdout.strip()
        killed = self.start("executor", "--lease-ttl", "5s", env=self.env)
        self.wait_until(lambda: (self.folder / "ready").exists(), "it runs")
        # Until this lock goes nothing is recorded.
        store = sqlite3.connect(self.folder / ".windlass/windlass.db", isolation_level=None)
        self.addCleanup(store.close)
        store.execute("begin immediate")
        (self.folder / "go").touch()
        self.wait_until(lambda: any("incoming" not in key for key in
                                    self.server.list(self.bucket)), "the object is there")
        killed.kill()
        killed.wait()
        store.execute("rollback")
        self.assertEqual(self.show(run)["state"], "running")
        self.executor(env=self.env)
        self.wait_until(lambda: self.show(run)["state"] == "succeeded", "the next attempt")
        self.assertEqual(len(self.server.list(self.bucket)), 2)
        self.wait_until(lambda: self.collect("--dry-run")["orphans"] == 1, "the first one's")
        self.assertEqual(self.collect()["orphans"], 1)
        self.windlass("result", run, "noise", "--to", "back.bin", code=0, env=self.env)
        self.assertEqual(self.digest("back.bin"), self.digest("noise.bin"))

    def test_a_task_may_name_a_store_and_how_to_compress(self):
        run = self.run_workflow("""
            windlass: 1
            name: placed
            tasks:
              quick:
                type: shell
                params: {command: "seq 1 30000", result: text}
                result: {store: "file:quick", compression: zstd, compression_level: 1}
              small:
                type: shell
                params: {command: "seq 1 30000", result: text}
                result: {store: "file:small", compression: zstd, compression_level: 19}
              sizes:
                type: shell
                depends_on: [small]
                params: {command: [wc, -w], stdin: "${{ tasks.small.result }}"}
            """, env=self.env)
        results = {task["id"]: task["result"] for task in run["tasks"]}
        self.assertTrue(results["small"]["uri"].startswith(f"file:{self.folder}/small#file:"),
                        results["small"])
        stored = {}
        for name in ("quick", "small"):
            files = [path for path in (self.folder / name).rglob("*") if path.is_file()]
            self.assertEqual(len(files), 1, files)
            stored[name] = files[0].stat().st_size
        self.assertLess(stored["small"], stored["quick"])
        self.assertEqual(self.server.list(self.bucket), [])
        self.assertEqual(results["small"]["sha256"], results["quick"]["sha256"])
        there = self.windlass("result", run["run_id"], "small", code=0, env=self.env).stdout
        self.assertEqual(there.split()[-1], "30000")
        sizes = self.windlass("result", run["run_id"], "sizes", code=0, env=self.env).stdout
        self.assertEqual(sizes.strip(), "30000")

    def test_what_was_saved_in_object_storage_reaches_the_next_attempt(self):
        self.write("work.py", """
import windlass
def work():
    if windlass.current().attempt == 1:
        windlass.save("rows", ["x" * 100] * 2000)
        raise ValueError("once")
    return len(windlass.load("rows"))
""")
        run = self.run_workflow("""
            windlass: 1
            name: saved
            tasks:
              work:
                type: python
                params: {script: work.py, function: work}
                retry_policy: {maximum_attempts: 2, initial_interval: 1ms}
            """, env=self.env)
        self.assertEqual(run["tasks"][0]["attempt"], 2)
        self.assertEqual(run["tasks"][0]["result"]["value"], 2000)
        self.assertEqual(len(self.server.list(self.bucket)), 1)

    def check_signed_url(self):
        self.write("fetch.py", """
import hashlib, urllib.request, windlass
def fetch(task):
    with urllib.request.urlopen(task.sign_url(task.args)) as answer:
        return hashlib.sha256(answer.read()).hexdigest()
windlass.serve(fetch)
""")
        run = self.run_workflow("""
            windlass: 1
            name: signed
            tasks:
              noise:
                type: shell
                params: {command: "head -c 200000 /dev/urandom | tee noise.bin", result: bytes}
              fetch:
                type: process
                depends_on: [noise]
                params:
                  command: [/usr/bin/python3, -B, fetch.py]
                  args: "${{ tasks.noise.result }}"
            """, env={**self.env, "PYTHONPATH": str(ROOT / "python")})
        self.assertEqual(self.task(run, "fetch")["result"]["value"], self.digest("noise.bin"))

    def test_a_signed_url_is_for_programs_without_a_key(self):
        self.check_signed_url()

    def test_a_signed_url_of_s3_too(self):
        self.use_s3()
        self.check_signed_url()

    def collect(self, *arguments):
        return self.windlass("results", "collect", "--older-than", "1s", "--output", "json",
                             *arguments, code=0, env=self.env).json()

    def test_what_no_run_needs_is_collected_and_nothing_else(self):
        run = self.run_workflow(FLOW, env=self.env)
        kept = self.server.list(self.bucket)
        own = kept[0].rsplit("/", 3)[0]
        # Of attempts that lost, of a crash while publishing, of a run that is no more.
        number = run["run_id"]
        orphans = [f"{own}/{number}/noise/999999", kept[0] + ".incoming-ab", f"{own}/r999/x/1"]
        for key in orphans:
            self.server.put(self.bucket, key, b"orphan")
        self.server.put(self.bucket, "another-store/r1/x/1", b"not ours")
        self.wait_until(lambda: self.collect("--dry-run")["orphans"] == 3, "they are old enough")
        self.assertEqual(len(self.server.list(self.bucket)), 6)
        report = self.collect()
        self.assertEqual((report["orphans"], report["orphan_bytes"], report["failed"]), (3, 18, 0))
        self.assertEqual(self.server.list(self.bucket),
                         sorted(kept + ["another-store/r1/x/1"]))
        self.windlass("result", number, "noise", "--to", "back.bin", code=0, env=self.env)

    def test_doctor_finds_a_flipped_byte(self):
        run = self.run_workflow(FLOW, env=self.env)["run_id"]
        healthy = self.windlass("doctor", "--results", "--output", "json", env=self.env).json()
        findings = {one["check"]: one for one in healthy["findings"]}
        self.assertEqual(findings["results verified"]["level"], "ok", findings)
        self.server.ask({"path": "/object/authenticated/.*/noise/", "do": "flip", "at": 1000})
        sick = self.windlass("doctor", "--results", "--output", "json", code=3, env=self.env).json()
        damaged = [one["detail"] for one in sick["findings"]
                   if one["check"] == "results verified" and one["level"] == "problem"]
        self.assertEqual(len(damaged), 1, sick)
        self.assertIn(f"{run} noise", damaged[0])
        self.assertIn("SHA-256", damaged[0])

    def test_a_cache_reads_an_object_once(self):
        self.env["WINDLASS_RESULTS"] += f"&cache={self.folder}/cache"
        run = self.run_workflow(FLOW, env=self.env)["run_id"]
        before = len(self.server.requests())
        for _ in range(3):
            self.windlass("result", run, "noise", "--to", "back.bin", code=0, env=self.env)
            self.assertEqual(self.digest("back.bin"), self.digest("noise.bin"))
            os.unlink(self.folder / "back.bin")
        reads = [one for one in self.server.requests()[before:] if "/authenticated/" in one]
        self.assertEqual(len(reads), 1)


if __name__ == "__main__":
    unittest.main()
