// DuckDB's types, and their values as JSON.
//
//   booleans, integers to 64 bits    as they are
//   larger integers, DECIMAL         a number where a double is exact (15
//                                    digits), otherwise the digits as a text
//   FLOAT, DOUBLE                    a number; "NaN", "Infinity", "-Infinity"
//   DATE, TIME, TIMESTAMP            "2024-02-29", "23:59:59.5",
//                                    "2024-02-29T23:59:59.5"
//   TIMESTAMPTZ                      in UTC: "2024-02-29T23:59:59Z"
//   BLOB                             base64
//   LIST, ARRAY; STRUCT              a list; an object
//   MAP                              an object where keys are texts, otherwise
//                                    a list of {"key", "value"}
//   JSON                             the value it holds
//   VARCHAR, UUID, ENUM, INTERVAL, BIT, TIMETZ     a text
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "windlass/json.h"

namespace windlass::duckdb {

class ColumnType {
 public:
  // Reads the type, which stays the caller's.
  explicit ColumnType(duckdb_logical_type type);

  // As SQL writes it: "DECIMAL(18,3)", "STRUCT(a INTEGER, b VARCHAR[])".
  std::string Name() const;

  // Digits after the point: of a DECIMAL; 0 of all others.
  int scale() const { return scale_; }

  // The type by which Parquet keeps every value of this one, as SQL writes it:
  // Name() for most. Integers of 128 bits would become doubles, intervals lose
  // their sign and microseconds, times of day their offset.
  std::string ParquetName() const;

  // Whether values can be told as JSON: not those of UNION, BIGNUM and what
  // later versions add.
  bool IsKnown() const;

  // The value at `row` of a vector of this type.
  Json ValueAt(duckdb_vector vector, idx_t row) const;

 private:
  Json Scalar(void* data, idx_t row) const;
  Json Integer(void* data, idx_t row) const;
  Json Decimal(void* data, idx_t row) const;
  std::string Time(void* data, idx_t row) const;
  std::string Text(void* data, idx_t row) const;
  std::size_t EnumIndex(void* data, idx_t row) const;
  Json Items(duckdb_vector child, idx_t offset, idx_t size) const;
  Json Map(duckdb_vector entries, idx_t offset, idx_t size) const;
  Json Struct(duckdb_vector vector, idx_t row) const;
  std::string Fields(std::string (ColumnType::*name)() const) const;
  std::string NestedName(std::string (ColumnType::*name)() const) const;

  duckdb_type id_;
  // Of a DECIMAL or ENUM: the integer it is stored as.
  duckdb_type stored_as_ = DUCKDB_TYPE_INVALID;
  bool is_json_ = false;
  int width_ = 0;
  int scale_ = 0;
  idx_t array_size_ = 0;
  std::vector<std::string> names_;    // Of fields, or of an ENUM's values.
  std::vector<ColumnType> children_;  // Of fields; a list's items; key, value.
};

}  // namespace windlass::duckdb
