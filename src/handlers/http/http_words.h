// The words of HTTP that params and answers hold.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "handlers/http/plan.h"
#include "windlass/json.h"

namespace windlass {

// A token of RFC 9110, as methods and names of headers are.
bool IsHeaderName(std::string_view text);
// Nothing that could end the header and begin another.
bool IsHeaderValue(std::string_view text);

// 404, "2xx", or a list of those.
absl::StatusOr<std::vector<StatusPattern>> ReadStatusPatterns(const Json& json);

// Names that usually carry credentials; lower case.
bool IsSecretHeader(std::string_view name);

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// As one object; values of a name that comes several times with ", " between
// them. `secret` and what IsSecretHeader() says become "***".
JsonObject ShownHeaders(const HeaderList& headers, std::string_view secret);
// The same with every value as it is.
JsonObject AllHeaders(const HeaderList& headers);

}  // namespace windlass
