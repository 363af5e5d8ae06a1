// What a collector is told of: something that began, ended, and belongs to a
// trace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "model/trace.h"
#include "windlass/time.h"

namespace windlass {

enum class SpanKind : std::uint8_t { kInternal = 1, kClient = 3 };

using AttributeValue = std::variant<std::string, std::int64_t, double, bool>;
using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

struct Span {
  TraceContext context;
  std::optional<SpanId> parent;
  bool parent_is_remote = false;  // A span of another program.
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  Timestamp start;
  Timestamp end;
  Attributes attributes;
  // Why it failed; empty text: it did, for no stated reason.
  std::optional<std::string> error;
};

}  // namespace windlass
