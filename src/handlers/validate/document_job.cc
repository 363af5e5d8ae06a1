#include "handlers/validate/document_job.h"

#include <fstream>
#include <utility>

#include "base/concat.h"
#include "base/file.h"
#include "handlers/failure.h"
#include "handlers/params.h"
#include "handlers/sql/formats.h"
#include "handlers/sql/outputs.h"

namespace windlass {
namespace {

// Of a schema, and of a file that is one JSON value.
constexpr std::size_t kMaximumBytes = std::size_t{64} << 20;
constexpr std::int64_t kHeartbeatEvery = 1000;

std::string PathOf(const InputFile& file) {
  return Concat("/proc/self/fd/", file.fd.get());
}

absl::StatusOr<InputFile> OpenFile(const Places& places,
                                   std::string_view path) {
  auto place = places.Find(path);
  if (!place.ok()) return place.status();
  return OpenInput(*place);
}

absl::StatusOr<Json> ReadDocument(const InputFile& file) {
  auto text = ReadFile(PathOf(file), kMaximumBytes);
  if (!text.ok()) return text.status();
  auto document = ParseJson(*text);
  if (document.ok()) return document;
  return absl::DataLossError(
      Concat(file.path, ": ", document.status().message()));
}

JsonObject Violation(std::string_view path, std::string_view message) {
  return {{"path", path}, {"message", message}};
}

}  // namespace

DocumentJob::DocumentJob(TaskContext& task, const Places& places)
    : task_(task), places_(places), sample_size_(SampleSizeOf(task.params())) {}

absl::StatusOr<ValidationVerdict> DocumentJob::Run() {
  auto schema = Schema();
  if (!schema.ok()) return schema.status();
  schema_ = *std::move(schema);
  absl::Status status = OpenOutputs();
  if (status.ok()) status = CheckAll();
  if (!status.ok()) return status;
  auto outputs = PublishOutputs();
  if (!outputs.ok()) return outputs.status();

  ValidationVerdict verdict;
  verdict.report["document_count"] = count_;
  verdict.report["failing_documents"] = failing_;
  verdict.report["sample"] = sample_;
  if (!outputs->empty()) verdict.report["outputs"] = *std::move(outputs);
  if (failing_ == 0) return verdict;
  verdict.problem =
      Concat(failing_, " of ", count_, " documents do not fit the schema");
  if (sample_.empty()) return verdict;
  const Json& first = sample_.front().at("violations").at(0);
  const std::string path = JsonToText(first.at("path"));
  verdict.problem += Concat("; the first: ", path, path.empty() ? "" : ": ",
                            JsonToText(first.at("message")));
  return verdict;
}

absl::StatusOr<JsonSchema> DocumentJob::Schema() const {
  const Json* inline_schema = FindParam(task_.params(), "schema");
  if (inline_schema != nullptr) return JsonSchema::Compile(*inline_schema);
  auto file = OpenFile(places_, TextParam(task_.params(), "schema_file"));
  if (!file.ok()) return file.status();
  auto schema = ReadDocument(*file);
  if (!schema.ok()) return schema.status();
  return JsonSchema::Compile(*schema);
}

absl::Status DocumentJob::OpenOutputs() {
  for (const SqlOutput& output : SqlOutputsOf(task_.params())) {
    auto file = CreateOutput(places_, output);
    if (!file.ok()) return file.status();
    (output.name == "valid" ? valid_ : quarantine_).emplace(*std::move(file));
  }
  return absl::OkStatus();
}

absl::Status DocumentJob::CheckAll() {
  const JsonObject& params = task_.params().get_object();
  if (const Json* document = params.if_contains("document")) {
    return CheckOne(*document);
  }
  const Json& documents = params.at("documents");
  if (documents.is_string()) return CheckFile(JsonToText(documents));
  for (const Json& document : documents.get_array()) {
    absl::Status status = CheckOne(document);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status DocumentJob::CheckFile(const std::string& path) {
  auto file = OpenFile(places_, path);
  if (!file.ok()) return file.status();
  if (TableFormatOfFile(path) == TableFormat::kJsonLines) {
    return CheckLines(*file);
  }
  auto content = ReadDocument(*file);
  if (!content.ok()) return content.status();
  if (!content->is_array()) return CheckOne(*content);
  for (const Json& document : content->get_array()) {
    absl::Status status = CheckOne(document);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status DocumentJob::CheckLines(const InputFile& file) {
  std::ifstream lines(PathOf(file));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto document = ParseJson(line);
    absl::Status status =
        document.ok()
            ? CheckOne(*document)
            : Record(Json(boost::json::string(line)),
                     {Violation("", Concat("is no JSON: ",
                                           document.status().message()))});
    if (!status.ok()) return status;
  }
  if (!lines.bad()) return absl::OkStatus();
  return absl::UnavailableError(Concat("read ", file.path, ": failed"));
}

absl::Status DocumentJob::CheckOne(const Json& document) {
  JsonArray violations;
  for (const SchemaViolation& violation : schema_->Check(document)) {
    violations.push_back(Violation(violation.path, violation.message));
  }
  return Record(document, std::move(violations));
}

absl::Status DocumentJob::Record(const Json& document, JsonArray violations) {
  if (task_.stop_token().stop_requested()) {
    return absl::CancelledError("stopped");
  }
  const std::int64_t index = count_++;
  if (count_ % kHeartbeatEvery == 0) task_.Heartbeat();
  if (violations.empty()) return Append(valid_, document);
  ++failing_;
  JsonObject found{{"index", index}, {"violations", std::move(violations)}};
  if (static_cast<std::int64_t>(sample_.size()) < sample_size_) {
    sample_.emplace_back(found);
  }
  found["document"] = document;
  return Append(quarantine_, found);
}

absl::Status DocumentJob::Append(std::optional<NewFile>& file,
                                 const Json& line) {
  if (!file) return absl::OkStatus();
  return file->Write(FormatJson(line) + "\n");
}

absl::StatusOr<JsonObject> DocumentJob::PublishOutputs() {
  JsonObject facts;
  for (auto [name, file, rows] :
       {std::tuple{"valid", &valid_, count_ - failing_},
        std::tuple{"quarantine", &quarantine_, failing_}}) {
    if (!*file) continue;
    auto published = (*file)->Publish();
    if (!published.ok()) return published.status();
    JsonObject fact = ToJson(*published);
    fact["rows"] = rows;
    facts[name] = std::move(fact);
  }
  return facts;
}

}  // namespace windlass
