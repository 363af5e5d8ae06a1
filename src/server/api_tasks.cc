// /api/v1/runs/{run}/tasks

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/concat.h"
#include "model/documents.h"
#include "results/result_io.h"
#include "results/task_result.h"
#include "server/api.h"
#include "server/api_subject.h"
#include "server/byte_range.h"

namespace windlass {
namespace {

absl::StatusOr<HttpResponse> List(Store& store, const ApiCall& call) {
  auto run = RunOf(call);
  if (!run.ok()) return run.status();
  auto tasks = store.ListTasks(*run);
  if (!tasks.ok()) return tasks.status();
  return JsonResponse(200, TasksDocument(*tasks));
}

absl::StatusOr<HttpResponse> Show(Store& store, const ApiCall& call) {
  auto subject = SubjectOf(store, call);
  if (!subject.ok()) return subject.status();
  auto attempts = store.ListAttempts(subject->run->id);
  if (!attempts.ok()) return attempts.status();
  Json document = TaskDocument(subject->task);
  JsonArray history;
  for (const AttemptRecord& attempt : *attempts) {
    if (attempt.key == subject->task.key) {
      history.push_back(AttemptDocument(attempt));
    }
  }
  document.as_object()["history"] = std::move(history);
  return JsonResponse(200, document);
}

absl::StatusOr<HttpResponse> Saved(Store& store, const ApiCall& call) {
  auto subject = SubjectOf(store, call);
  if (!subject.ok()) return subject.status();
  Lease lease;
  lease.run = subject->run;
  lease.task = subject->task.key;
  auto state = store.LoadSaved(lease);
  if (!state.ok()) return state.status();
  JsonObject saved;
  for (const auto& [name, envelope] : state->saved) {
    saved[name] = ToJson(envelope);
  }
  return JsonResponse(
      200, JsonObject{{"heartbeat_details",
                       state->heartbeat_details.value_or(Json(nullptr))},
                      {"saved", std::move(saved)}});
}

absl::StatusOr<HttpResponse> Items(Store& store, const ApiCall& call) {
  auto subject = SubjectOf(store, call);
  if (!subject.ok()) return subject.status();
  auto items = store.GetItems(subject->run->id, subject->task.key.node);
  if (!items.ok()) return items.status();
  return JsonResponse(200, ToJson(*items));
}

// -------------------------------------------------------------------- result

// Hands out a piece only when the one after it has been read: the last is held
// back until the whole content has been verified.
class VerifiedPieces {
 public:
  explicit VerifiedPieces(std::unique_ptr<ByteSource> source)
      : source_(std::move(source)) {}

  absl::StatusOr<std::string> Next() {
    if (!began_) {
      began_ = true;
      if (auto status = Advance(); !status.ok()) return status;
    }
    if (next_.empty()) return absl::OutOfRangeError("the end");
    std::string piece = std::move(next_);
    if (auto status = Advance(); !status.ok()) return status;
    return piece;
  }

 private:
  absl::Status Advance() {
    next_.resize(kPieceBytes);
    auto count = source_->Read(next_);
    if (!count.ok()) return count.status();
    next_.resize(*count);
    return absl::OkStatus();
  }

