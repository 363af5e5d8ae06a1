// The formats of tables in files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace windlass {

enum class TableFormat : std::uint8_t {
  kCsv,
  kTsv,
  kJson,
  kJsonLines,
  kParquet
};

// "csv", "tsv", "json", "jsonl", "parquet", as params name them.
std::optional<TableFormat> TableFormatOf(std::string_view name);
// By the end of a file's name, before ".gz" or ".zst".
std::optional<TableFormat> TableFormatOfFile(std::string_view path);
std::optional<TableFormat> TableFormatOfMediaType(std::string_view media_type);
// By how the content begins; whatever is nothing else is taken for CSV.
TableFormat TableFormatOfContent(std::string_view head);

std::string_view MediaTypeOf(TableFormat format);
// ".csv"
std::string_view ExtensionOf(TableFormat format);

// For COPY ... TO 'file' (...).
std::string_view CopyOptions(TableFormat format);

}  // namespace windlass
