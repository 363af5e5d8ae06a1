"""The pandas half of delays.yaml: cleaning, and a chart without a library."""

from html import escape

import windlass

WIDTH, HEIGHT, MARGIN = 720, 280, 40


def clean(departures):
    """Without what is more than three deviations from the mean, and with hours."""
    delay = departures["delay"]
    usual = (delay - delay.mean()).abs() <= 3 * delay.std()
    windlass.log(f"{(~usual).sum()} of {len(departures)} flights are outliers")
    kept = departures[usual].copy()
    kept["hour"] = kept["departure"].dt.hour
    return kept


def chart(hours, title):
    """A bar for every hour of the day, as SVG."""
    by_hour = hours.set_index("hour")["mean_delay"].reindex(range(24)).fillna(0)
    highest = max(by_hour.abs().max(), 1)
    base = HEIGHT / 2
    step = (WIDTH - 2 * MARGIN) / 24
    bars = []
    for hour, delay in by_hour.items():
        height = abs(delay) / highest * (base - MARGIN)
        top = base - height if delay > 0 else base
        x = MARGIN + hour * step
        bars.append(f'<rect x="{x:.1f}" y="{top:.1f}" width="{step - 2:.1f}" height="{height:.1f}" '
                    f'fill="{"#c0392b" if delay > 0 else "#27ae60"}">'
                    f"<title>{hour}:00, {delay} minutes</title></rect>"
                    f'<text x="{x + step / 2:.1f}" y="{HEIGHT - 8}" font-size="10" '
                    f'text-anchor="middle">{hour}</text>')
    svg = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
           f'font-family="sans-serif"><text x="{MARGIN}" y="24">{escape(title)} '
           f'(highest {highest} minutes)</text>{"".join(bars)}</svg>')
    path = f"{windlass.current().scratch_dir}/delays.svg"
    with open(path, "w") as file:
        file.write(svg)
    return windlass.File(path, "image/svg+xml")
