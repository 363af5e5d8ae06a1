"""The data sets, read once per process."""

import csv
import functools
import json
import math
import pathlib

DATA = pathlib.Path(__file__).parent / "data"


@functools.cache
def airports():
    """Every airport by its IATA code."""
    with open(DATA / "airports.csv", newline="") as file:
        return {row["iata"]: row for row in csv.DictReader(file)}


@functools.cache
def routes():
    """Every route of 2008 as (origin, destination, flights)."""
    with open(DATA / "flights-airport.csv", newline="") as file:
        return [(row["origin"], row["destination"], int(row["count"]))
                for row in csv.DictReader(file)]


@functools.cache
def flights():
    """Ten thousand flights of 2001 with their delays in minutes."""
    return json.loads((DATA / "flights-10k.json").read_text())


def kilometres(code, other):
    """The great-circle distance between two airports."""
    a, b = airports()[code], airports()[other]
    lat1, lon1, lat2, lon2 = (math.radians(float(x)) for x in (
        a["latitude"], a["longitude"], b["latitude"], b["longitude"]))
    h = (math.sin((lat2 - lat1) / 2) ** 2 +
         math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2)
    return round(2 * 6371 * math.asin(math.sqrt(h)))
