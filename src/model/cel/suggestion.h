// "did you mean": the name someone probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace windlass::cel {

// The candidate closest to `name`; empty when none is close.
std::string ClosestName(std::string_view name,
                        const std::vector<std::string_view>& candidates);

}  // namespace windlass::cel
