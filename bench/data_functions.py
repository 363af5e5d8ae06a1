"""Functions of bench/data.py: as tasks, and called without Windlass.

    data_functions.py add_one CALLS          seconds of a call
    data_functions.py frames CSV PICKLE      seconds of reading the frame in CSV, and of
                                             writing it to PICKLE and reading it back
"""

import json
import pickle
import sys
import time


def add_one(n):
    return n + 1


def sums(frame):
    """Touches every number, or a frame that is only mapped would be no work."""
    return {name: float(total) for name, total in frame.select_dtypes("number").sum().items()}


def fill(mebibytes):
    return len(bytearray(b"x") * (mebibytes << 20))


def seconds(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def frames(csv, path):
    import pandas

    def there_and_back():
        with open(path, "wb") as file:
            pickle.dump(frame, file, protocol=5)
        with open(path, "rb") as file:
            sums(pickle.load(file))

    frame = pandas.read_csv(csv)
    return [seconds(lambda: sums(pandas.read_csv(csv))), seconds(there_and_back)]


def main():
    command, *arguments = sys.argv[1:]
    if command == "frames":
        print(json.dumps(frames(*arguments)))
    else:
        calls = int(arguments[0])
        print(json.dumps(seconds(lambda: [add_one(n) for n in range(calls)]) / calls))


if __name__ == "__main__":
    main()
