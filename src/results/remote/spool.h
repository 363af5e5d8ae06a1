// Content whose size is not known until it has all been read, for servers that
// want to know it first.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "windlass/result_store.h"

namespace windlass {

struct SpooledContent {
  std::unique_ptr<ByteSource> content;
  std::int64_t size = 0;
};

// `head` and what is left of `rest`, by way of a file without a name in
// $TMPDIR, else /tmp, that goes with the content. A full disk is
// ResourceExhausted.
absl::StatusOr<SpooledContent> Spool(std::string_view head, ByteSource& rest);

}  // namespace windlass
