#include "engine/ingest_message.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "model/trace.h"
#include "windlass/json.h"

namespace windlass {
namespace {

constexpr std::array<std::string_view, 5> kFields{"workflow", "task", "name",
                                                  "params", "labels"};

absl::Status CheckFields(const JsonObject& message) {
  for (const auto& member : message) {
    const std::string_view name(member.key());
    if (std::find(kFields.begin(), kFields.end(), name) == kFields.end()) {
      return absl::InvalidArgumentError(
          Concat("message: unknown field '", name,
                 "'; there are workflow, task, name, params, labels"));
    }
  }
  if (message.contains("workflow") != message.contains("task")) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "message: expected either a workflow or a task");
}

// One task, as a workflow of its own.
Json WorkflowOf(const JsonObject& message) {
  const Json* name = message.if_contains("name");
  return JsonObject{{"windlass", 1},
                    {"name", name == nullptr ? Json("task") : *name},
                    {"tasks", JsonObject{{"task", message.at("task")}}}};
}

LoadedWorkflow LoadFrom(const JsonObject& message, LoadOptions options) {
  options.file = "message";
  const Json* workflow = message.if_contains("workflow");
  if (workflow == nullptr) return ParseWorkflow(WorkflowOf(message), options);
  if (workflow->is_string()) {
    return ParseWorkflow(std::string_view(workflow->as_string()), options);
  }
  return ParseWorkflow(*workflow, options);
}

absl::Status ReadObject(const JsonObject& message, std::string_view name,
                        JsonObject& out) {
  const Json* value = message.if_contains(name);
  if (value == nullptr) return absl::OkStatus();
  if (!value->is_object()) {
    return absl::InvalidArgumentError(
        Concat("message: ", name, ": expected an object"));
  }
  out = value->as_object();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SubmitRequest> ParseIngestMessage(const LoadOptions& options,
                                                 const std::string& body) {
  if (body.size() > options.maximum_bytes) {
    return absl::InvalidArgumentError(
        Concat("message: expected at most ", options.maximum_bytes, " bytes"));
  }
  auto json = ParseJson(body);
  if (!json.ok()) return json.status();
  if (!json->is_object()) {
    return absl::InvalidArgumentError("message: expected a JSON object");
  }
  const JsonObject& message = json->as_object();
  if (auto status = CheckFields(message); !status.ok()) return status;
  LoadedWorkflow loaded = LoadFrom(message, options);
  if (!loaded.ok()) {
    auto format = [](std::string* out, const Problem& problem) {
      *out += FormatProblem(problem);
    };
    return absl::InvalidArgumentError(
        absl::StrJoin(loaded.problems, "\n", format));
  }
  SubmitRequest request;
  request.workflow = std::move(loaded.workflow);
  JsonObject params;
  absl::Status status = ReadObject(message, "params", params);
  status.Update(ReadObject(message, "labels", request.labels));
  if (!status.ok()) return status;
  auto checked = CheckParams(*request.workflow, params);
  if (!checked.ok()) return checked.status();
  request.params = *std::move(checked);
  return request;
}

absl::StatusOr<SubmittedRun> SubmitMessage(
    Store& store, const LoadOptions& options,
    const rabbitmq::IngestMessage& message) {
  auto request = ParseIngestMessage(options, message.body);
  if (!request.ok()) return request.status();
  request->idempotency_key = absl::StrCat("amqp:", message.id);
  AddTraceLabels(message.traceparent, message.tracestate, request->labels);
  auto runs = store.Submit({&*request, 1});
  if (!runs.ok()) return runs.status();
  return runs->front();
}

}  // namespace windlass
