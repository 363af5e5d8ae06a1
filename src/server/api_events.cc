// /api/v1/events

#include <utility>

#include "server/api.h"
#include "server/event_feed.h"

namespace windlass {
namespace {

absl::StatusOr<HttpResponse> Stream(EventFeed& feed, const ApiCall& call) {
  std::optional<RunId> run;
  if (const std::string text = QueryText(call, "run"); !text.empty()) {
    auto parsed = ParseRunId(text);
    if (!parsed.ok()) return FieldStatus("run", "expected a run's id, as r42");
    run = *parsed;
  }
  auto listener = feed.Listen(run, call.request.Header("last-event-id"));
  if (!listener.ok()) return listener.status();
  HttpResponse response;
  response.content_type = "text/event-stream";
  // Copied with the response, which is sent once.
  std::shared_ptr<EventFeed::Listener> shared = *std::move(listener);
  response.stream = HttpStream{.size = std::nullopt,
                               .next = [shared] { return shared->Next(); }};
  return response;
}

}  // namespace

std::vector<ApiRoute> EventRoutes(const ApiParts& parts) {
  EventFeed& feed = *parts.events;
  return {
      {"GET",
       "/events",
       Role::kRead,
       {.id = "streamEvents",
        .summary = "Changes of runs as they are seen, as server-sent events",
        .parameters = {{"run", "Only of this run, and of its tasks"},
                       {.name = "Last-Event-ID",
                        .description = "Go on after this event",
                        .in = "header"}},
        .media_type = "text/event-stream"},
       [&feed](ApiCall& call) { return Stream(feed, call); }}};
}

}  // namespace windlass
