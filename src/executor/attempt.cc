#include "executor/attempt.h"

#include <algorithm>
#include <cmath>
#include <exception>

#include "base/concat.h"
#include "base/file.h"
#include "executor/redacted_content.h"
#include "model/task_name.h"
#include "results/object_key.h"
#include "results/result_place.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

// Stands in where a task has no params.
const Json& NoParams() {
  static const Json none = JsonObject{};
  return none;
}

// How long a handler has to end once its lease is lost, whatever its own grace
// period: the rest of the lease is what Registration keeps back.
Duration LostLeaseGrace(Duration lease_ttl) { return lease_ttl / 10; }

// The store's clock says how much time was left when it gave the lease out; it
// goes on by ours, which may show another time.
std::optional<Duration> CloseAt(const EpochLease& lease) {
  const auto& deadline = lease.lease.close_deadline;
  if (!deadline.has_value()) return std::nullopt;
  return lease.received_at + (*deadline - lease.lease.claimed_at);
}

// The store's clock measures until the claim, ours from there on.
Duration Waited(const EpochLease& claimed, Duration now) {
  const Lease& lease = claimed.lease;
  return now - claimed.received_at +
         std::max(lease.claimed_at - lease.ready_at, Duration::zero());
}

absl::Status CutOffError() {
  return absl::CancelledError(
      "the attempt was abandoned and its executor has ended");
}

}  // namespace

class Attempt::Use {
 public:
  explicit Use(Attempt& attempt)
      : lock_(attempt.use_), allowed_(!attempt.cut_off_) {}
  explicit operator bool() const { return allowed_; }

 private:
  std::shared_lock<std::shared_mutex> lock_;
  const bool allowed_;
};

Attempt::Attempt(const AttemptParts& parts, const EpochLease& lease,
                 Duration now)
    : parts_(parts),
      lease_(lease.lease),
      epoch_(lease.epoch),
      occupancy_(lease.occupancy),
      started_at_(now.count()),
      waited_(Waited(lease, now)),
      close_at_(CloseAt(lease)),
      params_(&NoParams()),
      last_sign_of_life_(now.count()) {}

Attempt::~Attempt() = default;

void Attempt::PrepareParams(Json params) {
  own_params_ = std::move(params);
  params_ = &own_params_;
}

void Attempt::PrepareIdempotencyKey(std::string key) {
  MutexLock lock(mutex_);
  idempotency_key_ = std::move(key);
}

void Attempt::BeginAt(Duration at) {
  last_sign_of_life_.store(at.count(), std::memory_order_relaxed);
  started_at_.store(at.count(), std::memory_order_relaxed);
}

// ---------------------------------------------------------------- stopping

void Attempt::RequestStop(StopReason reason) {
  std::optional<std::stop_source> stop;
  {
    MutexLock lock(mutex_);
    if (reason_ == reason) return;
    if (reason_ != StopReason::kNone && reason != StopReason::kLeaseLost) {
      return;
    }
    if (reason_ == StopReason::kNone) {
      stop_requested_at_ = parts_.clock->Steady();
    }
    reason_ = reason;
    stop = stop_;
  }
  if (stop.has_value()) stop->request_stop();  // Runs the handler's callbacks.
}

Duration Attempt::GraceLocked() const {
  Duration grace = spec().cancellation.grace_period;
  if (reason_ != StopReason::kLeaseLost) return grace;
  return std::min(grace, LostLeaseGrace(parts_.config->lease_ttl));
}

Attempt::Check Attempt::CheckTime(Duration now) const {
  Check check;
  MutexLock lock(mutex_);
  if (reason_ != StopReason::kNone) {
    check.next = stop_requested_at_ + GraceLocked();
    check.overdue = now >= check.next;
    return check;
  }
  auto consider = [&](const std::optional<Duration>& timeout, Duration from,
                      StopReason reason) {
    if (!timeout.has_value()) return;
    const Duration due = from + *timeout;
    if (now >= due && !check.stop.has_value()) check.stop = reason;
    check.next = std::min(check.next, due);
  };
  consider(spec().start_to_close_timeout, started_at(), StopReason::kTimeout);
  consider(spec().heartbeat_timeout,
           Duration(last_sign_of_life_.load(std::memory_order_relaxed)),
           StopReason::kHeartbeatTimeout);
  consider(close_at_, Duration::zero(), StopReason::kScheduleToCloseTimeout);
  return check;
}

