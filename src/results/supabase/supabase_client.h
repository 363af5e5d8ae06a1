// The REST interface of Supabase Storage, one method per request, each tried
// again as RetryOptions say. Written against version 1.70.6 and made to work
// with those before and after it (docs/decisions/0012).
//
// https://supabase.com/docs/guides/storage,
// https://tus.io/protocols/resumable-upload
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/http/http_client.h"
#include "results/remote/object_download.h"
#include "results/remote/retries.h"
#include "windlass/clock.h"
#include "windlass/json.h"
#include "windlass/time.h"

namespace windlass {

struct SupabasePlace {
  std::string base_url;  // "http://host/storage/v1"
  std::string bucket;
  std::string service_key;  // Never shown.
};

struct SupabaseObject {
  std::string key;
  std::int64_t size = 0;
  Timestamp created_at;
  JsonObject metadata;  // The uploader's own.
};

struct SupabasePage {
  std::vector<SupabaseObject> objects;
  std::string cursor;  // Of the next page; empty after the last.
};

// What is told about an object when it is uploaded.
struct UploadFacts {
  std::string media_type;
  JsonObject metadata;
};

// Thread-safe. `clock` is borrowed.
class SupabaseClient {
 public:
  SupabaseClient(SupabasePlace place, HttpOptions http, RetryOptions retry,
                 Clock& clock);

  // --- the bucket
  absl::Status FindBucket();    // NotFound
  absl::Status CreateBucket();  // Private. OK when it is there already.

  // --- objects
  // Replaces what is there.
  absl::Status Upload(std::string_view key, std::string_view content,
                      const UploadFacts& facts);
  // AlreadyExists when there is something at `to`, NotFound when there is
  // nothing at `from`. Of several moves to one key exactly one succeeds. Tried
  // once only: who asks must find out what became of a lost answer.
  absl::Status Move(std::string_view from, std::string_view to);
  absl::StatusOr<SupabaseObject> Find(std::string_view key);
  // Tried once: see DownloadObject().
  absl::StatusOr<ObjectBody> Open(std::string_view key, const ByteRange& range,
                                  std::stop_token stop);
  absl::Status Delete(std::string_view key);  // OK when there is nothing.
  absl::StatusOr<SupabasePage> List(std::string_view prefix,
                                    std::string_view cursor);
  absl::StatusOr<std::string> Sign(std::string_view key, Duration lifetime);

  // --- resumable uploads
  // AlreadyExists when the object exists. Returns the upload's id.
  absl::StatusOr<std::string> BeginUpload(std::string_view key,
                                          std::int64_t size,
                                          const UploadFacts& facts);
  // Both once; both return how much the server has now.
  absl::StatusOr<std::int64_t> AppendToUpload(std::string_view id,
                                              std::int64_t offset,
                                              std::string_view bytes);
  absl::StatusOr<std::int64_t> UploadedBytes(std::string_view id);
  void AbandonUpload(std::string_view id);

  const RetryOptions& retry() const { return retry_; }
  Clock& clock() const { return clock_; }

 private:
  std::string ObjectUrl(std::string_view kind, std::string_view key) const;
  std::string UploadUrl(std::string_view id) const;
  HttpRequest Request(std::string method, std::string url) const;
  absl::StatusOr<HttpAnswer> SendOnce(const HttpRequest& request,
                                      std::string_view what);
  absl::StatusOr<HttpAnswer> Send(const HttpRequest& request,
                                  std::string_view what);
  absl::StatusOr<Json> SendForJson(const HttpRequest& request,
                                   std::string_view what);

  const SupabasePlace place_;
  const std::string bucket_path_;  // Percent-encoded.
  const RetryOptions retry_;
  Clock& clock_;
  HttpClient http_;
};

}  // namespace windlass
