// /api/v1/runs

#include <utility>

#include "base/concat.h"
#include "model/documents.h"
#include "model/trace.h"
#include "server/api.h"

namespace windlass {
namespace {

constexpr int kMaximumPage = 1000;
constexpr std::size_t kLongestKey = 255;

class Runs {
 public:
  explicit Runs(const ApiParts& parts) : parts_(parts) {}

  absl::StatusOr<HttpResponse> Submit(ApiCall& call) const {
    std::optional<HttpResponse> problem;
    auto request =
        ReadGivenRun(parts_, call, BodyText(call, "workflow"), problem);
    if (!request.ok()) return request.status();
    if (problem) return *std::move(problem);
    if (auto status = ReadCopies(call, *request); !status.ok()) return status;
    if (const Json* labels = call.body.if_contains("labels")) {
      for (const auto& label : labels->as_object()) {
        request->labels[label.key()] = label.value();
      }
    }
    AddTraceLabels(call.request.Header("traceparent"),
                   call.request.Header("tracestate"), request->labels);
    auto runs = parts_.store->Submit({&*request, 1});
    if (!runs.ok()) return runs.status();
    HttpResponse response = JsonResponse(runs->front().created ? 201 : 200,
                                         SubmittedDocument(*runs));
    if (runs->size() == 1) {
      response.headers.emplace_back(
          "Location", "/api/v1/runs/" + FormatRunId(runs->front().id));
    }
    return response;
  }

  absl::StatusOr<HttpResponse> List(ApiCall& call) const {
    RunFilter filter;
    auto limit = LimitOf(call, filter.limit, kMaximumPage);
    if (!limit.ok()) return limit.status();
    if (auto state = QueryText(call, "state"); !state.empty()) {
      filter.state = RunStateFromName(state);
      if (!filter.state) {
        return FieldStatus("state",
                           "expected running, succeeded, failed, cancelled or "
                           "paused");
      }
    }
    if (auto cursor = QueryText(call, "cursor"); !cursor.empty()) {
      auto before = ParseRunId(cursor);
      if (!before.ok()) {
        return FieldStatus("cursor", "expected next_cursor of a page");
      }
      filter.before = *before;
    }
    filter.workflow = QueryText(call, "workflow");
    filter.limit = *limit + 1;  // Tells whether there is a next page.
    auto runs = parts_.store->ListRuns(filter);
    if (!runs.ok()) return runs.status();
    Json next = nullptr;
    if (runs->size() > static_cast<std::size_t>(*limit)) {
      runs->pop_back();
      next = FormatRunId(runs->back().id);
    }
    JsonObject document = RunsDocument(*runs);
    document["next_cursor"] = std::move(next);
    return JsonResponse(200, document);
  }

  absl::StatusOr<HttpResponse> Show(ApiCall& call) const {
    auto run = RunOf(call);
    if (!run.ok()) return run.status();
    auto record = parts_.store->GetRun(*run);
    if (!record.ok()) return record.status();
    auto tasks = parts_.store->ListTasks(*run);
    if (!tasks.ok()) return tasks.status();
    auto info = parts_.store->GetRunInfo(*run);
    if (!info.ok()) return info.status();
    auto attempts = parts_.store->ListAttempts(*run);
    if (!attempts.ok()) return attempts.status();
    return JsonResponse(
        200, RunDocument(*record, *tasks, *(*info)->workflow, *attempts));
  }

  absl::StatusOr<HttpResponse> Progress(ApiCall& call) const {
    auto run = RunOf(call);
    if (!run.ok()) return run.status();
    auto record = parts_.store->GetRun(*run);
    if (!record.ok()) return record.status();
    auto info = parts_.store->GetRunInfo(*run);
    if (!info.ok()) return info.status();
    auto progress = parts_.store->GetProgress(*run);
    if (!progress.ok()) return progress.status();
    auto now = parts_.store->Now();
    if (!now.ok()) return now.status();
    return JsonResponse(
        200, ProgressDocument(*record, *progress, *(*info)->workflow, *now));
  }

  absl::StatusOr<HttpResponse> Attempts(ApiCall& call) const {
    auto run = RunOf(call);
    if (!run.ok()) return run.status();
    auto info = parts_.store->GetRunInfo(*run);
    if (!info.ok()) return info.status();
    auto attempts = parts_.store->ListAttempts(*run);
    if (!attempts.ok()) return attempts.status();
    return JsonResponse(200, AttemptsDocument(*attempts, *(*info)->workflow));
  }

  // Does something to the run and tells what it is then.
  template <typename Action>
  absl::StatusOr<HttpResponse> Control(const ApiCall& call,
                                       Action action) const {
    auto run = RunOf(call);
    if (!run.ok()) return run.status();
    if (auto status = action(*parts_.store, *run); !status.ok()) return status;
    auto record = parts_.store->GetRun(*run);
    if (!record.ok()) return record.status();
    return JsonResponse(200, RunSummary(*record));
  }

