"""A map and a chart, drawn as SVG without a library."""

import math
from html import escape

WIDTH, MAP_TOP, MAP_HEIGHT = 960, 104, 540
DAY_TOP, DAY_HEIGHT = 792, 200
LEFT, RIGHT = 48, WIDTH - 28
INK, PALE, PAPER = "#1d2b3a", "#6b7a8a", "#fbfaf7"
# Minutes and the colour they have; between them it is mixed.
SCALE = [(-5, (38, 110, 155)), (3, (116, 173, 190)), (8, (245, 205, 125)),
         (14, (230, 120, 60)), (22, (178, 32, 48))]


def colour(minutes):
    minutes = min(max(minutes, SCALE[0][0]), SCALE[-1][0])
    for (low, start), (high, end) in zip(SCALE, SCALE[1:]):
        if minutes <= high:
            part = (minutes - low) / (high - low)
            return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in zip(start, end))


def text(x, y, words, size=12, fill=INK, anchor="start", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" '
            f'text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>')


class Map:
    """Albers' equal-area projection of the 48 states, fitted into the page by what it shows."""

    def __init__(self, atlas):
        south, north = math.radians(29.5), math.radians(45.5)
        self._n = (math.sin(south) + math.sin(north)) / 2
        self._c = math.cos(south) ** 2 + 2 * self._n * math.sin(south)
        flat = {one.iata: self._flat(one.latitude, one.longitude) for one in atlas.itertuples()
                if 24.3 < one.latitude < 49.6 and -125 < one.longitude < -66.5}
        west, east = min(x for x, _ in flat.values()), max(x for x, _ in flat.values())
        top, bottom = max(y for _, y in flat.values()), min(y for _, y in flat.values())
        scale = min((RIGHT - LEFT) / (east - west), MAP_HEIGHT / (top - bottom))
        self.places = {code: (LEFT + (x - west) * scale, MAP_TOP + (top - y) * scale)
                       for code, (x, y) in flat.items()}

    def _flat(self, latitude, longitude):
        angle = self._n * math.radians(longitude + 95.5)
        radius = math.sqrt(self._c - 2 * self._n * math.sin(math.radians(latitude))) / self._n
        return radius * math.sin(angle), -radius * math.cos(angle)


def arc(start, end):
    """A route, bent to the north."""
    (x1, y1), (x2, y2) = start, end
    rise = 0.16 * math.hypot(x2 - x1, y2 - y1)
    return f"M{x1:.1f} {y1:.1f}Q{(x1 + x2) / 2:.1f} {(y1 + y2) / 2 - rise:.1f} {x2:.1f} {y2:.1f}"


def draw_map(airports, routes, atlas):
    places = Map(atlas).places
    # Every airfield of the country is a grain of dust; together they are its shape.
    dust = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places.values())
    parts = [f'<path d="{dust}" stroke="#c2cad0" stroke-width="2.4" stroke-linecap="round"/>']
    for route in routes.itertuples():
        if route.a in places and route.b in places:
            parts.append(f'<path d="{arc(places[route.a], places[route.b])}" fill="none" stroke="#5d7387" '
                         f'stroke-opacity="{min(0.1 + route.flights / 110, 0.6):.2f}" '
                         f'stroke-width="{0.5 + route.flights / 30:.2f}"/>')
    shown = [one for one in airports.itertuples() if one.iata in places]
    for one in shown:
        x, y = places[one.iata]
        parts.append(f'<circle class="airport" cx="{x:.1f}" cy="{y:.1f}" r="{radius(one.flights):.1f}" '
                     f'fill="{colour(one.mean_delay)}" stroke="{PAPER}" stroke-width="1">'
                     f"<title>{escape(one.name)}: {one.flights} flights, "
                     f"{one.mean_delay:+.1f} minutes</title></circle>")
    return "".join(parts) + labels([(places[one.iata], one) for one in shown])


def radius(flights):
    return 1.6 + 0.72 * math.sqrt(flights)


def labels(placed):
    """The codes of the busiest, where they are in the way of no busier one."""
    parts, taken = [], []
    for (x, y), one in placed[:40]:
        at = y - radius(one.flights) - 3
        busier = any(math.hypot(x - left, y - top) < size for left, top, size in taken)
        if not busier and not any(abs(x - left) < 32 and abs(at - (top - size)) < 13 for left, top, size in taken):
            parts.append(text(x, at, one.iata, 11, anchor="middle", weight="600"))
            taken.append((x, y, radius(one.flights) + 3))
    return f'<g stroke="{PAPER}" stroke-width="3" stroke-linejoin="round" paint-order="stroke">{"".join(parts)}</g>'


