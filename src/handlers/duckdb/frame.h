// A frame: a table as columns in files, which a process of another language
// maps and reads where they lie. Between the executor and Python workers; see
// python/windlass/_frame.py for the other side.
//
// Numbers and times are arrays, as DuckDB and numpy have them in memory. Texts
// and bytes lie one after another, each followed by a byte 0xFF, which UTF-8
// has not; `ends` says where that byte is. With `codes` they are a dictionary.
// What is missing has a 1 in `missing`, and anything in the other buffers.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "windlass/json.h"

namespace windlass::duckdb {

inline constexpr char kFrameTextEnd = '\xFF';
// Where buffers begin, for those who read them by wide registers.
inline constexpr std::int64_t kFrameAlignment = 64;

// Some bytes of a file.
struct FrameBuffer {
  int file = -1;  // Of Frame::files; -1 is none.
  std::int64_t offset = 0;
  std::int64_t size = 0;

  explicit operator bool() const { return file >= 0; }
};

struct FrameColumn {
  std::string name;
  // DuckDB's. Without `values` the texts are what can be cast to it.
  std::string type;
  FrameBuffer values = {};   // rows * FixedWidth(type)
  FrameBuffer missing = {};  // rows * 1; none where nothing is missing
  FrameBuffer codes = {};    // rows * int32, into the texts; -1 is missing
  FrameBuffer ends = {};     // texts * int64
  FrameBuffer text = {};
  // What pandas calls it, for whoever makes a DataFrame of it again; null where
  // `type` says it all. Of no meaning here.
  Json dtype = nullptr;
};

struct Frame {
  std::int64_t rows = 0;
  std::vector<std::string> files = {};
  std::vector<FrameColumn> columns = {};
};

// The bytes of a value of this type, or 0 for one that is a text in a frame.
std::int64_t FixedWidth(std::string_view type);

// DuckDB's own name for such a type.
std::optional<duckdb_type> FixedType(std::string_view type);

// {"rows", "files", "columns": [{"name", "type", "values": [file, offset,
// size],
// ...}]}
JsonObject ToJson(const Frame& frame);

// InvalidArgument for a frame that is not whole. Whether the files have the
// bytes is found when they are read.
absl::StatusOr<Frame> FrameFromJson(const Json& json);

}  // namespace windlass::duckdb
