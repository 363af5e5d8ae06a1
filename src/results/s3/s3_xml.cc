#include "results/s3/s3_xml.h"

#include <pugixml.hpp>
#include <sstream>

#include "absl/strings/numbers.h"
#include "base/concat.h"
#include "results/remote/retries.h"

namespace windlass {
namespace {

pugi::xml_document Parse(std::string_view body) {
  pugi::xml_document document;
  (void)document.load_buffer(body.data(), body.size());
  return document;
}

bool IsTransient(const HttpAnswer& answer, std::string_view code) {
  return answer.status >= 500 || answer.status == 429 || answer.status == 408 ||
         code == "RequestTimeout" || code == "SlowDown" ||
         code == "InternalError" || code == "OperationAborted" ||
         code == "ConditionalRequestConflict";
}

absl::StatusCode CodeOf(const HttpAnswer& answer, std::string_view code) {
  if (IsTransient(answer, code)) return absl::StatusCode::kUnavailable;
  if (code == "EntityTooLarge") return absl::StatusCode::kResourceExhausted;
  switch (answer.status) {
    case 401:
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 409:
    case 412:
      return absl::StatusCode::kAlreadyExists;
    case 413:
      return absl::StatusCode::kResourceExhausted;
    case 416:
      return absl::StatusCode::kOutOfRange;
    default:
      return absl::StatusCode::kInvalidArgument;
  }
}

}  // namespace

absl::Status S3Error(const HttpAnswer& answer, std::string_view what) {
  const pugi::xml_document document = Parse(answer.body);
  const pugi::xml_node error = document.child("Error");
  const std::string code = error.child("Code").text().as_string();
  const std::string message = error.child("Message").text().as_string();
  const absl::StatusCode kind = CodeOf(answer, code);
  absl::Status status(
      kind,
      Concat("S3: ", what, ": ", message.empty() ? "no explanation" : message,
             " (", answer.status, code.empty() ? "" : " ", code, ")",
             kind == absl::StatusCode::kPermissionDenied
                 ? "; look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, the "
                   "region, this machine's clock and the bucket's policy"
                 : ""));
  int seconds = 0;
  if (absl::SimpleAtoi(std::string(answer.Header("retry-after")), &seconds) &&
      seconds > 0) {
    SetRetryAfter(status, std::chrono::seconds(seconds));
  }
  return status;
}

bool HoldsS3Error(std::string_view body) {
  return !Parse(body).child("Error").empty();
}

std::string S3Text(std::string_view body, const char* name) {
  return Parse(body).first_child().child(name).text().as_string();
}

absl::StatusOr<S3List> ReadS3List(std::string_view body) {
  const pugi::xml_document document = Parse(body);
  const pugi::xml_node root = document.child("ListBucketResult");
  if (root.empty()) {
    return absl::UnavailableError("S3: the answer to a list is none");
  }
  S3List list;
  for (const pugi::xml_node& one : root.children("Contents")) {
    list.entries.push_back(
        {.key = one.child("Key").text().as_string(),
         .size = one.child("Size").text().as_string(),
         .modified_at = one.child("LastModified").text().as_string()});
  }
  if (root.child("IsTruncated").text().as_bool()) {
    list.cursor = root.child("NextContinuationToken").text().as_string();
  }
  return list;
}

std::string WriteS3Parts(const std::vector<std::string>& etags) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("CompleteMultipartUpload");
  int number = 0;
  for (const std::string& etag : etags) {
    pugi::xml_node part = root.append_child("Part");
    part.append_child("PartNumber").text().set(++number);
    part.append_child("ETag").text().set(etag.c_str());
  }
  std::ostringstream text;
  document.save(text, "", pugi::format_raw);
  return text.str();
}

}  // namespace windlass