def legend(y):
    """The scale of colours, and of sizes."""
    parts, left = [text(LEFT, y - 8, "mean delay, minutes", 11, PALE)], LEFT
    for minutes in range(-5, 23):
        parts.append(f'<rect x="{left + (minutes + 5) * 7}" y="{y}" width="7.5" height="9" '
                     f'fill="{colour(minutes)}"/>')
        if minutes % 5 == 0:
            parts.append(text(left + (minutes + 5) * 7 + 3, y + 22, f"{minutes:+d}" if minutes else "0",
                              11, PALE, "middle"))
    x = left + 240
    parts.append(text(x, y - 8, "flights in the sample", 11, PALE))
    for flights in (10, 100, 500):
        parts.append(f'<circle cx="{x + radius(flights):.1f}" cy="{y + 8}" r="{radius(flights):.1f}" '
                     f'fill="none" stroke="{PALE}"/>')
        x += 2 * radius(flights) + 6
        parts.append(text(x, y + 12, str(flights), 11, PALE))
        x += 34
    return "".join(parts)


def draw_day(hours):
    """A band in which four of five flights are, and the one in the middle."""
    rows = list(hours.itertuples())
    highest = max(row.high for row in rows) * 1.08
    lowest = min(row.low for row in rows) - 4

    def x(hour):
        return LEFT + (hour - rows[0].hour) * (RIGHT - LEFT) / (rows[-1].hour - rows[0].hour)

    def y(minutes):
        return DAY_TOP + DAY_HEIGHT * (highest - minutes) / (highest - lowest)

    parts = []
    for minutes in range(0, int(highest) + 1, 20):
        parts.append(f'<path d="M{LEFT} {y(minutes):.1f}H{RIGHT}" stroke="{INK if minutes == 0 else "#e2e0d9"}" '
                     f'stroke-width="{1 if minutes == 0 else 0.8}"/>'
                     + text(LEFT - 8, y(minutes) + 4, f"{minutes}", 11, PALE, "end"))
    band = ([f"{x(row.hour):.1f} {y(row.high):.1f}" for row in rows]
            + [f"{x(row.hour):.1f} {y(row.low):.1f}" for row in reversed(rows)])
    parts.append(f'<path class="band" d="M{"L".join(band)}Z" fill="url(#lateness)" fill-opacity="0.75"/>')
    middle = "L".join(f"{x(row.hour):.1f} {y(row.median):.1f}" for row in rows)
    parts.append(f'<path class="median" d="M{middle}" fill="none" stroke="{INK}" stroke-width="2.2" '
                 'stroke-linejoin="round"/>')
    for row in rows:
        if row.hour % 3 == 0:
            parts.append(text(x(row.hour), DAY_TOP + DAY_HEIGHT + 20, f"{row.hour}:00", 11, PALE, "middle"))
    last = rows[-1]
    parts.append(text(x(last.hour) - 8, y(last.median) - 8, "half of the flights left before this", 11, INK, "end"))
    late = rows[-6]
    parts.append(text(x(late.hour), y(late.high) - 8, "nine of ten before this", 11, "#8a2f2b", "end"))
    return "".join(parts)


def gradient(hours):
    """The band's colours, by the height of minutes in it."""
    top, bottom = hours["high"].max(), hours["low"].min()
    stops = "".join(f'<stop offset="{(top - minutes) / (top - bottom):.3f}" stop-color="{colour(shade)}"/>'
                    for minutes, shade in ((top, 22), (top / 2, 14), (top / 5, 8), (0, 3), (bottom, -5)))
    return f'<linearGradient id="lateness" x1="0" y1="0" x2="0" y2="1">{stops}</linearGradient>'


def draw(airports, routes, atlas, hours):
    total = int(airports["flights"].sum())
    height = DAY_TOP + DAY_HEIGHT + 44
    return "".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="Inter, Helvetica Neue, DejaVu Sans, sans-serif">',
        f"<defs>{gradient(hours)}</defs>",
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>',
        text(LEFT, 44, "Where flights waited", 25, weight="700"),
        text(LEFT, 68, f"{total:,} departures in the United States, January to March 2001; "
                       "lines are the routes flown most", 13, PALE),
        draw_map(airports, routes, atlas), legend(MAP_TOP + MAP_HEIGHT + 24),
        text(LEFT, DAY_TOP - 36, "And when", 19, weight="700"),
        text(LEFT, DAY_TOP - 16, "minutes of delay by hour of departure: four of five flights lie in the band",
             13, PALE),
        draw_day(hours), "</svg>"])