  static constexpr std::size_t kPieceBytes = 64 * 1024;
  const std::unique_ptr<ByteSource> source_;
  std::string next_;
  bool began_ = false;
};

// Whatever a task has made, a browser is not to run it as a page of ours.
void MakeHarmless(HttpResponse& response) {
  response.headers.emplace_back("Content-Security-Policy",
                                "sandbox; default-src 'none'");
  response.headers.emplace_back("Content-Disposition", "attachment");
}

HttpResponse StreamOf(std::unique_ptr<ByteSource> source,
                      const ResultEnvelope& envelope,
                      std::optional<std::int64_t> size) {
  // Copied with the response, which is sent once.
  auto pieces = std::make_shared<VerifiedPieces>(std::move(source));
  HttpResponse response;
  response.content_type = envelope.media_type.empty()
                              ? "application/octet-stream"
                              : envelope.media_type;
  response.stream =
      HttpStream{.size = size, .next = [pieces] { return pieces->Next(); }};
  return response;
}

HttpResponse NothingInRange(std::int64_t size) {
  HttpResponse response = ProblemResponse(
      416, Concat("the result has ", size, " bytes, none of them in the Range"),
      {{"range", Concat("expected one within ", size, " bytes")}});
  response.headers.emplace_back("Content-Range", Concat("bytes */", size));
  return response;
}

absl::StatusOr<HttpResponse> PartOf(ResultIo& results,
                                    const ResultEnvelope& envelope,
                                    const WantedRange& wanted) {
  auto source = results.OpenRange(
      envelope, {.offset = wanted.first, .length = wanted.size()});
  if (!source.ok()) return source.status();
  HttpResponse response = StreamOf(*std::move(source), envelope, wanted.size());
  response.status = 206;
  response.headers.emplace_back(
      "Content-Range",
      Concat("bytes ", wanted.first, "-", wanted.last, "/", envelope.size));
  return response;
}

absl::StatusOr<HttpResponse> WholeOf(ResultIo& results,
                                     const ResultEnvelope& envelope,
                                     std::optional<std::int64_t> size) {
  auto source = results.Open(envelope);
  if (!source.ok()) return source.status();
  return StreamOf(*std::move(source), envelope, size);
}

// What has no checksum is of somebody else, and may change: there is no telling
// which part of what it is.
absl::StatusOr<HttpResponse> EnvelopeContent(ResultIo& results,
                                             const ResultEnvelope& envelope,
                                             const IncomingRequest& request) {
  if (envelope.sha256.empty()) {
    return WholeOf(results, envelope, std::nullopt);
  }
  const std::string etag = Concat("\"", envelope.sha256, "\"");
  const WantedRange wanted = ParseRange(
      request.Header("range"), request.Header("if-range"), etag, envelope.size);
  if (wanted.kind == WantedRange::Kind::kNone) {
    return NothingInRange(envelope.size);
  }
  auto response = wanted.kind == WantedRange::Kind::kPart
                      ? PartOf(results, envelope, wanted)
                      : WholeOf(results, envelope, envelope.size);
  if (!response.ok()) return response;
  response->headers.emplace_back("ETag", etag);
  response->headers.emplace_back("Accept-Ranges", "bytes");
  return response;
}

absl::StatusOr<HttpResponse> ContentOf(const ApiParts& parts,
                                       const ApiSubject& subject,
                                       const IncomingRequest& request) {
  const TaskRecord& task = subject.task;
  const ResultEnvelope envelope = task.result.value_or(ResultEnvelope{});
  const bool is_mapped = task.key.index < 0 && task.item_count >= 0;
  if (!is_mapped && envelope.kind != ResultEnvelope::Kind::kNone) {
    return EnvelopeContent(*parts.results, envelope, request);
  }
  auto value = ReadTaskResult(*parts.store, *parts.results, subject.run->id,
                              subject.name);
  if (!value.ok()) return value.status();
  return JsonResponse(200, *value);
}

absl::StatusOr<HttpResponse> Result(const ApiParts& parts,
                                    const ApiCall& call) {
  auto subject = SubjectOf(*parts.store, call);
  if (!subject.ok()) return subject.status();
  if (subject->task.state != TaskState::kSucceeded) {
    return absl::FailedPreconditionError(Concat("task ", subject->name,
                                                " has no result: it is ",
                                                Name(subject->task.state)));
  }
  auto response = ContentOf(parts, *subject, call.request);
  if (response.ok()) MakeHarmless(*response);
  return response;
}

}  // namespace

std::vector<ApiRoute> TaskRoutes(const ApiParts& parts) {
  Store& store = *parts.store;
  return {
      {"GET",
       "/runs/{run}/tasks",
       Role::kRead,
       {.id = "listTasks",
        .summary = "The tasks of a run, each mapped one before its instances",
        .response = "Tasks"},
       [&store](ApiCall& call) { return List(store, call); }},
      {"GET",
       "/runs/{run}/tasks/{task}",
       Role::kRead,
       {.id = "showTask",
        .summary = "A task, or an instance as id[3], with its attempts",
        .response = "Task"},
       [&store](ApiCall& call) { return Show(store, call); }},
      {"GET",
       "/runs/{run}/tasks/{task}/result",
       Role::kRead,
       {.id = "readResult",
        .summary = "A task's result, wherever it is stored; verified, unless "
                   "it is a part of it",
        .parameters = {{.name = "Range",
                        .description = "A part, as bytes=0-999; 416 when the "
                                       "result has none of it",
                        .in = "header"},
                       {.name = "If-Range",
                        .description = "The ETag that the result must have for "
                                       "a part; otherwise all is sent",
                        .in = "header"}},
        .statuses = {200, 206},
        .media_type = "*/*"},
       [parts](ApiCall& call) { return Result(parts, call); }},
      {"GET",
       "/runs/{run}/tasks/{task}/items",
       Role::kRead,
       {.id = "readItems",
        .summary = "What a mapped task has instances for",
        .response = "Result"},
       [&store](ApiCall& call) { return Items(store, call); }},
      {"GET",
       "/runs/{run}/tasks/{task}/saved",
       Role::kRead,
       {.id = "listSaved",
        .summary = "What attempts of a task keep for those after them",
        .response = "Saved"},
       [&store](ApiCall& call) { return Saved(store, call); }},
  };
}

}  // namespace windlass
