"""The example from dirty deliveries to a map, against plain Python on the same files."""

import collections
import csv
import datetime
import gzip
import io
import json
import re
import shutil
import statistics
import unittest
import xml.etree.ElementTree

from support import ROOT, EndToEndTest
from test_demo import OPTIONAL_END, Page

SVG = "{http://www.w3.org/2000/svg}"
FIRST, LAST = datetime.datetime(2001, 1, 1), datetime.datetime(2001, 3, 31, 23, 59, 59)
Flight = collections.namedtuple("Flight", "source departure origin destination delay miles")


def number(value):
    found = re.match(r"-?\d+", str(value))
    return int(found[0]) if found else None


def deliveries(folder):
    """What was delivered, cleaned without SQL."""
    with gzip.open(folder / "east.csv.gz") as file:
        lines = csv.DictReader(io.StringIO(file.read().decode("utf-8-sig"), newline=""))
        for line in lines:
            moment = datetime.datetime.strptime(f"{line['Day']} {int(line['Time']):04}", "%m/%d/%Y %H%M")
            yield Flight("east", moment, line["From"].strip().upper(), line["To"],
                         number(line["Delay"]), number(line["Miles"]))
    with open(folder / "west.jsonl") as file:
        for one in map(json.loads, file):
            yield Flight("west", datetime.datetime.fromisoformat(one["departure"]), one["route"]["from"],
                         one["route"]["to"], number(one["delay"]), number(one["miles"]))


