#include <algorithm>
#include <utility>

#include "windlass/executor.h"

namespace windlass {

// Sorted by type.
struct HandlerRegistry::Entry {
  std::string type;
  std::unique_ptr<TaskHandler> handler;
};

HandlerRegistry::HandlerRegistry() = default;
HandlerRegistry::~HandlerRegistry() = default;
HandlerRegistry::HandlerRegistry(HandlerRegistry&&) noexcept = default;

void HandlerRegistry::Add(std::string type,
                          std::unique_ptr<TaskHandler> handler) {
  auto place = std::lower_bound(
      entries_.begin(), entries_.end(), type,
      [](const Entry& entry, const std::string& t) { return entry.type < t; });
  if (place != entries_.end() && place->type == type) {
    place->handler = std::move(handler);
    return;
  }
  entries_.insert(place, Entry{std::move(type), std::move(handler)});
}

TaskHandler* HandlerRegistry::Find(std::string_view type) const {
  auto place = std::lower_bound(
      entries_.begin(), entries_.end(), type,
      [](const Entry& entry, std::string_view t) { return entry.type < t; });
  if (place == entries_.end() || place->type != type) return nullptr;
  return place->handler.get();
}

std::vector<std::string> HandlerRegistry::Types() const {
  std::vector<std::string> types;
  types.reserve(entries_.size());
  for (const Entry& entry : entries_) types.push_back(entry.type);
  return types;
}

}  // namespace windlass
