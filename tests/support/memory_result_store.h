// A result store in memory, for tests of what stands above one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "windlass/result_store.h"

namespace windlass::testing {

// Uris are "memory:KEY". Passes the conformance suite. Thread-safe.
class MemoryResultStore : public ResultStore {
 public:
  absl::StatusOr<ObjectInfo> Put(std::string_view key, ByteSource& content,
                                 const PutOptions& options) override;
  absl::StatusOr<std::unique_ptr<ByteSource>> Get(
      std::string_view uri, const ByteRange& range) override;
  absl::StatusOr<ObjectInfo> Stat(std::string_view uri) override;
  absl::Status Delete(std::string_view uri) override;
  absl::Status List(
      std::string_view prefix,
      const std::function<bool(const ObjectInfo&)>& visit) override;

  // Damages what is stored: `change` gets the bytes of one object.
  void Tamper(std::string_view uri,
              const std::function<void(std::string&)>& change);

 private:
  struct Object {
    std::string bytes;
    ObjectInfo info;
  };

  Mutex mutex_;
  std::map<std::string, Object, std::less<>> objects_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass::testing
