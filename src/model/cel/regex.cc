#include "model/cel/regex.h"

#include <re2/re2.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace windlass::cel {
namespace {

// Bounds a compiled pattern: `((a{100}){100}){100}` is refused.
constexpr std::int64_t kMaximumMemory = 1024 * 1024;

RE2::Options Options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaximumMemory);
  return options;
}

}  // namespace

struct Regex::Compiled {
  explicit Compiled(std::string_view pattern)
      : re2(re2::StringPiece(pattern.data(), pattern.size()), Options()) {}

  RE2 re2;
};

Regex::Regex(std::unique_ptr<Compiled> compiled)
    : compiled_(std::move(compiled)) {}
Regex::~Regex() = default;

absl::StatusOr<std::shared_ptr<const Regex>> Regex::Compile(
    std::string_view pattern) {
  auto compiled = std::make_unique<Compiled>(pattern);
  if (!compiled->re2.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid regular expression: ", compiled->re2.error()));
  }
  return std::shared_ptr<const Regex>(new Regex(std::move(compiled)));
}

bool Regex::Matches(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()),
                           compiled_->re2);
}

}  // namespace windlass::cel
