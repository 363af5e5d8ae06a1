"""fetch_delays.py STATE: mean delay per airport, from a source that is flaky."""

import collections
import json
import os
import statistics
import sys

import atlas


def main():
    if os.environ["WINDLASS_ATTEMPT"] == "1":
        print("mirror closed the connection", file=sys.stderr)
        sys.exit(75)  # EX_TEMPFAIL
    state = sys.argv[1]
    delays = collections.defaultdict(list)
    for flight in atlas.flights():
        if atlas.airports().get(flight["origin"], {}).get("state") == state:
            delays[flight["origin"]].append(flight["delay"])
    print(json.dumps({code: {"flights": len(minutes),
                             "mean_minutes": round(statistics.mean(minutes), 1),
                             "over_15": sum(m > 15 for m in minutes)}
                      for code, minutes in delays.items()}))


if __name__ == "__main__":
    main()
