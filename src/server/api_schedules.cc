// /api/v1/schedules

#include <utility>

#include "base/concat.h"
#include "model/documents.h"
#include "server/api.h"

namespace windlass {
namespace {

absl::StatusOr<HttpResponse> Put(const ApiParts& parts, const ApiCall& call) {
  const std::string& name = call.request.Captured("workflow");
  std::optional<HttpResponse> problem;
  auto given = ReadGivenRun(parts, call, name, problem);
  if (!given.ok()) return given.status();
  if (problem) return *std::move(problem);
  const Workflow& workflow = *given->workflow;
  if (workflow.name != name) {
    return FieldStatus("definition", Concat("its name is ", workflow.name,
                                            ", which is not that of the path"));
  }
  if (!workflow.schedule) {
    return FieldStatus("definition", "expected a workflow with a schedule");
  }
  ScheduleRequest request;
  request.workflow = std::move(given->workflow);
  request.params = std::move(given->params);
  request.base_dir = std::move(given->base_dir);
  auto schedule = parts.store->PutSchedule(request);
  if (!schedule.ok()) return schedule.status();
  return JsonResponse(200, ScheduleDocument(*schedule));
}

using Change = absl::Status (ScheduleControl::*)(const std::string&);

ApiHandler Changes(Store& store, Change change, std::string done) {
  return [&store, change, done = std::move(done)](
             ApiCall& call) -> absl::StatusOr<HttpResponse> {
    const std::string& name = call.request.Captured("workflow");
    if (auto status = (store.*change)(name); !status.ok()) return status;
    return JsonResponse(200, JsonObject{{"name", name}, {"state", done}});
  };
}

}  // namespace

std::vector<ApiRoute> ScheduleRoutes(const ApiParts& parts) {
  Store& store = *parts.store;
  return {
      {"GET",
       "/schedules",
       Role::kRead,
       {.id = "listSchedules",
        .summary = "Workflows that run by the clock",
        .response = "Schedules"},
       [&store](ApiCall&) -> absl::StatusOr<HttpResponse> {
         auto schedules = store.ListSchedules();
         if (!schedules.ok()) return schedules.status();
         return JsonResponse(200, SchedulesDocument(*schedules));
       }},
      {"PUT",
       "/schedules/{workflow}",
       Role::kWrite,
       {.id = "putSchedule",
        .summary = "Run a workflow by its schedule from now on",
        .request = "PutSchedule",
        .response = "Schedule"},
       [parts](ApiCall& call) { return Put(parts, call); }},
      {"DELETE",
       "/schedules/{workflow}",
       Role::kWrite,
       {.id = "removeSchedule",
        .summary = "Forget the schedule; its runs go on",
        .response = "Changed"},
       Changes(store, &ScheduleControl::RemoveSchedule, "removed")},
      {"POST",
       "/schedules/{workflow}/pause",
       Role::kWrite,
       {.id = "pauseSchedule",
        .summary = "Start no more runs",
        .request = "Nothing",
        .response = "Changed"},
       Changes(store, &ScheduleControl::PauseSchedule, "paused")},
      {"POST",
       "/schedules/{workflow}/resume",
       Role::kWrite,
       {.id = "resumeSchedule",
        .summary = "Start runs again, from the next time on",
        .request = "Nothing",
        .response = "Changed"},
       Changes(store, &ScheduleControl::ResumeSchedule, "active")},
  };
}

}  // namespace windlass
