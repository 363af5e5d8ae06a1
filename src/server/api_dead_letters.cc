// /api/v1/dead-letters

#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/concat.h"
#include "model/documents.h"
#include "server/api.h"

namespace windlass {
namespace {

constexpr int kMaximumPage = 10'000;

absl::StatusOr<std::int64_t> IdOf(const std::string& text) {
  std::int64_t id = 0;
  if (absl::SimpleAtoi(text, &id) && id > 0) return id;
  return FieldStatus("id", "expected the id of a dead letter, as 7");
}

absl::Status ReadRun(const std::string& text, DeadLetterFilter& filter) {
  if (text.empty()) return absl::OkStatus();
  auto run = ParseRunId(text);
  if (!run.ok()) return FieldStatus("run", "expected a run's id, as r42");
  filter.run = *run;
  return absl::OkStatus();
}

absl::StatusOr<DeadLetterFilter> FilterOf(const ApiCall& call) {
  DeadLetterFilter filter;
  filter.limit = std::numeric_limits<int>::max();
  if (const Json* ids = call.body.if_contains("ids")) {
    for (const Json& text : ids->as_array()) {
      auto id = IdOf(std::string(text.as_string()));
      if (!id.ok()) return id.status();
      filter.ids.push_back(*id);
    }
  }
  filter.workflow = BodyText(call, "workflow");
  filter.error_type = BodyText(call, "error_type");
  if (auto status = ReadRun(BodyText(call, "run"), filter); !status.ok()) {
    return status;
  }
  return filter;
}

absl::StatusOr<HttpResponse> List(Store& store, const ApiCall& call) {
  DeadLetterFilter filter;
  auto limit = LimitOf(call, filter.limit, kMaximumPage);
  if (!limit.ok()) return limit.status();
  filter.limit = *limit;
  filter.workflow = QueryText(call, "workflow");
  filter.error_type = QueryText(call, "error_type");
  if (auto status = ReadRun(QueryText(call, "run"), filter); !status.ok()) {
    return status;
  }
  auto letters = store.ListDeadLetters(filter);
  if (!letters.ok()) return letters.status();
  return JsonResponse(200, DeadLettersDocument(*letters));
}

absl::StatusOr<HttpResponse> Show(Store& store, const ApiCall& call) {
  auto id = IdOf(call.request.Captured("id"));
  if (!id.ok()) return id.status();
  DeadLetterFilter filter;
  filter.ids = {*id};
  auto letters = store.ListDeadLetters(filter);
  if (!letters.ok()) return letters.status();
  if (letters->empty()) {
    return absl::NotFoundError(Concat("there is no dead letter ", *id));
  }
  auto attempts = store.ListAttempts(letters->front().run);
  if (!attempts.ok()) return attempts.status();
  return JsonResponse(200, DeadLetterDocument(letters->front(), *attempts));
}

using Change = absl::StatusOr<int> (RunControl::*)(const DeadLetterFilter&);

ApiHandler Changes(Store& store, Change change, std::string done) {
  return [&store, change, done = std::move(done)](
             ApiCall& call) -> absl::StatusOr<HttpResponse> {
    auto filter = FilterOf(call);
    if (!filter.ok()) return filter.status();
    auto count = (store.*change)(*filter);
    if (!count.ok()) return count.status();
    if (*count == 0 && !filter->ids.empty()) {
      return absl::NotFoundError(
          Concat("there is no dead letter ", filter->ids.front()));
    }
    return JsonResponse(200, JsonObject{{done, *count}});
  };
}

}  // namespace

std::vector<ApiRoute> DeadLetterRoutes(const ApiParts& parts) {
  Store& store = *parts.store;
  return {
      {"GET",
       "/dead-letters",
       Role::kRead,
       {.id = "listDeadLetters",
        .summary = "Tasks that failed for good, newest first",
        .parameters = {{"workflow", "Only of this workflow"},
                       {"run", "Only of this run"},
                       {"error_type", "Only with this type of error"},
                       {"limit", "At most this many, up to 10000", "integer"}},
        .response = "DeadLetters"},
       [&store](ApiCall& call) { return List(store, call); }},
      {"GET",
       "/dead-letters/{id}",
       Role::kRead,
       {.id = "showDeadLetter",
        .summary = "One with all its attempts and errors",
        .response = "DeadLetter"},
       [&store](ApiCall& call) { return Show(store, call); }},
      {"POST",
       "/dead-letters/requeue",
       Role::kWrite,
       {.id = "requeueDeadLetters",
        .summary = "Give them fresh attempts in their runs",
        .request = "DeadLetterChoice",
        .response = "Requeued"},
       Changes(store, &RunControl::Requeue, "requeued")},
      {"POST",
       "/dead-letters/discard",
       Role::kWrite,
       {.id = "discardDeadLetters",
        .summary = "Drop them; the tasks stay failed",
        .request = "DeadLetterChoice",
        .response = "Discarded"},
       Changes(store, &RunControl::Discard, "discarded")},
  };
}

}  // namespace windlass
