#include "windlass/handler.h"

#include <atomic>
#include <future>
#include <utility>

namespace windlass {
namespace {

class FunctionHandler : public TaskHandler {
 public:
  explicit FunctionHandler(std::function<Outcome(TaskContext&)> execute)
      : execute_(std::move(execute)) {}

  Outcome Execute(TaskContext& task) override { return execute_(task); }

 private:
  const std::function<Outcome(TaskContext&)> execute_;
};

Outcome OfKind(AttemptOutcome kind) {
  Outcome outcome;
  outcome.kind = kind;
  return outcome;
}

}  // namespace

void TaskContext::LogOutput(LogSource, LogLevel level, std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    Log(level, lines.substr(0, end));
    if (end == std::string_view::npos) return;
    lines.remove_prefix(end + 1);
  }
}

Outcome Outcome::Success(std::string_view text) {
  return Success(Json(boost::json::string_view(text.data(), text.size())));
}

Outcome Outcome::Success(Content content) {
  Outcome outcome;
  outcome.content = std::move(content);
  return outcome;
}

Outcome Outcome::Failure(TaskError error) {
  Outcome outcome = OfKind(AttemptOutcome::kFailed);
  outcome.error = std::move(error);
  return outcome;
}

Outcome Outcome::Failure(std::string_view type, std::string_view message) {
  TaskError error;
  error.type = type;
  error.message = message;
  return Failure(std::move(error));
}

Outcome Outcome::FinalFailure(std::string_view type, std::string_view message) {
  TaskError error;
  error.type = type;
  error.message = message;
  error.retryable = false;
  return Failure(std::move(error));
}

Outcome Outcome::Cancelled() { return OfKind(AttemptOutcome::kCancelled); }

Outcome Outcome::WaitForRun(RunId run) {
  Outcome outcome = OfKind(AttemptOutcome::kParked);
  outcome.wake.kind = WakeCondition::Kind::kRunEnded;
  outcome.wake.run = run;
  return outcome;
}

Outcome Outcome::Again(Duration delay) {
  Outcome outcome = OfKind(AttemptOutcome::kDeferred);
  outcome.delay = delay;
  return outcome;
}

std::string TaskContext::Text(std::string_view name) const {
  const JsonObject* object = params().if_object();
  if (object == nullptr) return "";
  const Json* value = object->if_contains(name);
  return value == nullptr ? "" : JsonToText(*value);
}

Outcome AsyncTaskHandler::Execute(TaskContext& task) {
  struct Waiting {
    std::promise<std::function<Outcome()>> outcome;
    std::atomic<bool> ended = false;
  };
  auto waiting = std::make_shared<Waiting>();
  auto outcome = waiting->outcome.get_future();
  Begin(task, [owned = std::move(waiting)](std::function<Outcome()> ended) {
    if (!owned->ended.exchange(true))
      owned->outcome.set_value(std::move(ended));
  });
  return outcome.get()();  // Throws when nobody can end it any more.
}

std::unique_ptr<TaskHandler> MakeHandler(
    std::function<Outcome(TaskContext&)> execute) {
  return std::make_unique<FunctionHandler>(std::move(execute));
}

}  // namespace windlass
