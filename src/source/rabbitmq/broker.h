// All that one process has to do with a broker: whom it tells, whom it hears.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "source/polling/polling_source.h"
#include "source/rabbitmq/broker_url.h"
#include "source/rabbitmq/hint_consumer.h"
#include "source/rabbitmq/hint_publisher.h"
#include "source/rabbitmq/ingest.h"
#include "source/rabbitmq/nudges.h"
#include "windlass/broker.h"
#include "windlass/diagnosis.h"
#include "windlass/store.h"
#include "windlass/task_source.h"

namespace windlass::rabbitmq {

// Connects when there is something to say or to hear; a broker that cannot be
// reached is no error of anything here. Thread-safe once it wraps its store.
class Broker {
 public:
  // Told whether all connections that are needed exist, when that changes, and
  // why one does not, as far as is known; by threads of ours.
  using OnChange = std::function<void(bool connected, std::string_view why)>;
  Broker(BrokerUrl url, OnChange on_change);
  // After the sources it made, and before the store it wrapped goes.
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  // A store that tells what its callers make ready; once, before the rest.
  std::unique_ptr<Store> Wrap(std::unique_ptr<Store> store);

  // For one executor. Hints about tasks of these queues, or of all;
  // `prefetch`: how many at most are held at a time.
  std::unique_ptr<TaskSource> MakeSource(Store& store, Clock& clock,
                                         std::vector<std::string> queues,
                                         int prefetch,
                                         PollingSourceOptions options);

  // Takes in what foreign programs publish, as long as the broker is there;
  // once.
  void StartIngest(Ingest::Submit submit);
  void StopIngest();

  BrokerStatus status() const;

 private:
  void NoteChange();

  const BrokerUrl url_;
  const OnChange on_change_;

  Nudges nudges_;
  mutable Mutex mutex_;
  Store* store_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::vector<std::shared_ptr<HintConsumer>> consumers_ ABSL_GUARDED_BY(mutex_);
  Mutex telling_;
  bool was_connected_ ABSL_GUARDED_BY(telling_) = false;
  bool was_told_ ABSL_GUARDED_BY(telling_) = false;
  std::unique_ptr<HintPublisher> publisher_;
  std::unique_ptr<Ingest> ingest_;
};

// Whether this broker can be used, and by whom. Opens a connection and declares
// what executors declare.
std::vector<Finding> DiagnoseBroker(const BrokerUrl& url);

}  // namespace windlass::rabbitmq
