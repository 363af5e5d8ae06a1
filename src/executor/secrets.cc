#include "executor/secrets.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "base/concat.h"
#include "base/file.h"

namespace windlass {
namespace {

constexpr std::size_t kLargestSecret = 1024 * 1024;

// A name that cannot lead out of secrets_dir.
bool IsName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
  });
}

}  // namespace

absl::StatusOr<std::string> ReadSecret(const ExecutorConfig& config,
                                       std::string_view name) {
  if (!IsName(name)) {
    return absl::InvalidArgumentError(Concat(
        "'", name, "' cannot be a secret's name: use letters, digits and _"));
  }
  if (!config.secrets_dir.empty()) {
    const std::string path = Concat(config.secrets_dir, "/", name);
    absl::StatusOr<std::string> text = ReadFile(path, kLargestSecret);
    if (text.ok()) {
      if (text->ends_with('\n')) text->pop_back();
      if (text->ends_with('\r')) text->pop_back();
      return text;
    }
    if (!absl::IsNotFound(text.status())) return text.status();
  }
  const std::string variable = Concat("WINDLASS_SECRET_", name);
  if (const char* value = std::getenv(variable.c_str())) return value;
  return absl::NotFoundError(Concat(
      "this executor has no secret '", name, "': set ", variable,
      config.secrets_dir.empty()
          ? std::string(", or secrets_dir and put a file of that name there")
          : Concat(" or write ", config.secrets_dir, "/", name)));
}

absl::StatusOr<std::string> ReadEnv(const ExecutorConfig& config,
                                    std::string_view name) {
  if (std::find(config.allowed_env.begin(), config.allowed_env.end(), name) ==
      config.allowed_env.end()) {
    return absl::PermissionDeniedError(
        Concat("this executor does not let expressions read env.", name,
               "; allow it with --allow-env ", name, " (WINDLASS_ALLOW_ENV)"));
  }
  if (const char* value = std::getenv(std::string(name).c_str())) return value;
  return absl::NotFoundError(Concat("the environment variable ", name,
                                    " is not set on this executor"));
}

}  // namespace windlass
