// What someone may have meant by a name we do not know.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace windlass {

// The candidate nearest to `name`, if it is near: equal but for case,
// underscores and dashes, or within a third of its letters by edits (a swap of
// neighbours is one). Empty if none is.
std::string Nearest(std::string_view name,
                    const std::vector<std::string>& candidates);

// "dependsOn" is "depends_on".
std::string ToSnakeCase(std::string_view name);

}  // namespace windlass
