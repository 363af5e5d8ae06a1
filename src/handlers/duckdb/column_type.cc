#include "handlers/duckdb/column_type.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string_view>

#include "absl/numeric/int128.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/base64.h"
#include "base/concat.h"
#include "handlers/duckdb/library.h"
#include "handlers/duckdb/sql_text.h"
#include "handlers/duckdb/value_text.h"

namespace windlass::duckdb {
namespace {

struct Free {
  void operator()(char* text) const { duckdb_free(text); }
};

std::string Take(char* text) {
  std::unique_ptr<char, Free> owned(text);
  return owned == nullptr ? "" : owned.get();
}

ColumnType TakeType(duckdb_logical_type type) {
  ColumnType out(type);
  duckdb_destroy_logical_type(&type);
  return out;
}

template <typename T>
T At(void* data, idx_t row) {
  return static_cast<T*>(data)[row];
}

std::string_view TextAt(void* data, idx_t row) {
  duckdb_string_t& text = static_cast<duckdb_string_t*>(data)[row];
  return {duckdb_string_t_data(&text), duckdb_string_t_length(text)};
}

absl::int128 WideAt(void* data, idx_t row) {
  const auto value = At<duckdb_hugeint>(data, row);
  return absl::MakeInt128(value.upper, value.lower);
}

template <typename T>
std::string Digits(T value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

// A double holds every number of 15 digits exactly enough to give them back.
bool FitsDouble(std::string_view digits) {
  return digits.size() - (digits.starts_with('-') ? 1 : 0) <= 15;
}

Json OfText(std::string_view text) { return boost::json::string(text); }

Json Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

// The shortest decimal that reads back as this float: 0.1, not 0.10000000149.
Json Single(float value) {
  if (!std::isfinite(value)) return Number(static_cast<double>(value));
  char digits[32];
  *std::to_chars(digits, digits + sizeof digits - 1, value).ptr = '\0';
  return std::strtod(digits, nullptr);
}

constexpr std::string_view kUnknown = "(unknown type)";

std::string_view SimpleName(duckdb_type id) {
  switch (id) {
    case DUCKDB_TYPE_BOOLEAN:
      return "BOOLEAN";
    case DUCKDB_TYPE_TINYINT:
      return "TINYINT";
    case DUCKDB_TYPE_SMALLINT:
      return "SMALLINT";
    case DUCKDB_TYPE_INTEGER:
      return "INTEGER";
    case DUCKDB_TYPE_BIGINT:
      return "BIGINT";
    case DUCKDB_TYPE_UTINYINT:
      return "UTINYINT";
    case DUCKDB_TYPE_USMALLINT:
      return "USMALLINT";
    case DUCKDB_TYPE_UINTEGER:
      return "UINTEGER";
    case DUCKDB_TYPE_UBIGINT:
      return "UBIGINT";
    case DUCKDB_TYPE_FLOAT:
      return "FLOAT";
    case DUCKDB_TYPE_DOUBLE:
      return "DOUBLE";
    case DUCKDB_TYPE_TIMESTAMP:
      return "TIMESTAMP";
    case DUCKDB_TYPE_DATE:
      return "DATE";
    case DUCKDB_TYPE_TIME:
      return "TIME";
    case DUCKDB_TYPE_INTERVAL:
      return "INTERVAL";
    case DUCKDB_TYPE_HUGEINT:
      return "HUGEINT";
    case DUCKDB_TYPE_UHUGEINT:
      return "UHUGEINT";
    case DUCKDB_TYPE_VARCHAR:
      return "VARCHAR";
    case DUCKDB_TYPE_BLOB:
      return "BLOB";
    case DUCKDB_TYPE_TIMESTAMP_S:
      return "TIMESTAMP_S";
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return "TIMESTAMP_MS";
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return "TIMESTAMP_NS";
    case DUCKDB_TYPE_UUID:
      return "UUID";
    case DUCKDB_TYPE_BIT:
      return "BIT";
    case DUCKDB_TYPE_TIME_TZ:
      return "TIME WITH TIME ZONE";
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return "TIMESTAMP WITH TIME ZONE";
    case DUCKDB_TYPE_SQLNULL:
      return "\"NULL\"";
    default:
      return kUnknown;
  }
}

}  // namespace

ColumnType::ColumnType(duckdb_logical_type type)
    : id_(duckdb_get_type_id(type)) {
  switch (id_) {
    case DUCKDB_TYPE_VARCHAR:
      is_json_ = Take(duckdb_logical_type_get_alias(type)) == "JSON";
      break;
    case DUCKDB_TYPE_DECIMAL:
      width_ = duckdb_decimal_width(type);
      scale_ = duckdb_decimal_scale(type);
      stored_as_ = duckdb_decimal_internal_type(type);
      break;
    case DUCKDB_TYPE_ENUM:
      stored_as_ = duckdb_enum_internal_type(type);
      for (idx_t i = 0; i < duckdb_enum_dictionary_size(type); ++i) {
        names_.push_back(Take(duckdb_enum_dictionary_value(type, i)));
      }
      break;
    case DUCKDB_TYPE_LIST:
      children_.push_back(TakeType(duckdb_list_type_child_type(type)));
      break;
    case DUCKDB_TYPE_ARRAY:
      array_size_ = duckdb_array_type_array_size(type);
      children_.push_back(TakeType(duckdb_array_type_child_type(type)));
      break;
    case DUCKDB_TYPE_MAP:
      children_.push_back(TakeType(duckdb_map_type_key_type(type)));
      children_.push_back(TakeType(duckdb_map_type_value_type(type)));
      break;
    case DUCKDB_TYPE_STRUCT:
      for (idx_t i = 0; i < duckdb_struct_type_child_count(type); ++i) {
        names_.push_back(Take(duckdb_struct_type_child_name(type, i)));
        children_.push_back(TakeType(duckdb_struct_type_child_type(type, i)));
      }
      break;
    default:
      break;
  }
}

std::string ColumnType::Fields(std::string (ColumnType::*name)() const) const {
  std::vector<std::string> fields;
  for (std::size_t i = 0; i < children_.size(); ++i) {
    fields.push_back(
        Concat(Identifier(names_[i]), " ", (children_[i].*name)()));
  }
  return absl::StrJoin(fields, ", ");
}

// "" for a type without others in it, which `name` names.
std::string ColumnType::NestedName(std::string (ColumnType::*name)()
                                       const) const {
  switch (id_) {
    case DUCKDB_TYPE_LIST:
      return (children_[0].*name)() + "[]";
    case DUCKDB_TYPE_ARRAY:
      return Concat((children_[0].*name)(), "[", array_size_, "]");
    case DUCKDB_TYPE_MAP:
      return Concat("MAP(", (children_[0].*name)(), ", ",
                    (children_[1].*name)(), ")");
    case DUCKDB_TYPE_STRUCT:
      return Concat("STRUCT(", Fields(name), ")");
    default:
      return "";
  }
}

std::string ColumnType::Name() const {
  if (std::string nested = NestedName(&ColumnType::Name); !nested.empty()) {
    return nested;
  }
  switch (id_) {
    case DUCKDB_TYPE_DECIMAL:
      return Concat("DECIMAL(", width_, ",", scale_, ")");
    case DUCKDB_TYPE_ENUM: {
      std::vector<std::string> words;
      for (const std::string& name : names_) words.push_back(Literal(name));
      return Concat("ENUM(", absl::StrJoin(words, ", "), ")");
    }
    default:
      return is_json_ ? "JSON" : std::string(SimpleName(id_));
  }
}

std::string ColumnType::ParquetName() const {
  switch (id_) {
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
      return "DECIMAL(38, 0)";
    case DUCKDB_TYPE_INTERVAL:
    case DUCKDB_TYPE_TIME_TZ:
      return "VARCHAR";
    default: {
      std::string nested = NestedName(&ColumnType::ParquetName);
      return nested.empty() ? Name() : nested;
    }
  }
}

bool ColumnType::IsKnown() const {
  return Name().find(kUnknown) == std::string::npos;
}

Json ColumnType::ValueAt(duckdb_vector vector, idx_t row) const {
  std::uint64_t* validity = duckdb_vector_get_validity(vector);
  if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) {
    return nullptr;
  }
  void* data = duckdb_vector_get_data(vector);
  switch (id_) {
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_MAP: {
      const auto entry = At<duckdb_list_entry>(data, row);
      const duckdb_vector child = duckdb_list_vector_get_child(vector);
      return id_ == DUCKDB_TYPE_LIST ? Items(child, entry.offset, entry.length)
                                     : Map(child, entry.offset, entry.length);
    }
    case DUCKDB_TYPE_ARRAY:
      return Items(duckdb_array_vector_get_child(vector), row * array_size_,
                   array_size_);
    case DUCKDB_TYPE_STRUCT:
      return Struct(vector, row);
    default:
      return Scalar(data, row);
  }
}

Json ColumnType::Items(duckdb_vector child, idx_t offset, idx_t size) const {
  JsonArray items;
  items.reserve(size);
  for (idx_t i = 0; i < size; ++i) {
    items.push_back(children_[0].ValueAt(child, offset + i));
  }
  return items;
}

// A MAP is a list of pairs.
Json ColumnType::Map(duckdb_vector entries, idx_t offset, idx_t size) const {
  const duckdb_vector keys = duckdb_struct_vector_get_child(entries, 0);
  const duckdb_vector values = duckdb_struct_vector_get_child(entries, 1);
  JsonObject object;
  JsonArray pairs;
  for (idx_t i = offset; i < offset + size; ++i) {
    Json key = children_[0].ValueAt(keys, i);
    Json value = children_[1].ValueAt(values, i);
    if (key.is_string() && children_[0].id_ == DUCKDB_TYPE_VARCHAR) {
      object[key.get_string()] = std::move(value);
    } else {
      pairs.push_back(
          JsonObject{{"key", std::move(key)}, {"value", std::move(value)}});
    }
  }
  if (children_[0].id_ == DUCKDB_TYPE_VARCHAR) return object;
  return pairs;
}

Json ColumnType::Struct(duckdb_vector vector, idx_t row) const {
  JsonObject object;
  for (std::size_t i = 0; i < children_.size(); ++i) {
    object[names_[i]] =
        children_[i].ValueAt(duckdb_struct_vector_get_child(vector, i), row);
  }
  return object;
}

Json ColumnType::Scalar(void* data, idx_t row) const {
  switch (id_) {
    case DUCKDB_TYPE_BOOLEAN:
      return At<bool>(data, row);
    case DUCKDB_TYPE_FLOAT:
      return Single(At<float>(data, row));
    case DUCKDB_TYPE_DOUBLE:
      return Number(At<double>(data, row));
    case DUCKDB_TYPE_DECIMAL:
      return Decimal(data, row);
    case DUCKDB_TYPE_VARCHAR: {
      const std::string_view text = TextAt(data, row);
      if (!is_json_) return OfText(text);
      auto value = ParseJson(text);
      return value.ok() ? *std::move(value) : OfText(text);
    }
    case DUCKDB_TYPE_BLOB:
    case DUCKDB_TYPE_BIT:
    case DUCKDB_TYPE_UUID:
    case DUCKDB_TYPE_ENUM:
      return OfText(Text(data, row));
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_TIME:
    case DUCKDB_TYPE_TIME_TZ:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
    case DUCKDB_TYPE_INTERVAL:
      return OfText(Time(data, row));
    default:
      return Integer(data, row);
  }
}

Json ColumnType::Integer(void* data, idx_t row) const {
  switch (id_) {
    case DUCKDB_TYPE_TINYINT:
      return At<std::int8_t>(data, row);
    case DUCKDB_TYPE_SMALLINT:
      return At<std::int16_t>(data, row);
    case DUCKDB_TYPE_INTEGER:
      return At<std::int32_t>(data, row);
    case DUCKDB_TYPE_BIGINT:
      return At<std::int64_t>(data, row);
    case DUCKDB_TYPE_UTINYINT:
      return std::int64_t{At<std::uint8_t>(data, row)};
    case DUCKDB_TYPE_USMALLINT:
      return std::int64_t{At<std::uint16_t>(data, row)};
    case DUCKDB_TYPE_UINTEGER:
      return std::int64_t{At<std::uint32_t>(data, row)};
    case DUCKDB_TYPE_UBIGINT: {
      const auto value = At<std::uint64_t>(data, row);
      if (value > INT64_MAX) return OfText(Concat(value));
      return static_cast<std::int64_t>(value);
    }
    case DUCKDB_TYPE_HUGEINT: {
      const absl::int128 value = WideAt(data, row);
      if (value < INT64_MIN || value > INT64_MAX) return OfText(Digits(value));
      return static_cast<std::int64_t>(value);
    }
    case DUCKDB_TYPE_UHUGEINT: {
      const auto parts = At<duckdb_uhugeint>(data, row);
      const auto value = absl::MakeUint128(parts.upper, parts.lower);
      if (value > INT64_MAX) return OfText(Digits(value));
      return static_cast<std::int64_t>(value);
    }
    default:
      return nullptr;  // SQLNULL has no other value.
  }
}

Json ColumnType::Decimal(void* data, idx_t row) const {
  std::string digits;
  switch (stored_as_) {
    case DUCKDB_TYPE_SMALLINT:
      digits = Concat(At<std::int16_t>(data, row));
      break;
    case DUCKDB_TYPE_INTEGER:
      digits = Concat(At<std::int32_t>(data, row));
      break;
    case DUCKDB_TYPE_BIGINT:
      digits = Concat(At<std::int64_t>(data, row));
      break;
    default:
      digits = Digits(WideAt(data, row));
  }
  std::int64_t whole = 0;
  if (scale_ == 0 && absl::SimpleAtoi(digits, &whole)) return whole;
  const bool negative = digits.starts_with('-');
  const bool exact = FitsDouble(digits);
  if (negative) digits.erase(0, 1);
  const auto scale = static_cast<std::size_t>(scale_);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - scale, ".");
  if (negative) digits.insert(0, "-");
  if (!exact) return OfText(digits);
  return std::strtod(digits.c_str(), nullptr);
}

