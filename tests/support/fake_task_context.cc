#include "support/fake_task_context.h"

#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace windlass {
namespace {

std::string MakeFolder() {
  std::string name = std::filesystem::temp_directory_path() / "windlass-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  return name;
}

std::shared_ptr<RunInfo> MakeRun(const std::string& base_dir) {
  auto workflow = std::make_shared<Workflow>();
  workflow->name = "test";
  workflow->tasks.emplace_back().id = "subject";
  auto run = std::make_shared<RunInfo>();
  run->id = run->root = RunId{1};
  run->workflow = workflow;
  run->base_dir = base_dir;
  return run;
}

}  // namespace

FakeTaskContext::FakeTaskContext(Json params)
    : folder_(MakeFolder()), params_(std::move(params)) {
  std::filesystem::create_directory(folder_ + "/base");
  run_ = MakeRun(folder_ + "/base");
  lease_.run = run_;
  lease_.token = LeaseToken{1};
}

FakeTaskContext::~FakeTaskContext() { std::filesystem::remove_all(folder_); }

void FakeTaskContext::SetResult(std::string task, Json result) {
  std::lock_guard lock(mutex_);
  results_[std::move(task)] = std::move(result);
}

void FakeTaskContext::SetHeartbeatDetails(Json details) {
  std::lock_guard lock(mutex_);
  heartbeat_details_ = std::move(details);
}

void FakeTaskContext::OnLog(std::function<void(std::string_view)> look) {
  std::lock_guard lock(mutex_);
  on_log_ = std::move(look);
}

void FakeTaskContext::OnHeartbeat(std::function<void(const Json&)> look) {
  std::lock_guard lock(mutex_);
  on_heartbeat_ = std::move(look);
}

void FakeTaskContext::Stop(StopReason reason) {
  {
    std::lock_guard lock(mutex_);
    reason_ = reason;
  }
  stop_.request_stop();
}

bool FakeTaskContext::WaitForLog(std::string_view text) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] {
    for (const auto& [level, line] : logs_) {
      if (line.find(text) != std::string::npos) return true;
    }
    return false;
  });
}

std::vector<std::string> FakeTaskContext::logs(LogLevel least) const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> lines;
  for (const auto& [level, line] : logs_) {
    if (level >= least) lines.push_back(line);
  }
  return lines;
}

std::vector<std::pair<double, std::string>> FakeTaskContext::progress() const {
  std::lock_guard lock(mutex_);
  return progress_;
}

std::vector<Json> FakeTaskContext::heartbeats() const {
  std::lock_guard lock(mutex_);
  return heartbeats_;
}

std::map<std::string, Json> FakeTaskContext::saved() const {
  std::lock_guard lock(mutex_);
  return saved_;
}

std::map<std::string, std::string> FakeTaskContext::written() const {
  std::lock_guard lock(mutex_);
  return written_;
}

void FakeTaskContext::RunCleanups(AttemptOutcome outcome) {
  std::vector<std::function<void(AttemptOutcome)>> cleanups;
  {
    std::lock_guard lock(mutex_);
    cleanups.swap(cleanups_);
  }
  while (!cleanups.empty()) {
    cleanups.back()(outcome);
    cleanups.pop_back();
  }
}

std::string FakeTaskContext::Path(std::string_view name) const {
  return run_->base_dir + "/" + std::string(name);
}

absl::StatusOr<Json> FakeTaskContext::Result(std::string_view task) {
  std::lock_guard lock(mutex_);
  auto found = results_.find(std::string(task));
  if (found == results_.end()) return absl::NotFoundError("no such result");
  return found->second;
}

absl::StatusOr<std::unique_ptr<ByteSource>> FakeTaskContext::OpenResult(
    std::string_view task) {
  auto result = Result(task);
  if (!result.ok()) return result.status();
  return MakeStringSource(JsonToText(*result));
}

void FakeTaskContext::Progress(double fraction, std::string_view message) {
  std::lock_guard lock(mutex_);
  progress_.emplace_back(fraction, message);
}

void FakeTaskContext::Heartbeat(Json details) {
  std::function<void(const Json&)> look;
  {
    std::lock_guard lock(mutex_);
    heartbeats_.push_back(details);
    look = on_heartbeat_;
  }
  if (look) look(details);
}

absl::StatusOr<Json> FakeTaskContext::HeartbeatDetails() {
  std::lock_guard lock(mutex_);
  return heartbeat_details_;
}

absl::Status FakeTaskContext::Save(std::string_view name, Content content) {
  const Json* value = std::get_if<Json>(&content);
  if (value == nullptr) return absl::UnimplementedError("only JSON");
  std::lock_guard lock(mutex_);
  saved_[std::string(name)] = *value;
  return absl::OkStatus();
}

absl::StatusOr<Json> FakeTaskContext::Load(std::string_view name) {
  std::lock_guard lock(mutex_);
  auto found = saved_.find(std::string(name));
  if (found == saved_.end()) return absl::NotFoundError("not saved");
  return found->second;
}

void FakeTaskContext::Log(LogLevel level, std::string_view message) {
  std::function<void(std::string_view)> look;
  {
    std::lock_guard lock(mutex_);
    logs_.emplace_back(level, message);
    look = on_log_;
  }
  changed_.notify_all();
  if (look) look(message);
}

absl::StatusOr<ResultEnvelope> FakeTaskContext::WriteResult(
    ByteSource& content, std::string_view media_type) {
  std::string bytes;
  std::string buffer(8192, '\0');
  while (true) {
    auto got = content.Read(std::span<char>(buffer));
    if (!got.ok()) return got.status();
    if (*got == 0) break;
    bytes.append(buffer, 0, *got);
  }
  ResultEnvelope envelope;
  envelope.kind = ResultEnvelope::Kind::kReference;
  envelope.media_type = media_type;
  envelope.size = static_cast<std::int64_t>(bytes.size());
  std::lock_guard lock(mutex_);
  envelope.uri = absl::StrCat("fake:", written_.size());
  written_[envelope.uri] = std::move(bytes);
  return envelope;
}

absl::StatusOr<std::string> FakeTaskContext::SignUrl(std::string_view uri,
                                                     Duration lifetime) {
  if (!uri.starts_with("fake:")) return absl::NotFoundError("no such object");
  return absl::StrCat(
      "https://example.org/", std::string(uri.substr(5)),
      "?seconds=", std::chrono::floor<std::chrono::seconds>(lifetime).count());
}

StopReason FakeTaskContext::stop_reason() const {
  std::lock_guard lock(mutex_);
  return reason_;
}

absl::StatusOr<std::string> FakeTaskContext::ScratchDir() {
  std::string path = folder_ + "/scratch";
  std::filesystem::create_directory(path);
  return path;
}

void FakeTaskContext::OnCleanup(std::function<void(AttemptOutcome)> clean) {
  std::lock_guard lock(mutex_);
  cleanups_.push_back(std::move(clean));
}

std::string ReadTestFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteTestFile(const std::string& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
}

}  // namespace windlass
