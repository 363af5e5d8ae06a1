"""report.py STATE < results: writes report/STATE.html, prints what it says."""

import html
import json
import pathlib
import sys

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto;
       padding: 0 1rem; color: #1b2733; }
h1 { font-size: 1.6rem; } table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #dde3e9; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.bar { fill: #2b6cb0; } .late { fill: #c05621; } small { color: #5a6b7b; }
"""


def bar_chart(airports):
    """Departures per airport as an SVG of horizontal bars."""
    top = max(a["departures"] for a in airports)
    rows = []
    for i, airport in enumerate(airports):
        width = 420 * airport["departures"] / top
        y = 26 * i
        rows.append(
            f'<text x="0" y="{y + 15}">{html.escape(airport["code"])}</text>'
            f'<rect class="bar" x="50" y="{y}" width="{width:.1f}" height="20"/>'
            f'<text x="{58 + width:.1f}" y="{y + 15}">{airport["departures"]:,}</text>')
    return (f'<svg viewBox="0 0 560 {26 * len(airports)}" role="img" '
            f'aria-label="Departures per airport">{"".join(rows)}</svg>')


def table(airports, delays):
    rows = []
    for a in airports:
        delay = delays.get(a["code"])
        late = f'{delay["mean_minutes"]:.1f}' if delay else "–"
        routes = ", ".join(f'{r["city"]} ({r["flights"]:,}, {r["kilometres"]:,} km)'
                           for r in a["routes"][:3])
        rows.append(f'<tr><td><b>{html.escape(a["code"])}</b> '
                    f'<small>{html.escape(a["name"])}, {html.escape(a["city"])}</small></td>'
                    f'<td class="n">{a["departures"]:,}</td><td class="n">{late}</td>'
                    f'<td>{html.escape(routes)}</td></tr>')
    return ('<table><tr><th>Airport</th><th class="n">Departures</th>'
            '<th class="n">Mean delay, min</th><th>Busiest routes</th></tr>'
            + "".join(rows) + "</table>")


def main():
    state = sys.argv[1]
    data = json.load(sys.stdin)
    airports, delays = data["airports"], data["delays"]
    weather = data.get("weather")
    note = ""
    if weather:
        share = 100 * weather["wet_days"] / weather["days"]
        note = (f"<p>Seattle was wet on {weather['wet_days']} of {weather['days']} "
                f"days ({share:.0f} %).</p>")
    page = (f"<!doctype html><html lang=en><meta charset=utf-8>"
            f"<title>Airports of {state}</title><style>{STYLE}</style>"
            f"<h1>The busiest airports of {state}</h1>{bar_chart(airports)}"
            f"{table(airports, delays)}{note}"
            f"<p><small>Routes of 2008 and flights of 2001, US Bureau of "
            f"Transportation Statistics.</small></p></html>")
    folder = pathlib.Path("report")
    folder.mkdir(exist_ok=True)
    path = folder / f"{state}.html"
    path.write_text(page)
    lines = [f"The busiest airports of {state}", ""]
    for a in airports:
        delay = delays.get(a["code"])
        late = f"{delay['mean_minutes']:+6.1f} min" if delay else "         –"
        lines.append(f"{a['rank']:>2}. {a['code']}  {a['city'][:20]:<20} "
                     f"{a['departures']:>9,} departures  {late}  "
                     f"most to {a['routes'][0]['city']}" if a["routes"] else
                     f"{a['rank']:>2}. {a['code']}")
    print(json.dumps({"path": str(path.resolve()), "text": "\n".join(lines)}))


if __name__ == "__main__":
    main()