std::string ColumnType::Time(void* data, idx_t row) const {
  switch (id_) {
    case DUCKDB_TYPE_DATE:
      return DateText(At<duckdb_date>(data, row));
    case DUCKDB_TYPE_TIME:
      return TimeText(duckdb_from_time(At<duckdb_time>(data, row)));
    case DUCKDB_TYPE_TIME_TZ:
      return ZonedTimeText(At<duckdb_time_tz>(data, row));
    case DUCKDB_TYPE_INTERVAL:
      return IntervalText(At<duckdb_interval>(data, row));
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS: {
      const auto value = At<std::int64_t>(data, row);
      // The infinities are the same numbers in every unit.
      if (!duckdb_is_finite_timestamp({value})) return MomentText(value);
      return MomentText(value *
                        (id_ == DUCKDB_TYPE_TIMESTAMP_S ? 1'000'000 : 1000));
    }
    case DUCKDB_TYPE_TIMESTAMP_NS: {
      const auto value = At<std::int64_t>(data, row);
      if (!duckdb_is_finite_timestamp({value})) return MomentText(value);
      return NanoMomentText(value);
    }
    case DUCKDB_TYPE_TIMESTAMP_TZ: {
      const std::string text = MomentText(At<std::int64_t>(data, row));
      return text.ends_with("infinity") ? text : text + "Z";
    }
    default:
      return MomentText(At<std::int64_t>(data, row));
  }
}

std::string ColumnType::Text(void* data, idx_t row) const {
  switch (id_) {
    case DUCKDB_TYPE_UUID:
      return UuidText(At<duckdb_hugeint>(data, row));
    case DUCKDB_TYPE_BIT:
      return BitText(TextAt(data, row));
    case DUCKDB_TYPE_BLOB:
      return EncodeBase64(TextAt(data, row));
    case DUCKDB_TYPE_ENUM:
      return names_.at(EnumIndex(data, row));
    default:
      return std::string(TextAt(data, row));
  }
}

std::size_t ColumnType::EnumIndex(void* data, idx_t row) const {
  switch (stored_as_) {
    case DUCKDB_TYPE_UTINYINT:
      return At<std::uint8_t>(data, row);
    case DUCKDB_TYPE_USMALLINT:
      return At<std::uint16_t>(data, row);
    default:
      return At<std::uint32_t>(data, row);
  }
}

}  // namespace windlass::duckdb
