// /api/v1/runs/{run}/logs and /api/v1/runs/{run}/tasks/{task}/logs

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "base/concat.h"
#include "model/task_name.h"
#include "results/log_lines.h"
#include "server/api.h"
#include "server/api_subject.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

// The last lines come a moment after the end they belong to; of an executor
// that was killed they do not come at all.
constexpr Duration kLinesAfterEnd = std::chrono::seconds(3);

bool IsOver(const TaskRecord& task, int attempt) {
  return task.attempt > attempt || IsFinal(task.state);
}

// Who follows keeps a thread: others must get theirs.
class Followers : public std::enable_shared_from_this<Followers> {
 public:
  explicit Followers(int most) : most_(most) {}

  // Null when there are too many. What is returned counts as long as it lives.
  std::shared_ptr<void> Join() {
    if (count_.fetch_add(1) < most_) {
      return {this, [all = shared_from_this()](Followers*) {
                all->count_.fetch_sub(1);
              }};
    }
    count_.fetch_sub(1);
    return nullptr;
  }

 private:
  const int most_;
  std::atomic<int> count_{0};
};

// One attempt's log, read for one caller. Not thread-safe.
class LogView {
 public:
  LogView(const ApiParts& parts, const ApiSubject& subject, int attempt,
          AttemptLogPlace from)
      : store_(*parts.store),
        clock_(*parts.clock),
        run_(subject.run->id),
        task_(subject.task.key),
        attempt_(attempt),
        reader_(*parts.logs, {run_, task_, attempt}, from) {}

  absl::StatusOr<HttpResponse> Page() {
    auto over = LookWhetherOver();
    if (!over.ok()) return over.status();
    auto lines = reader_.Next();
    if (!lines.ok()) return lines.status();
    JsonObject document = Document(*lines);
    bool complete = *over && reader_.is_last();
    if (*over && !complete && lines->empty()) {
      auto now = store_.Now();
      if (!now.ok()) return now.status();
      complete = !ended_at_ || *now - *ended_at_ >= kLinesAfterEnd;
    }
    document["complete"] = complete;
    return JsonResponse(200, document);
  }

  // As plain text, as far as it has come.
  absl::StatusOr<std::string> NextText() {
    auto lines = reader_.Next();
    if (!lines.ok()) return lines.status();
    if (lines->empty()) return absl::OutOfRangeError("the end");
    std::string text;
    for (const LogLine& line : *lines) text += line.text + "\n";
    return text;
  }

  // As server-sent events, until nothing follows.
  absl::StatusOr<std::string> NextEvent() {
    if (told_end_) return absl::OutOfRangeError("the end");
    // In this order: what was written before the end is read after it.
    auto over = LookWhetherOver();
    if (!over.ok()) return over.status();
    auto lines = reader_.Next();
    if (!lines.ok()) return lines.status();
    const std::string id = FormatLogPlace(reader_.place());
    if (!lines->empty()) {
      quiet_ = Duration::zero();
      return Concat("id: ", id,
                    "\nevent: lines\ndata: ", FormatJson(Document(*lines)),
                    "\n\n");
    }
    if (*over && (reader_.is_last() || quiet_ >= kLinesAfterEnd)) {
      told_end_ = true;
      return Concat("id: ", id, "\nevent: end\ndata: {}\n\n");
    }
    clock_.SleepFor(kLook, {});
    quiet_ += kLook;
    // By which a connection that is gone is noticed.
    return quiet_ % kSign < kLook ? ": quiet\n\n" : "";
  }

 private:
  static constexpr Duration kLook = std::chrono::milliseconds(300);
  static constexpr Duration kSign = std::chrono::seconds(5);

  JsonObject Document(const std::vector<LogLine>& lines) const {
    JsonArray documents;
    for (const LogLine& line : lines) {
      documents.push_back(LogLineDocument(line));
    }
    return {{"attempt", attempt_},
            {"lines", std::move(documents)},
            {"next", FormatLogPlace(reader_.place())}};
  }

  // Once it is, nobody needs to be asked any more.
  absl::StatusOr<bool> LookWhetherOver() {
    if (over_) return true;
    auto task = store_.GetTask(run_, task_);
    if (!task.ok()) return task.status();
    over_ = IsOver(*task, attempt_);
    if (task->attempt <= attempt_) ended_at_ = task->finished_at;
    return over_;
  }

  Store& store_;
  Clock& clock_;
  const RunId run_;
  const TaskKey task_;
  const int attempt_;
  LogReader reader_;
  bool over_ = false;
  std::optional<Timestamp> ended_at_;  // Unless it is long ago.
  bool told_end_ = false;
  Duration quiet_{0};
};

