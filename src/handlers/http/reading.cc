#include "handlers/http/reading.h"

#include <utility>

#include "base/concat.h"
#include "handlers/http/charset.h"
#include "handlers/http/http_words.h"
#include "model/cel/output.h"

namespace windlass {

Json ReadAnswer(const HttpHead& head, const std::string& body) {
  auto parsed = body.empty() ? Json(nullptr) : ParseJson(body);
  return JsonObject{
      {"status", head.status},
      {"headers", AllHeaders(head.headers)},
      {"body",
       parsed.ok()
           ? *std::move(parsed)
           : Json(DecodeText(body, CharsetOf(head.Header("content-type"))))}};
}

absl::StatusOr<Json> ReadValue(const cel::Expression& expression,
                               const Json& answer, const char* what) {
  const cel::JsonActivation names(answer);
  auto value = expression.Evaluate(names);
  if (absl::IsNotFound(value.status())) return Json(nullptr);
  absl::StatusOr<Json> json = value.ok() ? cel::ToJson(*value) : value.status();
  if (json.ok()) return json;
  return absl::Status(json.status().code(),
                      Concat(what, ": ", json.status().message()));
}

absl::StatusOr<bool> ReadCondition(const cel::Expression& expression,
                                   const Json& answer, const char* what) {
  auto value = ReadValue(expression, answer, what);
  if (!value.ok()) return value.status();
  if (value->is_null()) return false;  // Not yet there.
  if (value->is_bool()) return value->as_bool();
  return absl::InvalidArgumentError(Concat(what,
                                           ": expected true or false, got ",
                                           FormatJson(*value).substr(0, 200)));
}

}  // namespace windlass
