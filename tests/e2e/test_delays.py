"""The example of SQL and pandas together, against plain Python."""

import collections
import csv
import json
import shutil
import statistics
import unittest
import xml.etree.ElementTree

from support import ROOT, EndToEndTest

SVG = "{http://www.w3.org/2000/svg}"


class DelaysTest(EndToEndTest):
    def departures(self, state):
        """(city, hour, delay) of the state's flights, without outliers."""
        with open(self.example / "data/airports.csv", newline="") as file:
            cities = {row["iata"]: row["city"] for row in csv.DictReader(file)
                      if row["state"] == state}
        flights = json.loads((self.example / "data/flights-10k.json").read_text())
        flights = [(cities[f["origin"]], int(f["date"].split()[1][:2]), f["delay"])
                   for f in flights if f["origin"] in cities]
        delays = [delay for _, _, delay in flights]
        mean, deviation = statistics.mean(delays), statistics.stdev(delays)
        return [flight for flight in flights if abs(flight[2] - mean) <= 3 * deviation]

    def test_its_numbers_are_those_of_plain_python(self):
        self.example = self.folder / "airports"
        shutil.copytree(ROOT / "examples/airports", self.example)
        run = self.windlass("run", self.example / "delays.yaml", "-p", "state=CA",
                            "--output", "json", code=0).json()
        expected = self.departures("CA")
        by_hour = collections.defaultdict(list)
        for _, hour, delay in expected:
            by_hour[hour].append(delay)
        found = {row["hour"]: row for row in self.value(run, "by_hour")["rows"]}
        self.assertEqual({hour: row["flights"] for hour, row in found.items()},
                         {hour: len(delays) for hour, delays in by_hour.items()})
        for hour, delays in by_hour.items():
            self.assertAlmostEqual(found[hour]["mean_delay"], statistics.mean(delays), delta=0.051)
        cities = collections.Counter(city for city, _, _ in expected)
        with open(self.example / "report/by_city.csv", newline="") as file:
            self.assertEqual({row["city"]: int(row["flights"]) for row in csv.DictReader(file)},
                             dict(cities))
        top = self.value(run, "by_city")["rows"]
        self.assertEqual([row["flights"] for row in top],
                         [n for _, n in cities.most_common(5)])
        self.windlass("result", "last", "chart", "--to", "chart.svg", code=0)
        chart = xml.etree.ElementTree.fromstring(self.read("chart.svg"))
        self.assertEqual(len(chart.findall(f"{SVG}rect")), 24)


if __name__ == "__main__":
    unittest.main()
