// The S3 interface, one method per request, each tried again as RetryOptions
// say. Requests are signed by libcurl (AWS Signature Version 4) with an
// unsigned payload: readers verify what they read, and TLS what is sent.
//
// https://docs.aws.amazon.com/AmazonS3/latest/API/
#pragma once

#include <cstdint>
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
#include "windlass/time.h"

namespace windlass {

struct S3Place {
  std::string bucket_url;  // "https://results.s3.eu-central-1.amazonaws.com"
  AwsSignature signature;
  std::string session_token;  // Empty: none.
};

struct S3Object {
  std::string key;
  std::int64_t size = 0;
  Timestamp modified_at;  // Whole seconds: some requests tell no more.
  std::string mark;       // Of who wrote it; not from a list.
};

struct S3Page {
  std::vector<S3Object> objects;
  std::string cursor;  // Of the next page; empty after the last.
};

struct S3Facts {
  std::string media_type;
  // Kept with the object: tells ours from others' when an answer was lost.
  std::string mark;
};

// Keys are those of the bucket. Thread-safe. `clock` is borrowed.
class S3Client {
 public:
  S3Client(S3Place place, HttpOptions http, RetryOptions retry, Clock& clock);

  // --- the bucket
  absl::Status FindBucket();  // NotFound
  absl::Status CreateBucket();

  // --- objects
  // AlreadyExists when there is one, on servers that know If-None-Match for
  // writes; others replace it.
  absl::Status Put(std::string_view key, std::string_view content,
                   const S3Facts& facts);
  absl::StatusOr<S3Object> Find(std::string_view key);
  // Tried once: see DownloadObject().
  absl::StatusOr<ObjectBody> Open(std::string_view key, const ByteRange& range,
                                  std::stop_token stop);
  absl::Status Delete(std::string_view key);  // OK when there is nothing.
  // See PresignS3Url(). Asks nobody.
  std::string Sign(std::string_view key, Duration lifetime) const;
  absl::StatusOr<S3Page> List(std::string_view prefix, std::string_view cursor);

  // --- uploads in parts
  absl::StatusOr<std::string> BeginUpload(std::string_view key,
                                          const S3Facts& facts);
  // Parts are numbered from 1; returns the part's ETag.
  absl::StatusOr<std::string> PutPart(std::string_view key, std::string_view id,
                                      int number, std::string_view content);
  // As Put(): the object appears, or AlreadyExists.
  absl::Status CompleteUpload(std::string_view key, std::string_view id,
                              const std::vector<std::string>& etags,
                              std::string_view mark);
  void AbandonUpload(std::string_view key, std::string_view id);

 private:
  HttpRequest Request(std::string method, std::string_view key,
                      std::string_view query) const;
  absl::StatusOr<HttpAnswer> SendOnce(const HttpRequest& request,
                                      std::string_view what);
  absl::StatusOr<HttpAnswer> Send(const HttpRequest& request,
                                  std::string_view what);
  absl::Status SendUnlessThere(const HttpRequest& request, std::string_view key,
                               std::string_view mark, std::string_view what);

  const S3Place place_;
  const RetryOptions retry_;
  Clock& clock_;
  HttpClient http_;
};

}  // namespace windlass
