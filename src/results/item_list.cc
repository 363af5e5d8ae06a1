#include "results/item_list.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace windlass {
namespace {

absl::StatusOr<std::shared_ptr<const JsonArray>> ReadItems(
    ResultIo& io, const ResultEnvelope& items) {
  absl::StatusOr<Json> value = io.ReadValue(items);
  if (!value.ok()) return value.status();
  if (!value->is_array()) {
    return absl::InvalidArgumentError(
        "the items of a map must be a JSON array");
  }
  return std::make_shared<const JsonArray>(std::move(value->get_array()));
}

// About what the value occupies beyond its own sizeof.
std::size_t MemoryBehind(const Json& value) {
  std::size_t bytes = 0;
  if (value.is_string()) {
    bytes = value.get_string().capacity();
  } else if (value.is_array()) {
    bytes = value.get_array().capacity() * sizeof(Json);
    for (const Json& element : value.get_array()) {
      bytes += MemoryBehind(element);
    }
  } else if (value.is_object()) {
    const JsonObject& object = value.get_object();
    bytes = object.capacity() * sizeof(JsonObject::value_type);
    for (const auto& member : object) {
      bytes += member.key().size() + 1 + MemoryBehind(member.value());
    }
  }
  return bytes;
}

std::size_t MemoryOf(const JsonArray& list) {
  std::size_t bytes = sizeof(list) + list.capacity() * sizeof(Json);
  for (const Json& element : list) bytes += MemoryBehind(element);
  return bytes;
}

}  // namespace

absl::StatusOr<ResultEnvelope> WriteItems(ResultIo& io, JsonArray items,
                                          const WriteOptions& options) {
  return io.Write(Json(std::move(items)), options);
}

absl::StatusOr<std::shared_ptr<const JsonArray>> ItemCache::Get(
    const ResultEnvelope& items) {
  if (items.kind != ResultEnvelope::Kind::kJson || items.sha256.empty()) {
    return absl::InvalidArgumentError(
        "the items of a map must be a JSON result with a checksum");
  }
  if (auto found = FindOrBegin(items.sha256)) return found;
  absl::StatusOr<std::shared_ptr<const JsonArray>> list = ReadItems(io_, items);
  if (list.ok()) {
    Keep(items.sha256, *list);
  } else {
    Abandon(items.sha256);
  }
  return list;
}

absl::StatusOr<Json> ItemCache::Item(const ResultEnvelope& items,
                                     std::int64_t index) {
  absl::StatusOr<std::shared_ptr<const JsonArray>> list = Get(items);
  if (!list.ok()) return list.status();
  const auto size = static_cast<std::int64_t>((*list)->size());
  if (index < 0 || index >= size) {
    return absl::OutOfRangeError(absl::StrCat("item ", index, " of a map of ",
                                              size, " items was asked for"));
  }
  return (**list)[static_cast<std::size_t>(index)];
}

std::size_t ItemCache::bytes() const {
  MutexLock lock(mutex_);
  return bytes_;
}

std::shared_ptr<const JsonArray> ItemCache::FindOrBegin(
    const std::string& sha256) {
  MutexLock lock(mutex_);
  for (;;) {
    auto [it, is_new] = entries_.try_emplace(sha256);
    if (is_new) return nullptr;
    if (it->second.list != nullptr) {
      uses_.splice(uses_.begin(), uses_, it->second.use);
      return it->second.list;
    }
    // Ends at the latest when the thread that reads the list has failed.
    changed_.wait(mutex_);
  }
}

void ItemCache::Keep(const std::string& sha256,
                     std::shared_ptr<const JsonArray> list) {
  const std::size_t bytes = MemoryOf(*list);
  {
    MutexLock lock(mutex_);
    uses_.push_front(sha256);
    entries_[sha256] = Entry{std::move(list), bytes, uses_.begin()};
    bytes_ += bytes;
    DropUntilWithinLimit();
  }
  changed_.notify_all();
}

void ItemCache::Abandon(const std::string& sha256) {
  {
    MutexLock lock(mutex_);
    entries_.erase(sha256);
  }
  changed_.notify_all();
}

void ItemCache::DropUntilWithinLimit() {
  while (bytes_ > maximum_bytes_) {
    auto it = entries_.find(uses_.back());
    bytes_ -= it->second.bytes;
    entries_.erase(it);
    uses_.pop_back();
  }
}

}  // namespace windlass
