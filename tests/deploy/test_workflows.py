"""The workflows of CI: what they call exists, and what they wait for, too."""

import pathlib
import re
import subprocess
import sys
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from support import ROOT  # noqa: E402

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def jobs():
    for path in WORKFLOWS:
        for name, job in yaml.safe_load(path.read_text())["jobs"].items():
            yield path.name, name, job


def commands(job):
    return [step["run"] for step in job["steps"] if "run" in step]


def choices(job):
    """The values of the matrix, by name."""
    return job.get("strategy", {}).get("matrix", {})


def expanded(text, job):
    """The command once for each value of the matrix it names."""
    found = [text]
    for name, values in choices(job).items():
        mark = re.compile(r"\$\{\{\s*matrix\." + re.escape(name) + r"\s*\}\}")
        found = [mark.sub(value, one) for one in found for value in values]
    return found


class WorkflowsTest(unittest.TestCase):

    def test_every_make_target_exists(self):
        called = set()
        for _, _, job in jobs():
            for command in commands(job):
                for one in expanded(command, job):
                    called |= set(re.findall(r"\bmake ([\w-]+)$", one, re.M))
        self.assertLessEqual({"build-gcc", "build-clang", "test-sanitizers", "test-quick",
                              "test-resilience", "test-images", "soak"}, called)
        for target in called:
            done = subprocess.run(["make", "--dry-run", target], cwd=ROOT,
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_every_need_is_a_job_of_the_same_file(self):
        for file, name, job in jobs():
            needs = job.get("needs", [])
            there = {other for its_file, other, _ in jobs() if its_file == file} - {name}
            self.assertLessEqual(set([needs] if isinstance(needs, str) else needs), there)

    def test_resilience_is_a_job_of_its_own_that_nothing_excuses(self):
        job, = [job for file, name, job in jobs() if (file, name) == ("ci.yml", "resilience")]
        self.assertNotIn("if", job)
        self.assertNotIn("continue-on-error", job)
        self.assertIn("make test-resilience", commands(job))

    def test_jobs_may_not_run_for_ever_nor_write(self):
        for file, name, job in jobs():
            self.assertIn("timeout-minutes", job, f"{file}: {name}")
        for path in WORKFLOWS:
            self.assertEqual(yaml.safe_load(path.read_text())["permissions"],
                             {"contents": "read"}, path.name)

    def test_actions_have_a_version(self):
        for file, name, job in jobs():
            for step in job["steps"]:
                self.assertEqual(len({"run", "uses"} & set(step)), 1, f"{file}: {name}")
                if "uses" in step:
                    self.assertRegex(step["uses"], r"^[\w-]+/[\w-]+@v\d+$")

    def test_yaml_is_written_as_people_write_it(self):
        done = subprocess.run(
            ["yamllint", "--strict", "-c", ".yamllint.yaml", ".github", "deploy"],
            cwd=ROOT, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
