#include "results/supabase/supabase_client.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "base/base64.h"
#include "base/concat.h"
#include "base/http/http_text.h"
#include "results/supabase/supabase_error.h"

namespace windlass {
namespace {

// Of requests that move no content. Those that do are watched for stalls.
constexpr Duration kShortRequest = std::chrono::seconds(60);
constexpr int kPageSize = 1000;  // The most the server gives.
constexpr std::size_t kMaximumError = std::size_t{64} << 10;
constexpr char kTusVersion[] = "Tus-Resumable: 1.0.0";

const Json& MemberOrNull(const Json& json, std::string_view name) {
  static const Json kNull;
  if (!json.is_object()) return kNull;
  const Json* member = json.get_object().if_contains(name);
  return member == nullptr ? kNull : *member;
}

std::string TextOf(const Json& json, std::string_view name) {
  const Json& member = MemberOrNull(json, name);
  return member.is_null() ? "" : JsonToText(member);
}

absl::Status Unexpected(std::string_view what) {
  return absl::UnavailableError(
      Concat("Supabase Storage: ", what,
             ": the answer is not what its documentation says; does the URL "
             "end in /storage/v1, as hosted projects have it?"));
}

absl::StatusOr<std::int64_t> SizeOf(const Json& json) {
  std::int64_t size = 0;
  if (!absl::SimpleAtoi(TextOf(json, "size"), &size)) {
    return absl::UnavailableError("no size");
  }
  return size;
}

// A number in a header, or -1.
std::int64_t NumberIn(const HttpHead& head, std::string_view name) {
  std::int64_t number = 0;
  return absl::SimpleAtoi(std::string(head.Header(name)), &number) ? number
                                                                   : -1;
}

// The server's id of an upload is the last segment of its address, whose scheme
// and host may be those that a proxy in between uses.
std::string LastSegment(std::string_view url) {
  return std::string(url.substr(url.rfind('/') + 1));
}

}  // namespace

SupabaseClient::SupabaseClient(SupabasePlace place, HttpOptions http,
                               RetryOptions retry, Clock& clock)
    : place_(std::move(place)),
      bucket_path_(PercentEncode(place_.bucket)),
      retry_(retry),
      clock_(clock),
      http_(std::move(http)) {}

std::string SupabaseClient::ObjectUrl(std::string_view kind,
                                      std::string_view key) const {
  return Concat(place_.base_url, "/object", kind.empty() ? "" : "/", kind, "/",
                bucket_path_, "/", PercentEncode(key, "/"));
}

std::string SupabaseClient::UploadUrl(std::string_view id) const {
  return Concat(place_.base_url, "/upload/resumable/", id);
}

HttpRequest SupabaseClient::Request(std::string method, std::string url) const {
  HttpRequest request;
  request.method = std::move(method);
  request.url = std::move(url);
  // Gateways look at the first, the server at the second.
  request.headers = {Concat("apikey: ", place_.service_key),
                     Concat("Authorization: Bearer ", place_.service_key)};
  request.timeout = kShortRequest;
  return request;
}

absl::StatusOr<HttpAnswer> SupabaseClient::SendOnce(const HttpRequest& request,
                                                    std::string_view what) {
  absl::StatusOr<HttpAnswer> answer = http_.Send(request);
  if (!answer.ok()) {
    return absl::Status(answer.status().code(),
                        Concat("Supabase Storage: ", what, ": ",
                               std::string(answer.status().message())));
  }
  if (!answer->ok()) return SupabaseError(*answer, what);
  return answer;
}

absl::StatusOr<HttpAnswer> SupabaseClient::Send(const HttpRequest& request,
                                                std::string_view what) {
  return WithRetries(retry_, clock_, [&] { return SendOnce(request, what); });
}

absl::StatusOr<Json> SupabaseClient::SendForJson(const HttpRequest& request,
                                                 std::string_view what) {
  absl::StatusOr<HttpAnswer> answer = Send(request, what);
  if (!answer.ok()) return answer.status();
  absl::StatusOr<Json> json = ParseJson(answer->body);
  return json.ok() ? json : Unexpected(what);
}

absl::Status SupabaseClient::FindBucket() {
  const std::string url = Concat(place_.base_url, "/bucket/", bucket_path_);
  return SendForJson(Request("GET", url),
                     Concat("find bucket '", place_.bucket, "'"))
      .status();
}

absl::Status SupabaseClient::CreateBucket() {
  HttpRequest request = Request("POST", place_.base_url + "/bucket");
  request.headers.push_back("Content-Type: application/json");
  const std::string body = FormatJson(JsonObject{
      {"id", place_.bucket}, {"name", place_.bucket}, {"public", false}});
  request.body = body;
  absl::Status made =
      Send(request, Concat("make bucket '", place_.bucket, "'")).status();
  return absl::IsAlreadyExists(made) ? absl::OkStatus() : made;
}

absl::Status SupabaseClient::Upload(std::string_view key,
                                    std::string_view content,
                                    const UploadFacts& facts) {
  HttpRequest request = Request("POST", ObjectUrl("", key));
  request.headers.push_back(
      Concat("Content-Type: ", SafeMediaType(facts.media_type)));
  request.headers.push_back(
      Concat("x-metadata: ", EncodeBase64(FormatJson(facts.metadata))));
  request.headers.push_back("x-upsert: true");
  request.body = content;
  request.timeout = Duration::zero();
  return Send(request, Concat("upload ", key)).status();
}

absl::Status SupabaseClient::Move(std::string_view from, std::string_view to) {
  HttpRequest request = Request("POST", place_.base_url + "/object/move");
  request.headers.push_back("Content-Type: application/json");
  const std::string body = FormatJson(JsonObject{{"bucketId", place_.bucket},
                                                 {"sourceKey", from},
                                                 {"destinationKey", to}});
  request.body = body;
  return SendOnce(request, Concat("move ", from, " to its key")).status();
}

absl::StatusOr<SupabaseObject> SupabaseClient::Find(std::string_view key) {
  const std::string what = Concat("find ", key);
  absl::StatusOr<Json> json =
      SendForJson(Request("GET", ObjectUrl("info/authenticated", key)), what);
  if (!json.ok()) return json.status();
  SupabaseObject object;
  object.key = key;
  auto size = SizeOf(*json);
  auto created = ParseTimestamp(TextOf(*json, "created_at"));
  if (!size.ok() || !created.ok()) return Unexpected(what);
  object.size = *size;
  object.created_at = *created;
  const Json& metadata = MemberOrNull(*json, "metadata");
  if (metadata.is_object()) object.metadata = metadata.get_object();
  return object;
}

absl::StatusOr<ObjectBody> SupabaseClient::Open(std::string_view key,
                                                const ByteRange& range,
                                                std::stop_token stop) {
  // The path that checks the key: with the other one a wrong key looks like a
  // missing bucket.
  HttpRequest request = Request("GET", ObjectUrl("authenticated", key));
  request.timeout = Duration::zero();
  request.stop = std::move(stop);
  if (range.offset > 0 || range.length) {
    request.headers.push_back(RangeHeader(range.offset, range.length));
  }
  absl::StatusOr<std::unique_ptr<HttpDownload>> opened = http_.Open(request);
  if (!opened.ok()) return opened.status();
  const HttpHead& head = (*opened)->head();
  if (!head.ok()) {
    HttpAnswer answer;
    static_cast<HttpHead&>(answer) = head;
    answer.body = ReadAll(**opened, kMaximumError).value_or("");
    absl::Status error = SupabaseError(answer, Concat("read ", key));
    if (!absl::IsOutOfRange(error)) return error;
    return ObjectBody{MakeStringSource(""), 0, ""};
  }
  ObjectBody body;
  body.size = NumberIn(head, "content-length");
  body.etag = head.Header("etag");
  // A proxy that ignores ranges would hand out other bytes than were asked for.
  const bool wants_part = range.offset > 0 || range.length;
  if (body.size < 0 || (wants_part && head.status != 206)) {
    return Unexpected(Concat("read ", key));
  }
  body.content = *std::move(opened);
  return body;
}

absl::Status SupabaseClient::Delete(std::string_view key) {
  absl::Status deleted =
      Send(Request("DELETE", ObjectUrl("", key)), Concat("delete ", key))
          .status();
  return absl::IsNotFound(deleted) ? absl::OkStatus() : deleted;
}

absl::StatusOr<SupabasePage> SupabaseClient::List(std::string_view prefix,
                                                  std::string_view cursor) {
  const std::string what = Concat("list '", prefix, "'");
  HttpRequest request = Request(
      "POST", Concat(place_.base_url, "/object/list-v2/", bucket_path_));
  request.headers.push_back("Content-Type: application/json");
  JsonObject query{{"prefix", prefix}, {"limit", kPageSize}};
  if (!cursor.empty()) query["cursor"] = cursor;
  const std::string body = FormatJson(query);
  request.body = body;
  absl::StatusOr<Json> json = SendForJson(request, what);
  if (!json.ok()) return json.status();
  const Json& objects = MemberOrNull(*json, "objects");
  if (!objects.is_array()) return Unexpected(what);
  SupabasePage page;
  for (const Json& one : objects.get_array()) {
    auto size = SizeOf(MemberOrNull(one, "metadata"));
    auto created = ParseTimestamp(TextOf(one, "created_at"));
    // An upload that is under way has no size yet.
    if (!size.ok() || !created.ok()) continue;
    page.objects.push_back({.key = TextOf(one, "name"),
                            .size = *size,
                            .created_at = *created,
                            .metadata = {}});
  }
  const Json& more = MemberOrNull(*json, "hasNext");
  if (more.is_bool() && more.get_bool()) {
    page.cursor = TextOf(*json, "nextCursor");
  }
  return page;
}

absl::StatusOr<std::string> SupabaseClient::Sign(std::string_view key,
                                                 Duration lifetime) {
  const std::string what = Concat("sign ", key);
  HttpRequest request = Request("POST", ObjectUrl("sign", key));
  request.headers.push_back("Content-Type: application/json");
  const std::string body = FormatJson(
      JsonObject{{"expiresIn",
                  std::chrono::ceil<std::chrono::seconds>(lifetime).count()}});
  request.body = body;
  absl::StatusOr<Json> json = SendForJson(request, what);
  if (!json.ok()) return json.status();
  const std::string path = TextOf(*json, "signedURL");
  const std::size_t query = path.find('?');
  if (!path.starts_with('/') || query == std::string::npos) {
    return Unexpected(what);
  }
  // Relative to the base, and not percent-encoded.
  return Concat(place_.base_url,
                PercentEncode(std::string_view(path).substr(0, query), "/"),
                path.substr(query));
}

absl::StatusOr<std::string> SupabaseClient::BeginUpload(
    std::string_view key, std::int64_t size, const UploadFacts& facts) {
  HttpRequest request = Request("POST", place_.base_url + "/upload/resumable");
  request.headers.push_back(kTusVersion);
  request.headers.push_back(Concat("Upload-Length: ", size));
  request.headers.push_back(
      Concat("Upload-Metadata: bucketName ", EncodeBase64(place_.bucket),
             ",objectName ", EncodeBase64(key), ",contentType ",
             EncodeBase64(SafeMediaType(facts.media_type)), ",metadata ",
             EncodeBase64(FormatJson(facts.metadata))));
  const std::string what = Concat("begin upload of ", key);
  absl::StatusOr<HttpAnswer> answer = Send(request, what);
  if (!answer.ok()) return answer.status();
  std::string id = LastSegment(answer->Header("location"));
  if (id.empty()) return Unexpected(what);
  return id;
}

absl::StatusOr<std::int64_t> SupabaseClient::AppendToUpload(
    std::string_view id, std::int64_t offset, std::string_view bytes) {
  HttpRequest request = Request("PATCH", UploadUrl(id));
  request.headers.push_back(kTusVersion);
  request.headers.push_back("Content-Type: application/offset+octet-stream");
  request.headers.push_back(Concat("Upload-Offset: ", offset));
  request.body = bytes;
  request.timeout = Duration::zero();
  absl::StatusOr<HttpAnswer> answer =
      SendOnce(request, Concat("upload from byte ", offset));
  if (!answer.ok()) return answer.status();
  return NumberIn(*answer, "upload-offset");
}

absl::StatusOr<std::int64_t> SupabaseClient::UploadedBytes(
    std::string_view id) {
  HttpRequest request = Request("HEAD", UploadUrl(id));
  request.headers.push_back(kTusVersion);
  absl::StatusOr<HttpAnswer> answer = SendOnce(request, "ask for an upload");
  if (!answer.ok()) return answer.status();
  return NumberIn(*answer, "upload-offset");
}

void SupabaseClient::AbandonUpload(std::string_view id) {
  HttpRequest request = Request("DELETE", UploadUrl(id));
  request.headers.push_back(kTusVersion);
  // The server forgets uploads within a day anyway.
  (void)SendOnce(request, "abandon an upload");
}

}  // namespace windlass
