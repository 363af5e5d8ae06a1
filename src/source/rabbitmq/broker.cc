#include "source/rabbitmq/broker.h"

#include <algorithm>
#include <utility>

#include "base/concat.h"
#include "source/rabbitmq/hinting_store.h"
#include "source/rabbitmq/rabbitmq_source.h"
#include "source/rabbitmq/topology.h"

namespace windlass::rabbitmq {
namespace {

// Owns the consumer that the source hears; the broker keeps it too, to tell
// about it.
class OwningSource : public TaskSource {
 public:
  OwningSource(Store& store, Clock& clock,
               std::shared_ptr<HintConsumer> consumer,
               PollingSourceOptions options)
      : consumer_(std::move(consumer)),
        source_(MakeRabbitMqSource(store, clock, *consumer_, options)) {
    consumer_->Start();
  }
  ~OwningSource() override { consumer_->Stop(); }

  absl::StatusOr<ClaimReply> Next(const ClaimRequest& request,
                                  std::stop_token stop) override {
    return source_->Next(request, std::move(stop));
  }
  void NoteActivity() override { source_->NoteActivity(); }
  std::optional<Duration> claim_took() const override {
    return source_->claim_took();
  }
  std::string_view claimed_by() const override { return source_->claimed_by(); }

 private:
  const std::shared_ptr<HintConsumer> consumer_;
  const std::unique_ptr<TaskSource> source_;
};

// Null when all are there that are needed.
const BrokerLink* MissingLink(const BrokerStatus& status) {
  if (status.consuming && !status.consuming->link.connected) {
    return &status.consuming->link;
  }
  if (status.ingest && !status.ingest->link.connected) {
    return &status.ingest->link;
  }
  // A publisher that has had nothing to say is not connected, and need not be.
  if (!status.publishing.connected && status.publishing.connects > 0) {
    return &status.publishing;
  }
  return nullptr;
}

}  // namespace

Broker::Broker(BrokerUrl url, OnChange on_change)
    : url_(std::move(url)), on_change_(std::move(on_change)) {
  HintPublisher::Parts parts;
  parts.look = [this] {
    Store* store = nullptr;
    {
      const MutexLock lock(mutex_);
      store = store_;
    }
    return store == nullptr ? ReadyQueues() : HintingStore::LookAt(*store);
  };
  parts.on_change = [this] { NoteChange(); };
  parts.on_unroutable = [this] {
    const MutexLock lock(mutex_);
    for (const auto& consumer : consumers_) consumer->DeclareAgain();
  };
  publisher_ = std::make_unique<HintPublisher>(url_, std::move(parts));
}

// The ingest still makes things ready, which the publisher tells.
Broker::~Broker() {
  StopIngest();
  publisher_->Stop();
}

void Broker::StartIngest(Ingest::Submit submit) {
  ingest_ = std::make_unique<Ingest>(url_, std::move(submit),
                                     [this] { NoteChange(); });
  ingest_->Start();
}

void Broker::StopIngest() {
  if (ingest_ != nullptr) ingest_->Stop();
}

std::unique_ptr<Store> Broker::Wrap(std::unique_ptr<Store> store) {
  {
    const MutexLock lock(mutex_);
    store_ = store.get();
  }
  publisher_->Start();
  return std::make_unique<HintingStore>(std::move(store), *publisher_, nudges_);
}

std::unique_ptr<TaskSource> Broker::MakeSource(Store& store, Clock& clock,
                                               std::vector<std::string> queues,
                                               int prefetch,
                                               PollingSourceOptions options) {
  // Shared with the source: the status outlives neither.
  auto consumer = std::make_shared<HintConsumer>(
      url_, std::move(queues), prefetch, [this] { NoteChange(); },
      [this] { nudges_.Nudge(); });
  {
    const MutexLock lock(mutex_);
    consumers_.push_back(consumer);
  }
  return std::make_unique<OwningSource>(store, clock, std::move(consumer),
                                        options);
}

BrokerStatus Broker::status() const {
  BrokerStatus status;
  publisher_->AddTo(status);
  std::shared_ptr<HintConsumer> newest;
  {
    const MutexLock lock(mutex_);
    if (!consumers_.empty()) newest = consumers_.back();
  }
  if (newest != nullptr) status.consuming = newest->consuming();
  if (ingest_ != nullptr) status.ingest = ingest_->ingest();
  return status;
}

// Told while the lock is held, so that the last word is the truth.
void Broker::NoteChange() {
  if (!on_change_) return;
  const MutexLock telling(telling_);
  const BrokerStatus now = status();
  const BrokerLink* missing = MissingLink(now);
  const bool connected = missing == nullptr;
  if (was_told_ && connected == was_connected_) return;
  was_told_ = true;
  was_connected_ = connected;
  on_change_(connected, connected ? "" : missing->last_error);
}

std::vector<Finding> DiagnoseBroker(const BrokerUrl& url) {
  using Level = Finding::Level;
  auto connection = Connection::Open(url, "windlass doctor");
  if (!connection.ok()) {
    return {{Level::kWarning, "broker",
             std::string(connection.status().message()),
             absl::IsPermissionDenied(connection.status())
                 ? "give its user a right to the vhost, or name another in "
                   "--broker; executors poll until then"
                 : "see whether it is up and --broker right; executors poll "
                   "until then"}};
  }
  std::vector<Finding> findings{
      {Level::kOk, "broker", (*connection)->server(), ""}};
  auto drifts = DeclareHintQueues(**connection, {});
  if (!drifts.ok()) {
    findings.push_back({Level::kWarning, "queues of the broker",
                        std::string(drifts.status().message()),
                        "let its user configure, write and read what begins "
                        "with windlass"});
  } else if (*drifts > 0) {
    findings.push_back({Level::kWarning, "queues of the broker",
                        Concat(*drifts, " have other arguments than ours"),
                        "delete them while no executor runs; they come back"});
  } else {
    findings.push_back(
        {Level::kOk, "queues of the broker", "as they are declared", ""});
  }
  return findings;
}

}  // namespace windlass::rabbitmq
