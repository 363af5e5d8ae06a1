"""Tables in files that the executor shares with the function's process.

Numbers and times lie there as numpy has them in memory: they are mapped, not
copied. Texts lie one after another, each followed by a byte 0xFF, which UTF-8
does not have. See src/handlers/duckdb/frame.h for the other side.
"""

import datetime
import decimal
import json
import mmap
import sys

from ._plain import END, FIXED, UNITS, plain_table

ALIGNMENT = 64
# More categories are not told: they are found again in the values.
MAXIMUM_CATEGORIES = 10000


# -------------------------------------------------------------------- reading

def map_frames(value):
    """Maps the files of every frame in `value`, before the function's memory is
    limited: they are the executor's."""
    if isinstance(value, list):
        for item in value:
            map_frames(item)
    elif isinstance(value, dict):
        if value.get("$windlass") == "table":
            value["files"] = [map_file(path) for path in value["files"]]
        else:
            for item in value.values():
                map_frames(item)


def map_file(path):
    with open(path, "rb") as file:
        # What the function changes is its own.
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


def read_frame(frame):
    """A pandas.DataFrame; without pandas, a table as JSON has it."""
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    if pandas is None:
        return plain_table(frame)
    columns = frame["columns"]
    arrays = [read_column(pandas, numpy, frame, column) for column in columns]
    table = pandas.DataFrame(dict(enumerate(arrays)), copy=False,
                             index=pandas.RangeIndex(frame["rows"]))
    table.columns = [column["name"] for column in columns]
    return table


def read_column(pandas, numpy, frame, column):
    missing = buffer(numpy, frame, column.get("missing"), "bool")
    if "values" in column:
        array = buffer(numpy, frame, column["values"], FIXED[column["type"]])
        array = of_fixed(pandas, numpy, array, missing, column["type"])
    else:
        array = of_texts(pandas, numpy, frame, column, missing)
    return with_dtype(pandas, array, column.get("dtype"))


def buffer(numpy, frame, place, dtype):
    if place is None:
        return None
    file, offset, size = place
    count = size // numpy.dtype(dtype).itemsize
    return numpy.frombuffer(frame["files"][file], dtype, count, offset)


def of_fixed(pandas, numpy, array, missing, kind):
    if kind in UNITS:
        return moments(pandas, numpy, array, missing, kind)
    if missing is None:
        return array
    if array.dtype.kind == "f":
        array[missing] = numpy.nan
        return array
    if array.dtype.kind == "b":
        return pandas.arrays.BooleanArray(array, missing)
    return pandas.arrays.IntegerArray(array, missing)


def moments(pandas, numpy, array, missing, kind):
    unit = UNITS[kind]
    if missing is not None:
        array = array.astype("int64")  # DATE has 32 bits, without a place for NaT.
        array[missing] = numpy.iinfo("int64").min
    there = array if missing is None else array[~missing]
    per_unit = {"D": 86400 * 10**9, "s": 10**9, "ms": 10**6, "us": 1000, "ns": 1}[unit]
    most = numpy.iinfo("int64").max // per_unit
    if len(there) and (there.max() > most or there.min() < -most):
        return far_moments(numpy, array, unit)
    array = array.astype("int64", copy=False).view(f"datetime64[{unit}]")
    array = array.astype("datetime64[ns]", copy=False)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return pandas.DatetimeIndex(array, tz="UTC")
    return array


def far_moments(numpy, array, unit):
    """Beyond what nanoseconds can tell: datetimes, or texts beyond those."""
    moments = array.astype("int64").view(f"datetime64[{unit}]").astype(object)
    return numpy.array([m if m is None or isinstance(m, datetime.date) else str(
        numpy.datetime64(m, unit)) for m in moments], dtype=object)


