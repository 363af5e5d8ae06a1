#!/usr/bin/python3
"""DuckDB and nothing else, by its C library: what bench/data.py compares with.

    plain_duckdb.py < job     where job is {threads, memory, statements: [...], fresh}

prints how many seconds each statement took, as JSON: on one database that is open,
or with `fresh` each on one of its own, which is opened and closed in that time.
"""

import ctypes
import json
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Result(ctypes.Structure):
    _fields_ = [("deprecated", ctypes.c_uint64 * 5), ("internal", ctypes.c_void_p)]


def library():
    """The one that `make build` fetched, or of DuckDB_ROOT."""
    if "DuckDB_ROOT" in os.environ:
        return ctypes.CDLL(pathlib.Path(os.environ["DuckDB_ROOT"], "libduckdb.so"))
    found = list(ROOT.glob("cmake/duckdb/node_modules/@duckdb/*/libduckdb.so"))
    if not found:
        sys.exit("DuckDB is not there; run tools/install_duckdb.sh or set DuckDB_ROOT")
    return ctypes.CDLL(found[0])


class DuckDb:
    """A database in memory, with one connection."""

    def __init__(self, **settings):
        self._library = library()
        self._library.duckdb_result_error.restype = ctypes.c_char_p
        config, self._database, self._connection = (ctypes.c_void_p() for _ in range(3))
        self._library.duckdb_create_config(ctypes.byref(config))
        for name, value in settings.items():
            self._library.duckdb_set_config(config, name.encode(), str(value).encode())
        opened = self._library.duckdb_open_ext(None, ctypes.byref(self._database), config, None)
        self._library.duckdb_destroy_config(ctypes.byref(config))
        if opened != 0 or self._library.duckdb_connect(self._database, ctypes.byref(self._connection)) != 0:
            sys.exit("DuckDB does not open")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._library.duckdb_disconnect(ctypes.byref(self._connection))
        self._library.duckdb_close(ctypes.byref(self._database))

    def execute(self, statement):
        result = Result()
        failed = self._library.duckdb_query(self._connection, statement.encode(), ctypes.byref(result))
        message = self._library.duckdb_result_error(ctypes.byref(result)) if failed else None
        self._library.duckdb_destroy_result(ctypes.byref(result))
        if message:
            sys.exit(message.decode())


def seconds(work, *arguments):
    began = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - began


def main():
    job = json.load(sys.stdin)
    settings = {"threads": job["threads"], "memory_limit": job["memory"]}

    def alone(statement):
        with DuckDb(**settings) as database:
            database.execute(statement)

    with DuckDb(**settings) as database:
        database.execute("select 1")
        work = alone if job.get("fresh") else database.execute
        print(json.dumps([seconds(work, statement) for statement in job["statements"]]))


if __name__ == "__main__":
    main()
