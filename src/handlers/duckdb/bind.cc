#include "handlers/duckdb/bind.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/concat.h"
#include "handlers/duckdb/library.h"

namespace windlass::duckdb {
namespace {

struct DestroyValue {
  void operator()(duckdb_value value) const { duckdb_destroy_value(&value); }
};
using OwnedValue =
    std::unique_ptr<std::remove_pointer_t<duckdb_value>, DestroyValue>;

duckdb_value TextValue(std::string_view text) {
  return duckdb_create_varchar_length(text.data(), text.size());
}

// The type that all items can have, or INVALID.
duckdb_type TypeOfItems(const JsonArray& items) {
  auto all = [&](auto is) {
    return std::all_of(items.begin(), items.end(), [&](const Json& item) {
      return item.is_null() || is(item);
    });
  };
  if (all([](const Json& item) { return item.is_int64(); })) {
    return DUCKDB_TYPE_BIGINT;
  }
  if (all([](const Json& item) { return item.is_number(); })) {
    return DUCKDB_TYPE_DOUBLE;
  }
  if (all([](const Json& item) { return item.is_bool(); })) {
    return DUCKDB_TYPE_BOOLEAN;
  }
  if (all([](const Json& item) { return item.is_string(); })) {
    return DUCKDB_TYPE_VARCHAR;
  }
  return DUCKDB_TYPE_INVALID;
}

duckdb_value ScalarValue(const Json& value) {
  if (value.is_null()) return duckdb_create_null_value();
  if (value.is_bool()) return duckdb_create_bool(value.get_bool());
  if (value.is_int64()) return duckdb_create_int64(value.get_int64());
  if (value.is_number()) return duckdb_create_double(value.to_number<double>());
  return TextValue(JsonToText(value));
}

OwnedValue ListValue(const JsonArray& items) {
  const duckdb_type id = TypeOfItems(items);
  if (id == DUCKDB_TYPE_INVALID) {
    return OwnedValue(TextValue(FormatJson(items)));
  }
  std::vector<OwnedValue> owned;
  std::vector<duckdb_value> values;
  // DuckDB takes no null pointer, which an empty list would have.
  values.reserve(items.size() + 1);
  for (const Json& item : items) {
    const bool widen = id == DUCKDB_TYPE_DOUBLE && item.is_int64();
    owned.emplace_back(
        widen ? duckdb_create_double(static_cast<double>(item.get_int64()))
              : ScalarValue(item));
    values.push_back(owned.back().get());
  }
  duckdb_logical_type type = duckdb_create_logical_type(id);
  OwnedValue list(duckdb_create_list_value(type, values.data(), values.size()));
  duckdb_destroy_logical_type(&type);
  return list;
}

OwnedValue MakeValue(const Json& value) {
  return value.is_array() ? ListValue(value.get_array())
                          : OwnedValue(ScalarValue(value));
}

absl::Status BindOne(duckdb_prepared_statement statement, idx_t index,
                     const JsonObject& params) {
  char* text = const_cast<char*>(duckdb_parameter_name(statement, index));
  const std::string name = text == nullptr ? "" : text;
  duckdb_free(text);
  const Json* value = params.if_contains(name);
  if (value == nullptr) {
    const bool numbered =
        name.find_first_not_of("0123456789") == std::string::npos;
    return absl::InvalidArgumentError(
        numbered ? "a parameter without a name; write $name"
                 : Concat("the query uses $", name,
                          ", which is not among its params"));
  }
  const OwnedValue bound = MakeValue(*value);
  if (bound == nullptr ||
      duckdb_bind_value(statement, index, bound.get()) != DuckDBSuccess) {
    return absl::InvalidArgumentError(
        Concat("the value of $", name, " cannot be bound"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status BindParams(duckdb_prepared_statement statement,
                        const JsonObject& params) {
  const idx_t count = duckdb_nparams(statement);
  for (idx_t i = 1; i <= count; ++i) {
    absl::Status status = BindOne(statement, i, params);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace windlass::duckdb