absl::Status NoLogs() {
  return absl::UnimplementedError("this store keeps no logs");
}

absl::StatusOr<HttpResponse> List(const ApiParts& parts, const ApiCall& call) {
  if (parts.logs == nullptr) return NoLogs();
  auto run = RunOf(call);
  if (!run.ok()) return run.status();
  auto info = parts.store->GetRunInfo(*run);
  if (!info.ok()) return info.status();
  auto logs = parts.logs->ListLogs(*run);
  if (!logs.ok()) return logs.status();
  JsonArray documents;
  for (const AttemptLogEnd& log : *logs) {
    documents.push_back(
        JsonObject{{"task", FormatTaskName(*(*info)->workflow, log.task)},
                   {"attempt", log.attempt},
                   {"newest", FormatLogPlace(log.place)},
                   {"complete", log.last}});
  }
  return JsonResponse(200, JsonObject{{"logs", std::move(documents)}});
}

absl::StatusOr<int> AttemptOf(const ApiCall& call, const TaskRecord& task) {
  const std::string text = QueryText(call, "attempt");
  if (text.empty()) return std::max(1, task.attempt);
  int attempt = 0;
  if (absl::SimpleAtoi(text, &attempt) && attempt >= 1) return attempt;
  return FieldStatus("attempt", "expected a number from 1 on");
}

absl::StatusOr<AttemptLogPlace> PlaceOf(const ApiCall& call) {
  std::string text = QueryText(call, "after");
  const char* field = "after";
  if (text.empty()) {
    text = call.request.Header("last-event-id");
    field = "Last-Event-ID";
  }
  auto place = ParseLogPlace(text);
  if (place.ok()) return place;
  return FieldStatus(field, std::string(place.status().message()));
}

absl::StatusOr<HttpResponse> Follow(const std::shared_ptr<Followers>& followers,
                                    const std::shared_ptr<LogView>& view) {
  std::shared_ptr<void> place = followers->Join();
  if (place == nullptr) {
    return absl::UnavailableError(
        "too many follow logs here; ask for pages, or start another server");
  }
  HttpResponse response;
  response.content_type = "text/event-stream";
  response.stream = HttpStream{.size = std::nullopt, .next = [place, view] {
                                 return view->NextEvent();
                               }};
  return response;
}

absl::StatusOr<HttpResponse> Read(const ApiParts& parts,
                                  const std::shared_ptr<Followers>& followers,
                                  const ApiCall& call) {
  if (parts.logs == nullptr) return NoLogs();
  auto subject = SubjectOf(*parts.store, call);
  if (!subject.ok()) return subject.status();
  auto attempt = AttemptOf(call, subject->task);
  if (!attempt.ok()) return attempt.status();
  auto from = PlaceOf(call);
  if (!from.ok()) return from.status();
  // Copied with the response, which is sent once.
  auto view = std::make_shared<LogView>(parts, *subject, *attempt, *from);
  const std::string_view accept = call.request.Header("accept");
  if (accept.find("text/event-stream") != std::string_view::npos) {
    return Follow(followers, view);
  }
  if (accept.find("text/plain") != std::string_view::npos) {
    HttpResponse response;
    response.stream = HttpStream{.size = std::nullopt,
                                 .next = [view] { return view->NextText(); }};
    return response;
  }
  return view->Page();
}

}  // namespace

std::vector<ApiRoute> LogRoutes(const ApiParts& parts) {
  auto followers = std::make_shared<Followers>(parts.maximum_followers);
  return {
      {"GET",
       "/runs/{run}/logs",
       Role::kRead,
       {.id = "listLogs",
        .summary =
            "The attempts of a run that printed or logged something. `newest` "
            "changes when more has come",
        .response = "Logs"},
       [parts](ApiCall& call) { return List(parts, call); }},
      {"GET",
       "/runs/{run}/tasks/{task}/logs",
       Role::kRead,
       {.id = "readLogs",
        .summary =
            "What an attempt printed and logged. A page of it as JSON; all "
            "there is with Accept: text/plain; as it comes, until the attempt "
            "has ended, with Accept: text/event-stream",
        .parameters = {{"attempt", "Which; the newest by default", "integer"},
                       {"after", "Go on where a page said `next`"},
                       {.name = "Last-Event-ID",
                        .description = "Go on after this event",
                        .in = "header"}},
        .response = "LogPage"},
       [parts, followers](ApiCall& call) {
         return Read(parts, followers, call);
       }}};
}

}  // namespace windlass
