// Where settings come from besides flags: the configuration file, the
// environment, and files that hold secrets. Flags beat the environment, which
// beats the file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace windlass::cli {

// Fills in, for the time of parsing, environment variables that are not set:
// WINDLASS_X from the file that WINDLASS_X_FILE names, then from key `x` of the
// configuration file. The names that were added are taken out of the
// environment again when this goes, so child processes never see them.
class LayeredSettings {
 public:
  // `path` is the configuration file, empty for none. `known` are the variable
  // names that exist; a key of the file that is none of them is
  // InvalidArgument.
  static absl::StatusOr<LayeredSettings> Apply(
      const std::string& path, const std::vector<std::string>& known);
  ~LayeredSettings();

  // Where the value of this variable comes from, for messages: "WINDLASS_SLOTS"
  // itself, "WINDLASS_SLOTS_FILE", or "config.yaml:2:1: slots"; empty when it
  // has none.
  std::string OriginOf(const std::string& variable) const;

  LayeredSettings(LayeredSettings&& other) noexcept;
  LayeredSettings(const LayeredSettings&) = delete;

 private:
  LayeredSettings() = default;
  std::map<std::string, std::string> added_;  // To where each comes from.
};

}  // namespace windlass::cli