bool Attempt::Abandon() {
  if (!ClaimEnd()) return false;
  abandoned_.store(true);
  return true;
}

void Attempt::CutOff() {
  std::unique_lock<std::shared_mutex> lock(use_);
  cut_off_ = true;
}

std::stop_token Attempt::stop_token() const {
  MutexLock lock(mutex_);
  if (!stop_.has_value()) {
    stop_.emplace();
    // Nobody has the token yet, so no callback runs under the lock.
    if (reason_ != StopReason::kNone) stop_->request_stop();
  }
  return stop_->get_token();
}

StopReason Attempt::stop_reason() const {
  MutexLock lock(mutex_);
  return reason_;
}

std::optional<std::chrono::steady_clock::time_point> Attempt::deadline() const {
  std::optional<Duration> end = close_at_;
  if (const auto& timeout = spec().start_to_close_timeout) {
    end = std::min(end.value_or(Duration::max()), started_at() + *timeout);
  }
  if (!end.has_value()) return std::nullopt;
  return std::chrono::steady_clock::now() + (*end - parts_.clock->Steady());
}

Duration Attempt::grace_period() const {
  MutexLock lock(mutex_);
  return GraceLocked();
}

// ---------------------------------------------------------------- identity

const std::string& Attempt::task_name() const {
  if (lease_.task.index < 0) return spec().id;
  MutexLock lock(mutex_);
  if (name_.empty()) name_ = FormatTaskName(spec().id, lease_.task);
  return name_;  // Does not change any more.
}

const std::string& Attempt::idempotency_key() const {
  MutexLock lock(mutex_);
  if (idempotency_key_.empty()) {
    idempotency_key_ = Concat(FormatRunId(lease_.run->id), "/",
                              FormatTaskName(spec().id, lease_.task));
  }
  return idempotency_key_;  // Does not change any more.
}

std::optional<TraceContext> Attempt::Trace() const {
  return TraceOf(lease_, parts_.traces);
}

std::string Attempt::traceparent() const {
  const auto trace = Trace();
  return trace ? FormatTraceparent(*trace) : std::string();
}

std::string Attempt::tracestate() const {
  auto trace = Trace();
  return trace ? std::move(trace->state) : std::string();
}

std::string Attempt::CallTraceparent(int number) const {
  auto trace = Trace();
  if (!trace) return {};
  // Where nothing is recorded there is no span for the service to refer to.
  if (parts_.traces.records) trace->span = CallSpan(lease_, number);
  return FormatTraceparent(*trace);
}

void Attempt::NoteCall(const ServiceCall& call) {
  Use use(*this);
  if (!use) return;
  if (redactor_.empty()) return parts_.events->OnServiceCall(lease_, call);
  ServiceCall redacted = call;
  redacted.url = redactor_.Redact(call.url);
  redacted.host = redactor_.Redact(call.host);
  parts_.events->OnServiceCall(lease_, redacted);
}

// ------------------------------------------------------------------ inputs

absl::StatusOr<int> Attempt::AncestorNode(std::string_view task) const {
  const Workflow& workflow = *lease_.run->workflow;
  const int wanted = workflow.FindTask(task);
  if (wanted < 0) {
    return absl::NotFoundError(Concat("the workflow has no task '", task, "'"));
  }
  if (workflow.on_exit_index == lease_.task.node) return wanted;
  std::vector<int> todo = {lease_.task.node};
  std::vector<bool> seen(workflow.tasks.size());
  while (!todo.empty()) {
    const int node = todo.back();
    todo.pop_back();
    const auto& spec = workflow.tasks[static_cast<std::size_t>(node)];
    for (const std::string& id : spec.depends_on) {
      const int next = workflow.FindTask(id);
      if (next == wanted) return wanted;
      if (next < 0 || seen[static_cast<std::size_t>(next)]) continue;
      seen[static_cast<std::size_t>(next)] = true;
      todo.push_back(next);
    }
  }
  return absl::FailedPreconditionError(
      Concat("task '", spec().id, "' does not depend on '", task,
             "'; add it to depends_on to read its result"));
}

absl::StatusOr<Json> Attempt::Result(std::string_view task) {
  Use use(*this);
  if (!use) return CutOffError();
  absl::StatusOr<int> node = AncestorNode(task);
  if (!node.ok()) return node.status();
  auto value = parts_.upstream->Result(*lease_.run, *node);
  if (!value.ok()) return value.status();
  return **value;
}

