#include "results/supabase/supabase_error.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "base/concat.h"
#include "results/remote/retries.h"
#include "windlass/json.h"

namespace windlass {
namespace {

constexpr char kNoSuchBucket[] = "windlass/no-such-bucket";
constexpr std::size_t kShownBytes = 200;

struct Told {
  int status = 0;       // The real one.
  std::string code;     // "NoSuchKey"; empty from older servers.
  std::string error;    // "not_found", "Duplicate"
  std::string message;  // For people.
};

std::string Member(const JsonObject& object, std::string_view name) {
  const Json* value = object.if_contains(name);
  return value == nullptr || value->is_null() ? "" : JsonToText(*value);
}

// Of a page or text from a gateway: enough to recognise it by, in one line.
std::string Shortened(std::string_view text) {
  std::string shown(text.substr(0, kShownBytes));
  std::replace_if(
      shown.begin(), shown.end(),
      [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return shown;
}

Told Read(const HttpAnswer& answer) {
  Told told{.status = answer.status,
            .code = "",
            .error = "",
            .message = Shortened(answer.body)};
  absl::StatusOr<Json> json = ParseJson(answer.body);
  if (!json.ok() || !json->is_object()) return told;
  const JsonObject& object = json->get_object();
  int status = 0;
  if (absl::SimpleAtoi(Member(object, "statusCode"), &status)) {
    told.status = status;
  }
  told.code = Member(object, "code");
  told.error = Member(object, "error");
  if (std::string message = Member(object, "message"); !message.empty()) {
    told.message = std::move(message);
  }
  return told;
}

bool MeansBucket(const Told& told) {
  return told.code == "NoSuchBucket" || told.error == "Bucket not found" ||
         told.message == "Bucket not found";
}

bool MeansKey(const Told& told) {
  return told.status == 401 || told.status == 403 ||
         told.code == "AccessDenied" || told.code == "InvalidJWT" ||
         told.code == "InvalidSignature" ||
         absl::StrContains(told.message, "'authorization'");
}

absl::StatusCode CodeOf(const Told& told) {
  if (told.status >= 500 || told.status == 429 || told.status == 423 ||
      told.status == 408) {
    return absl::StatusCode::kUnavailable;
  }
  if (MeansKey(told)) return absl::StatusCode::kPermissionDenied;
  switch (told.status) {
    case 404:
    case 410:
      return absl::StatusCode::kNotFound;
    case 409:
      return absl::StatusCode::kAlreadyExists;
    case 413:
      return absl::StatusCode::kResourceExhausted;
    case 416:
      return absl::StatusCode::kOutOfRange;
    default:
      return absl::StatusCode::kInvalidArgument;
  }
}

std::string_view Advice(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kPermissionDenied:
      return "; WINDLASS_SUPABASE_SERVICE_KEY must be the service_role key of "
             "this project";
    case absl::StatusCode::kResourceExhausted:
      return "; raise the bucket's file_size_limit or the server's";
    default:
      return "";
  }
}

}  // namespace

absl::Status SupabaseError(const HttpAnswer& answer, std::string_view what) {
  const Told told = Read(answer);
  const absl::StatusCode code = CodeOf(told);
  absl::Status status(
      code, Concat("Supabase Storage: ", what, ": ",
                   told.message.empty() ? "no explanation" : told.message, " (",
                   told.status, told.code.empty() ? "" : " ", told.code, ")",
                   Advice(code)));
  if (code == absl::StatusCode::kNotFound && MeansBucket(told)) {
    status.SetPayload(kNoSuchBucket, absl::Cord());
  }
  int seconds = 0;
  if (absl::SimpleAtoi(std::string(answer.Header("retry-after")), &seconds) &&
      seconds > 0) {
    SetRetryAfter(status, std::chrono::seconds(seconds));
  }
  return status;
}

bool IsNoSuchBucket(const absl::Status& status) {
  return status.GetPayload(kNoSuchBucket).has_value();
}

}  // namespace windlass
