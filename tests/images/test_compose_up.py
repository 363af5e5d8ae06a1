"""The composition for development, brought up: docker-compose through podman's
socket, with the images as tools/test_images.sh has made them.

Where the images of PostgreSQL, RabbitMQ and Prometheus cannot be fetched, those
of tests/images/stand_ins take their place. Grafana, which Debian has not, is
left out where it cannot be fetched.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import urllib.request

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from postgres import free_port  # noqa: E402
from test_images import podman, wait_until  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "deploy/compose/compose.yaml"
EXPECTED = {"server", "executor-generic", "executor-data", "executor-api", "postgres", "rabbitmq",
            "results", "prometheus"}

FLOW = """
windlass: 1
name: composed
tasks:
  rows: {type: sql, params: {query: select x as n from range(100000) as t(x)}}
  frame:
    type: python
    depends_on: [rows]
    params:
      code: "def main(rows): return int(rows['n'].sum())"
      args: {rows: "${{ tasks.rows.result }}"}
  # Its own executor: other addresses that are private are refused.
  call:
    type: http
    params: {url: "http://127.0.0.1:9464/livez"}
  say:
    type: shell
    depends_on: [frame, call]
    params: {command: "echo ${{ tasks.frame.result }}"}
"""


class CompositionTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="windlass-compose-")
        cls.addClassCleanup(temporary.cleanup)
        folder = pathlib.Path(temporary.name)
        socket = folder / "podman.sock"
        service = subprocess.Popen(
            ["podman", "system", "service", "--time", "0", f"unix://{socket}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(service.wait)
        cls.addClassCleanup(service.terminate)
        wait_until(socket.exists, "podman listens")
        cls.environment = {**os.environ, "DOCKER_HOST": f"unix://{socket}",
                           "COMPOSE_PROJECT_NAME": f"windlass-test-{os.getpid()}"}
        for image in ("server", "generic", "data", "api"):
            podman("tag", f"localhost/windlass-{image}:test", f"localhost/windlass-{image}:dev")
        cls.server, cls.prometheus = cls.on_free_ports(folder, 8080, 9090)
        services = yaml.safe_load(cls.compose("config"))["services"]
        cls.services = [name for name, service in services.items()
                        if podman("image", "exists", service["image"], check=False)
                        .returncode == 0]
        cls.addClassCleanup(cls.compose, "down", "-v", "--timeout", "0")
        cls.compose("up", "-d", "--no-build", *cls.services)

    @classmethod
    def on_free_ports(cls, folder, *ports):
        """The composition but for its ports on this machine; their new addresses."""
        text, addresses = COMPOSE.read_text(), []
        for port in ports:
            addresses.append(f"127.0.0.1:{free_port()}")
            text = text.replace(f'"127.0.0.1:{port}:', f'"{addresses[-1]}:')
            assert addresses[-1] in text
        cls.file = folder / "compose.yaml"
        cls.file.write_text(text)
        return [f"http://{address}" for address in addresses]

    @classmethod
    def compose(cls, *words):
        done = subprocess.run(
            ["docker-compose", "-f", str(cls.file), "--project-directory", str(COMPOSE.parent),
             *words], env=cls.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"docker-compose {words}: {done.stdout}\n{done.stderr}")
        return done.stdout

    def ask(self, path, document=None):
        request = urllib.request.Request(
            f"{self.server}/api/v1{path}",
            data=None if document is None else json.dumps(document).encode(),
            headers={"Authorization": "Bearer everybody-knows-this-one",
                     "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def answers(self, address):
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def broker_has_consumers(self):
        rabbitmq = self.compose("ps", "-q", "rabbitmq").strip()
        queues = podman("exec", rabbitmq, "rabbitmqctl", "-q", "list_queues", "name", "consumers",
                        check=False)
        return re.search(r"^windlass\S*\s+[1-9]", queues.stdout, re.M)

    def numbers(self, query):
        """What Prometheus says, by job."""
        address = f"{self.prometheus}/api/v1/query?query={urllib.parse.quote(query)}"
        with urllib.request.urlopen(address, timeout=30) as answer:
            found = json.load(answer)["data"]["result"]
        return {one["metric"].get("job"): float(one["value"][1]) for one in found}

    def test_everything_that_can_be_had_is_up_and_a_run_goes_through_it(self):
        try:
            self.a_run_goes_through_it()
        except AssertionError as error:
            raise AssertionError(self.compose("logs", "--tail", "20")) from error

    def a_run_goes_through_it(self):
        self.assertLessEqual(EXPECTED, set(self.services))
        wait_until(lambda: self.answers(f"{self.server}/readyz"), "the server is ready")
        # Executors poll as long as it is not up: only then does it carry the dispatch.
        wait_until(self.broker_has_consumers, "executors listen to RabbitMQ")
        submitted = self.ask("/runs", {"definition": FLOW})
        run = wait_until(
            lambda: (shown := self.ask(f"/runs/{submitted['run_id']}"))["state"] != "running"
            and shown, "the run ends")
        self.assertEqual(run["state"], "succeeded", json.dumps(run, indent=1))
        said = next(task for task in run["tasks"] if task["id"] == "say")
        self.assertEqual(said["result"]["value"].strip(), str(sum(range(100000))))
        wait_until(lambda: self.numbers("sum by (job) (up)") ==
                   {"windlass-executor": 3.0, "windlass-server": 1.0}, "Prometheus sees all")


if __name__ == "__main__":
    unittest.main()
