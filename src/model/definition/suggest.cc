#include "model/definition/suggest.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"

namespace windlass {
namespace {

constexpr std::size_t kMaximumLength = 64;

// Edits (insert, delete, replace, swap neighbours) from one to the other.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  using Row = std::array<std::size_t, kMaximumLength + 1>;
  Row before_last{};
  Row last{};
  Row row{};
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last = last;
    last = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

std::string Simplify(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c != '_' && c != '-' && c != ' ') out += absl::ascii_tolower(c);
  }
  return out;
}

}  // namespace

std::string Nearest(std::string_view name,
                    const std::vector<std::string>& candidates) {
  if (name.empty() || name.size() > kMaximumLength) return "";
  std::string simple = Simplify(name);
  std::string nearest;
  std::size_t smallest = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kMaximumLength) continue;
    if (Simplify(candidate) == simple) return candidate;
    std::size_t longer = std::max(candidate.size(), name.size());
    if (longer - std::min(candidate.size(), name.size()) >= smallest) continue;
    std::size_t distance = EditDistance(name, candidate);
    if (distance >= smallest || distance >= longer) continue;
    smallest = distance;
    nearest = candidate;
  }
  return nearest;
}

std::string ToSnakeCase(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (absl::ascii_isupper(c) && !out.empty()) out += '_';
    out += c == '-' ? '_' : absl::ascii_tolower(c);
  }
  return out;
}

}  // namespace windlass
