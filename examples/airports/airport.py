"""A worker process: one airport's busiest routes, task after task."""

import atlas
import windlass


def handle(task):
    code = task.args["code"]
    airport = atlas.airports()[code]
    task.progress(0.2, f"routes of {code}")
    routes = sorted((route for route in atlas.routes() if route[0] == code),
                    key=lambda route: -route[2])
    task.progress(0.6, "distances")
    known = [(to, flights) for _, to, flights in routes
             if to in atlas.airports()]
    return {
        "code": code,
        "rank": task.args["rank"],
        "name": airport["name"],
        "city": airport["city"],
        "latitude": float(airport["latitude"]),
        "longitude": float(airport["longitude"]),
        "departures": sum(flights for _, _, flights in routes),
        "routes": [{"to": to, "city": atlas.airports()[to]["city"],
                    "flights": flights,
                    "kilometres": atlas.kilometres(code, to)}
                   for to, flights in known[:5]],
    }


if __name__ == "__main__":
    windlass.serve(handle)
