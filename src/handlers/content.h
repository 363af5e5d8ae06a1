// Content of results on its way to where a handler needs it.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file.h"
#include "windlass/json.h"
#include "windlass/result_store.h"

namespace windlass {

// Whether a parameter is the envelope of a result that is not in it.
bool IsEnvelope(const JsonObject& object);

// Gives all of it to `write`, block by block. Cancelled when `stop` comes
// first.
absl::Status CopyContent(
    ByteSource& content, const std::stop_token& stop,
    absl::FunctionRef<absl::Status(std::string_view)> write);

// For writing: a file that must not exist, and that only its owner may read.
absl::StatusOr<UniqueFd> CreateNewFile(const std::string& path);
absl::Status CopyToNewFile(ByteSource& content, const std::stop_token& stop,
                           const std::string& path);

}  // namespace windlass
