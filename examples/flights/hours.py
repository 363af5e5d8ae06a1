"""The spread of delays over the day."""

import pandas as pd


def by_hour(departures):
    """Of each hour: flights, and the delays that a tenth, half and nine tenths stay below.

    An hour with few flights says little, so the quantiles are of the hour and its
    neighbours. The small hours, which have next to none, are left out.
    """
    hour = departures["departure"].dt.hour
    rows = []
    for middle in range(5, 24):
        near = departures["delay"][(hour - middle).abs() <= 1]
        low, half, high = near.quantile([0.1, 0.5, 0.9])
        rows.append({"hour": middle, "flights": int((hour == middle).sum()),
                     "low": round(low, 2), "median": round(half, 2), "high": round(high, 2)})
    return pd.DataFrame(rows)
