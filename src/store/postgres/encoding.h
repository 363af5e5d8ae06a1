// Values in PostgreSQL's binary formats: numbers big-endian, times as
// microseconds since 2000, arrays as described beside array_send() in its
// source.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/sql/connection.h"

namespace windlass::postgres {

// Numbers of types, as in pg_type.dat.
using TypeId = unsigned int;

// The type of an array's elements; 0 for what is no array we know.
TypeId ElementOf(TypeId array);

// The parameters of one statement, of known types. Either one value for each
// (Set), or, where all are arrays, rows to be sent as columns (AddRow).
class Parameters {
 public:
  explicit Parameters(std::vector<TypeId> types);

  // kInts values become arrays; others have a scalar's type.
  void Set(std::span<const sql::Value> values);
  void AddRow(std::span<const sql::Value> values);

  int rows() const { return rows_; }
  std::size_t bytes() const;

  // As libpq wants them; good until the next change.
  struct View {
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
  };
  View view();
  const std::vector<TypeId>& types() const { return types_; }

  // Equal for equal parameters.
  std::string Fingerprint() const;

 private:
  struct Column {
    std::string bytes;
    bool null = false;
    bool array = false;
    bool any_null = false;
    std::uint32_t elements = 0;
  };

  static void Add(Column& column, TypeId element, const sql::Value& value);

  std::vector<TypeId> types_;
  std::vector<Column> columns_;
  int rows_ = 0;
};

// One field of a result of this type.
std::int64_t DecodeInt(TypeId type, std::string_view bytes);
double DecodeReal(TypeId type, std::string_view bytes);
Timestamp DecodeTime(std::string_view bytes);

}  // namespace windlass::postgres
