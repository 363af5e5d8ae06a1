"""The Debian package: it installs, works and goes without a trace."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import pexpect

from debian_root import DebianRoot

PACKAGE = pathlib.Path(os.environ["WINDLASS_PACKAGE"])

FLOW = """
windlass: 1
name: packaged
tasks:
  rows: {type: sql, params: {query: select sum(x)::int as n from range(5) as t(x)}}
  say:
    type: shell
    depends_on: [rows]
    params: {command: "echo ${{ tasks.rows.result.rows[0].n }}; id -un >&2"}
"""


class PackageTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.root = DebianRoot()
        cls.addClassCleanup(cls.root.close)
        shutil.copy(PACKAGE, cls.root.folder / "tmp/windlass.deb")

    def test_1_it_installs_with_what_it_needs(self):
        self.root.run("apt-get", "update")
        self.root.run("apt-get", "install", "-y", "--no-install-recommends", "/tmp/windlass.deb")
        self.assertIn("windlass", self.root.run("windlass", "version").stdout)
        missing = self.root.run("ldd", "/usr/bin/windlass").stdout
        self.assertNotIn("not found", missing)
        for path in ("usr/share/man/man1/windlass-run.1.gz", "usr/share/windlass/workflow.schema.json",
                     "usr/share/bash-completion/completions/windlass",
                     "usr/lib/systemd/system/windlass-executor@.service",
                     "usr/lib/python3/dist-packages/windlass/__init__.py"):
            self.assertTrue((self.root.folder / path).exists(), path)

    def test_2_its_settings_are_for_its_user_alone(self):
        line = self.root.run("stat", "-c", "%U:%G %a", "/etc/windlass/windlass.env").stdout
        self.assertEqual(line.strip(), "root:windlass 640")

    def test_3_its_user_runs_a_workflow(self):
        (self.root.folder / "tmp/flow.yaml").write_text(FLOW)
        self.root.run("install", "-d", "-o", "windlass", "-g", "windlass", "/var/lib/windlass")
        done = self.root.run("windlass", "run", "/tmp/flow.yaml", "--output", "json",
                             user="windlass:windlass",
                             WINDLASS_STORE="sqlite:/var/lib/windlass/windlass.db")
        run = json.loads(done.stdout)
        self.assertEqual(run["state"], "succeeded", done.stdout)
        values = {task["id"]: task["result"]["value"] for task in run["tasks"]}
        self.assertEqual(values["say"].strip(), "10")

    def test_4_upgrading_keeps_settings_and_data(self):
        settings = self.root.folder / "etc/windlass/windlass.env"
        settings.write_text("WINDLASS_SLOTS=3\n")
        self.root.run("dpkg", "-i", "/tmp/windlass.deb")
        self.assertEqual(settings.read_text(), "WINDLASS_SLOTS=3\n")
        self.assertTrue((self.root.folder / "var/lib/windlass/windlass.db").exists())

    def test_5_removing_keeps_settings_and_data(self):
        self.root.run("apt-get", "remove", "-y", "windlass")
        self.assertFalse((self.root.folder / "usr/bin/windlass").exists())
        self.assertTrue((self.root.folder / "etc/windlass/windlass.env").exists())
        self.assertTrue((self.root.folder / "var/lib/windlass/windlass.db").exists())

    def test_6_purging_leaves_nothing(self):
        self.root.run("apt-get", "purge", "-y", "windlass")
        left = [path for path in self.root.find("windlass") if not path.startswith("/tmp/")]
        self.assertEqual(left, [])
        for name in ("passwd", "group"):
            folder = self.root.folder / "etc"
            self.assertEqual((folder / name).read_text(), (folder / f"{name}.before").read_text())

    def test_zsh_completes_from_the_first_time_on(self):
        with tempfile.TemporaryDirectory(prefix="windlass-zsh-") as folder:
            subprocess.run(["dpkg-deb", "-x", str(PACKAGE), folder], check=True)
            shell = pexpect.spawn("zsh", ["-f"], cwd=folder, encoding="utf8", timeout=60,
                                  env={"PATH": f"{folder}/usr/bin:/usr/bin:/bin",
                                       "TERM": "dumb", "HOME": folder, "ZDOTDIR": folder})
            shell.sendline(f"PS1='> '; fpath=({folder}/usr/share/zsh/vendor-completions $fpath);"
                           " autoload -Uz compinit && compinit -u -D; echo re'ady'")
            shell.expect("ready")
            shell.send("windlass valid\t")
            shell.expect("windlass validate")
            shell.sendline("")
            shell.send("windlass executor --drain-g\t")
            shell.expect("--drain-grace-period")
            shell.close(force=True)

    def test_lintian_finds_no_error(self):
        # Built by CPack, DuckDB as its makers ship it, not in any distribution.
        accepted = "embedded-library,custom-library-search-path,unstripped-binary-or-object"
        done = subprocess.run(["lintian", "--fail-on", "error", "--suppress-tags", accepted,
                               "--allow-root", str(PACKAGE)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
