// Results in a bucket of Supabase Storage.
//
//   supabase+https://PROJECT.supabase.co/storage/v1?bucket=results
//
// The object with key "r42/report/7" has the uri "supabase:r42/report/7". The
// service key comes from WINDLASS_SUPABASE_SERVICE_KEY or the file that
// WINDLASS_SUPABASE_SERVICE_KEY_FILE names. Params of the URL:
//
//   bucket         required
//   create_bucket  true: a missing bucket is made (private); false: an error
//   chunk_size     6MiB. Content up to it goes up in one request, more as a
//                  resumable upload in chunks of it. Hosted projects demand
//                  6 MiB; larger ones are faster where they are allowed, and
//                  one of them is in memory per upload
//   parallel       1: ranges asked for at once by a download. Servers that keep
//                  objects in files read the whole file for each range
//   range_size     4MiB: of each, when parallel
//   attempts       6: tries of a request before its error counts
//   retry_delay    200ms before the second try; later ones wait longer
//   stall_timeout  30s without a byte in either direction
//   ca_file        authorities to trust instead of the system's
//   cache          folder for copies of what is read; none by default
//   cache_size     10GiB: of all copies
//
// An object is published by moving it to its key, which one writer alone can
// do; larger ones by ending a resumable upload, which fails when the key is
// taken. What a crash leaves is called KEY.incoming-RANDOM and is found by a
// collection; an unfinished resumable upload is no object and is forgotten by
// the server.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "windlass/clock.h"
#include "windlass/result_store.h"

namespace windlass {

// Looks for the bucket, so that a wrong key, address or bucket is known before
// there is a result to keep: PermissionDenied, Unavailable, NotFound; a URL
// that says something else than above is InvalidArgument. `clock` is borrowed.
absl::StatusOr<std::unique_ptr<ResultStore>> OpenSupabaseResultStore(
    std::string_view url, Clock& clock);

}  // namespace windlass
