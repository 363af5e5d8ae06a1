// Content of results on its way to where it is kept, without secrets.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "executor/redactor.h"
#include "results/result_io.h"
#include "windlass/handler.h"

namespace windlass {

// What `content` gives, redacted if it is text: by its media type, or because
// no zero byte is among its first 64 KiB. Other bytes pass as they are; to
// replace some would damage them. Uses constant memory. Not thread-safe.
class RedactedSource : public ByteSource {
 public:
  // Both are borrowed.
  RedactedSource(ByteSource& content, std::string_view media_type,
                 const Redactor& redactor);
  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override;

 private:
  absl::Status Begin();
  absl::Status Produce();

  ByteSource& content_;
  const std::string media_type_;
  const Redactor& redactor_;
  Redactor::Pass pass_;
  enum class Stage : std::uint8_t { kStart, kRedact, kPass, kEnd };
  Stage stage_ = Stage::kStart;
  std::string input_;
  std::string ready_;  // From ready_offset_ not yet read.
  std::size_t ready_offset_ = 0;
};

// ResultIo::Write() of the content without secrets. Its size and checksum are
// those of what is kept. JSON is redacted where it is, so that a check of it is
// one of what is kept. An envelope is kept as it is: who made it by
// TaskContext::WriteResult() has had its content redacted then.
absl::StatusOr<ResultEnvelope> WriteRedacted(ResultIo& results,
                                             Content& content,
                                             const Redactor& redactor,
                                             const WriteOptions& options);
absl::StatusOr<ResultEnvelope> WriteRedactedStream(ResultIo& results,
                                                   ByteSource& content,
                                                   std::string_view media_type,
                                                   const Redactor& redactor,
                                                   const WriteOptions& options);

}  // namespace windlass
