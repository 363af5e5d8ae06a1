#include "results/observed_result_store.h"

#include <string>
#include <utility>

#include "results/forwarding_result_store.h"
#include "results/result_place.h"

namespace windlass {
namespace {

using Events = std::function<EventSink&()>;

// "file:r42/report/7" is in the store "file".
std::string_view SchemeOf(std::string_view uri) {
  const std::string_view there = SplitPlacedUri(uri).uri;
  return there.substr(0, there.find(':'));
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

class ObservedResultStore : public ForwardingResultStore {
 public:
  ObservedResultStore(std::unique_ptr<ResultStore> real, Events events)
      : ForwardingResultStore(std::move(real)), events_(std::move(events)) {}

  absl::StatusOr<ObjectInfo> Put(std::string_view key, ByteSource& content,
                                 const PutOptions& options) override {
    absl::StatusOr<ObjectInfo> put = real().Put(key, content, options);
    if (put.ok()) {
      events_().OnResultBytes(SchemeOf(put->uri), ResultDirection::kWritten,
                              put->size);
    }
    return put;
  }

  absl::StatusOr<std::unique_ptr<ByteSource>> Get(
      std::string_view uri, const ByteRange& range) override {
    absl::StatusOr<std::unique_ptr<ByteSource>> source = real().Get(uri, range);
    if (!source.ok()) return source;
    return std::make_unique<ObservedSource>(*std::move(source), uri, events_);
  }

 private:
  const Events events_;
};

}  // namespace

std::unique_ptr<ResultStore> MakeObservedResultStore(
    std::unique_ptr<ResultStore> real, std::function<EventSink&()> events) {
  return std::make_unique<ObservedResultStore>(std::move(real),
                                               std::move(events));
}

}  // namespace windlass
