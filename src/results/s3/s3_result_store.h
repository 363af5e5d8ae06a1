// Results in a bucket of Amazon S3, or of a server that speaks its interface.
//
//   s3://bucket/prefix?region=eu-central-1
//   s3://bucket?endpoint=http://minio:9000
//
// The object with key "r42/report/7" is BUCKET/PREFIX/r42/report/7, and its uri
// is "s3:r42/report/7". AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
// AWS_SESSION_TOKEN, or the files that these names with _FILE name, hold the
// keys. Params of the URL:
//
//   endpoint       https://s3.REGION.amazonaws.com
//   region         AWS_REGION, else us-east-1
//   style          virtual: the bucket is part of the host; path: of the path.
//                  Default: virtual at Amazon, path at any other endpoint
//   create_bucket  false: a missing bucket is an error; true: it is made
//   part_size      8MiB. Content up to it goes up in one request, more in parts
//                  of it, at most 10000; one of them is in memory per upload
//   parallel       4: ranges asked for at once by a download
//   range_size     4MiB: of each
//   attempts       6: tries of a request before its error counts
//   retry_delay    200ms before the second try; later ones wait longer
//   stall_timeout  30s without a byte in either direction
//   ca_file        authorities to trust instead of the system's
//   cache          folder for copies of what is read; none by default
//   cache_size     10GiB: of all copies
//
// An object that exists is not replaced where the server knows If-None-Match
// for writes: Amazon, MinIO, Ceph and R2 do. Others replace it; no two attempts
// share a key. Parts of an upload that a crash interrupted are no object; a
// lifecycle rule of the bucket (AbortIncompleteMultipartUpload) removes them.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "windlass/clock.h"
#include "windlass/result_store.h"

namespace windlass {

// Looks into the bucket, so that a wrong key, address or bucket is known before
// there is a result to keep: PermissionDenied, Unavailable, NotFound; a URL
// that says something else than above is InvalidArgument. `clock` is borrowed.
absl::StatusOr<std::unique_ptr<ResultStore>> OpenS3ResultStore(
    std::string_view url, Clock& clock);

}  // namespace windlass