class FlightsTest(EndToEndTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = ROOT / "examples/flights/data"
        with open(cls.data / "airports.csv", newline="") as file:
            cls.known = {row["iata"]: row for row in csv.DictReader(file)}
        cls.delivered = list(deliveries(cls.data))
        cls.flights = set(cls.delivered)
        cls.twins = collections.Counter(flight[1:4] for flight in cls.flights)
        cls.broken = {flight: broken for flight in cls.flights if (broken := cls.rules_broken_by(flight))}
        cls.valid = [flight for flight in cls.flights if flight not in cls.broken]

    @classmethod
    def rules_broken_by(cls, flight):
        broken = []
        if flight.departure > LAST:
            broken.append("departure maximum")
        if flight.origin not in cls.known:
            broken.append("origin references")
        if flight.destination is None:
            broken.append("destination not_null")
        if flight.delay is None:
            broken.append("delay not_null")
        if flight.miles is not None and flight.miles < 1:
            broken.append("miles minimum")
        if flight.origin == flight.destination:
            broken.append("leads somewhere: expression")
        if flight.destination is not None and cls.twins[flight[1:4]] > 1:
            broken.append("departure, origin, destination unique")
        return broken

    def setUp(self):
        super().setUp()
        self.example = self.folder / "flights"
        shutil.copytree(ROOT / "examples/flights", self.example,
                        ignore=shutil.ignore_patterns("report", "work", ".windlass", "__pycache__"))

    def run_example(self, *arguments, code):
        return self.windlass("run", self.example / "flights.yaml", "--output", "json",
                             *arguments, code=code).json()

    def test_its_numbers_are_those_of_plain_python(self):
        run = self.run_example("-p", "least=50", code=0)
        self.check_cleaning(self.value(run, "clean")["rows"])
        self.check_validation(self.value(run, "check"))
        self.check_airports(self.value(run, "airports")["rows"])
        self.check_hours(self.value(run, "hours")["rows"])
        self.check_chart()
        self.check_page()

    def check_cleaning(self, rows):
        for row in rows:
            self.assertEqual(row["delivered"], sum(f.source == row["source"] for f in self.delivered))
            self.assertEqual(row["flights"], sum(f.source == row["source"] for f in self.flights))
            self.assertLess(row["flights"], row["delivered"])
        self.assertEqual([row["source"] for row in rows], ["east", "west"])

    def check_validation(self, report):
        expected = collections.Counter(rule for broken in self.broken.values() for rule in broken)
        self.assertGreater(len(expected), 5)
        self.assertEqual({rule["rule"]: rule["failing"] for rule in report["rules"] if rule.get("failing")},
                         dict(expected))
        self.assertEqual(report["row_count"], len(self.flights))
        with open(self.example / "report/quarantine.csv", newline="") as file:
            set_aside = collections.Counter((row["origin"], row["destination"], row["failed_rules"].replace("'", ""))
                                            for row in csv.DictReader(file))
        self.assertEqual(set_aside, collections.Counter(
            (flight.origin, flight.destination or "", f"[{', '.join(broken)}]")
            for flight, broken in self.broken.items()))

    def check_airports(self, rows):
        delays = collections.defaultdict(list)
        for flight in self.valid:
            delays[flight.origin].append(flight.delay)
        self.assertEqual({row["iata"]: row["flights"] for row in rows},
                         {code: len(minutes) for code, minutes in delays.items()})
        for row in rows:
            minutes = delays[row["iata"]]
            self.assertEqual(row["name"], self.known[row["iata"]]["name"])
            self.assertAlmostEqual(row["mean_delay"], statistics.mean(minutes), delta=0.00501)
            self.assertAlmostEqual(row["late_share"], sum(m > 15 for m in minutes) / len(minutes), delta=0.0000501)

    def check_hours(self, rows):
        self.assertEqual([row["hour"] for row in rows], list(range(5, 24)))
        for row in rows:
            near = [f.delay for f in self.valid if abs(f.departure.hour - row["hour"]) <= 1]
            tenths = statistics.quantiles(near, n=10, method="inclusive")
            self.assertAlmostEqual(row["low"], tenths[0], delta=0.0051)
            self.assertAlmostEqual(row["median"], statistics.median(near), delta=0.0051)
            self.assertAlmostEqual(row["high"], tenths[8], delta=0.0051)
            self.assertEqual(row["flights"], sum(f.departure.hour == row["hour"] for f in self.valid))

    def check_chart(self):
        self.windlass("result", "last", "chart", "--to", "chart.svg", code=0)
        chart = xml.etree.ElementTree.fromstring(self.read("chart.svg"))
        circles = [one for one in chart.iter(f"{SVG}circle") if one.get("class") == "airport"]
        on_map = {f.origin for f in self.valid
                  if 24.3 < float(self.known[f.origin]["latitude"]) < 49.6
                  and float(self.known[f.origin]["longitude"]) > -125}
        titles = [circle.findtext(f"{SVG}title") for circle in circles]
        self.assertEqual(sorted(title.split(": ")[0] for title in titles),
                         sorted(self.known[code]["name"] for code in on_map))
        words = [one.text for one in chart.iter(f"{SVG}text")]
        self.assertIn("ORD", words)
        self.assertTrue(any(f"{len(self.valid):,} departures" in word for word in words))

    def check_page(self):
        text = (self.example / "report/index.html").read_text()
        page = Page()
        page.feed(text)
        page.close()
        self.assertEqual([tag for tag in page.open if tag not in OPTIONAL_END | {"html"}], [])
        self.assertIn(f"{len(self.broken)} of {len(self.flights):,} flights", text)
        delays = collections.defaultdict(list)
        for flight in self.valid:
            delays[flight.origin].append(flight.delay)
        latest = sorted((code for code in delays if len(delays[code]) >= 50),
                        key=lambda code: -statistics.mean(delays[code]))[:8]
        self.assertEqual([(row[0], row[2], row[3]) for row in page.rows[1:9]],
                         [(code, f"{len(delays[code]):,}", f"{statistics.mean(delays[code]):+.1f}")
                          for code in latest])
        self.assertIn(["origin references", str(sum("origin references" in broken for broken in self.broken.values()))],
                      page.rows)

    def test_a_damaged_delivery_stops_the_run(self):
        packed = self.example / "data/east.csv.gz"
        packed.write_bytes(gzip.compress(gzip.decompress(packed.read_bytes())[:-100]))
        run = self.run_example(code=1)
        self.assertIn("expected", self.task(run, "unpack")["error"]["message"])
        self.assertFalse((self.example / "report").exists())


if __name__ == "__main__":
    unittest.main()
