// absl::StrCat for std::string_view too: Debian's abseil has a string_view of
// its own, and StrCat does not take the standard one.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace windlass {
namespace internal {

template <typename T>
decltype(auto) ForStrCat(T&& part) {
  if constexpr (std::is_same_v<std::decay_t<T>, std::string_view>) {
    return absl::string_view(part.data(), part.size());
  } else {
    return std::forward<T>(part);
  }
}

}  // namespace internal

// One string of all parts: texts and numbers.
template <typename... Parts>
std::string Concat(Parts&&... parts) {
  return absl::StrCat(internal::ForStrCat(std::forward<Parts>(parts))...);
}

}  // namespace windlass
