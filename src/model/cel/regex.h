// Regular expressions of matches(): RE2's syntax and linear time.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"

namespace windlass::cel {

// Thread-safe.
class Regex {
 public:
  // InvalidArgument with RE2's reason.
  static absl::StatusOr<std::shared_ptr<const Regex>> Compile(
      std::string_view pattern);

  ~Regex();

  // Whether any part of the text matches.
  bool Matches(std::string_view text) const;

 private:
  struct Compiled;

  explicit Regex(std::unique_ptr<Compiled> compiled);

  std::unique_ptr<Compiled> compiled_;
};

}  // namespace windlass::cel
