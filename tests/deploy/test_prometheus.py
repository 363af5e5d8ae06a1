"""The alerts, the dashboard and a real Prometheus that scrapes a fleet."""

import json
import pathlib
import re
import signal
import subprocess
import sys
import unittest
import urllib.error
import urllib.parse
import urllib.request

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from metric_names import PROMETHEUS, complaints, exported, series  # noqa: E402
from support import ROOT, EndToEndTest  # noqa: E402

DASHBOARD = ROOT / "deploy/grafana/windlass.json"
GUIDE = ROOT / "docs/guides/alerts.md"


def rules(kind):
    for file in ("windlass-recording.yaml", "windlass-alerts.yaml"):
        for group in yaml.safe_load((PROMETHEUS / file).read_text())["groups"]:
            yield from (rule for rule in group["rules"] if kind in rule)


def dashboard_queries():
    """(title of the panel, expression) with Grafana's variables filled in."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"].replace("$__rate_interval", "1m")
            yield panel["title"], re.sub(r"\$(queue|type)\b", ".*", expression)


def promtool(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], cwd=PROMETHEUS,
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class RulesTest(unittest.TestCase):

    def test_promtool_accepts_the_rules_and_the_configuration(self):
        code, said = promtool("check", "config", "--syntax-only", "prometheus.yaml")
        self.assertEqual(code, 0, said)
        code, said = promtool("check", "rules", "windlass-recording.yaml", "windlass-alerts.yaml")
        self.assertEqual(code, 0, said)

    def test_every_alert_fires_on_what_it_is_for(self):
        code, said = promtool("test", "rules", "windlass-alerts.test.yaml")
        self.assertEqual(code, 0, said)
        tests = yaml.safe_load((PROMETHEUS / "windlass-alerts.test.yaml").read_text())["tests"]
        fired = {one["alertname"] for test in tests for one in test["alert_rule_test"]
                 if one["exp_alerts"]}
        self.assertEqual(fired, {rule["alert"] for rule in rules("alert")})

    def test_rules_ask_for_metrics_and_labels_that_exist(self):
        for rule in [*rules("record"), *rules("alert")]:
            self.assertTrue(list(series(rule["expr"])), rule)
            self.assertEqual(complaints(rule["expr"]), [], rule)

    def test_a_metric_or_label_that_does_not_exist_is_noticed(self):
        for expression, complaint in (
                ("rate(windlass_task_total[5m])", "there is no metric windlass_task_total"),
                ("windlass_claim_seconds > 1", "there is no metric windlass_claim_seconds"),
                ('windlass_executors{status="lost"}', "windlass_executors has no label status"),
                ("sum by (queues) (windlass_queue_depth)", "nothing here has a label queues")):
            self.assertEqual(complaints(expression), [complaint])

    def test_the_guide_says_what_to_do_on_each_alert(self):
        guide = GUIDE.read_text()
        for rule in rules("alert"):
            name = rule["alert"]
            self.assertIn(f"\n## {name}\n", guide)
            self.assertEqual(rule["annotations"]["runbook_url"],
                             f"docs/guides/alerts.md#{name.lower()}")
            self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"))
        explained = set(re.findall(r"^## (Windlass\w+)$", guide, re.M))
        self.assertEqual(explained, {rule["alert"] for rule in rules("alert")})


class DashboardTest(unittest.TestCase):

    def test_its_queries_name_metrics_that_exist(self):
        for title, expression in dashboard_queries():
            self.assertTrue(list(series(expression)), title)
            self.assertEqual(complaints(expression), [], title)

    def test_prometheus_can_read_its_queries(self):
        as_rules = {"groups": [{"name": "dashboard", "rules": [
            {"record": f"query:{number}", "expr": expression}
            for number, (_, expression) in enumerate(dashboard_queries())]}]}
        done = subprocess.run(["promtool", "check", "rules", "/dev/stdin"], text=True,
                              input=json.dumps(as_rules), capture_output=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_panels_do_not_overlap_and_have_ids_of_their_own(self):
        panels = json.loads(DASHBOARD.read_text())["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = {}
        for panel in panels:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    self.assertEqual(taken.setdefault((x, y), panel["title"]), panel["title"])

    def test_every_kind_of_metric_is_shown_somewhere(self):
        shown = {name for _, expression in dashboard_queries() for name, _ in series(expression)}
        shown |= {name for rule in rules("record") if rule["record"] in shown
                  for name, _ in series(rule["expr"])}
        shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}
        # Shown by an alert alone, or told by another one that is shown.
        left_out = {"windlass_broker_connected", "windlass_broker_blocked",
                    "windlass_broker_connects_total", "windlass_broker_topology_drift",
                    "windlass_hint_age_seconds", "windlass_hinted_tasks_total",
                    "windlass_hints_unconfirmed", "windlass_ingested_total"}
        wanted = {name for name in exported() if name.startswith("windlass_")}
        self.assertEqual(wanted - shown, left_out)


class Prometheus:
    """A real one, on a free port, that reads our configuration."""

    def __init__(self, test, targets, token):
        self.folder = test.folder / "prometheus"
        self.folder.mkdir()
        self.configure(targets, token)
        self.log = self.folder / "log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                ["prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=data",
                 "--web.listen-address=127.0.0.1:0", "--log.format=json"],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        test.started.append(self.process)
        self.url = "http://" + test.wait_until(self.address, "Prometheus listens")

    def configure(self, targets, token):
        """As it ships, but with these targets and without patience."""
        document = yaml.safe_load((PROMETHEUS / "prometheus.yaml").read_text())
        document["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
        for job in document["scrape_configs"]:
            del job["dns_sd_configs"]
            job["static_configs"] = [{"targets": targets[job["job_name"]]}]
            if "authorization" in job:
                (self.folder / "token").write_text(token)
                job["authorization"]["credentials_file"] = str(self.folder / "token")
        for name in document["rule_files"]:
            groups = yaml.safe_load((PROMETHEUS / name).read_text())
            for group in groups["groups"]:
                group.pop("interval", None)
            (self.folder / name).write_text(yaml.safe_dump(groups))
        (self.folder / "prometheus.yaml").write_text(yaml.safe_dump(document))

    def address(self):
        for line in self.log.read_text().splitlines():
            if line.startswith("{") and line.endswith("}"):
                entry = json.loads(line)
                if entry.get("msg") == "Listening on":
                    return entry["address"]
        return None

    def query(self, expression):
        """Value by labels, without those of the scrape."""
        url = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                document = json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 503:  # It listens before it is ready.
                return {}
            raise AssertionError(f"{expression}: {error.read().decode()}") from error
        return {frozenset((key, value) for key, value in one["metric"].items()
                          if key not in ("__name__", "instance")): float(one["value"][1])
                for one in document["data"]["result"]}


class ScrapeTest(EndToEndTest):

    def served(self, name, *arguments):
        """The address that a process of ours says it listens on."""
        path = self.folder / f"{name}.log"
        with open(path, "w") as stderr:
            self.start(*arguments, "--log-format", "json", stderr=stderr)

        def address():
            for line in path.read_text().splitlines(keepends=True):
                if line.endswith("\n") and json.loads(line)["message"] == "started":
                    return json.loads(line).get("health") or json.loads(line)["listen"]
            return None
        return self.wait_until(address, f"{name} has started")

    def test_prometheus_sees_two_executors_and_a_server(self):
        tokens = self.write("tokens", "read:looks-only-0123456789abcdef\n"
                                      "admin:steers-too-0123456789abcdef\n")
        executors = [self.served(f"executor-{name}", "executor", "--name", name, "--slots", "2")
                     for name in ("one", "two")]
        server = self.served("server", "server", "--listen", "127.0.0.1:0",
                             "--tokens-file", tokens)
        run = self.submit("""
            windlass: 1
            name: scraped
            tasks:
              a: {type: noop, map: {items: [1, 2, 3, 4], as: one}}
              b: {type: shell, params: {command: "exit 3"}, allow_failure: true}
            """)
        self.wait_for_end(run)
        prometheus = Prometheus(self, {"windlass-executor": executors,
                                       "windlass-server": [server]},
                                "looks-only-0123456789abcdef")
        self.wait_until(lambda: prometheus.query("sum(up)") == {frozenset(): 3},
                        "three targets are up")
        self.sees_what_happened(prometheus)
        for title, expression in dashboard_queries():
            prometheus.query(expression)  # An expression it cannot evaluate raises.
        self.assertEqual(prometheus.query('ALERTS{alertname="WindlassNoExecutor"}'), {})
        self.notices_an_executor_that_died(prometheus)

    def sees_what_happened(self, prometheus):
        counted = 'sum by (type, outcome) (windlass_tasks_total) > 0'
        self.wait_until(
            lambda: prometheus.query(counted) == {
                frozenset({("type", "noop"), ("outcome", "succeeded")}): 4,
                frozenset({("type", "shell"), ("outcome", "failed")}): 1},
            "it has counted what both executors did")
        running = 'state:windlass_executors:max{state="running"}'
        self.wait_until(lambda: list(prometheus.query(running).values()) == [2],
                        "the recording rule tells of both executors")
        self.wait_until(
            lambda: prometheus.query("state:windlass_slots:sum").get(
                frozenset({("state", "free")})) == 4, "and of their slots")

    def notices_an_executor_that_died(self, prometheus):
        self.started[0].send_signal(signal.SIGKILL)
        pending = 'ALERTS{alertname="WindlassExecutorDown"}'
        self.wait_until(lambda: prometheus.query(f"count({pending})") == {frozenset(): 1},
                        "the alert waits for its two minutes")


if __name__ == "__main__":
    unittest.main()
