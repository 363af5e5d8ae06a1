#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "store/postgres/postgres_store.h"

namespace windlass {
namespace {

absl::StatusOr<std::string> DecodePercent(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const std::string_view digits = text.substr(i + 1, 2);
    if (digits.size() < 2 || !absl::ascii_isxdigit(digits[0]) ||
        !absl::ascii_isxdigit(digits[1])) {
      return absl::InvalidArgumentError(
          "a % in a store's URL must be followed by two hex digits");
    }
    decoded += absl::HexStringToBytes(std::string(digits));
    i += 2;
  }
  return decoded;
}

}  // namespace

absl::StatusOr<PostgresStoreOptions> ParsePostgresUrl(const std::string& url) {
  PostgresStoreOptions options;
  const std::size_t question = url.find('?');
  if (question == std::string::npos) {
    options.url = url;
    return options;
  }
  std::vector<std::string> others;
  for (const std::string& parameter : std::vector<std::string>(
           absl::StrSplit(url.substr(question + 1), '&'))) {
    const std::pair<std::string, std::string> pair =
        absl::StrSplit(parameter, absl::MaxSplits('=', 1));
    std::string* ours = pair.first == "windlass_schema" ? &options.schema
                        : pair.first == "windlass_listen_url"
                            ? &options.listen_url
                            : nullptr;
    if (ours == nullptr) {
      others.push_back(parameter);
      continue;
    }
    auto decoded = DecodePercent(pair.second);
    if (!decoded.ok()) return decoded.status();
    if (decoded->empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(pair.first, " in the store's URL is empty"));
    }
    *ours = *std::move(decoded);
  }
  options.url = url.substr(0, question);
  if (!others.empty()) {
    absl::StrAppend(&options.url, "?", absl::StrJoin(others, "&"));
  }
  return options;
}

}  // namespace windlass
