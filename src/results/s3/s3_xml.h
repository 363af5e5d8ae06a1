// The XML of S3's answers. The home of pugixml.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/http/http_client.h"

namespace windlass {

// The Status of an answer that is an error. Unavailable is worth another try:
// 5xx, 429, and what S3 itself calls transient. NotFound, AlreadyExists (a
// condition was not met), PermissionDenied, ResourceExhausted (too large),
// OutOfRange (the range begins behind the end), InvalidArgument: the rest.
absl::Status S3Error(const HttpAnswer& answer, std::string_view what);

// Some requests fail with status 200 and an error as their body.
bool HoldsS3Error(std::string_view body);

// The text of <name> below the document's first element, or "".
std::string S3Text(std::string_view body, const char* name);

struct S3ListEntry {
  std::string key;
  std::string size;
  std::string modified_at;
};
struct S3List {
  std::vector<S3ListEntry> entries;
  std::string cursor;
};
// Unavailable when it is none: a proxy's page, say.
absl::StatusOr<S3List> ReadS3List(std::string_view body);

// The body that completes an upload; parts are numbered from 1.
std::string WriteS3Parts(const std::vector<std::string>& etags);

}  // namespace windlass
