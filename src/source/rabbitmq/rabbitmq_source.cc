#include "source/rabbitmq/rabbitmq_source.h"

#include <utility>

#include "windlass/forwarding_store.h"

namespace windlass::rabbitmq {
namespace {

// The store, but that its signals are the broker's.
class SignalledStore : public ForwardingStore {
 public:
  SignalledStore(Store& real, HintConsumer& consumer)
      : ForwardingStore(real), consumer_(consumer) {}

  absl::StatusOr<std::unique_ptr<WakeSignal>> Listen() override {
    return consumer_.Listen();
  }

 private:
  HintConsumer& consumer_;
};

class RabbitMqSource : public TaskSource {
 public:
  RabbitMqSource(Store& store, Clock& clock, HintConsumer& consumer,
                 PollingSourceOptions options)
      : consumer_(consumer),
        store_(store, consumer),
        polling_(MakePollingSource(store_, clock, options)) {}

  absl::StatusOr<ClaimReply> Next(const ClaimRequest& request,
                                  std::stop_token stop) override {
    consumer_.Want();
    auto reply = polling_->Next(request, stop);
    using Claim = HintConsumer::Claim;
    Claim claim = Claim::kMade;
    if (!reply.ok()) {
      claim = Claim::kFailed;
    } else if (reply->leases.empty() && stop.stop_requested()) {
      claim = Claim::kNotMade;
    }
    const std::size_t tasks = reply.ok() ? reply->leases.size() : 0;
    hinted_ = consumer_.Decided(claim, static_cast<int>(tasks));
    return reply;
  }

  std::string_view claimed_by() const override {
    return hinted_ ? "hint" : "poll";
  }
  void NoteActivity() override { polling_->NoteActivity(); }
  std::optional<Duration> claim_took() const override {
    return polling_->claim_took();
  }

 private:
  HintConsumer& consumer_;
  SignalledStore store_;
  const std::unique_ptr<TaskSource> polling_;
  bool hinted_ = false;
};

}  // namespace

std::unique_ptr<TaskSource> MakeRabbitMqSource(Store& store, Clock& clock,
                                               HintConsumer& consumer,
                                               PollingSourceOptions options) {
  return std::make_unique<RabbitMqSource>(store, clock, consumer, options);
}

}  // namespace windlass::rabbitmq
