#include "executor/redacted_content.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/concat.h"
#include "results/compressibility.h"
#include "results/content_stream.h"

namespace windlass {
namespace {

constexpr std::size_t kProbe = 64 * 1024;
constexpr std::size_t kInputSize = 64 * 1024;

bool IsTextType(std::string_view media_type) {
  constexpr std::array<std::string_view, 8> kTexts = {
      "application/json",     "application/jsonl",
      "application/x-ndjson", "application/xml",
      "application/yaml",     "application/javascript",
      "application/sql",      "application/x-www-form-urlencoded"};
  const std::string type = BareMediaType(media_type);
  return type.starts_with("text/") || type.ends_with("+json") ||
         type.ends_with("+xml") || type.ends_with("+yaml") ||
         std::find(kTexts.begin(), kTexts.end(), type) != kTexts.end();
}

}  // namespace

RedactedSource::RedactedSource(ByteSource& content, std::string_view media_type,
                               const Redactor& redactor)
    : content_(content),
      media_type_(media_type),
      redactor_(redactor),
      pass_(redactor) {}

absl::Status RedactedSource::Begin() {
  const std::size_t enough = std::max(kProbe, redactor_.longest_whole() + 1);
  absl::StatusOr<std::string> head = ReadHead(content_, enough);
  if (!head.ok()) return head.status();
  const bool is_text = IsTextType(media_type_) ||
                       std::string_view(*head).substr(0, kProbe).find('\0') ==
                           std::string_view::npos;
  if (!is_text) {
    ready_ = *std::move(head);
    stage_ = Stage::kPass;
  } else if (head->size() < enough) {
    ready_ = redactor_.Redact(*head);
    stage_ = Stage::kEnd;
  } else {
    pass_.Feed(*head, ready_);
    input_.resize(kInputSize);
    stage_ = Stage::kRedact;
  }
  return absl::OkStatus();
}

absl::Status RedactedSource::Produce() {
  absl::StatusOr<std::size_t> n =
      content_.Read(std::span<char>(input_.data(), input_.size()));
  if (!n.ok()) return n.status();
  if (*n == 0) {
    pass_.Finish(ready_);
    stage_ = Stage::kEnd;
  } else {
    pass_.Feed(std::string_view(input_.data(), *n), ready_);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> RedactedSource::Read(std::span<char> buffer) {
  if (stage_ == Stage::kStart) {
    absl::Status begun = Begin();
    if (!begun.ok()) return begun;
  }
  while (ready_offset_ == ready_.size()) {
    ready_.clear();
    ready_offset_ = 0;
    if (stage_ == Stage::kEnd) return 0;
    if (stage_ == Stage::kPass) return content_.Read(buffer);
    absl::Status produced = Produce();
    if (!produced.ok()) return produced;
  }
  const std::size_t n = std::min(buffer.size(), ready_.size() - ready_offset_);
  std::memcpy(buffer.data(), ready_.data() + ready_offset_, n);
  ready_offset_ += n;
  return n;
}

absl::StatusOr<ResultEnvelope> WriteRedactedStream(
    ResultIo& results, ByteSource& content, std::string_view media_type,
    const Redactor& redactor, const WriteOptions& options) {
  if (redactor.empty()) {
    return results.WriteStream(content, media_type, options);
  }
  RedactedSource redacted(content, media_type, redactor);
  return results.WriteStream(redacted, media_type, options);
}

absl::StatusOr<ResultEnvelope> WriteRedacted(ResultIo& results,
                                             Content& content,
                                             const Redactor& redactor,
                                             const WriteOptions& options) {
  if (redactor.empty()) return results.Write(content, options);
  if (Json* json = std::get_if<Json>(&content)) {
    *json = redactor.RedactJson(*json);
  }
  if (const Bytes* bytes = std::get_if<Bytes>(&content)) {
    auto source = MakeStringSource(bytes->data);
    return WriteRedactedStream(results, *source, bytes->media_type, redactor,
                               options);
  }
  if (const FileContent* file = std::get_if<FileContent>(&content)) {
    auto source = OpenFileSource(file->path);
    if (!source.ok()) {
      return absl::Status(
          source.status().code(),
          Concat("read result file: ", source.status().message()));
    }
    return WriteRedactedStream(results, **source, file->media_type, redactor,
                               options);
  }
  return results.Write(content, options);
}

}  // namespace windlass
