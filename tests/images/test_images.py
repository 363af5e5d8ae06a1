"""The images, run as they are meant to be: read-only, as nobody in particular,
without capabilities, with a real PostgreSQL and a real RabbitMQ.

tools/test_images.sh builds them and says where they are.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from postgres import Postgres, free_port  # noqa: E402
from rabbitmq import RabbitMq  # noqa: E402

TOKEN = "of-this-test-alone-0123456789"
DEADLINE = 120

FLOW = """
windlass: 1
name: imaged
tasks:
  rows: {type: sql, params: {query: select sum(x)::int as n from range(5) as t(x)}}
  frame:
    type: python
    depends_on: [rows]
    params:
      code: "def main(rows): return int(rows['n'].sum()) + 1"
      args: {rows: "${{ tasks.rows.result }}"}
  # An orphan that ends when nobody waits for it but the first process.
  say:
    type: shell
    depends_on: [frame]
    params: {command: "(sleep 0.2 &) ; echo ${{ tasks.frame.result }}"}
  call:
    type: http
    params: {url: "http://127.0.0.1:PORT/livez"}
"""


def podman(*words, check=True):
    done = subprocess.run(["podman", *map(str, words)], capture_output=True, text=True)
    if check and done.returncode != 0:
        raise AssertionError(f"podman {words}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def wait_until(fact, what):
    end = time.monotonic() + DEADLINE
    while not (value := fact()):
        if time.monotonic() > end:
            raise AssertionError(f"never happened: {what}")
        time.sleep(0.05)
    return value


class Container:
    """One that runs; the rest of the machine is as far away as can be."""

    def __init__(self, image, settings, files):
        words = [word for key, value in settings.items() for word in ("-e", f"{key}={value}")]
        self.id = podman(
            "run", "-d", "--no-healthcheck", "--network", "host", "--read-only",
            "--cap-drop", "all", "--security-opt", "no-new-privileges", "--pids-limit", "300",
            "--tmpfs", "/tmp", "--tmpfs", "/var/lib/windlass",
            "-v", f"{files}:/run/secrets/windlass:ro", *words,
            f"localhost/windlass-{image}:test").stdout.strip()

    def execute(self, *command, check=True):
        return podman("exec", self.id, *command, check=check)

    def log(self):
        done = podman("logs", self.id)
        return done.stdout + done.stderr

    def exit_code(self):
        return int(podman("wait", self.id).stdout)

    def remove(self):
        podman("rm", "-f", "-t", "0", self.id, check=False)


class ImagesTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.postgres.start()
        cls.addClassCleanup(cls.postgres.close)
        cls.rabbitmq = RabbitMq()
        cls.rabbitmq.start()
        cls.addClassCleanup(cls.rabbitmq.close)

    def setUp(self):
        store = self.postgres.create_database()
        self.port = free_port()
        folder = tempfile.TemporaryDirectory(prefix="windlass-images-")
        self.addCleanup(folder.cleanup)
        self.files = pathlib.Path(folder.name)
        self.files.chmod(0o755)
        for name, text in (("store", store), ("broker", self.rabbitmq.url),
                           ("tokens", f"admin:{TOKEN}\n")):
            (self.files / name).write_text(text)
        # What is secret comes from files.
        self.settings = {"WINDLASS_STORE_FILE": "/run/secrets/windlass/store",
                         "WINDLASS_BROKER_FILE": "/run/secrets/windlass/broker"}

    def start(self, image, **settings):
        container = Container(image, {**self.settings, **settings}, self.files)
        self.addCleanup(container.remove)
        wait_until(lambda: '"started"' in container.log(), f"{image} has started")
        return container

    def start_executor(self, image, **settings):
        self.health = free_port()
        return self.start(image, WINDLASS_SOURCE="rabbitmq", WINDLASS_NAME=image,
                          WINDLASS_HEALTH_LISTEN=f"127.0.0.1:{self.health}", **settings)

    def start_server(self):
        return self.start("server", WINDLASS_LISTEN=f"127.0.0.1:{self.port}",
                          WINDLASS_TOKENS_FILE="/run/secrets/windlass/tokens")

    def ask(self, path, document=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1{path}",
            data=None if document is None else json.dumps(document).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.read().decode()}") from error

    def end_of(self, run):
        return wait_until(lambda: (shown := self.ask(f"/runs/{run}"))["state"] != "running"
                          and shown, "the run ends")

    def test_a_run_over_all_of_them(self):
        server = self.start_server()
        executors = {image: self.start_executor(image) for image in ("generic", "data", "api")}
        submitted = self.ask("/runs", {"definition": FLOW.replace("PORT", str(self.port))})
        run = self.end_of(submitted["run_id"])
        self.assertEqual(run["state"], "succeeded", json.dumps(run, indent=1))
        tasks = {task["id"]: task for task in run["tasks"]}
        self.assertEqual(tasks["say"]["result"]["value"].strip(), "11")
        self.assertEqual([tasks[name]["executor"] for name in ("rows", "frame")], ["data", "data"])
        self.assertIn(tasks["say"]["executor"], ("generic", "data"))
        for container in [server, *executors.values()]:
            self.assertEqual(container.execute("id", "-u").stdout.strip(), "10001")
            self.assertNotEqual(container.execute("touch", "/usr/x", check=False).returncode, 0)
            capabilities = container.execute("grep", "CapEff", "/proc/self/status").stdout.split()
            self.assertEqual(int(capabilities[1], 16), 0)
            # Whoever is the first process has to bury the orphans.
            wait_until(lambda: not self.zombies(container), "there is no zombie")
        for container in executors.values():
            self.assertEqual(container.execute("windlass", "health").stdout, "alive\n")
        address = f"http://127.0.0.1:{self.port}/livez"
        self.assertEqual(server.execute("windlass", "health", address).stdout, "alive\n")
        podman("kill", "-s", "TERM", server.id)
        self.assertEqual(server.exit_code(), 0)

    def zombies(self, container):
        stats = container.execute("sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null || true").stdout
        return [line for line in stats.splitlines() if line.rsplit(")", 1)[1].split()[0] == "Z"]

    def test_sigterm_drains_the_first_process(self):
        self.start_server()
        # Enough for podman to get into the container meanwhile.
        executor = self.start_executor("generic", WINDLASS_DRAIN_GRACE_PERIOD="2m")
        submitted = self.ask("/runs", {"definition": """
            windlass: 1
            name: slow
            tasks:
              a: {type: shell, params: {command: "until [ -e /tmp/go ]; do sleep 0.05; done; echo done"}}
            """})
        path = f"/runs/{submitted['run_id']}"
        wait_until(lambda: self.ask(path)["tasks"][0]["state"] == "running", "it runs")
        podman("kill", "-s", "TERM", executor.id)
        wait_until(lambda: '"draining"' in executor.log(), "it drains")
        executor.execute("touch", "/tmp/go")
        self.assertEqual(executor.exit_code(), 0)
        task = self.ask(path)["tasks"][0]
        self.assertEqual((task["state"], task["attempt"]), ("succeeded", 1))

    def test_images_say_what_they_are(self):
        for image in ("generic", "data", "api", "server"):
            about = json.loads(podman("image", "inspect",
                                      f"localhost/windlass-{image}:test").stdout)[0]
            self.assertEqual(about["Config"]["User"], "10001:10001")
            self.assertEqual(about["Config"]["StopSignal"], "SIGTERM")
            self.assertIn("org.opencontainers.image.version", about["Labels"])
            self.assertEqual(about["Healthcheck"]["Test"][:3],
                             ["CMD", "/usr/bin/windlass", "health"])

    def test_the_generic_image_is_small(self):
        sizes = {name: json.loads(podman("image", "inspect", name).stdout)[0]["Size"]
                 for name in ("localhost/windlass-generic:test", "localhost/windlass-data:test")}
        base = json.loads(podman("image", "inspect", self.base()).stdout)[0]["Size"]
        added = sizes["localhost/windlass-generic:test"] - base
        self.assertLess(added, 50e6)
        self.assertGreater(sizes["localhost/windlass-data:test"] - base, 4 * added)

    def base(self):
        lines = podman("images", "--format", "{{.Repository}}:{{.Tag}}").stdout.split()
        return next(line for line in lines if "/debian:bookworm-" in line)


if __name__ == "__main__":
    unittest.main()
