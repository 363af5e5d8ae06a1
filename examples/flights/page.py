"""The page that shows what became of the deliveries."""

import pathlib
from html import escape

import windlass

STYLE = """
body { font: 16px/1.55 Inter, system-ui, sans-serif; color: #1d2b3a; background: #fbfaf7;
       max-width: 60rem; margin: 0 auto; padding: 1rem; }
svg { width: 100%; height: auto; } main { padding: 0 3% 2rem 4.4%; } h2 { font-size: 1.2rem; margin: 2rem 0 .4rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th { text-align: left; color: #6b7a8a; font-weight: 500; }
td, th { padding: .3rem .6rem; border-bottom: 1px solid #e6e3db; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
small { color: #6b7a8a; }
"""


def table(heads, rows):
    """Cells of the columns whose head begins with # are numbers."""
    kinds = [' class="n"' if head.startswith("#") else "" for head in heads]
    line = "".join(f"<th{kind}>{escape(head.lstrip('#'))}</th>" for kind, head in zip(kinds, heads))
    lines = [line] + ["".join(f"<td{kind}>{escape(str(cell))}</td>" for kind, cell in zip(kinds, row))
                      for row in rows]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def latest(airports, least):
    ranked = airports[airports["flights"] >= least].sort_values("mean_delay", ascending=False)
    return [(one.iata, f"{one.city}, {one.state}", f"{one.flights:,}", f"{one.mean_delay:+.1f}",
             f"{one.late_share:.0%}") for one in ranked.head(8).itertuples()]


def write(deliveries, report, airports, least, chart, to):
    delivered = [(one.source, f"{one.delivered:,}", f"{one.flights:,}") for one in deliveries.itertuples()]
    failed = [(rule["rule"], f"{rule['failing']:,}") for rule in report["rules"] if rule.get("failing")]
    page = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Where flights waited</title>
<style>{STYLE}</style>{chart}<main>
<h2>Latest on average</h2>
{table(["Airport", "", "#Flights", "#Minutes", "#Over 15"], latest(airports, least))}
<h2>What was delivered</h2>
{table(["Delivery", "#Lines", "#Flights"], delivered)}
<h2>What was set aside</h2>
<p>{report["failing_rows"]:,} of {report["row_count"]:,} flights, with the names of their rules in
<a href="quarantine.csv">quarantine.csv</a>.</p>
{table(["Rule", "#Flights"], failed)}
<p><small>A sample of ten thousand flights: US Bureau of Transportation Statistics. Airports: Federal
Aviation Administration.</small></p></main></html>
"""
    path = pathlib.Path(windlass.current().base_dir, to)
    path.parent.mkdir(exist_ok=True)
    path.write_text(page)
    windlass.log(f"the report is {path}")
    return {"page": str(path), "set_aside": report["failing_rows"]}
