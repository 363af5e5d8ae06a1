// One attempt of a task of type `validate` over documents. Params have been
// checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "handlers/file/new_file.h"
#include "handlers/file/places.h"
#include "handlers/validate/report.h"
#include "model/json_schema.h"
#include "windlass/handler.h"

namespace windlass {

class DocumentJob {
 public:
  // All borrowed.
  DocumentJob(TaskContext& task, const Places& places);

  // Fails when the documents could not be checked.
  absl::StatusOr<ValidationVerdict> Run();

 private:
  absl::StatusOr<JsonSchema> Schema() const;
  absl::Status OpenOutputs();
  absl::Status CheckAll();
  absl::Status CheckFile(const std::string& path);
  absl::Status CheckLines(const InputFile& file);
  absl::Status CheckOne(const Json& document);
  // A line that is no JSON is a text, and fails for this reason.
  absl::Status Record(const Json& document, JsonArray violations);
  static absl::Status Append(std::optional<NewFile>& file, const Json& line);
  absl::StatusOr<JsonObject> PublishOutputs();

  TaskContext& task_;
  const Places& places_;
  const std::int64_t sample_size_;
  std::optional<JsonSchema> schema_;
  // Lines of JSON.
  std::optional<NewFile> valid_;
  std::optional<NewFile> quarantine_;
  std::int64_t count_ = 0;
  std::int64_t failing_ = 0;
  JsonArray sample_;
};

}  // namespace windlass
