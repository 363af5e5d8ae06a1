// Expressions over an answer: `status`, `headers` and `body`.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/http/http_transfers.h"
#include "model/cel/expression.h"
#include "windlass/json.h"

namespace windlass {

// {"status", "headers", "body"}: what `http` tasks give, and what expressions
// of their params read. A body that is no JSON is text.
Json ReadAnswer(const HttpHead& head, const std::string& body);

// Errors name what the expression is for: "poll.until".
absl::StatusOr<bool> ReadCondition(const cel::Expression& expression,
                                   const Json& answer, const char* what);
// Null where the path leads nowhere.
absl::StatusOr<Json> ReadValue(const cel::Expression& expression,
                               const Json& answer, const char* what);

}  // namespace windlass