absl::StatusOr<std::unique_ptr<ByteSource>> Attempt::OpenResult(
    std::string_view task) {
  Use use(*this);
  if (!use) return CutOffError();
  absl::StatusOr<int> node = AncestorNode(task);
  if (!node.ok()) return node.status();
  return parts_.upstream->Open(*lease_.run, *node);
}

// ---------------------------------------------------------------- progress

ProgressUpdate Attempt::NewUpdate() const {
  ProgressUpdate update;
  update.run = lease_.run->id;
  update.task = lease_.task;
  update.token = lease_.token;
  return update;
}

void Attempt::Post(ProgressUpdate update) {
  Use use(*this);
  if (!use || abandoned()) return;
  last_sign_of_life_.store(parts_.clock->Steady().count(),
                           std::memory_order_relaxed);
  posted_.store(true, std::memory_order_relaxed);
  parts_.progress->Post(std::move(update), weak_from_this());
}

void Attempt::Progress(double fraction, std::string_view message) {
  ProgressUpdate update = NewUpdate();
  if (!std::isnan(fraction)) update.fraction = std::clamp(fraction, 0.0, 1.0);
  update.message = redactor_.Redact(message);
  Post(std::move(update));
}

void Attempt::Heartbeat(Json details) {
  if (details.is_null()) {
    Use use(*this);
    if (!use) return;
    last_sign_of_life_.store(parts_.clock->Steady().count(),
                             std::memory_order_relaxed);
    return;
  }
  ProgressUpdate update = NewUpdate();
  update.heartbeat_details =
      redactor_.empty() ? std::move(details) : redactor_.RedactJson(details);
  Post(std::move(update));
}

absl::StatusOr<SavedState> Attempt::Saved() {
  {
    MutexLock lock(mutex_);
    if (earlier_.has_value()) return *earlier_;
  }
  Use use(*this);
  if (!use) return CutOffError();
  absl::StatusOr<SavedState> saved = parts_.store->LoadSaved(lease_);
  if (!saved.ok()) return saved;
  MutexLock lock(mutex_);
  if (!earlier_.has_value()) earlier_ = *saved;
  return *earlier_;
}

absl::StatusOr<Json> Attempt::HeartbeatDetails() {
  absl::StatusOr<SavedState> saved = Saved();
  if (!saved.ok()) return saved.status();
  return saved->heartbeat_details.value_or(Json(nullptr));
}

absl::Status Attempt::Save(std::string_view name, Content content) {
  Use use(*this);
  if (!use || abandoned()) return CutOffError();
  absl::StatusOr<ResultEnvelope> envelope = Write(content, "saved");
  if (!envelope.ok()) return envelope.status();
  ProgressUpdate update = NewUpdate();
  update.saved.emplace_back(name, *envelope);
  absl::Status saved = parts_.progress->Save(std::move(update));
  if (absl::IsFailedPrecondition(saved)) OnLeaseLost();
  if (!saved.ok()) return saved;
  last_sign_of_life_.store(parts_.clock->Steady().count(),
                           std::memory_order_relaxed);
  MutexLock lock(mutex_);
  saved_.emplace_back(name, *std::move(envelope));
  return absl::OkStatus();
}

absl::StatusOr<Json> Attempt::Load(std::string_view name) {
  auto is_it = [name](const auto& entry) { return entry.first == name; };
  std::optional<ResultEnvelope> found;
  {
    MutexLock lock(mutex_);
    auto own = std::find_if(saved_.rbegin(), saved_.rend(), is_it);
    if (own != saved_.rend()) found = own->second;
  }
  if (!found.has_value()) {
    absl::StatusOr<SavedState> saved = Saved();
    if (!saved.ok()) return saved.status();
    auto earlier =
        std::find_if(saved->saved.rbegin(), saved->saved.rend(), is_it);
    if (earlier == saved->saved.rend()) {
      return absl::NotFoundError(
          Concat("no attempt of this task saved '", name, "'"));
    }
    found = earlier->second;
  }
  Use use(*this);
  if (!use) return CutOffError();
  return parts_.results->ReadValue(*found);
}

