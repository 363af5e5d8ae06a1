#include "handlers/process/worker.h"

#include <chrono>
#include <csignal>
#include <utility>

#include "base/concat.h"
#include "handlers/failure.h"
#include "handlers/params.h"
#include "handlers/process/messages.h"

namespace windlass {
namespace {

constexpr std::size_t kErrorBytes = 16 * 1024;
// For a program that has closed its output, to exit.
constexpr Duration kUrlLifetime = std::chrono::hours(1);
constexpr Duration kExitPatience = std::chrono::seconds(2);

LogLevel LevelOf(const Json& message) {
  const std::string level = TextParam(message, "level", "info");
  if (level == "trace") return LogLevel::kTrace;
  if (level == "debug") return LogLevel::kDebug;
  if (level == "warn") return LogLevel::kWarn;
  if (level == "error") return LogLevel::kError;
  return LogLevel::kInfo;
}

}  // namespace

struct Worker::Heard {
  Json message;
  std::optional<Outcome> end;
};

absl::StatusOr<std::unique_ptr<Worker>> Worker::Start(
    const WorkerOptions& options) {
  std::unique_ptr<Worker> worker(new Worker(options));
  ChildProcessOptions child;
  child.process = options.process;
  child.observer = worker.get();
  auto started = ChildProcess::Spawn(std::move(child));
  if (!started.ok()) return started.status();
  worker->child_ = *std::move(started);
  return worker;
}

void Worker::OnOutput(OutputStream, std::string_view bytes) {
  if (log_ != nullptr) log_->Append(bytes);
  if (errors_ != nullptr) errors_->Append(bytes);
}

bool Worker::IsReusable() {
  return reusable_ &&
         absl::IsDeadlineExceeded(
             child_->ReadLine({.timeout = Duration::zero()}).status());
}

bool Worker::Answers(Duration timeout) {
  if (!child_->WriteLine(HelloMessage(), {.timeout = timeout}).ok()) {
    return false;
  }
  auto line = child_->ReadLine({.timeout = timeout});
  if (!line.ok()) return false;
  auto message = ParseMessage(*line);
  return message.ok() && TextParam(*message, "type") == "ready";
}

Outcome Worker::Execute(TaskContext& task, const Json& args) {
  reusable_ = false;
  id_ = Concat(++tasks_);
  log_ = std::make_unique<LineLog>(task, LogSource::kStderr, LogLevel::kInfo);
  errors_ = std::make_unique<OutputCapture>(kErrorBytes);
  Outcome outcome = Converse(task, args);
  // Stragglers on standard error belong to this task still.
  if (reusable_) reusable_ = IsReusable();
  log_->Flush();
  log_.reset();
  return outcome;
}

Outcome Worker::Converse(TaskContext& task, const Json& args) {
  if (!ready_) {
    auto end = Handshake(task);
    if (end) return *std::move(end);
  }
  auto end = SendTask(task, args);
  while (!end) {
    Heard heard = Hear(task, Duration::max());
    end = heard.end ? std::move(heard.end) : Handle(task, heard.message);
  }
  return *std::move(end);
}

std::optional<Outcome> Worker::Handshake(TaskContext& task) {
  auto end = Answer(task, HelloMessage());
  if (end) return end;
  Heard heard = Hear(task, options_.start_timeout);
  if (heard.end) return std::move(heard.end);
  if (TextParam(heard.message, "type") != "ready") {
    return ProtocolError("the program's first message must be \"ready\"");
  }
  const std::int64_t version = IntegerParam(heard.message, "protocol", 0);
  if (version != kProcessProtocol) {
    return ProtocolError(Concat("the program speaks version ", version,
                                " of the process protocol; this Windlass "
                                "speaks version ",
                                kProcessProtocol));
  }
  ready_ = true;
  return std::nullopt;
}

std::optional<Outcome> Worker::SendTask(TaskContext& task, const Json& args) {
  auto scratch = task.ScratchDir();
  if (!scratch.ok()) return FailureFromStatus(scratch.status());
  auto details = task.HeartbeatDetails();
  if (!details.ok()) return FailureFromStatus(details.status());
  return Answer(task,
                TaskMessage(task, id_, *scratch, *std::move(details), args));
}

std::optional<Outcome> Worker::Answer(TaskContext& task,
                                      const std::string& line) {
  absl::Status status = child_->WriteLine(line, {.stop = task.stop_token()});
  if (status.ok()) return std::nullopt;
  return FromStatus(task, status);
}

Worker::Heard Worker::Hear(TaskContext& task, Duration timeout) {
  auto line = child_->ReadLine({.timeout = timeout, .stop = task.stop_token()});
  if (!line.ok())
    return {.message = {}, .end = FromStatus(task, line.status())};
  auto message = ParseMessage(*line);
  if (!message.ok()) {
    return {.message = {}, .end = ProtocolError(MessageOf(message.status()))};
  }
  return {.message = *std::move(message), .end = std::nullopt};
}

std::optional<Outcome> Worker::Handle(TaskContext& task, const Json& message) {
  const std::string type = TextParam(message, "type");
  if (TextParam(message, "id", id_) != id_) {
    return ProtocolError(Concat("a message \"", type, "\" has id ",
                                TextParam(message, "id"), " but the task is ",
                                id_));
  }
  const std::string name = TextParam(message, "name");
  if (type == "progress") {
    const Json* fraction = FindParam(message, "fraction");
    task.Progress(fraction == nullptr ? 0 : fraction->to_number<double>(),
                  TextParam(message, "message"));
  } else if (type == "heartbeat") {
    const Json* details = FindParam(message, "details");
    task.Heartbeat(details == nullptr ? Json() : *details);
  } else if (type == "log") {
    task.Log(LevelOf(message), TextParam(message, "message"));
  } else if (type == "save") {
    const Json* value = FindParam(message, "value");
    absl::Status saved = task.Save(name, value == nullptr ? Json() : *value);
    if (!saved.ok()) return FailureFromStatus(saved);
  } else if (type == "load") {
    auto value = task.Load(name);
    if (!value.ok() && !absl::IsNotFound(value.status())) {
      return FailureFromStatus(value.status());
    }
    return Answer(task, LoadedMessage(id_, name, value));
  } else if (type == "sign_url") {
    return Answer(task, SignedUrlMessage(
                            id_, task.SignUrl(TextParam(message, "uri"),
                                              DurationParam(message, "lifetime",
                                                            kUrlLifetime))));
  } else if (type == "ready") {
    return ProtocolError("a second \"ready\"");
  } else {
    reusable_ = true;
    return type == "result"
               ? OutcomeOfResult(message, options_.process.working_directory)
               : OutcomeOfError(message);
  }
  return std::nullopt;
}

Outcome Worker::FromStatus(TaskContext& task, const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
      return Stop(task);
    case absl::StatusCode::kDeadlineExceeded:
      return ProtocolError(Concat("the program did not send \"ready\" within ",
                                  FormatDuration(options_.start_timeout)));
    case absl::StatusCode::kResourceExhausted:
      return ProtocolError(MessageOf(status));
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnavailable:
      return Exited(ready_ ? "before it had finished the task"
                           : "before it was ready");
    default:
      return FailureFromStatus(status);
  }
}

