"""The composition for development: what docker-compose makes of it."""

import json
import pathlib
import subprocess
import sys
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from support import ROOT  # noqa: E402

COMPOSE = ROOT / "deploy/compose/compose.yaml"
OURS = {"server", "executor-generic", "executor-data", "executor-api"}


class ComposeTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        done = subprocess.run(["docker-compose", "-f", str(COMPOSE), "config"],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        cls.services = yaml.safe_load(done.stdout)["services"]

    def test_everything_is_there(self):
        self.assertEqual(set(self.services), OURS | {"postgres", "rabbitmq", "results",
                                                     "prometheus", "grafana"})

    def test_ours_are_built_from_a_target_of_the_dockerfile(self):
        stages = set()
        for line in (ROOT / "deploy/docker/Dockerfile").read_text().splitlines():
            if line.startswith("FROM "):
                stages.add(line.split()[-1])
        for name in OURS:
            build = self.services[name]["build"]
            self.assertEqual(pathlib.Path(build["context"]), ROOT)
            self.assertEqual(build["target"], name.removeprefix("executor-"))
            self.assertIn(build["target"], stages)

    def test_ours_may_do_no_more_than_they_need(self):
        for name in OURS:
            service = self.services[name]
            self.assertIs(service["read_only"], True)
            self.assertEqual(service["cap_drop"], ["ALL"])
            self.assertEqual(service["security_opt"], ["no-new-privileges:true"])

    def test_executors_have_longer_to_end_than_their_drain_takes(self):
        for name in OURS - {"server"}:
            self.assertEqual(self.services[name]["stop_grace_period"], "90s")
            self.assertEqual(self.services[name]["environment"]["WINDLASS_DRAIN_GRACE_PERIOD"],
                             "60s")

    def test_nothing_listens_beyond_this_machine(self):
        published = [port for service in self.services.values()
                     for port in service.get("ports", [])]
        self.assertTrue(published)
        for port in published:
            self.assertTrue(str(port).startswith("127.0.0.1:"), port)

    def test_images_of_others_have_a_version(self):
        for service in self.services.values():
            self.assertRegex(service["image"], r":(?!latest$)[\w.-]+$")

    def test_files_it_mounts_exist(self):
        for service in self.services.values():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                if source.startswith("/"):
                    self.assertTrue(pathlib.Path(source).exists(), source)

    def test_prometheus_asks_executors_and_servers_by_their_names_here(self):
        document = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yaml").read_text())
        asked = {name for job in document["scrape_configs"]
                 for one in job["dns_sd_configs"] for name in one["names"]}
        self.assertEqual(asked, OURS)

    def test_prometheus_has_a_token_of_the_server(self):
        token = (COMPOSE.parent / "read_token").read_text()
        self.assertEqual(self.services["server"]["environment"]["WINDLASS_TOKENS"],
                         f"admin:{token}")

    def test_grafana_finds_the_dashboard_where_it_looks(self):
        provider = yaml.safe_load(
            (ROOT / "deploy/grafana/provisioning/dashboards/windlass.yaml").read_text())
        folder = provider["providers"][0]["options"]["path"]
        targets = [volume.split(":")[1] for volume in self.services["grafana"]["volumes"]]
        self.assertIn(f"{folder}/windlass.json", targets)
        json.loads((ROOT / "deploy/grafana/windlass.json").read_text())


if __name__ == "__main__":
    unittest.main()
