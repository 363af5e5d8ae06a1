#include "handlers/duckdb/frame.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/concat.h"

namespace windlass::duckdb {
namespace {

struct Fixed {
  std::string_view type;
  std::int64_t width;
  duckdb_type id;
};

constexpr std::array<Fixed, 17> kFixed = {{
    {"BOOLEAN", 1, DUCKDB_TYPE_BOOLEAN},
    {"TINYINT", 1, DUCKDB_TYPE_TINYINT},
    {"SMALLINT", 2, DUCKDB_TYPE_SMALLINT},
    {"INTEGER", 4, DUCKDB_TYPE_INTEGER},
    {"BIGINT", 8, DUCKDB_TYPE_BIGINT},
    {"UTINYINT", 1, DUCKDB_TYPE_UTINYINT},
    {"USMALLINT", 2, DUCKDB_TYPE_USMALLINT},
    {"UINTEGER", 4, DUCKDB_TYPE_UINTEGER},
    {"UBIGINT", 8, DUCKDB_TYPE_UBIGINT},
    {"FLOAT", 4, DUCKDB_TYPE_FLOAT},
    {"DOUBLE", 8, DUCKDB_TYPE_DOUBLE},
    {"DATE", 4, DUCKDB_TYPE_DATE},
    {"TIMESTAMP", 8, DUCKDB_TYPE_TIMESTAMP},
    {"TIMESTAMP_S", 8, DUCKDB_TYPE_TIMESTAMP_S},
    {"TIMESTAMP_MS", 8, DUCKDB_TYPE_TIMESTAMP_MS},
    {"TIMESTAMP_NS", 8, DUCKDB_TYPE_TIMESTAMP_NS},
    {"TIMESTAMP WITH TIME ZONE", 8, DUCKDB_TYPE_TIMESTAMP_TZ},
}};

const Fixed* Find(std::string_view type) {
  const auto found =
      std::find_if(kFixed.begin(), kFixed.end(),
                   [type](const Fixed& fixed) { return fixed.type == type; });
  return found == kFixed.end() ? nullptr : &*found;
}

struct Part {
  std::string_view name;
  FrameBuffer FrameColumn::*buffer;
};

constexpr std::array<Part, 5> kParts = {{
    {"values", &FrameColumn::values},
    {"missing", &FrameColumn::missing},
    {"codes", &FrameColumn::codes},
    {"ends", &FrameColumn::ends},
    {"text", &FrameColumn::text},
}};

absl::Status NotAFrame(std::string_view why) {
  return absl::InvalidArgumentError(Concat("a table of a function: ", why));
}

bool IsCount(const Json* json) {
  return json != nullptr && json->is_int64() && json->get_int64() >= 0;
}

bool IsText(const Json* json) { return json != nullptr && json->is_string(); }

absl::StatusOr<FrameBuffer> BufferOf(const Json& json, std::size_t files) {
  const JsonArray* numbers = json.if_array();
  if (numbers == nullptr || numbers->size() != 3 || !IsCount(&(*numbers)[0]) ||
      !IsCount(&(*numbers)[1]) || !IsCount(&(*numbers)[2])) {
    return NotAFrame("a buffer is [file, offset, size]");
  }
  const std::int64_t file = (*numbers)[0].get_int64();
  if (file >= static_cast<std::int64_t>(files)) {
    return NotAFrame("a buffer is in no file");
  }
  return FrameBuffer{.file = static_cast<int>(file),
                     .offset = (*numbers)[1].get_int64(),
                     .size = (*numbers)[2].get_int64()};
}

// Types of columns that are texts. They become part of SQL, so no others pass.
bool IsTextType(std::string_view type) {
  constexpr std::array<std::string_view, 8> kTexts = {
      "VARCHAR", "BLOB",     "JSON", "INTERVAL",
      "HUGEINT", "UHUGEINT", "UUID", "TIME"};
  if (std::find(kTexts.begin(), kTexts.end(), type) != kTexts.end()) {
    return true;
  }
  // DECIMAL(18,2)
  constexpr std::string_view kDecimal = "DECIMAL(";
  return type.starts_with(kDecimal) && type.ends_with(")") &&
         type.find_first_not_of("0123456789,", kDecimal.size()) ==
             type.size() - 1;
}

// Whether buffers are there, and are as long as they must be.
absl::Status CheckColumn(const FrameColumn& column, std::int64_t rows) {
  const std::int64_t width = FixedWidth(column.type);
  // Rows are as many as a buffer of theirs has bytes at least, so no product
  // overflows that the file could satisfy.
  if (column.missing && column.missing.size != rows) {
    return NotAFrame(Concat(column.name, ": missing has not a byte per row"));
  }
  if (column.values) {
    if (width == 0 || column.values.size / width != rows) {
      return NotAFrame(
          Concat(column.name, ": values do not fit ", column.type));
    }
    return absl::OkStatus();
  }
  if (!IsTextType(column.type) && width == 0) {
    return NotAFrame(Concat(column.name, ": unknown type ", column.type));
  }
  if (!column.text || !column.ends) {
    return NotAFrame(Concat(column.name, ": neither values nor text and ends"));
  }
  if (column.codes ? column.codes.size / 4 != rows
                   : column.ends.size / 8 != rows) {
    return NotAFrame(Concat(column.name, ": texts are not as many as rows"));
  }
  return absl::OkStatus();
}

absl::StatusOr<FrameColumn> ColumnOf(const Json& json, std::int64_t rows,
                                     std::size_t files) {
  const JsonObject* object = json.if_object();
  const Json* name = object ? object->if_contains("name") : nullptr;
  const Json* type = object ? object->if_contains("type") : nullptr;
  if (!IsText(name) || !IsText(type)) {
    return NotAFrame("a column has a name and a type");
  }
  FrameColumn column{.name = std::string(name->get_string()),
                     .type = std::string(type->get_string())};
  for (const Part& part : kParts) {
    const Json* place = object->if_contains(part.name);
    if (place == nullptr) continue;
    auto buffer = BufferOf(*place, files);
    if (!buffer.ok()) return buffer.status();
    column.*part.buffer = *buffer;
  }
  const Json* dtype = object->if_contains("dtype");
  if (dtype != nullptr) column.dtype = *dtype;
  absl::Status status = CheckColumn(column, rows);
  if (!status.ok()) return status;
  return column;
}

}  // namespace

std::int64_t FixedWidth(std::string_view type) {
  const Fixed* fixed = Find(type);
  return fixed == nullptr ? 0 : fixed->width;
}

std::optional<duckdb_type> FixedType(std::string_view type) {
  const Fixed* fixed = Find(type);
  if (fixed == nullptr) return std::nullopt;
  return fixed->id;
}

JsonObject ToJson(const Frame& frame) {
  JsonArray columns;
  for (const FrameColumn& column : frame.columns) {
    JsonObject object = {{"name", column.name}, {"type", column.type}};
    for (const Part& part : kParts) {
      const FrameBuffer& buffer = column.*part.buffer;
      if (!buffer) continue;
      object[part.name] = JsonArray{buffer.file, buffer.offset, buffer.size};
    }
    if (!column.dtype.is_null()) object["dtype"] = column.dtype;
    columns.push_back(std::move(object));
  }
  JsonArray files;
  for (const std::string& file : frame.files) files.emplace_back(file);
  return {{"rows", frame.rows},
          {"files", std::move(files)},
          {"columns", std::move(columns)}};
}

absl::StatusOr<Frame> FrameFromJson(const Json& json) {
  const JsonObject* object = json.if_object();
  const Json* rows = object ? object->if_contains("rows") : nullptr;
  const Json* files = object ? object->if_contains("files") : nullptr;
  const Json* columns = object ? object->if_contains("columns") : nullptr;
  if (!IsCount(rows) || files == nullptr || !files->is_array() ||
      columns == nullptr || !columns->is_array()) {
    return NotAFrame("it has rows, files and columns");
  }
  Frame frame{.rows = rows->get_int64()};
  for (const Json& file : files->get_array()) {
    if (!file.is_string()) return NotAFrame("a file is a path");
    frame.files.emplace_back(file.get_string());
  }
  for (const Json& item : columns->get_array()) {
    auto column = ColumnOf(item, frame.rows, frame.files.size());
    if (!column.ok()) return column.status();
    frame.columns.push_back(*std::move(column));
  }
  return frame;
}

}  // namespace windlass::duckdb
