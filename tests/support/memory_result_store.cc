#include "support/memory_result_store.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "results/object_key.h"

namespace windlass::testing {
namespace {

constexpr std::string_view kScheme = "memory:";

absl::StatusOr<std::string> KeyOf(std::string_view uri) {
  if (!uri.starts_with(kScheme)) {
    return absl::InvalidArgumentError("not a memory: uri");
  }
  uri.remove_prefix(kScheme.size());
  absl::Status valid = CheckObjectKey(uri);
  if (!valid.ok()) return valid;
  return std::string(uri);
}

}  // namespace

absl::StatusOr<ObjectInfo> MemoryResultStore::Put(std::string_view key,
                                                  ByteSource& content,
                                                  const PutOptions& options) {
  absl::Status valid = CheckObjectKey(key);
  if (!valid.ok()) return valid;
  absl::StatusOr<std::string> bytes =
      ReadAll(content, std::numeric_limits<std::size_t>::max());
  if (!bytes.ok()) return bytes.status();
  ObjectInfo info{.uri = std::string(kScheme) + std::string(key),
                  .size = static_cast<std::int64_t>(bytes->size()),
                  .modified_at = std::chrono::time_point_cast<Duration>(
                      std::chrono::system_clock::now())};
  if (options.size.value_or(info.size) != info.size) {
    return absl::InvalidArgumentError("not the size that was announced");
  }
  MutexLock lock(mutex_);
  auto [it, is_new] = objects_.try_emplace(std::string(key));
  if (!is_new) return absl::AlreadyExistsError("this object exists already");
  it->second = Object{*std::move(bytes), info};
  return info;
}

absl::StatusOr<std::unique_ptr<ByteSource>> MemoryResultStore::Get(
    std::string_view uri, const ByteRange& range) {
  absl::StatusOr<std::string> key = KeyOf(uri);
  if (!key.ok()) return key.status();
  if (range.offset < 0 || range.length.value_or(0) < 0) {
    return absl::InvalidArgumentError("a negative range");
  }
  MutexLock lock(mutex_);
  auto it = objects_.find(*key);
  if (it == objects_.end()) return absl::NotFoundError("no such object");
  const std::string& bytes = it->second.bytes;
  const auto offset =
      std::min(static_cast<std::size_t>(range.offset), bytes.size());
  const auto length = range.length ? static_cast<std::size_t>(*range.length)
                                   : std::string::npos;
  return MakeStringSource(bytes.substr(offset, length));
}

absl::StatusOr<ObjectInfo> MemoryResultStore::Stat(std::string_view uri) {
  absl::StatusOr<std::string> key = KeyOf(uri);
  if (!key.ok()) return key.status();
  MutexLock lock(mutex_);
  auto it = objects_.find(*key);
  if (it == objects_.end()) return absl::NotFoundError("no such object");
  return it->second.info;
}

absl::Status MemoryResultStore::Delete(std::string_view uri) {
  absl::StatusOr<std::string> key = KeyOf(uri);
  if (!key.ok()) return key.status();
  MutexLock lock(mutex_);
  objects_.erase(*key);
  return absl::OkStatus();
}

absl::Status MemoryResultStore::List(
    std::string_view prefix,
    const std::function<bool(const ObjectInfo&)>& visit) {
  absl::Status valid = CheckObjectKeyPrefix(prefix);
  if (!valid.ok()) return valid;
  std::vector<ObjectInfo> found;
  {
    MutexLock lock(mutex_);
    for (const auto& [key, object] : objects_) {
      if (key.starts_with(prefix)) found.push_back(object.info);
    }
  }
  for (const ObjectInfo& info : found) {
    if (!visit(info)) break;
  }
  return absl::OkStatus();
}

void MemoryResultStore::Tamper(
    std::string_view uri, const std::function<void(std::string&)>& change) {
  MutexLock lock(mutex_);
  change(objects_.at(*KeyOf(uri)).bytes);
}

}  // namespace windlass::testing
