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

from ._frame import dtype_of, read_frame, with_dtype, write_frame

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
        return read_frame(value)
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
        columns[name] = with_dtype(pandas, series(pandas, values, column["type"]),
                                   column.get("dtype"))
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
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text_to_json(value)
    if isinstance(value, int):
        # Beyond 64 bits JSON's readers take numbers for doubles.
        return int(value) if -2**63 <= value < 2**64 else str(int(value))
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        found = {key_of(key): to_json(item) for key, item in value.items()}
        if len(found) < len(value):
            raise ValueError("two keys of a dict have the same text")
        return found
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


def text_to_json(value):
    if not value.isascii():
        value.encode()  # Half a surrogate pair is no text: UnicodeEncodeError.
    return str(value)


def key_of(key):
    if isinstance(key, str):
        return text_to_json(key)
    if isinstance(key, (bool, int, float)) or key is None:
        return json.dumps(key)
    raise TypeError(f"a key is a {type(key).__name__}; keys must be texts")


def of_numpy(value):
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    if pandas is not None:
        if isinstance(value, pandas.DataFrame):
            return table_of(pandas, value)
        if isinstance(value, (pandas.Series, pandas.Index)):
            return column_of(pandas, dense(pandas, pandas.Series(value)))[1]
        if isinstance(value, (pandas.Interval, pandas.Period)):
            return str(value)
    if numpy is not None:
        if isinstance(value, numpy.ndarray):
            return to_json(value.tolist())
        if isinstance(value, numpy.longdouble):
            return to_json(float(value))  # item() would return it again.
        if isinstance(value, numpy.generic):
            return to_json(value.item())
    raise TypeError(f"a {type(value).__name__} is neither JSON nor of pandas or numpy")


def table_of(pandas, table):
    names, series = named_columns(table)
    columns = [column_of(pandas, column) for column in series]
    rows = [dict(zip(names, row)) for row in zip(*(values for _, values in columns))]
    described = []
    for name, column, (kind, _) in zip(names, series, columns):
        dtype = dtype_of(column)
        described.append({"name": name, "type": kind, **({"dtype": dtype} if dtype else {})})
    return {"columns": described, "rows": rows, "row_count": len(rows)}


def named_columns(table):
    """The index becomes columns where it has a name."""
    if any(name is not None for name in table.index.names):
        table = table.reset_index()
    names = [str(name) for name in table.columns]
    if len(set(names)) != len(names):
        raise ValueError("a DataFrame has two columns of one name")
    if "" in names:
        raise ValueError("a DataFrame has a column without a name")
    pandas = sys.modules["pandas"]
    return names, [dense(pandas, table.iloc[:, i]) for i in range(len(names))]


def dense(pandas, column):
    if isinstance(column.dtype, pandas.SparseDtype):
        return column.sparse.to_dense()
    return column


def large_table(value, rows):
    """What the value is as a DataFrame, if it has more than so many rows and
    would be one of pandas' or numpy's; otherwise None."""
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    if pandas is None or getattr(value, "shape", ()) == () or value.shape[0] <= rows:
        return None
    if isinstance(value, pandas.DataFrame):
        return value
    if isinstance(value, pandas.Series):
        return value.to_frame("value" if value.name is None else value.name)
    if isinstance(value, pandas.Index):
        return pandas.DataFrame({"value": value})
    if isinstance(value, numpy.ndarray) and value.dtype.names is not None:
        return pandas.DataFrame({name: value[name] for name in value.dtype.names})
    if isinstance(value, numpy.ndarray) and value.ndim == 1:
        return pandas.DataFrame({"value": value})
    if isinstance(value, numpy.ndarray) and value.ndim == 2:
        return pandas.DataFrame(value)
    return None


def frame_of(table, path):
    """Writes a DataFrame for the executor; what tells it where."""
    pandas = sys.modules["pandas"]
    names, series = named_columns(table)
    kinds = [kind_of(pandas, column) for column in series]
    return {"$windlass": "table", **write_frame(path, names, kinds, series)}


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
    if isinstance(dtype, (pandas.PeriodDtype, pandas.IntervalDtype)):
        return "VARCHAR"
    return kind_of_objects(column.dropna())


def kind_of_objects(values):
    def all_are(kinds):
        return all(isinstance(value, kinds) for value in values)
    if len(values) == 0 or all_are(str):
        return "VARCHAR"
    if all_are((bytes, bytearray)):
        return "BLOB"
    if all_are(bool):
        return "BOOLEAN"
    if all_are(datetime.datetime):
        return "TIMESTAMP" if all(v.tzinfo is None for v in values) else "JSON"
    if all_are(datetime.date) and not any(isinstance(v, datetime.datetime) for v in values):
        return "DATE"
    if all_are(datetime.time) and all(v.tzinfo is None for v in values):
        return "TIME"
    if all_are((int, decimal.Decimal)) and not any(isinstance(v, bool) for v in values):
        return kind_of_numbers(values)
    return "VARCHAR" if all_are((str, decimal.Decimal)) else "JSON"


def kind_of_numbers(values):
    """Of integers beyond 64 bits and exact decimals; a text where 38 digits do
    not suffice."""
    scale = digits = 0
    for value in values:
        _, number, exponent = decimal.Decimal(value).as_tuple()
        if not isinstance(exponent, int):
            return "VARCHAR"  # Infinity.
        scale = max(scale, -exponent)
        digits = max(digits, len(number) + exponent)
    if scale + max(digits, 1) > 38:
        return "VARCHAR"
    if any(isinstance(value, decimal.Decimal) for value in values):
        return f"DECIMAL({scale + max(digits, 1)},{scale})"
    return "BIGINT" if all(-2**63 <= value < 2**63 for value in values) else "HUGEINT"
