// A TaskContext without an executor: params and saved state come from the
// test, and what the handler says is kept for the test to look at.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windlass/handler.h"

namespace windlass {

// Thread-safe. Holds a temporary folder as base_dir() and scratch folder;
// both are removed with it.
class FakeTaskContext : public TaskContext {
 public:
  explicit FakeTaskContext(Json params);
  ~FakeTaskContext() override;

  // --- for the test, before Execute()
  void set_params(Json params) { params_ = std::move(params); }
  void SetResult(std::string task, Json result);
  void SetHeartbeatDetails(Json details);
  void set_grace_period(Duration period) { grace_period_ = period; }
  // Changes what the lease says: of which attempt, instance, run.
  Lease& mutable_lease() { return lease_; }
  RunInfo& mutable_run() { return *run_; }
  // What it gives to what it calls; every call gets the same.
  void SetTraceparent(std::string text) { traceparent_ = std::move(text); }
  // Called on the handler's thread after every log line.
  void OnLog(std::function<void(std::string_view)> look);
  // Called on the handler's thread with every heartbeat's details.
  void OnHeartbeat(std::function<void(const Json&)> look);

  // --- for the test, meanwhile
  void Stop(StopReason reason);
  // Blocks until a log line holds `text`. False after ten seconds: fail then.
  [[nodiscard]] bool WaitForLog(std::string_view text);

  // --- for the test, afterwards
  // Of this level and above.
  std::vector<std::string> logs(LogLevel least = LogLevel::kDebug) const;
  std::vector<std::pair<double, std::string>> progress() const;
  std::vector<Json> heartbeats() const;
  std::map<std::string, Json> saved() const;
  // The bytes given to WriteResult(), by the uri it answered.
  std::map<std::string, std::string> written() const;
  void RunCleanups(AttemptOutcome outcome);
  std::string Path(std::string_view name) const;

  // --- TaskContext
  const Lease& lease() const override { return lease_; }
  const std::string& task_name() const override { return task_name_; }
  const std::string& idempotency_key() const override { return key_; }
  const Json& params() const override { return params_; }
  absl::StatusOr<Json> Result(std::string_view task) override;
  absl::StatusOr<std::unique_ptr<ByteSource>> OpenResult(
      std::string_view task) override;
  void Progress(double fraction, std::string_view message) override;
  void Heartbeat(Json details) override;
  absl::StatusOr<Json> HeartbeatDetails() override;
  absl::Status Save(std::string_view name, Content content) override;
  absl::StatusOr<Json> Load(std::string_view name) override;
  void Log(LogLevel level, std::string_view message) override;
  absl::StatusOr<ResultEnvelope> WriteResult(
      ByteSource& content, std::string_view media_type) override;
  absl::StatusOr<std::string> SignUrl(std::string_view uri,
                                      Duration lifetime) override;
  std::string traceparent() const override { return traceparent_; }
  std::string CallTraceparent(int) const override { return traceparent_; }
  std::stop_token stop_token() const override { return stop_.get_token(); }
  StopReason stop_reason() const override;
  std::optional<std::chrono::steady_clock::time_point> deadline()
      const override {
    return std::nullopt;
  }
  Duration grace_period() const override { return grace_period_; }
  absl::StatusOr<std::string> ScratchDir() override;
  void OnCleanup(std::function<void(AttemptOutcome)> clean) override;

 private:
  const std::string folder_;
  std::shared_ptr<RunInfo> run_;
  Lease lease_;
  Json params_;
  std::string task_name_ = "subject";
  std::string key_ = "r1/subject";
  std::string traceparent_;
  Duration grace_period_ = std::chrono::seconds(5);
  std::stop_source stop_;

  mutable std::mutex mutex_;  // Guards everything below.
  std::condition_variable changed_;
  StopReason reason_ = StopReason::kNone;
  std::function<void(std::string_view)> on_log_;
  std::function<void(const Json&)> on_heartbeat_;
  std::map<std::string, Json> results_;
  Json heartbeat_details_;
  std::vector<std::pair<LogLevel, std::string>> logs_;
  std::vector<std::pair<double, std::string>> progress_;
  std::vector<Json> heartbeats_;
  std::map<std::string, Json> saved_;
  std::map<std::string, std::string> written_;
  std::vector<std::function<void(AttemptOutcome)>> cleanups_;
};

// Files of a test: the whole content, or "" when there is none.
std::string ReadTestFile(const std::string& path);
void WriteTestFile(const std::string& path, std::string_view content);

}  // namespace windlass
