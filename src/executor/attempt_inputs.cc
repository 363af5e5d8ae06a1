#include "executor/attempt_inputs.h"

#include <chrono>
#include <cstdint>
#include <utility>

#include "base/concat.h"
#include "executor/secrets.h"
#include "model/schedule.h"

namespace windlass {
namespace {

using cel::Value;
using Entries = std::vector<cel::Map::Entry>;

Value MapOf(Entries entries) {
  // Keys come from ordered sets and distinct literals: none is there twice.
  return Value::OfMap(*cel::Map::Of(std::move(entries)));
}

Value TimeValue(Timestamp time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const std::chrono::nanoseconds rest = time - seconds;
  return Value::OfTimestamp({seconds.time_since_epoch().count(),
                             static_cast<std::int32_t>(rest.count())});
}

// Where a lookup failed because nothing is there, as opposed to because nobody
// could look.
bool IsMissing(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsPermissionDenied(status) ||
         absl::IsInvalidArgument(status);
}

}  // namespace

AttemptInputs::AttemptInputs(const Lease& lease, const CompiledTask& task,
                             Upstream& upstream, const ExecutorConfig& config,
                             Redactor& redactor)
    : lease_(lease),
      task_(task),
      upstream_(upstream),
      config_(config),
      redactor_(redactor) {}

absl::StatusOr<std::optional<Value>> AttemptInputs::Find(
    std::string_view name) const {
  auto made = made_.find(name);
  if (made != made_.end()) return made->second;
  absl::StatusOr<std::optional<Value>> value = Make(name);
  if (value.ok() && value->has_value()) {
    made_.emplace(std::string(name), **value);
  }
  return value;
}

absl::StatusOr<std::optional<Value>> AttemptInputs::Make(
    std::string_view name) const {
  auto wrap =
      [](absl::StatusOr<Value> value) -> absl::StatusOr<std::optional<Value>> {
    if (!value.ok()) return value.status();
    return std::optional<Value>(*std::move(value));
  };
  if (lease_.task.index >= 0) {
    if (name == task_.spec->map->as) return wrap(Item());
    if (name == "index") {
      return std::optional<Value>(Value::Int(lease_.task.index));
    }
  }
  if (name == "params") {
    return std::optional<Value>(Value::Of(lease_.run->params));
  }
  if (name == "run") return std::optional<Value>(Run());
  if (name == "tasks") return wrap(Tasks());
  if (name == "secrets") return wrap(Secrets());
  if (name == "env") return wrap(Env());
  if (name == "callback" && callback_) {
    return std::optional<Value>(Callback());
  }
  return std::optional<Value>();
}

Value AttemptInputs::Own(Json value) const {
  owned_.push_back(std::make_shared<const Json>(std::move(value)));
  return Value::Of(*owned_.back());
}

Value AttemptInputs::Run() const {
  const RunInfo& run = *lease_.run;
  const RunState state = lease_.run_outcome.value_or(RunState::kRunning);
  return MapOf({
      {Value::StringView("id"), Value::String(FormatRunId(run.id))},
      {Value::StringView("name"), Value::StringView(run.workflow->name)},
      {Value::StringView("state"), Value::String(std::string(Name(state)))},
      {Value::StringView("attempt"), Value::Int(run.attempt)},
      {Value::StringView("scheduled_at"), TimeValue(ScheduledAt(run))},
  });
}

Value AttemptInputs::Callback() const {
  Entries entries;
  entries.emplace_back(Value::StringView("secret"),
                       Value::String(callback_->secret));
  if (config_.public_url.empty()) {
    hints_.emplace_back(
        "this executor does not know where outside systems reach the server; "
        "say --public-url or WINDLASS_PUBLIC_URL");
  } else {
    entries.emplace_back(
        Value::StringView("url"),
        Value::String(Concat(config_.public_url, "/api/v1/callbacks/",
                             callback_->token)));
  }
  return MapOf(std::move(entries));
}

absl::StatusOr<Value> AttemptInputs::Item() const {
  absl::StatusOr<Json> item = upstream_.Item(lease_.run->id, lease_.task);
  if (!item.ok()) return item.status();
  return Own(*std::move(item));
}

absl::StatusOr<Value> AttemptInputs::Tasks() const {
  Entries entries;
  for (const auto& [node, wanted] : task_.references.tasks) {
    if (node == lease_.task.node) continue;
    absl::StatusOr<Value> task = Task(node, wanted);
    if (!task.ok()) return task.status();
    const auto& spec =
        lease_.run->workflow->tasks[static_cast<std::size_t>(node)];
    entries.emplace_back(Value::StringView(spec.id), *std::move(task));
  }
  return MapOf(std::move(entries));
}

absl::StatusOr<Value> AttemptInputs::Task(
    int node, const References::OfTask& wanted) const {
  Entries entries;
  if (wanted.state || wanted.error) {
    absl::StatusOr<TaskRecord> record = upstream_.Task(lease_.run->id, node);
    if (!record.ok()) return record.status();
    entries.emplace_back(Value::StringView("state"),
                         Value::String(std::string(Name(record->state))));
    const bool failed = record->error.has_value();
    entries.emplace_back(
        Value::StringView("error"),
        Own(failed ? ToJson(*record->error, record->attempt) : Json(nullptr)));
  }
  if (wanted.result) {
    auto result = upstream_.Result(*lease_.run, node);
    if (!result.ok()) {
      const auto& spec =
          lease_.run->workflow->tasks[static_cast<std::size_t>(node)];
      return absl::Status(
          result.status().code(),
          Concat("the result of task '", spec.id,
                 "' cannot be read: ", result.status().message()));
    }
    owned_.push_back(*result);
    entries.emplace_back(Value::StringView("result"), Value::Of(**result));
  }
  return MapOf(std::move(entries));
}

absl::StatusOr<Value> AttemptInputs::Secrets() const {
  Entries entries;
  for (const std::string& name : task_.references.secrets) {
    absl::StatusOr<std::string> secret = ReadSecret(config_, name);
    if (secret.ok()) {
      redactor_.Add(*secret);
      entries.emplace_back(Value::StringView(name),
                           Value::String(*std::move(secret)));
    } else if (IsMissing(secret.status())) {
      hints_.emplace_back(secret.status().message());
    } else {
      return secret.status();
    }
  }
  return MapOf(std::move(entries));
}

absl::StatusOr<Value> AttemptInputs::Env() const {
  Entries entries;
  for (const std::string& name : task_.references.env) {
    absl::StatusOr<std::string> value = ReadEnv(config_, name);
    if (value.ok()) {
      entries.emplace_back(Value::StringView(name),
                           Value::String(*std::move(value)));
    } else {
      hints_.emplace_back(value.status().message());
    }
  }
  return MapOf(std::move(entries));
}

}  // namespace windlass
