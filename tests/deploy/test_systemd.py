"""What systemd is told, and what the units let a service do."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from support import ROOT, EndToEndTest  # noqa: E402

UNITS = ROOT / "deploy/systemd"


class NotifyTest(EndToEndTest):

    def setUp(self):
        super().setUp()
        self.systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.systemd.close)
        self.systemd.bind(str(self.folder / "notify"))
        self.systemd.settimeout(60)

    def told(self):
        return self.systemd.recv(256).decode()

    def told_until(self, state):
        """What it says before that."""
        before = []
        end = time.monotonic() + 60
        while (said := self.told()) != state:
            before.append(said)
            self.assertLess(time.monotonic(), end, f"never said {state}: {before}")
        return before

    def supervised(self, *arguments, watchdog_usec="400000"):
        return self.start(*arguments, env={"NOTIFY_SOCKET": str(self.folder / "notify"),
                                           "WATCHDOG_USEC": watchdog_usec})

    def test_an_executor_says_when_it_is_ready_alive_and_stopping(self):
        executor = self.supervised("executor")
        self.assertEqual(set(self.told_until("READY=1")) - {"WATCHDOG=1"}, set())
        self.assertEqual(self.told(), "WATCHDOG=1")
        self.assertEqual(self.told(), "WATCHDOG=1")
        executor.send_signal(signal.SIGTERM)
        self.told_until("STOPPING=1")
        self.assertEqual(self.wait_for_exit(executor), 0)

    def test_an_executor_is_alive_while_it_drains(self):
        executor = self.supervised("executor")
        self.told_until("READY=1")
        self.submit("""
            windlass: 1
            name: slow
            tasks: {a: {type: shell, params: {command: "touch begun; until [ -e go ]; do sleep 0.02; done"}}}
            """)
        self.wait_for_file("begun")
        executor.send_signal(signal.SIGTERM)
        self.told_until("STOPPING=1")
        self.assertEqual(self.told(), "WATCHDOG=1")
        self.write("go", "")
        self.assertEqual(self.wait_for_exit(executor), 0)

    def test_tasks_cannot_speak_to_systemd(self):
        self.supervised("executor")
        self.told_until("READY=1")
        run = self.submit("""
            windlass: 1
            name: spy
            tasks:
              look: {type: shell, params: {command: "env | grep -c -e NOTIFY_SOCKET -e WATCHDOG_USEC || true"}}
            """)
        self.assertEqual(self.value(self.wait_for_end(run), "look").strip(), "0")

    def test_a_server_says_when_it_is_ready_alive_and_stopping(self):
        server = self.supervised("server", "--listen", "127.0.0.1:0")
        self.told_until("READY=1")
        self.told_until("WATCHDOG=1")
        server.send_signal(signal.SIGTERM)
        self.told_until("STOPPING=1")
        self.assertEqual(self.wait_for_exit(server), 0)

    def test_health_exits_with_0_or_1(self):
        self.windlass("health", "http://127.0.0.1:1/livez", code=1)
        self.windlass("health", "--health-listen", "none", code=2)
        log = self.folder / "log"
        with open(log, "w") as stderr:
            self.start("executor", "--log-format", "json", "--health-listen", "127.0.0.1:0",
                       stderr=stderr)
        address = self.wait_until(lambda: re.search(r'"health":"([^"]+)"', log.read_text()),
                                  "the executor has started").group(1)
        self.windlass("health", "--health-listen", address, code=0)
        self.windlass("health", f"http://{address}/livez", code=0)
        # Another program's 404 is no sign of life.
        self.windlass("health", f"http://{address}/nothing", code=1)


class UnitsTest(unittest.TestCase):

    def setting(self, unit, name):
        found = re.findall(rf"^{name}=(.*)$", (UNITS / unit).read_text(), re.M)
        self.assertTrue(found, f"{unit} has no {name}")
        return found[-1]

    def test_the_drain_is_over_before_systemd_loses_patience(self):
        self.assertGreater(int(self.setting("windlass-executor@.service", "TimeoutStopSec")), 30 + 30)

    def test_systemd_can_read_them(self):
        if not os.path.exists("/usr/bin/systemd-analyze"):
            self.skipTest("systemd is not installed")
        for unit in UNITS.glob("*.service"):
            done = subprocess.run(["systemd-analyze", "verify", str(unit)],
                                  capture_output=True, text=True)
            # That the program and its manual are not installed here is no news.
            complaints = [line for line in (done.stdout + done.stderr).splitlines()
                          if "is not executable" not in line and "'man " not in line]
            self.assertEqual(complaints, [], unit.name)

    def test_they_expose_little(self):
        if not os.path.exists("/usr/bin/systemd-analyze"):
            self.skipTest("systemd is not installed")
        for unit in UNITS.glob("*.service"):
            done = subprocess.run(["systemd-analyze", "security", "--offline=yes",
                                   "--threshold=20", "--no-pager", str(unit)],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
