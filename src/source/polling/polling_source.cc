#include "source/polling/polling_source.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/backoff.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

class PollingSource : public TaskSource {
 public:
  PollingSource(Store& store, Clock& clock, PollingSourceOptions options)
      : store_(store),
        clock_(clock),
        backoff_({.initial = options.minimum_interval,
                  .maximum = options.maximum_interval,
                  .growth = BackoffGrowth::kExponential},
                 Random(RandomSeed())),
        settled_(options.maximum_interval / 2),
        stretch_(std::max<Duration::rep>(
            1, options.backstop_interval / options.maximum_interval)) {}

  absl::StatusOr<ClaimReply> Next(const ClaimRequest& request,
                                  std::stop_token stop) override {
    // From the first claim on, so that no signal after it is missed.
    Listen();
    if (idle_) Wait(stop);
    if (stop.stop_requested()) return ClaimReply();
    const Duration asked = clock_.Steady();
    absl::StatusOr<ClaimReply> reply = store_.Claim(request);
    claim_took_ = clock_.Steady() - asked;
    if (!reply.ok()) return reply;
    // What was not enough was all there is, mostly: for more there will be a
    // signal, or it is found after the shortest wait.
    idle_ = static_cast<int>(reply->leases.size()) < request.limit;
    if (!reply->leases.empty()) backoff_.Reset();
    next_due_ = reply->next_due;
    return reply;
  }

  void NoteActivity() override {
    idle_ = false;
    backoff_.Reset();
  }

  std::optional<Duration> claim_took() const override { return claim_took_; }

 private:
  void Listen() {
    if (signal_ != nullptr) return;
    // Without a signal there is still the polling.
    auto listening = store_.Listen();
    if (listening.ok()) signal_ = *std::move(listening);
  }

  void Wait(const std::stop_token& stop) {
    Duration wait = backoff_.Next();
    if (wait > settled_ && signal_ != nullptr && signal_->reliable()) {
      wait *= stretch_;
    }
    if (next_due_.has_value()) {
      // The store's clock may differ from ours; then the store is asked.
      absl::StatusOr<Timestamp> now = store_.Now();
      if (now.ok()) wait = std::min(wait, *next_due_ - *now);
    }
    if (wait <= Duration::zero()) return;
    if (signal_ == nullptr) {
      clock_.SleepFor(wait, stop);
    } else if (signal_->Wait(wait, stop)) {
      backoff_.Reset();
    }
  }

  Store& store_;
  Clock& clock_;
  Backoff backoff_;
  // Waits above this are stretched where signals can be relied on.
  const Duration settled_;
  const Duration::rep stretch_;
  std::unique_ptr<WakeSignal> signal_;
  bool idle_ = false;
  std::optional<Duration> claim_took_;
  std::optional<Timestamp> next_due_;
};

}  // namespace

std::unique_ptr<TaskSource> MakePollingSource(Store& store, Clock& clock,
                                              PollingSourceOptions options) {
  return std::make_unique<PollingSource>(store, clock, options);
}

}  // namespace windlass
