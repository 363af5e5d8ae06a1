"""Tables of the executor without pandas and numpy: as JSON has them."""

import array
import base64
import datetime
import itertools
import json

END = b"\xff"

# As numpy calls what DuckDB's types are in memory.
FIXED = {"BOOLEAN": "bool", "TINYINT": "int8", "SMALLINT": "int16", "INTEGER": "int32",
         "BIGINT": "int64", "UTINYINT": "uint8", "USMALLINT": "uint16",
         "UINTEGER": "uint32", "UBIGINT": "uint64", "FLOAT": "float32",
         "DOUBLE": "float64", "DATE": "int32", "TIMESTAMP": "int64",
         "TIMESTAMP_S": "int64", "TIMESTAMP_MS": "int64", "TIMESTAMP_NS": "int64",
         "TIMESTAMP WITH TIME ZONE": "int64"}
# How long what a type counts is.
UNITS = {"DATE": "D", "TIMESTAMP": "us", "TIMESTAMP_S": "s", "TIMESTAMP_MS": "ms",
         "TIMESTAMP_NS": "ns", "TIMESTAMP WITH TIME ZONE": "us"}
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
ARRAYS = {"bool": "b", "int8": "b", "int16": "h", "int32": "i", "int64": "q", "uint8": "B",
          "uint16": "H", "uint32": "I", "uint64": "Q", "float32": "f", "float64": "d"}


def plain_table(frame):
    columns = frame["columns"]
    names = [column["name"] for column in columns]
    values = [plain_column(frame["files"], column) for column in columns]
    rows = zip(*values) if columns else itertools.repeat((), frame["rows"])
    return {"columns": [{"name": c["name"], "type": c["type"]} for c in columns],
            "rows": [dict(zip(names, row)) for row in rows]}


def plain_column(files, column):
    kind = column["type"]
    if "values" in column:
        values = [plain_value(v, kind) for v in numbers(files, column["values"], FIXED[kind])]
    else:
        values = plain_texts(files, column)
    if "missing" in column:
        missing = numbers(files, column["missing"], "bool")
        values = [None if gone else value for value, gone in zip(values, missing)]
    return values


def numbers(files, place, dtype):
    values = array.array(ARRAYS[dtype])
    values.frombytes(content(files, place))
    return values


def content(files, place):
    file, offset, size = place
    return files[file][offset:offset + size]


def plain_value(value, kind):
    if kind == "BOOLEAN":
        return bool(value)
    if kind not in UNITS:
        return value
    try:
        if kind == "DATE":
            return str(datetime.date(1970, 1, 1) + datetime.timedelta(days=value))
        microseconds = value * 10**6 // PER_SECOND[UNITS[kind]]
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=microseconds)
    except OverflowError:
        return value
    return moment.isoformat() + ("Z" if kind == "TIMESTAMP WITH TIME ZONE" else "")


def plain_texts(files, column):
    data = content(files, column["text"])
    if column["type"] == "BLOB":
        ends = numbers(files, column["ends"], "int64")
        starts = [0] + [end + 1 for end in ends]
        return [base64.b64encode(data[start:end]).decode() for start, end in zip(starts, ends)]
    texts = [text.decode() for text in data[:-1].split(END)] if data else []
    if "codes" in column:
        codes = numbers(files, column["codes"], "int32")
        texts = [None if code < 0 else texts[code] for code in codes]
    if column["type"] == "JSON":
        return [json.loads(text) if text else None for text in texts]
    return texts
