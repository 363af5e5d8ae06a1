#include "results/content_stream.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace windlass {
namespace {

constexpr std::size_t kInputSize = 256 * 1024;

absl::Status Damaged(const ResultEnvelope& envelope, const std::string& why) {
  const std::string place =
      envelope.uri.empty() ? "inline result" : "result at " + envelope.uri;
  return absl::DataLossError(absl::StrCat(
      place, " is damaged: ", why,
      "; restore the object, or run the task again to write a new one"));
}

absl::Status WrongSize(const ResultEnvelope& envelope, const std::string& has) {
  return Damaged(envelope, absl::StrCat("it has ", has, " bytes instead of ",
                                        envelope.size));
}

absl::Status CheckDigest(const ResultEnvelope& envelope,
                         const std::string& digest) {
  if (envelope.sha256 == digest) return absl::OkStatus();
  return Damaged(envelope, absl::StrCat("its SHA-256 is ", digest,
                                        " instead of ", envelope.sha256));
}

class VerifyingSource : public ByteSource {
 public:
  VerifyingSource(std::unique_ptr<ByteSource> content,
                  const ResultEnvelope& envelope)
      : content_(std::move(content)) {
    expected_.uri = envelope.uri;
    expected_.size = envelope.size;
    expected_.sha256 = envelope.sha256;
  }

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    if (!end_.ok()) return end_;
    if (ended_ || buffer.empty()) return 0;
    absl::StatusOr<std::size_t> n = ReadAndCheck(buffer);
    if (!n.ok()) end_ = n.status();
    return n;
  }

 private:
  absl::StatusOr<std::size_t> ReadAndCheck(std::span<char> buffer) {
    absl::StatusOr<std::size_t> n = content_->Read(buffer);
    if (absl::IsDataLoss(n.status())) {
      return Damaged(expected_, std::string(n.status().message()));
    }
    if (!n.ok()) return n;
    size_ += static_cast<std::int64_t>(*n);
    if (size_ > expected_.size) return WrongSize(expected_, "more");
    hash_.Update(std::string_view(buffer.data(), *n));
    if (*n > 0) return n;
    ended_ = true;
    if (size_ < expected_.size) {
      return WrongSize(expected_, absl::StrCat(size_));
    }
    absl::Status checked = CheckDigest(expected_, hash_.HexDigest());
    if (!checked.ok()) return checked;
    return 0;
  }

  const std::unique_ptr<ByteSource> content_;
  ResultEnvelope expected_;
  std::int64_t size_ = 0;
  Sha256 hash_;
  bool ended_ = false;
  absl::Status end_;  // The error that every further Read() repeats.
};

}  // namespace

HashingSource::HashingSource(std::string head, ByteSource& rest)
    : head_(std::move(head)), rest_(rest) {}

absl::StatusOr<std::size_t> HashingSource::Read(std::span<char> buffer) {
  std::size_t n = std::min(buffer.size(), head_.size() - head_offset_);
  if (n > 0) {
    std::memcpy(buffer.data(), head_.data() + head_offset_, n);
    head_offset_ += n;
  } else {
    absl::StatusOr<std::size_t> read = rest_.Read(buffer);
    if (!read.ok()) return read;
    n = *read;
  }
  hash_.Update(std::string_view(buffer.data(), n));
  size_ += static_cast<std::int64_t>(n);
  return n;
}

CompressingSource::CompressingSource(ByteSource& content, int level)
    : content_(content),
      input_(kInputSize, '\0'),
      compressor_(ZstdCompressor::Open(level, [this](std::string_view piece) {
        pending_.append(piece);
        return absl::OkStatus();
      })) {}

absl::Status CompressingSource::Produce() {
  pending_.clear();
  pending_offset_ = 0;
  absl::StatusOr<std::size_t> n =
      content_.Read(std::span<char>(input_.data(), input_.size()));
  if (!n.ok()) return n.status();
  finished_ = *n == 0;
  return finished_ ? compressor_->Finish()
                   : compressor_->Write(std::string_view(input_.data(), *n));
}

absl::StatusOr<std::size_t> CompressingSource::Read(std::span<char> buffer) {
  if (!compressor_.ok()) return compressor_.status();
  while (pending_offset_ == pending_.size() && !finished_) {
    absl::Status produced = Produce();
    if (!produced.ok()) return produced;
  }
  const std::size_t n =
      std::min(buffer.size(), pending_.size() - pending_offset_);
  std::memcpy(buffer.data(), pending_.data() + pending_offset_, n);
  pending_offset_ += n;
  return n;
}

RangeSource::RangeSource(std::unique_ptr<ByteSource> content,
                         const ByteRange& range)
    : content_(std::move(content)),
      skip_(range.offset),
      left_(range.length.value_or(std::numeric_limits<std::int64_t>::max())) {}

absl::StatusOr<std::size_t> RangeSource::Read(std::span<char> buffer) {
  while (skip_ > 0) {
    const std::size_t piece =
        std::min<std::size_t>(buffer.size(), static_cast<std::size_t>(skip_));
    auto count = content_->Read(buffer.first(piece));
    if (!count.ok() || *count == 0) return count;
    skip_ -= static_cast<std::int64_t>(*count);
  }
  const std::size_t piece =
      std::min<std::size_t>(buffer.size(), static_cast<std::size_t>(left_));
  if (piece == 0) return std::size_t{0};
  auto count = content_->Read(buffer.first(piece));
  if (count.ok()) left_ -= static_cast<std::int64_t>(*count);
  return count;
}

DecompressingSource::DecompressingSource(std::unique_ptr<ByteSource> packed)
    : packed_(std::move(packed)), reader_([this](std::span<char> buffer) {
        return packed_->Read(buffer);
      }) {}

std::unique_ptr<ByteSource> MakeVerifyingSource(
    std::unique_ptr<ByteSource> content, const ResultEnvelope& envelope) {
  if (envelope.sha256.empty()) return content;
  return std::make_unique<VerifyingSource>(std::move(content), envelope);
}

absl::Status VerifyContent(std::string_view content,
                           const ResultEnvelope& envelope) {
  if (static_cast<std::int64_t>(content.size()) != envelope.size) {
    return WrongSize(envelope, absl::StrCat(content.size()));
  }
  return CheckDigest(envelope, Sha256Hex(content));
}

absl::StatusOr<std::string> ReadHead(ByteSource& content, std::size_t size) {
  std::string head;
  while (head.size() < size) {
    const std::size_t old = head.size();
    head.resize(old + std::min(kInputSize, size - old));
    absl::StatusOr<std::size_t> n =
        content.Read(std::span<char>(head.data() + old, head.size() - old));
    if (!n.ok()) return n.status();
    head.resize(old + *n);
    if (*n == 0) break;
  }
  return head;
}

}  // namespace windlass
