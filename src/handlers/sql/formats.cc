#include "handlers/sql/formats.h"

#include <array>
#include <string>

#include "results/compressibility.h"

namespace windlass {
namespace {

using Format = TableFormat;

struct Known {
  Format format;
  std::string_view name;
  std::string_view extension;
  std::string_view media_type;
  std::string_view copy_options;
};

// In the order of the enum.
constexpr std::array<Known, 5> kKnown = {{
    {Format::kCsv, "csv", ".csv", "text/csv", "FORMAT csv, HEADER"},
    {Format::kTsv, "tsv", ".tsv", "text/tab-separated-values",
     "FORMAT csv, HEADER, DELIMITER '\t'"},
    {Format::kJson, "json", ".json", "application/json",
     "FORMAT json, ARRAY true"},
    {Format::kJsonLines, "jsonl", ".jsonl", "application/x-ndjson",
     "FORMAT json, ARRAY false"},
    {Format::kParquet, "parquet", ".parquet", "application/vnd.apache.parquet",
     "FORMAT parquet, COMPRESSION zstd"},
}};

const Known& Of(Format format) {
  return kKnown[static_cast<std::size_t>(format)];
}

}  // namespace

std::optional<Format> TableFormatOf(std::string_view name) {
  for (const Known& known : kKnown) {
    if (known.name == name) return known.format;
  }
  return std::nullopt;
}

std::optional<Format> TableFormatOfFile(std::string_view path) {
  for (std::string_view packed : {".gz", ".zst"}) {
    if (path.ends_with(packed)) path.remove_suffix(packed.size());
  }
  if (path.ends_with(".ndjson")) return Format::kJsonLines;
  for (const Known& known : kKnown) {
    if (path.ends_with(known.extension)) return known.format;
  }
  return std::nullopt;
}

std::optional<Format> TableFormatOfMediaType(std::string_view media_type) {
  const std::string bare = BareMediaType(media_type);
  for (const Known& known : kKnown) {
    if (known.media_type == bare) return known.format;
  }
  return std::nullopt;
}

Format TableFormatOfContent(std::string_view head) {
  if (head.starts_with("PAR1")) return Format::kParquet;
  const std::size_t first = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  const char c = first == std::string_view::npos ? '\0' : head[first];
  return c == '[' || c == '{' ? Format::kJson : Format::kCsv;
}

std::string_view MediaTypeOf(Format format) { return Of(format).media_type; }

std::string_view ExtensionOf(Format format) { return Of(format).extension; }

std::string_view CopyOptions(Format format) { return Of(format).copy_options; }

}  // namespace windlass
