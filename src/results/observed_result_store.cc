#include "results/observed_result_store.h"

#include <string>
#include <utility>

namespace windlass {
namespace {

using Events = std::function<EventSink&()>;

// "file:r42/report/7" is in the store "file".
std::string_view SchemeOf(std::string_view uri) {
  return uri.substr(0, uri.find(':'));
}

class ObservedSource : public ByteSource {
 public:
  // `events` is the store's, which outlives its sources.
  ObservedSource(std::unique_ptr<ByteSource> real, std::string_view uri,
                 const Events& events)
      : real_(std::move(real)), scheme_(SchemeOf(uri)), events_(events) {}

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    absl::StatusOr<std::size_t> read = real_->Read(buffer);
    if (read.ok() && *read > 0) {
      events_().OnResultBytes(scheme_, ResultDirection::kRead,
                              static_cast<std::int64_t>(*read));
    }
    return read;
  }

 private:
  const std::unique_ptr<ByteSource> real_;
  const std::string scheme_;
  const Events& events_;
};

class ObservedResultStore : public ResultStore {
 public:
  ObservedResultStore(std::unique_ptr<ResultStore> real, Events events)
      : real_(std::move(real)), events_(std::move(events)) {}

  absl::StatusOr<ObjectInfo> Put(std::string_view key, ByteSource& content,
                                 const PutOptions& options) override {
    absl::StatusOr<ObjectInfo> put = real_->Put(key, content, options);
    if (put.ok()) {
      events_().OnResultBytes(SchemeOf(put->uri), ResultDirection::kWritten,
                              put->size);
    }
    return put;
  }

  absl::StatusOr<std::unique_ptr<ByteSource>> Get(
      std::string_view uri, const ByteRange& range) override {
    absl::StatusOr<std::unique_ptr<ByteSource>> source = real_->Get(uri, range);
    if (!source.ok()) return source;
    return std::make_unique<ObservedSource>(*std::move(source), uri, events_);
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

 private:
  const std::unique_ptr<ResultStore> real_;
  const Events events_;
};

}  // namespace

std::unique_ptr<ResultStore> MakeObservedResultStore(
    std::unique_ptr<ResultStore> real, std::function<EventSink&()> events) {
  return std::make_unique<ObservedResultStore>(std::move(real),
                                               std::move(events));
}

}  // namespace windlass
