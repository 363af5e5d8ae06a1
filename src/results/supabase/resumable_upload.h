// Large content into Supabase Storage, in pieces that can be sent again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "results/supabase/supabase_client.h"
#include "windlass/json.h"
#include "windlass/result_store.h"

namespace windlass {

// Tells what we have uploaded from what others have, when an answer was lost.
class UploadMark {
 public:
  UploadMark();
  JsonObject ToMetadata() const;
  // False when it cannot be found out, too.
  bool IsOn(SupabaseClient& client, std::string_view key) const;

 private:
  const std::string mark_;
};

// `head` and what is left of `rest`, which must be `size` bytes. The object
// appears with its last byte, unless there is one by then: AlreadyExists. A
// broken connection costs what was under way of one chunk; one chunk is in
// memory.
absl::Status UploadResumably(SupabaseClient& client, std::string_view key,
                             std::string head, ByteSource& rest,
                             const PutOptions& options, std::int64_t size,
                             std::size_t chunk_bytes);

}  // namespace windlass
