"""busiest.py STATE COUNT: the state's airports with most departures, as JSON."""

import collections
import json
import sys

import atlas


def main():
    state, count = sys.argv[1], int(sys.argv[2])
    departures = collections.Counter()
    for origin, _, flights in atlas.routes():
        if atlas.airports().get(origin, {}).get("state") == state:
            departures[origin] += flights
    if not departures:
        sys.exit(f"no airport in {state} has scheduled departures")
    print(json.dumps([{"code": code, "departures": flights}
                      for code, flights in departures.most_common(count)]))


if __name__ == "__main__":
    main()