def of_texts(pandas, numpy, frame, column, missing):
    kind = column["type"]
    texts = read_texts(numpy, frame, column)
    if "codes" in column:
        codes = buffer(numpy, frame, column["codes"], "int32")
        if (column.get("dtype") or {}).get("name") == "category":
            return pandas.Categorical.from_codes(codes, texts)
        # One more at the end, which is what -1 takes.
        array = objects(numpy, texts + [None])[codes]
    else:
        array = objects(numpy, texts)
        if missing is not None:
            array[missing] = None
    if kind == "JSON":
        return objects(numpy, [None if text is None else json.loads(text) for text in array])
    if kind in ("HUGEINT", "UHUGEINT") or kind.startswith("DECIMAL"):
        number = int if kind.endswith((",0)", "INT")) else decimal.Decimal
        return objects(numpy, [None if text is None else number(text) for text in array])
    return array


def objects(numpy, values):
    """numpy.array() would look into lists."""
    array = numpy.empty(len(values), dtype=object)
    array[:] = values
    return array


def read_texts(numpy, frame, column):
    file, offset, size = column["text"]
    data = frame["files"][file][offset:offset + size]
    if column["type"] == "BLOB":
        ends = buffer(numpy, frame, column["ends"], "int64").tolist()
        return [data[start:end] for start, end in zip([0] + [e + 1 for e in ends], ends)]
    if not data:
        return []
    if b"\0" in data:
        return [text.decode() for text in data[:-1].split(END)]
    return data[:-1].replace(END, b"\0").decode().split("\0")


def with_dtype(pandas, array, dtype):
    """The array as what it was when a function returned it."""
    if dtype is None:
        return array
    try:
        if dtype["name"] == "category":
            return category(pandas, array, dtype)
        if "zone" in dtype:
            return pandas.DatetimeIndex(array).tz_convert(dtype["zone"])
        if dtype["name"] == "timedelta64[ns]":
            return pandas.to_timedelta(array)
        return pandas.Series(array, dtype=dtype["name"], copy=False)
    except (TypeError, ValueError, KeyError):
        return array  # The values say enough.


def category(pandas, array, dtype):
    array = pandas.Categorical(array)
    if dtype.get("categories") is not None:
        array = array.set_categories(dtype["categories"])
    return array.set_ordered(bool(dtype.get("ordered")))


# -------------------------------------------------------------------- writing

class FrameWriter:
    """Writes columns to one new file, and says where they are."""

    def __init__(self, path):
        self._path = path
        self._file = open(path, "wb")
        self._columns = []

    def finish(self, rows):
        self._file.close()
        return {"rows": rows, "files": [self._path], "columns": self._columns}

    def add(self, name, kind, dtype=None, **buffers):
        """`buffers` are numpy arrays or bytes."""
        column = {"name": name, "type": kind}
        if dtype is not None:
            column["dtype"] = dtype
        for part, data in buffers.items():
            if data is not None:
                column[part] = self._write(memoryview(data).cast("B"))
        self._columns.append(column)

    def _write(self, data):
        padding = -self._file.tell() % ALIGNMENT
        self._file.write(bytes(padding))
        offset = self._file.tell()
        self._file.write(data)
        return [0, offset, data.nbytes]


def write_frame(path, names, kinds, series):
    """`series` are pandas.Series of equal length, `kinds` DuckDB's types."""
    import numpy

    writer = FrameWriter(path)
    rows = len(series[0]) if series else 0
    for name, kind, column in zip(names, kinds, series):
        write_column(numpy, writer, name, kind, column)
    return writer.finish(rows)


def write_column(numpy, writer, name, kind, column):
    gone = column.isna().to_numpy(dtype=bool)
    missing = gone.astype("uint8") if gone.any() else None
    dtype = dtype_of(column)
    if is_category_of_texts(column, kind):
        text, ends = text_buffers(numpy, column.cat.categories.tolist())
        writer.add(name, kind, dtype, text=text, ends=ends,
                   codes=column.cat.codes.to_numpy(dtype="int32"))
    elif kind in FIXED:
        writer.add(name, kind, dtype, missing=missing,
                   values=fixed_values(numpy, column, kind, gone))
    else:
        texts = texts_of(column, kind, gone)
        build = bytes_buffers if kind == "BLOB" else text_buffers
        text, ends = build(numpy, texts)
        writer.add(name, kind, dtype, text=text, ends=ends, missing=missing)


