#include "model/cel/suggestion.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace windlass::cel {
namespace {

constexpr std::size_t kLongestName = 64;

// How many letters must be inserted, removed or exchanged; capitals count as
// their small letters.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto lower = [](char c) {
        return absl::ascii_tolower(static_cast<unsigned char>(c));
      };
      std::size_t exchanged =
          diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, exchanged});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string ClosestName(std::string_view name,
                        const std::vector<std::string_view>& candidates) {
  if (name.size() > kLongestName) return "";
  std::string_view closest;
  std::size_t least = std::min<std::size_t>(3, name.size() / 2 + 1);
  for (std::string_view candidate : candidates) {
    if (candidate.size() > kLongestName) continue;
    std::size_t distance = Distance(name, candidate);
    if (distance >= least) continue;
    least = distance;
    closest = candidate;
  }
  return std::string(closest);
}

}  // namespace windlass::cel
