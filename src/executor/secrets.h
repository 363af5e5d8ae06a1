// Where secrets.NAME and env.NAME of expressions come from on this executor.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "windlass/executor.h"

namespace windlass {

// The file NAME in ExecutorConfig::secrets_dir (one line end at its end is not
// part of the secret), otherwise the environment variable WINDLASS_SECRET_NAME.
// NotFound says where it was looked for.
absl::StatusOr<std::string> ReadSecret(const ExecutorConfig& config,
                                       std::string_view name);

// The environment variable. PermissionDenied names the setting that would
// allow it, NotFound the variable.
absl::StatusOr<std::string> ReadEnv(const ExecutorConfig& config,
                                    std::string_view name);

}  // namespace windlass