// Half of the grace period is for a program that listens to "cancel", the other
// for one that knows only SIGTERM.
Outcome Worker::Stop(TaskContext& task) {
  using Clock = std::chrono::steady_clock;
  const Duration half = task.grace_period() / 2;
  const auto until = Clock::now() + half;
  auto left = [&] {
    return std::max(Duration::zero(),
                    std::chrono::floor<Duration>(until - Clock::now()));
  };
  absl::Status sent =
      child_->WriteLine(CancelMessage(id_, StopReasonName(task.stop_reason())),
                        {.timeout = left()});
  while (sent.ok()) {
    auto line = child_->ReadLine({.timeout = left()});
    if (!line.ok()) break;
    auto message = ParseMessage(*line);
    if (!message.ok()) break;
    const std::string type = TextParam(*message, "type");
    if (type == "result" || type == "error") break;
  }
  child_->Signal(SIGTERM);
  (void)child_->Wait({.timeout = half});
  (void)child_->Kill();
  return Outcome::Cancelled();
}

Outcome Worker::Exited(std::string_view when) {
  child_->CloseInput();
  auto exit = child_->Wait({.timeout = kExitPatience});
  const bool lingers = absl::IsDeadlineExceeded(exit.status());
  if (!exit.ok()) exit = child_->Kill();
  if (!exit.ok()) return FailureFromStatus(exit.status());
  const std::string errors = OutputTail(errors_->Get());
  const std::string last = LastLine(errors);
  TaskError error;
  error.type = "ProcessExited";
  error.category = ErrorCategory::kCrash;
  error.message =
      Concat("the program ", lingers ? "closed its standard output " : "ended ",
             when, lingers ? "" : ": ", lingers ? "" : exit->Describe(),
             last.empty() ? "" : ": ", last);
  JsonObject details = {{"stderr", errors}};
  if (exit->exit_code) details["exit_code"] = *exit->exit_code;
  if (exit->signal) details["signal"] = *exit->signal;
  error.details = std::move(details);
  return Outcome::Failure(std::move(error));
}

Outcome Worker::ProtocolError(std::string_view message) {
  (void)child_->Kill();
  TaskError error;
  error.type = "ProtocolError";
  error.message = message;
  error.retryable = false;
  error.details = JsonObject{{"stderr", OutputTail(errors_->Get())}};
  return Outcome::Failure(std::move(error));
}

}  // namespace windlass