def is_category_of_texts(column, kind):
    import pandas

    return (kind == "VARCHAR" and isinstance(column.dtype, pandas.CategoricalDtype)
            and all(isinstance(text, str) for text in column.cat.categories))


def dtype_of(column):
    """What says more than the type of the column; None for most."""
    import pandas

    dtype = column.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        categories = dtype.categories
        few = len(categories) <= MAXIMUM_CATEGORIES and all(
            isinstance(c, (str, int)) for c in categories.tolist())
        return {"name": "category", "ordered": bool(dtype.ordered),
                "categories": categories.tolist() if few else None}
    if isinstance(dtype, pandas.DatetimeTZDtype):
        zone = str(dtype.tz)
        return None if zone == "UTC" else {"name": "datetime64[ns]", "zone": zone}
    if dtype.kind == "m":
        return {"name": "timedelta64[ns]"}
    # With missing values a column of integers or booleans is one of these anyway.
    if isinstance(dtype, pandas.StringDtype) or (
            pandas.api.types.is_extension_array_dtype(dtype) and dtype.kind in "biuf"
            and not column.isna().any()):
        return {"name": str(dtype)}
    return None


def fixed_values(numpy, column, kind, gone):
    if kind in UNITS and kind != "DATE":
        if getattr(column.dtype, "tz", None) is not None:
            column = column.dt.tz_convert("UTC").dt.tz_localize(None)
        if column.dtype == object:  # Beyond what nanoseconds can tell.
            return numpy.array(column.where(~gone, None).tolist(), "datetime64[us]").view("int64")
        moments = column.to_numpy(dtype="datetime64[ns]").view("int64")
        return moments if kind == "TIMESTAMP_NS" else moments // 1000
    if kind == "DATE":
        days = numpy.array(column.where(~gone, None).tolist(), dtype="datetime64[D]")
        return days.view("int64").astype("int32")
    dtype = FIXED[kind]
    if gone.any() and not kind.startswith(("FLOAT", "DOUBLE")):
        values = numpy.zeros(len(column), dtype=dtype)
        values[~gone] = column[~gone].to_numpy(dtype=dtype)
        return values
    return numpy.ascontiguousarray(column.to_numpy(dtype=dtype))


def texts_of(column, kind, gone):
    from ._values import text_of

    values = column.tolist()
    if kind == "JSON":
        return ["" if is_gone else json.dumps(text_of(value, kind), allow_nan=False)
                for value, is_gone in zip(values, gone)]
    if kind == "VARCHAR" and not gone.any() and all(type(value) is str for value in values):
        return values
    if kind == "BLOB":
        return [b"" if is_gone else bytes(value) for value, is_gone in zip(values, gone)]
    return ["" if is_gone else str(text_of(value, kind)) for value, is_gone in zip(values, gone)]


def text_buffers(numpy, texts):
    joined = "\0".join(texts)
    data = joined.encode()  # A surrogate alone is no text: UnicodeEncodeError.
    if joined.count("\0") == max(len(texts) - 1, 0):
        data = data.replace(b"\0", END)
    else:
        data = END.join(text.encode() for text in texts)
    if texts:
        data += END
    return data, numpy.flatnonzero(numpy.frombuffer(data, "uint8") == 0xFF).astype("int64")


def bytes_buffers(numpy, values):
    lengths = numpy.fromiter(map(len, values), dtype="int64", count=len(values))
    ends = numpy.cumsum(lengths + 1) - 1
    return b"".join(value + END for value in values), ends.astype("int64")
