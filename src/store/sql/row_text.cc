#include "store/sql/row_text.h"

#include "absl/strings/str_cat.h"

namespace windlass::sql {
namespace {

template <typename T>
absl::StatusOr<T> Read(std::string_view text,
                       absl::StatusOr<T> (*from_json)(const Json&)) {
  auto json = ParseJson(text);
  auto value = json.ok() ? from_json(*json) : json.status();
  if (value.ok()) return value;
  return absl::DataLossError(
      absl::StrCat("damaged row: ", value.status().message()));
}

}  // namespace

absl::StatusOr<ResultEnvelope> ReadEnvelopeText(std::string_view text) {
  return Read<ResultEnvelope>(text, &ResultEnvelopeFromJson);
}

absl::StatusOr<TaskError> ReadErrorText(std::string_view text) {
  return Read<TaskError>(text, &TaskErrorFromJson);
}

}  // namespace windlass::sql
