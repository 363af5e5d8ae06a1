"""Python values for the results of tasks, and the reverse.

A table is {"columns": [{"name", "type"}], "rows": [{...}]} with DuckDB's types,
as tasks of type `sql` have it; here it is a pandas.DataFrame. pandas and numpy
are used only where they have been imported already.
"""

import base64
import datetime
import decimal
import json
import math
import sys

INTEGERS = {"TINYINT": "Int8", "SMALLINT": "Int16", "INTEGER": "Int32", "BIGINT": "Int64",
            "UTINYINT": "UInt8", "USMALLINT": "UInt16", "UINTEGER": "UInt32",
            "UBIGINT": "UInt64"}
FLOATS = {"FLOAT": "float32", "DOUBLE": "float64"}


# ------------------------------------------------------------------ arguments

def from_wire(value):
    """Arguments as functions get them."""
    if isinstance(value, list):
        return [from_wire(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("$windlass") == "file":
        return read_file(value["path"])
    if value.get("$windlass") == "table":
        with open(value["path"]) as file:
            rows = [json.loads(line) for line in file]
        return frame({"columns": value["columns"], "rows": rows})
    if is_table(value):
        return frame(value)
    return {name: from_wire(item) for name, item in value.items()}


def is_table(value):
    columns, rows = value.get("columns"), value.get("rows")
    return (isinstance(columns, list) and isinstance(rows, list)
            and all(isinstance(c, dict) and {"name", "type"} <= c.keys() for c in columns))


def read_file(path):
    with open(path, "rb") as file:
        return file.read()


def frame(table):
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return table
    names = [column["name"] for column in table["columns"]]
    columns = {}
    for column in table["columns"]:
        name = column["name"]
        values = [row.get(name) for row in table["rows"]]
        columns[name] = series(pandas, values, column["type"])
    return pandas.DataFrame(columns, columns=names)


def series(pandas, values, kind):
    missing = any(value is None for value in values)
    if kind in INTEGERS:
        values = [int(v) if isinstance(v, str) else v for v in values]
        dtype = INTEGERS[kind]
        return pandas.Series(values, dtype=dtype if missing else dtype.lower())
    if kind in FLOATS:
        return pandas.Series([None if v is None else float(v) for v in values],
                             dtype=FLOATS[kind])
    if kind == "BOOLEAN":
        return pandas.Series(values, dtype="boolean" if missing else "bool")
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return moments(pandas, values, kind)
    if kind == "BLOB":
        values = [None if v is None else base64.b64decode(v) for v in values]
    if kind == "HUGEINT" or kind.startswith("DECIMAL"):
        return numbers(pandas, values)
    return pandas.Series(values, dtype="object")


def numbers(pandas, values):
    """int64 where all fit, otherwise exact Python numbers."""
    if all(isinstance(value, int) for value in values):
        return pandas.Series(values, dtype="int64")
    if all(value is None or isinstance(value, (int, float)) for value in values):
        return pandas.Series(values, dtype="float64")
    return pandas.Series([None if v is None else decimal.Decimal(str(v)) for v in values],
                         dtype="object")


def moments(pandas, values, kind):
    zone = kind in ("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
    try:
        return pandas.Series(pandas.to_datetime(values, utc=zone))
    except (ValueError, OverflowError):  # Beyond what nanoseconds can tell.
        return pandas.Series(values, dtype="object")


# -------------------------------------------------------------------- results

def to_json(value):
    """What json.dumps() takes, exactly as much as the value says."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key_of(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_json(item) for item in value]
    pandas = sys.modules.get("pandas")
    if pandas is not None and (value is pandas.NaT or value is pandas.NA):
        return None  # NaT claims to be a datetime.
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    if isinstance(value, (decimal.Decimal, datetime.timedelta)):
        return str(value)
    return of_numpy(value)


def key_of(key):
    if isinstance(key, str):
        return key
    if isinstance(key, (bool, int, float)) or key is None:
        return json.dumps(key)
    raise TypeError(f"a key is a {type(key).__name__}; keys must be texts")


def of_numpy(value):
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    if pandas is not None:
        if isinstance(value, pandas.DataFrame):
            return table_of(pandas, value)
        if isinstance(value, (pandas.Series, pandas.Index)):
            return column_of(pandas, pandas.Series(value))[1]
    if numpy is not None:
        if isinstance(value, numpy.ndarray):
            return to_json(value.tolist())
        if isinstance(value, numpy.generic):
            return to_json(value.item())
    raise TypeError(f"a {type(value).__name__} is neither JSON nor of pandas or numpy")


def table_of(pandas, table):
    """The index becomes columns where it has a name."""
    if any(name is not None for name in table.index.names):
        table = table.reset_index()
    names = [str(name) for name in table.columns]
    if len(set(names)) != len(names):
        raise ValueError("a DataFrame has two columns of one name")
    columns = [column_of(pandas, table.iloc[:, i]) for i in range(len(names))]
    rows = [dict(zip(names, row)) for row in zip(*(values for _, values in columns))]
    return {"columns": [{"name": name, "type": kind} for name, (kind, _) in zip(names, columns)],
            "rows": rows, "row_count": len(rows)}


def column_of(pandas, column):
    """DuckDB's type and the values; what pandas counts as missing is null."""
    kind = kind_of(pandas, column)
    missing = column.isna()
    if kind == "TIMESTAMP WITH TIME ZONE":
        column = column.dt.tz_convert("UTC")
    values = [None if gone else text_of(value, kind) for value, gone in zip(column, missing)]
    return kind, values


def text_of(value, kind):
    if kind.startswith("TIMESTAMP"):
        return value.isoformat().replace("+00:00", "Z")
    if kind == "INTERVAL":
        return f"{value // datetime.timedelta(microseconds=1)} microseconds"
    return to_json(value)


def kind_of(pandas, column):
    types = pandas.api.types
    dtype = column.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        return kind_of(pandas, pandas.Series(dtype.categories))
    if types.is_bool_dtype(dtype):
        return "BOOLEAN"
    if types.is_integer_dtype(dtype):
        bits = dtype.itemsize * 8
        signed = {8: "TINYINT", 16: "SMALLINT", 32: "INTEGER", 64: "BIGINT"}[bits]
        return "U" + signed if types.is_unsigned_integer_dtype(dtype) else signed
    if types.is_float_dtype(dtype):
        return "FLOAT" if dtype.itemsize < 8 else "DOUBLE"
    if isinstance(dtype, pandas.DatetimeTZDtype):
        return "TIMESTAMP WITH TIME ZONE"
    if types.is_datetime64_any_dtype(dtype):
        fine = bool((column.dropna().astype("int64") % 1000 != 0).any())
        return "TIMESTAMP_NS" if fine else "TIMESTAMP"
    if types.is_timedelta64_dtype(dtype):
        return "INTERVAL"
    return kind_of_objects(column.dropna())


def kind_of_objects(values):
    def all_are(kinds):
        return len(values) > 0 and all(isinstance(value, kinds) for value in values)
    if all_are((bytes, bytearray)):
        return "BLOB"
    if all_are(bool):
        return "BOOLEAN"
    if all_are(datetime.date) and not any(isinstance(v, datetime.datetime) for v in values):
        return "DATE"
    if len(values) == 0 or all_are((str, decimal.Decimal)):
        return "VARCHAR"
    return "JSON"
