"""A script like any other; see warm_up() of _child."""


def main(x):
    return {"x": x}
