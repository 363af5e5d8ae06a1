#include "source/rabbitmq/connection.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "base/child_process.h"
#include "source/rabbitmq/broker_url.h"

namespace windlass::rabbitmq {
namespace {

constexpr Duration kPatience = std::chrono::seconds(90);

// A real one, which starts in a few seconds.
class RabbitMq {
 public:
  absl::Status Start() {
    ChildProcessOptions options;
    options.process.argv = {"/usr/bin/python3", "-B",
                            WINDLASS_SOURCE_DIR
                            "/tests/support/rabbitmq_fixture.py"};
    auto keeper = ChildProcess::Spawn(std::move(options));
    if (!keeper.ok()) return keeper.status();
    keeper_ = *std::move(keeper);
    auto line = keeper_->ReadLine({kPatience});
    if (!line.ok()) return line.status();
    auto url = ParseBrokerUrl(*line);
    if (!url.ok()) return url.status();
    url_ = *url;
    return absl::OkStatus();
  }

  ~RabbitMq() {
    if (keeper_ == nullptr) return;
    keeper_->CloseInput();
    (void)keeper_->Wait({kPatience});
  }

  const BrokerUrl& url() const { return url_; }

 private:
  std::unique_ptr<ChildProcess> keeper_;
  BrokerUrl url_;
};

std::ptrdiff_t OpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return std::distance(begin(files), end(files));
}

// Half of them end over a refused request.
absl::Status ConnectAndListen(const BrokerUrl& url, bool refused) {
  auto connection = Connection::Open(url, "a test");
  if (!connection.ok()) return connection.status();
  auto status = (*connection)->DeclareOwnQueue("own");
  if (status.ok()) status = (*connection)->Consume("own", "own");
  if (!status.ok() || !refused) return status;
  status = (*connection)->CheckQueue("none");
  return absl::IsNotFound(status) ? (*connection)->Reopen() : status;
}

// The sanitizers see to the memory. The queue is exclusive: nobody could
// declare it while an older connection is open.
TEST(BrokerConnectionTest, AThousandConnectsLeaveNothingOpen) {
  RabbitMq broker;
  ASSERT_EQ(broker.Start(), absl::OkStatus());
  ASSERT_EQ(ConnectAndListen(broker.url(), true), absl::OkStatus());
  const auto before = OpenFiles();
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(ConnectAndListen(broker.url(), i % 2 == 0), absl::OkStatus())
        << i;
  }
  EXPECT_EQ(OpenFiles(), before);
}

}  // namespace
}  // namespace windlass::rabbitmq
