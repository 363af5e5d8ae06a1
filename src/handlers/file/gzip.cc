#include "handlers/file/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/concat.h"

namespace windlass {
namespace {

constexpr int kGzipWindow = 15 + 16;  // The largest window, gzip framing.
constexpr std::size_t kBuffer = 64 * 1024;

// zlib takes its input as a pointer to non-const and counts in 32 bits.
std::size_t Feed(z_stream& stream, std::string_view bytes) {
  const std::size_t size = std::min<std::size_t>(bytes.size(), 1U << 30);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(size);
  return size;
}

}  // namespace

struct GzipCompressor::State {
  z_stream stream = {};
  ByteSink sink;
  std::array<char, kBuffer> buffer;

  ~State() { deflateEnd(&stream); }

  absl::Status Drain(int flush) {
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = kBuffer;
      deflate(&stream, flush);
      absl::Status status = sink({buffer.data(), kBuffer - stream.avail_out});
      if (!status.ok()) return status;
    } while (stream.avail_out == 0);
    return absl::OkStatus();
  }
};

GzipCompressor::GzipCompressor(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
GzipCompressor::~GzipCompressor() = default;
GzipCompressor::GzipCompressor(GzipCompressor&&) noexcept = default;

absl::StatusOr<GzipCompressor> GzipCompressor::Open(int level, ByteSink sink) {
  if (level < 1 || level > 9) {
    return absl::InvalidArgumentError(
        Concat("gzip has levels 1 to 9, not ", level));
  }
  auto state = std::make_unique<State>();
  state->sink = std::move(sink);
  if (deflateInit2(&state->stream, level, Z_DEFLATED, kGzipWindow, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return absl::ResourceExhaustedError("no memory to compress");
  }
  return GzipCompressor(std::move(state));
}

absl::Status GzipCompressor::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    bytes.remove_prefix(Feed(state_->stream, bytes));
    absl::Status status = state_->Drain(Z_NO_FLUSH);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status GzipCompressor::Finish() {
  state_->stream.avail_in = 0;
  return state_->Drain(Z_FINISH);
}

struct GzipDecompressor::State {
  z_stream stream = {};
  ByteSink sink;
  std::array<char, kBuffer> buffer;
  bool between_members = false;
  bool started = false;

  ~State() { inflateEnd(&stream); }

  absl::Status Damaged() const {
    return absl::DataLossError(Concat("the input is not valid gzip",
                                      stream.msg == nullptr ? "" : ": ",
                                      stream.msg == nullptr ? "" : stream.msg));
  }

  // One round of zlib; leaves stream.avail_in at what it did not take.
  absl::Status Step() {
    if (between_members) {
      inflateReset(&stream);
      between_members = false;
    }
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = kBuffer;
    const int result = inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      return Damaged();
    }
    between_members = result == Z_STREAM_END;
    return sink({buffer.data(), kBuffer - stream.avail_out});
  }
};

GzipDecompressor::GzipDecompressor(ByteSink sink)
    : state_(std::make_unique<State>()) {
  state_->sink = std::move(sink);
  inflateInit2(&state_->stream, kGzipWindow);
}
GzipDecompressor::~GzipDecompressor() = default;
GzipDecompressor::GzipDecompressor(GzipDecompressor&&) noexcept = default;

absl::Status GzipDecompressor::Write(std::string_view bytes) {
  z_stream& stream = state_->stream;
  while (!bytes.empty()) {
    state_->started = true;
    bytes.remove_prefix(Feed(stream, bytes));
    do {
      absl::Status status = state_->Step();
      if (!status.ok()) return status;
      // A full buffer may mean that zlib holds more output.
    } while (stream.avail_in > 0 ||
             (stream.avail_out == 0 && !state_->between_members));
  }
  return absl::OkStatus();
}

absl::Status GzipDecompressor::Finish() {
  if (state_->started && state_->between_members) return absl::OkStatus();
  return absl::DataLossError(state_->started ? "the gzip input was cut short"
                                             : "the input is empty, not gzip");
}

}  // namespace windlass
