#!/usr/bin/env python3
"""Made east.csv.gz and west.jsonl from the clean flights of ../airports.

Real deliveries are not clean. Here are the usual sins, at fixed places: two formats
with a structure each, dates as texts in three ways, numbers with units, codes in lower
case, lines twice, remarks that hold separators and line ends, and flights that cannot
have been. The flights themselves are real.
"""

import csv
import gzip
import io
import json
import pathlib
import random

HERE = pathlib.Path(__file__).resolve().parent
CLEAN = HERE.parents[1] / "airports/data"
REMARKS = ["", "", "", "late crew, then a ground stop", 'captain: "go around"', "de-icing\nsecond truck"]


def main():
    chance = random.Random(2001)
    with open(CLEAN / "airports.csv", newline="") as file:
        longitude = {row["iata"]: float(row["longitude"]) for row in csv.DictReader(file)}
    flights = json.loads((CLEAN / "flights-10k.json").read_text())
    east = [flight for flight in flights if longitude[flight["origin"]] > -95]
    west = [flight for flight in flights if longitude[flight["origin"]] <= -95]
    write_east(chance, again(chance, east), HERE / "east.csv.gz")
    write_west(chance, again(chance, west), HERE / "west.jsonl")


def again(chance, flights):
    """One in eighty is delivered twice."""
    return [copy for flight in flights for copy in [flight] * (1 + (chance.random() < 1 / 80))]


def write_east(chance, flights, path):
    """As from a spreadsheet: byte order mark, CRLF, day and time apart, hhmm."""
    text = io.StringIO(newline="")
    out = csv.writer(text)
    out.writerow(["Day", "Time", "From", "To", "Delay", "Miles", "Remarks"])
    for flight in flights:
        day, time = flight["date"].split()
        year, month, of_month = day.split("/")
        origin, delay = flight["origin"], flight["delay"]
        if chance.random() < 0.02:
            origin = chance.choice([origin.lower(), origin + " ", "ZZZ"])
        if chance.random() < 0.01:
            delay = chance.choice(["", "NA", "cancelled"])
        if chance.random() < 0.002:
            year = "2010"
        out.writerow([f"{month}/{of_month}/{year}", int(time.replace(":", "")), origin,
                      flight["destination"], delay, flight["distance"], chance.choice(REMARKS)])
    # Without a time in it: the same bytes whenever it is made.
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + text.getvalue().encode(), mtime=0))


def write_west(chance, flights, path):
    """As from a service: nested, a line each, types as they came."""
    with open(path, "w") as out:
        for flight in flights:
            departure = flight["date"].replace("/", "-")
            if chance.random() < 0.3:
                departure = departure.replace(" ", "T") + ":00"
            delay, miles, destination = flight["delay"], flight["distance"], flight["destination"]
            if chance.random() < 0.02:
                delay = chance.choice([str(delay), f"{delay} min", None])
            if chance.random() < 0.01:
                miles = chance.choice([f"{miles} mi", -miles, 0])
            if chance.random() < 0.005:
                destination = chance.choice([flight["origin"], None])
            out.write(json.dumps({"departure": departure,
                                  "route": {"from": flight["origin"], "to": destination},
                                  "delay": delay, "miles": miles}) + "\n")


if __name__ == "__main__":
    main()
