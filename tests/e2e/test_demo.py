"""The example that `make demo` shows."""

import collections
import csv
import html.parser
import json
import pathlib
import shutil
import statistics
import subprocess
import unittest

from support import ROOT, WINDLASS, EndToEndTest

VOID = {"meta", "br", "rect", "img", "link", "hr", "input"}
# HTML lets these end without an end tag.
OPTIONAL_END = {"p", "td", "th", "tr", "li"}


class Page(html.parser.HTMLParser):
    """Fails on tags that do not match; keeps the cells of tables."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.rows = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        while self.open and self.open[-1] != tag and self.open[-1] in OPTIONAL_END:
            self.open.pop()
        if not self.open or self.open.pop() != tag:
            raise AssertionError(f"</{tag}> closes nothing")

    def handle_data(self, data):
        if self.rows and ("td" in self.open or "th" in self.open):
            self.rows[-1][-1] += data


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


class DemoTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        # A copy, so that the test leaves the source tree alone.
        self.example = self.folder / "examples/airports"
        shutil.copytree(ROOT / "examples/airports", self.example,
                        ignore=shutil.ignore_patterns(".windlass", "report", "__pycache__"))
        shutil.copytree(ROOT / "python", self.folder / "python",
                        ignore=shutil.ignore_patterns("__pycache__"))

    def demo(self, *arguments):
        done = subprocess.run([self.example / "demo.sh", *arguments], cwd="/", timeout=240,
                              capture_output=True, text=True,
                              env=self.environment({"WINDLASS": WINDLASS}))
        self.assertEqual(done.returncode, 0, f"{done.stdout}\n{done.stderr}")
        return done.stdout

    def expected(self, state, count):
        """The report's numbers from the data, by other means than its own."""
        data = self.example / "data"
        states = {row["iata"]: row["state"] for row in read(data / "airports.csv")}
        departures = collections.Counter()
        for row in read(data / "flights-airport.csv"):
            if states.get(row["origin"]) == state:
                departures[row["origin"]] += int(row["count"])
        delays = collections.defaultdict(list)
        for flight in json.loads((data / "flights-10k.json").read_text()):
            delays[flight["origin"]].append(flight["delay"])
        return [(code, f"{total:,}",
                 f"{round(statistics.mean(delays[code]), 1):.1f}" if code in delays else "–")
                for code, total in departures.most_common(count)]

    def shown(self, state):
        page = Page()
        page.feed((self.example / f"report/{state}.html").read_text())
        page.close()
        self.assertEqual([tag for tag in page.open if tag not in OPTIONAL_END], [])
        return [(row[0].split()[0], row[1], row[2]) for row in page.rows[1:]]

    def test_the_demo_runs_twice_and_its_numbers_are_right(self):
        for _ in range(2):
            said = self.demo()
            self.assertEqual(self.shown("WA"), self.expected("WA", 8))
        self.assertIn("SEA", said)
        path = pathlib.Path(said.split("The report: ")[1].splitlines()[0])
        self.assertEqual(path, (self.example / "report/WA.html").resolve())
        rainy = read(self.example / "data/seattle-weather.csv")
        wet = sum(float(row["precipitation"]) > 0 for row in rainy)
        self.assertIn(f"wet on {wet} of {len(rainy)} days",
                      (self.example / "report/WA.html").read_text())

    def test_another_state_has_no_weather_and_other_numbers(self):
        self.demo("-p", "state=CA", "-p", "airports=3")
        self.assertEqual(self.shown("CA"), self.expected("CA", 3))
        self.assertNotIn("wet on", (self.example / "report/CA.html").read_text())
        shown = subprocess.run([WINDLASS, "show", "last", "--output", "json", "--store",
                                "sqlite:.windlass/demo.db"], cwd=self.example, capture_output=True,
                               text=True, check=True, env=self.environment())
        run = json.loads(shown.stdout)
        self.assertEqual(self.task(run, "weather")["state"], "skipped")
        self.assertEqual(self.task(run, "delays")["attempt"], 2)


if __name__ == "__main__":
    unittest.main()
