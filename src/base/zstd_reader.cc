#include "base/zstd_reader.h"

#include <zstd.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace windlass {
namespace {

// 8 MiB, the window of level 19; the levels we write with need 2 MiB.
constexpr int kMaximumWindowLog = 23;

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

struct ZstdReader::State {
  std::unique_ptr<ZSTD_DCtx, FreeContext> context{ZSTD_createDCtx()};
  Input input;
  std::string buffer = std::string(ZSTD_DStreamInSize(), '\0');
  ZSTD_inBuffer in{nullptr, 0, 0};
  bool input_ended = false;
  std::size_t expected = 1;  // What the library still needs; 0 after a frame.
  absl::Status status;

  absl::Status Refill() {
    absl::StatusOr<std::size_t> n =
        input(std::span<char>(buffer.data(), buffer.size()));
    if (!n.ok()) return n.status();
    in = ZSTD_inBuffer{buffer.data(), *n, 0};
    input_ended = *n == 0;
    return absl::OkStatus();
  }

  // Returns 0 only at the end.
  absl::StatusOr<std::size_t> Read(std::span<char> bytes) {
    ZSTD_outBuffer out{bytes.data(), bytes.size(), 0};
    while (out.pos == 0 && !bytes.empty()) {
      if (in.pos == in.size && !input_ended) {
        absl::Status refilled = Refill();
        if (!refilled.ok()) return refilled;
      }
      // Asked again and again for nothing, the library would call it an error.
      if (input_ended && expected == 0) break;
      const std::size_t before = in.pos;
      const std::size_t left = ZSTD_decompressStream(context.get(), &out, &in);
      if (ZSTD_isError(left)) {
        return absl::DataLossError(
            absl::StrCat("decompress: ", ZSTD_getErrorName(left)));
      }
      // A call that did nothing speaks of a frame that has not begun.
      if (in.pos != before || out.pos != 0) expected = left;
      if (out.pos == 0 && input_ended && in.pos == before) break;
    }
    if (out.pos == 0 && !bytes.empty() && expected != 0) {
      return absl::DataLossError("decompress: the input is cut short or empty");
    }
    return out.pos;
  }
};

ZstdReader::ZstdReader(Input input) : state_(std::make_unique<State>()) {
  state_->input = std::move(input);
  if (state_->context == nullptr) {
    state_->status = absl::ResourceExhaustedError("decompress: out of memory");
    return;
  }
  ZSTD_DCtx_setParameter(state_->context.get(), ZSTD_d_windowLogMax,
                         kMaximumWindowLog);
}
ZstdReader::~ZstdReader() = default;
ZstdReader::ZstdReader(ZstdReader&&) noexcept = default;
ZstdReader& ZstdReader::operator=(ZstdReader&&) noexcept = default;

absl::StatusOr<std::size_t> ZstdReader::Read(std::span<char> buffer) {
  if (!state_->status.ok()) return state_->status;
  absl::StatusOr<std::size_t> n = state_->Read(buffer);
  if (!n.ok()) state_->status = n.status();
  return n;
}

}  // namespace windlass
