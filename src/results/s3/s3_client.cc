#include "results/s3/s3_client.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "base/concat.h"
#include "base/http/http_text.h"
#include "results/s3/s3_presign.h"
#include "results/s3/s3_xml.h"

namespace windlass {
namespace {

// Of requests that move no content. Those that do are watched for stalls.
constexpr Duration kShortRequest = std::chrono::seconds(60);
// The server puts a large object together before it answers.
constexpr Duration kCompletion = std::chrono::minutes(10);
constexpr std::size_t kMaximumError = std::size_t{64} << 10;
constexpr char kMark[] = "x-amz-meta-windlass-upload";
constexpr char kUnlessThere[] = "If-None-Match: *";

void Describe(HttpRequest& request, const S3Facts& facts) {
  request.headers.push_back(
      Concat("Content-Type: ", SafeMediaType(facts.media_type)));
  request.headers.push_back(Concat(kMark, ": ", facts.mark));
}

std::string UploadQuery(std::string_view id) {
  return Concat("uploadId=", PercentEncode(id));
}

absl::Status Unexpected(std::string_view what) {
  return absl::UnavailableError(
      Concat("S3: ", what, ": the answer is not what S3 says"));
}

Timestamp ToSeconds(Timestamp time) {
  return std::chrono::floor<std::chrono::seconds>(time);
}

}  // namespace

S3Client::S3Client(S3Place place, HttpOptions http, RetryOptions retry,
                   Clock& clock)
    : place_(std::move(place)),
      retry_(retry),
      clock_(clock),
      http_(std::move(http)) {}

HttpRequest S3Client::Request(std::string method, std::string_view key,
                              std::string_view query) const {
  HttpRequest request;
  request.method = std::move(method);
  request.url = Concat(place_.bucket_url, "/", PercentEncode(key, "/"),
                       query.empty() ? "" : "?", query);
  request.headers = {"x-amz-content-sha256: UNSIGNED-PAYLOAD"};
  if (!place_.session_token.empty()) {
    request.headers.push_back(
        Concat("x-amz-security-token: ", place_.session_token));
  }
  request.signature = place_.signature;
  request.timeout = kShortRequest;
  return request;
}

absl::StatusOr<HttpAnswer> S3Client::SendOnce(const HttpRequest& request,
                                              std::string_view what) {
  absl::StatusOr<HttpAnswer> answer = http_.Send(request);
  if (!answer.ok()) {
    return absl::Status(
        answer.status().code(),
        Concat("S3: ", what, ": ", std::string(answer.status().message())));
  }
  if (!answer->ok()) return S3Error(*answer, what);
  return answer;
}

absl::StatusOr<HttpAnswer> S3Client::Send(const HttpRequest& request,
                                          std::string_view what) {
  return WithRetries(retry_, clock_, [&] { return SendOnce(request, what); });
}

// A write with the condition that there is no object. When its answer was lost,
// the next try, which may be one that libcurl makes by itself, meets the object
// it has written itself, or an upload that is complete and gone.
absl::Status S3Client::SendUnlessThere(const HttpRequest& request,
                                       std::string_view key,
                                       std::string_view mark,
                                       std::string_view what) {
  return WithRetries(retry_, clock_, [&]() -> absl::Status {
    absl::StatusOr<HttpAnswer> answer = SendOnce(request, what);
    if (answer.ok() && HoldsS3Error(answer->body)) {
      answer->status = 500;
      answer = S3Error(*answer, what);
    }
    if (!absl::IsAlreadyExists(answer.status()) &&
        !absl::IsNotFound(answer.status())) {
      return answer.status();
    }
    absl::StatusOr<S3Object> found = Find(key);
    return found.ok() && found->mark == mark ? absl::OkStatus()
                                             : answer.status();
  });
}

absl::Status S3Client::FindBucket() {
  HttpRequest request = Request("GET", "", "list-type=2&max-keys=1");
  return Send(request, "find the bucket").status();
}

absl::Status S3Client::CreateBucket() {
  HttpRequest request = Request("PUT", "", "");
  absl::Status made = Send(request, "make the bucket").status();
  return absl::IsAlreadyExists(made) ? absl::OkStatus() : made;
}

absl::Status S3Client::Put(std::string_view key, std::string_view content,
                           const S3Facts& facts) {
  HttpRequest request = Request("PUT", key, "");
  Describe(request, facts);
  request.headers.push_back(kUnlessThere);
  request.body = content;
  request.timeout = Duration::zero();
  return SendUnlessThere(request, key, facts.mark, Concat("upload ", key));
}

std::string S3Client::Sign(std::string_view key, Duration lifetime) const {
  return PresignS3Url(place_, key, clock_.Now(), lifetime);
}

absl::StatusOr<S3Object> S3Client::Find(std::string_view key) {
  const std::string what = Concat("find ", key);
  absl::StatusOr<HttpAnswer> answer = Send(Request("HEAD", key, ""), what);
  if (!answer.ok()) return answer.status();
  S3Object object;
  object.key = key;
  auto modified = ParseHttpDate(answer->Header("last-modified"));
  if (!absl::SimpleAtoi(std::string(answer->Header("content-length")),
                        &object.size) ||
      !modified.ok()) {
    return Unexpected(what);
  }
  object.modified_at = *modified;
  object.mark = answer->Header(kMark);
  return object;
}

absl::StatusOr<ObjectBody> S3Client::Open(std::string_view key,
                                          const ByteRange& range,
                                          std::stop_token stop) {
  HttpRequest request = Request("GET", key, "");
  request.timeout = Duration::zero();
  request.stop = std::move(stop);
  const bool wants_part = range.offset > 0 || range.length;
  if (wants_part) {
    request.headers.push_back(RangeHeader(range.offset, range.length));
  }
  absl::StatusOr<std::unique_ptr<HttpDownload>> opened = http_.Open(request);
  if (!opened.ok()) return opened.status();
  const HttpHead& head = (*opened)->head();
  if (!head.ok()) {
    HttpAnswer answer;
    static_cast<HttpHead&>(answer) = head;
    answer.body = ReadAll(**opened, kMaximumError).value_or("");
    absl::Status error = S3Error(answer, Concat("read ", key));
    if (!absl::IsOutOfRange(error)) return error;
    return ObjectBody{MakeStringSource(""), 0, ""};
  }
  ObjectBody body;
  body.etag = head.Header("etag");
  if (!absl::SimpleAtoi(std::string(head.Header("content-length")),
                        &body.size) ||
      (wants_part && head.status != 206)) {
    return Unexpected(Concat("read ", key));
  }
  body.content = *std::move(opened);
  return body;
}

absl::Status S3Client::Delete(std::string_view key) {
  absl::Status deleted =
      Send(Request("DELETE", key, ""), Concat("delete ", key)).status();
  return absl::IsNotFound(deleted) ? absl::OkStatus() : deleted;
}

absl::StatusOr<S3Page> S3Client::List(std::string_view prefix,
                                      std::string_view cursor) {
  const std::string what = Concat("list '", prefix, "'");
  // In the order of names, as they are signed.
  std::string query =
      cursor.empty()
          ? ""
          : Concat("continuation-token=", PercentEncode(cursor), "&");
  query += Concat("list-type=2&max-keys=1000&prefix=", PercentEncode(prefix));
  absl::StatusOr<HttpAnswer> answer = Send(Request("GET", "", query), what);
  if (!answer.ok()) return answer.status();
  absl::StatusOr<S3List> list = ReadS3List(answer->body);
  if (!list.ok()) return list.status();
  S3Page page;
  page.cursor = list->cursor;
  for (S3ListEntry& one : list->entries) {
    S3Object object;
    auto modified = ParseTimestamp(one.modified_at);
    if (!absl::SimpleAtoi(one.size, &object.size) || !modified.ok()) {
      return Unexpected(what);
    }
    object.key = std::move(one.key);
    object.modified_at = ToSeconds(*modified);
    page.objects.push_back(std::move(object));
  }
  return page;
}

absl::StatusOr<std::string> S3Client::BeginUpload(std::string_view key,
                                                  const S3Facts& facts) {
  const std::string what = Concat("begin upload of ", key);
  HttpRequest request = Request("POST", key, "uploads=");
  Describe(request, facts);
  absl::StatusOr<HttpAnswer> answer = Send(request, what);
  if (!answer.ok()) return answer.status();
  std::string id = S3Text(answer->body, "UploadId");
  if (id.empty()) return Unexpected(what);
  return id;
}

absl::StatusOr<std::string> S3Client::PutPart(std::string_view key,
                                              std::string_view id, int number,
                                              std::string_view content) {
  const std::string what = Concat("upload part ", number, " of ", key);
  HttpRequest request =
      Request("PUT", key, Concat("partNumber=", number, "&", UploadQuery(id)));
  request.body = content;
  request.timeout = Duration::zero();
  absl::StatusOr<HttpAnswer> answer = Send(request, what);
  if (!answer.ok()) return answer.status();
  std::string etag(answer->Header("etag"));
  if (etag.empty()) return Unexpected(what);
  return etag;
}

absl::Status S3Client::CompleteUpload(std::string_view key, std::string_view id,
                                      const std::vector<std::string>& etags,
                                      std::string_view mark) {
  HttpRequest request = Request("POST", key, UploadQuery(id));
  request.headers.push_back("Content-Type: application/xml");
  request.headers.push_back(kUnlessThere);
  const std::string body = WriteS3Parts(etags);
  request.body = body;
  request.timeout = kCompletion;
  return SendUnlessThere(request, key, mark,
                         Concat("complete upload of ", key));
}

void S3Client::AbandonUpload(std::string_view key, std::string_view id) {
  // Where it fails, the bucket's rule for incomplete uploads cleans up.
  (void)SendOnce(Request("DELETE", key, UploadQuery(id)), "abandon an upload");
}

}  // namespace windlass