void Attempt::Log(LogLevel level, std::string_view message) {
  Use use(*this);
  if (!use) return;
  if (redactor_.empty()) {
    parts_.events->OnLog(lease_, level, message);
  } else {
    parts_.events->OnLog(lease_, level, redactor_.Redact(message));
  }
}

void Attempt::LogOutput(LogSource source, LogLevel level,
                        std::string_view lines) {
  Use use(*this);
  if (!use) return;
  if (redactor_.empty()) {
    return parts_.events->OnOutput(lease_, source, level, lines);
  }
  // By itself, as a line that is a secret and nothing else is redacted however
  // short it is.
  std::string redacted;
  redacted.reserve(lines.size());
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    redacted += redactor_.Redact(lines.substr(0, end));
    redacted += '\n';
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  parts_.events->OnOutput(lease_, source, level, redacted);
}

// The first content of a kind has the plain key, later ones are numbered, so
// that no two of an attempt share one.
WriteOptions Attempt::WriteOptionsFor(std::string_view name) const {
  const ResultSpec& result = spec().result;
  WriteOptions options;
  options.maximum_inline_bytes = result.max_inline_bytes;
  if (result.compression == "zstd") {
    options.compression = WriteOptions::Compression::kZstd;
  } else if (result.compression == "none") {
    options.compression = WriteOptions::Compression::kNone;
  }
  options.zstd_level = result.compression_level;
  options.place = PlaceOf(result, base_dir());
  std::string label(name);
  const int before = contents_written_.fetch_add(1);
  if (before > 0) label += Concat(label.empty() ? "" : "-", before);
  options.key = Concat(parts_.results->key_prefix(),
                       MakeObjectKey(lease_.run->id, spec().id,
                                     lease_.task.index, lease_.token, label));
  return options;
}

absl::StatusOr<ResultEnvelope> Attempt::Write(Content& content,
                                              std::string_view name) const {
  return WriteRedacted(*parts_.results, content, redactor_,
                       WriteOptionsFor(name));
}

absl::StatusOr<ResultEnvelope> Attempt::WriteResult(
    ByteSource& content, std::string_view media_type) {
  Use use(*this);
  if (!use) return CutOffError();
  return WriteRedactedStream(*parts_.results, content, media_type, redactor_,
                             WriteOptionsFor(""));
}

absl::StatusOr<std::string> Attempt::SignUrl(std::string_view uri,
                                             Duration lifetime) {
  Use use(*this);
  if (!use) return CutOffError();
  if (auto status = CheckPlace(*lease_.run, uri); !status.ok()) return status;
  return parts_.results->SignUrl(uri, lifetime);
}

void Attempt::SettleProgress(Pending pending) {
  if (!posted_.load(std::memory_order_relaxed)) return;
  if (pending == Pending::kWrite) {
    parts_.progress->Settle(lease_.token);
  } else {
    parts_.progress->Forget(lease_.token);
  }
}

// ------------------------------------------------------------------ places

absl::StatusOr<std::string> Attempt::ScratchDir() {
  MutexLock lock(mutex_);
  if (!scratch_dir_.empty()) return scratch_dir_;
  absl::StatusOr<std::string> made = parts_.scratch->MakeFolder();
  if (made.ok()) scratch_dir_ = *made;
  return made;
}

void Attempt::OnCleanup(std::function<void(AttemptOutcome)> clean) {
  MutexLock lock(mutex_);
  cleanups_.push_back(std::move(clean));
}

std::vector<std::string> Attempt::CleanUp(AttemptOutcome outcome) {
  std::vector<std::string> troubles;
  while (true) {
    std::function<void(AttemptOutcome)> clean;
    {
      MutexLock lock(mutex_);
      if (cleanups_.empty()) break;
      clean = std::move(cleanups_.back());
      cleanups_.pop_back();
    }
    try {
      clean(outcome);
    } catch (const std::exception& e) {
      troubles.push_back(Concat("a cleanup threw: ", e.what()));
    } catch (...) {
      troubles.push_back("a cleanup threw something that is no exception");
    }
  }
  std::string scratch;
  {
    MutexLock lock(mutex_);
    scratch.swap(scratch_dir_);
  }
  if (!scratch.empty()) {
    absl::Status removed = RemoveTree(scratch);
    if (!removed.ok()) {
      troubles.push_back(
          Concat("the scratch folder is left behind: ", removed.message()));
    }
  }
  return troubles;
}

}  // namespace windlass
