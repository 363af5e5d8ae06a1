// A result store that passes everything on to another: the base of those that
// add to some of its calls. Owns the other one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "windlass/result_store.h"

namespace windlass {

// As thread-safe as the other one.
class ForwardingResultStore : public ResultStore {
 public:
  explicit ForwardingResultStore(std::unique_ptr<ResultStore> real)
      : real_(std::move(real)) {}

  absl::StatusOr<ObjectInfo> Put(std::string_view key, ByteSource& content,
                                 const PutOptions& options) override {
    return real_->Put(key, content, options);
  }
  absl::StatusOr<std::unique_ptr<ByteSource>> Get(
      std::string_view uri, const ByteRange& range) override {
    return real_->Get(uri, range);
  }
  absl::StatusOr<ObjectInfo> Stat(std::string_view uri) override {
    return real_->Stat(uri);
  }
  absl::Status Delete(std::string_view uri) override {
    return real_->Delete(uri);
  }
  absl::Status List(
      std::string_view prefix,
      const std::function<bool(const ObjectInfo&)>& visit) override {
    return real_->List(prefix, visit);
  }
  std::optional<std::string> LocalPath(std::string_view uri) const override {
    return real_->LocalPath(uri);
  }
  absl::StatusOr<std::string> SignUrl(std::string_view uri,
                                      Duration lifetime) override {
    return real_->SignUrl(uri, lifetime);
  }

 protected:
  ResultStore& real() { return *real_; }

 private:
  const std::unique_ptr<ResultStore> real_;
};

}  // namespace windlass
