// The expressions of a definition: where they stand and what they read.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "model/cel/expression.h"
#include "model/definition/problems.h"
#include "windlass/workflow.h"

namespace windlass {

// When expressions are evaluated: once per task, once per item of its map, or
// to make the items, which are stored.
enum class Scope : std::uint8_t { kTask, kItem, kItems, kItemResults };

// One thing an expression reads.
struct UsedName {
  const cel::Reference& reference;
  std::string_view text;  // The value it stands in.
  const Path& path;       // Of that value.
  Scope scope;
};

// Calls `use` for everything the expressions of a task read; `path` is the
// task's. Expressions that do not parse are problems.
void ForEachUsedName(const TaskSpec& task, const Path& path, Problems& problems,
                     const std::function<void(const UsedName&)>& use);

}  // namespace windlass
