// Sends spans to a collector, in batches, on a thread of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/backoff.h"
#include "base/http/http_client.h"
#include "base/mutex.h"
#include "base/service.h"
#include "tracing/span.h"
#include "windlass/tracing.h"

namespace windlass {

// Whoever has a span never waits: what does not fit the queue is dropped and
// counted, whatever the collector does. A batch is sent again, with a growing
// pause or the one it asks for, while the collector cannot be reached or says
// 429, 502, 503 or 504; after some tries it is dropped, as it is at once for
// any other refusal. Nothing is written down: what waits when a process is
// killed is lost.
//
// The thread starts with the first span. Thread-safe.
class SpanExporter : public ThreadService {
 public:
  // Makes a span on the exporter's thread, so that who has one does little.
  using MakeSpan = std::function<Span()>;

  // Sends one document. `stop`: the answer is no longer waited for.
  using Post = std::function<absl::StatusOr<HttpAnswer>(const std::string& body,
                                                        std::stop_token stop)>;

  // What became of spans; called on the exporter's thread.
  struct Report {
    std::function<void(std::int64_t spans)> exported;
    std::function<void(std::int64_t spans, std::string_view why)> dropped;
  };

  // How patient it is.
  struct Options {
    BackoffOptions backoff = {.initial = std::chrono::seconds(1),
                              .maximum = std::chrono::seconds(30)};
    int tries = 6;
    std::size_t batch = 512;
  };

  SpanExporter(TracingConfig config, Post post, Report report, Options options);
  SpanExporter(TracingConfig config, Post post, Report report)
      : SpanExporter(std::move(config), std::move(post), std::move(report),
                     Options{}) {}
  ~SpanExporter() override { Stop(); }

  void Add(MakeSpan make);

  // Sends what waits, for flush_timeout at most; the rest is dropped.
  void Stop() override;

 protected:
  void Run(std::stop_token stop) override;

 private:
  enum class Verdict : std::uint8_t { kDone, kAgain, kRefused };

  // False when stopped and there is nothing left.
  bool TakeBatch();
  void Send();
  Verdict Judge(const absl::StatusOr<HttpAnswer>& answer);
  void ReportOverflow();
  // Between two tries; false when there is to be no other.
  bool Pause(Duration pause, bool unreachable);

  const TracingConfig config_;
  const Attributes resource_;
  const Post post_;
  const Report report_;
  const Options options_;
  std::atomic<bool> begun_ = false;
  std::stop_source give_up_;

  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<MakeSpan> queue_ ABSL_GUARDED_BY(mutex_);
  std::int64_t overflow_ ABSL_GUARDED_BY(mutex_) = 0;  // Did not fit.
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool drained_ ABSL_GUARDED_BY(mutex_) = false;

  // Of the thread.
  std::vector<Span> batch_;
  Backoff backoff_;
  Duration asked_pause_{0};
  std::string why_;
};

// Posts to config.url.
SpanExporter::Post PostTo(const TracingConfig& config);

}  // namespace windlass
