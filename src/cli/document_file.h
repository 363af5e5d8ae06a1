// Reading a JSON or YAML file that is data: params, settings, names.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "windlass/json.h"

namespace windlass::cli {

// The document, which must be a mapping. Errors name file, line and column.
absl::StatusOr<JsonObject> ReadMappingFile(const std::string& path,
                                           std::size_t maximum_bytes);

struct PlacedMember {
  std::string name;
  Json value;
  std::string place;  // "config.yaml:3:1"
};

// The same with the place of every name, for small files.
absl::StatusOr<std::vector<PlacedMember>> ReadPlacedMapping(
    const std::string& path, std::size_t maximum_bytes);

}  // namespace windlass::cli