 private:
  // `count` and the header that excludes it.
  static absl::Status ReadCopies(const ApiCall& call, SubmitRequest& request) {
    if (const Json* count = call.body.if_contains("count")) {
      request.copies = static_cast<int>(count->to_number<double>());
    }
    const std::string key(call.request.Header("idempotency-key"));
    if (key.empty()) return absl::OkStatus();
    if (key.size() > kLongestKey) {
      return FieldStatus("idempotency-key",
                         Concat("expected at most ", kLongestKey, " bytes"));
    }
    if (request.copies > 1) {
      return FieldStatus("count",
                         "Idempotency-Key names one run; it cannot go with "
                         "count");
    }
    request.idempotency_key = key;
    return absl::OkStatus();
  }

  const ApiParts parts_;
};

std::string ReasonOf(const ApiCall& call) {
  const std::string reason = BodyText(call, "reason");
  return reason.empty() ? "cancelled by a user" : reason;
}

RetryScope ScopeOf(const ApiCall& call) {
  const Json* from_failed = call.body.if_contains("from_failed");
  return from_failed != nullptr && from_failed->as_bool()
             ? RetryScope::kFailedTasks
             : RetryScope::kWholeRun;
}

RouteDescription Changes(std::string id, std::string summary,
                         std::string request) {
  return {.id = std::move(id),
          .summary = std::move(summary),
          .request = std::move(request),
          .response = "RunSummary"};
}

}  // namespace

std::vector<ApiRoute> RunRoutes(const ApiParts& parts) {
  const Runs runs(parts);
  return {
      {"POST",
       "/runs",
       Role::kWrite,
       {.id = "submitRuns",
        .summary = "Hand a workflow to the executors, once or many times",
        .parameters = {{.name = "Idempotency-Key",
                        .description =
                            "A second submit of the same workflow with the "
                            "same key answers with the first run",
                        .in = "header"},
                       {.name = "traceparent",
                        .description = "W3C trace context that the runs are "
                                       "to be part of",
                        .in = "header"},
                       {.name = "tracestate",
                        .description = "What other systems add to it",
                        .in = "header"}},
        .request = "SubmitRuns",
        .response = "SubmittedRuns",
        .statuses = {201, 200}},
       [runs](ApiCall& call) { return runs.Submit(call); }},
      {"GET",
       "/runs",
       Role::kRead,
       {.id = "listRuns",
        .summary = "Runs, newest first, in pages",
        .parameters = {{"state", "Only runs in this state"},
                       {"workflow", "Only of this workflow"},
                       {"limit", "At most this many, up to 1000", "integer"},
                       {"cursor", "next_cursor of the page before"}},
        .response = "Runs"},
       [runs](ApiCall& call) { return runs.List(call); }},
      {"GET",
       "/runs/{run}",
       Role::kRead,
       {.id = "showRun",
        .summary = "A run with all its tasks",
        .response = "Run"},
       [runs](ApiCall& call) { return runs.Show(call); }},
      {"GET",
       "/runs/{run}/progress",
       Role::kRead,
       {.id = "showProgress",
        .summary = "Where each task of a run stands; cheap enough to ask often",
        .response = "Progress"},
       [runs](ApiCall& call) { return runs.Progress(call); }},
      {"GET",
       "/runs/{run}/attempts",
       Role::kRead,
       {.id = "listAttempts",
        .summary = "All attempts of a run's tasks that have ended",
        .response = "Attempts"},
       [runs](ApiCall& call) { return runs.Attempts(call); }},
      {"POST", "/runs/{run}/cancel", Role::kWrite,
       Changes("cancelRun", "Stop a run: nothing of it can succeed afterwards",
               "CancelRun"),
       [runs](ApiCall& call) {
         return runs.Control(call, [&](Store& store, RunId run) {
           return store.Cancel(run, ReasonOf(call));
         });
       }},
      {"POST", "/runs/{run}/pause", Role::kWrite,
       Changes("pauseRun", "Start nothing new of a run; what runs goes on",
               "Nothing"),
       [runs](ApiCall& call) {
         return runs.Control(
             call, [](Store& store, RunId run) { return store.Pause(run); });
       }},
      {"POST", "/runs/{run}/resume", Role::kWrite,
       Changes("resumeRun", "Let a paused run go on", "Nothing"),
       [runs](ApiCall& call) {
         return runs.Control(
             call, [](Store& store, RunId run) { return store.Resume(run); });
       }},
      {"POST", "/runs/{run}/retry", Role::kWrite,
       Changes("retryRun",
               "Run a finished run again: all of it, or from what failed",
               "RetryRun"),
       [runs](ApiCall& call) {
         return runs.Control(call, [&](Store& store, RunId run) {
           return store.Retry(run, ScopeOf(call));
         });
       }},
  };
}

}  // namespace windlass
