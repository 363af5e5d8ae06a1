// /api/v1/workflows

#include <utility>

#include "base/concat.h"
#include "model/documents.h"
#include "server/api.h"

namespace windlass {
namespace {

constexpr int kMaximumPage = 1000;

const std::string& NameOf(const ApiCall& call) {
  return call.request.Captured("workflow");
}

// A version is the ETag of its workflow, in quotes.
std::string TagOf(const WorkflowVersion& stored) {
  return Concat("\"", stored.version, "\"");
}

HttpResponse Answer(const WorkflowVersion& stored) {
  HttpResponse response = JsonResponse(200, WorkflowDocument(stored));
  response.headers.emplace_back("ETag", TagOf(stored));
  return response;
}

// Of If-Match: "3", and of If-None-Match: *, which wants there to be none.
absl::StatusOr<std::optional<int>> ExpectedVersion(const ApiCall& call) {
  const std::string_view none = call.request.Header("if-none-match");
  if (none == "*") return 0;
  if (!none.empty()) return FieldStatus("if-none-match", "expected *");
  std::string_view tag = call.request.Header("if-match");
  if (tag.empty()) return std::nullopt;
  if (tag.size() < 2 || tag.front() != '"' || tag.back() != '"') {
    return FieldStatus("if-match",
                       "expected an ETag of the workflow, as \"3\"");
  }
  auto version = VersionOf("if-match", tag.substr(1, tag.size() - 2));
  if (!version.ok()) return version.status();
  return *version;
}

absl::StatusOr<HttpResponse> Put(const ApiParts& parts, const ApiCall& call) {
  PutWorkflowRequest request;
  auto expected = ExpectedVersion(call);
  if (!expected.ok()) return expected.status();
  request.expected_version = *expected;
  std::optional<HttpResponse> problem;
  auto workflow = ReadDefinition(parts, call, problem);
  if (!workflow.ok()) return workflow.status();
  if (problem) return *std::move(problem);
  if ((*workflow)->name != NameOf(call)) {
    return FieldStatus("definition", Concat("its name is ", (*workflow)->name,
                                            ", which is not that of the path"));
  }
  request.workflow = *std::move(workflow);
  request.base_dir = BodyText(call, "base_dir");
  auto stored = parts.store->PutWorkflow(request);
  if (absl::IsFailedPrecondition(stored.status())) {
    return ProblemResponse(412, {stored.status().message().data(),
                                 stored.status().message().size()});
  }
  if (!stored.ok()) return stored.status();
  return Answer(*stored);
}

absl::StatusOr<HttpResponse> Show(Store& store, const ApiCall& call) {
  std::optional<int> version;
  if (const auto text = QueryText(call, "version"); !text.empty()) {
    auto number = VersionOf("version", text);
    if (!number.ok()) return number.status();
    version = *number;
  }
  auto stored = store.GetWorkflow(NameOf(call), version);
  if (!stored.ok()) return stored.status();
  return Answer(*stored);
}

absl::StatusOr<HttpResponse> List(Store& store, const ApiCall& call) {
  WorkflowFilter filter;
  auto limit = LimitOf(call, filter.limit, kMaximumPage);
  if (!limit.ok()) return limit.status();
  filter.limit = *limit + 1;  // Tells whether there is a next page.
  filter.name = QueryText(call, "name");
  filter.after = QueryText(call, "cursor");
  auto stored = store.ListWorkflows(filter);
  if (!stored.ok()) return stored.status();
  Json next = nullptr;
  if (stored->size() > static_cast<std::size_t>(*limit)) {
    stored->pop_back();
    next = Json(stored->back().name);
  }
  JsonObject document = WorkflowsDocument(*stored);
  document["next_cursor"] = std::move(next);
  return JsonResponse(200, document);
}

absl::StatusOr<HttpResponse> Versions(Store& store, const ApiCall& call) {
  auto versions = store.ListWorkflowVersions(NameOf(call));
  if (!versions.ok()) return versions.status();
  return JsonResponse(200, VersionsDocument(*versions));
}

absl::StatusOr<HttpResponse> Delete(Store& store, const ApiCall& call) {
  if (auto status = store.DeleteWorkflow(NameOf(call)); !status.ok()) {
    return status;
  }
  return JsonResponse(200,
                      JsonObject{{"name", NameOf(call)}, {"state", "deleted"}});
}

}  // namespace

std::vector<ApiRoute> WorkflowRoutes(const ApiParts& parts) {
  Store& store = *parts.store;
  return {
      {"GET",
       "/workflows",
       Role::kRead,
       {.id = "listWorkflows",
        .summary = "Stored workflows by name, in pages",
        .parameters = {{"name", "Only those whose name has this in it"},
                       {"limit", "At most this many, up to 1000", "integer"},
                       {"cursor", "next_cursor of the page before"}},
        .response = "StoredWorkflows"},
       [&store](ApiCall& call) { return List(store, call); }},
      {"GET",
       "/workflows/{workflow}",
       Role::kRead,
       {.id = "showWorkflow",
        .summary = "A stored workflow; its ETag is its version",
        .parameters = {{"version", "Default: the latest", "integer"}},
        .response = "StoredWorkflow"},
       [&store](ApiCall& call) { return Show(store, call); }},
      {"PUT",
       "/workflows/{workflow}",
       Role::kWrite,
       {.id = "putWorkflow",
        .summary = "Store a workflow: a new version, unless it equals the "
                   "latest",
        .parameters = {{.name = "If-Match",
                        .description = "The ETag of the latest version, as "
                                       "\"3\"; 412 when there is a later one",
                        .in = "header"},
                       {.name = "If-None-Match",
                        .description = "*: 412 when the name is taken",
                        .in = "header"}},
        .request = "PutWorkflow",
        .response = "StoredWorkflow"},
       [parts](ApiCall& call) { return Put(parts, call); }},
      {"DELETE",
       "/workflows/{workflow}",
       Role::kWrite,
       {.id = "deleteWorkflow",
        .summary = "Forget a stored workflow and its versions; runs and "
                   "schedules keep theirs",
        .response = "Changed"},
       [&store](ApiCall& call) { return Delete(store, call); }},
      {"GET",
       "/workflows/{workflow}/versions",
       Role::kRead,
       {.id = "listWorkflowVersions",
        .summary = "All versions of a stored workflow, newest first",
        .response = "WorkflowVersions"},
       [&store](ApiCall& call) { return Versions(store, call); }},
  };
}

}  // namespace windlass
