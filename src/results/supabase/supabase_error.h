// What Supabase Storage means by its answers. Nearly every error of its REST
// interface is HTTP 400: the real status is the member "statusCode" of the
// body, a text or a number, and since version 1.67.18 the member "code" says
// more. Resumable uploads answer in plain text with the real HTTP status, and a
// gateway in front may answer anything.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/http/http_client.h"

namespace windlass {

// The Status of an answer that is none of success. Unavailable is worth another
// try: 5xx (also 544, the database is slow), 429 and 423, wherever they are
// told. NotFound: the object or bucket; AlreadyExists; PermissionDenied: the
// key; ResourceExhausted: a size limit; OutOfRange: the range begins behind the
// end; InvalidArgument: the rest. `what` is what was tried: "upload r42/a/7".
absl::Status SupabaseError(const HttpAnswer& answer, std::string_view what);

// Of a status made by SupabaseError().
bool IsNoSuchBucket(const absl::Status& status);

}  // namespace windlass
