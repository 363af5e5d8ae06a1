#include "base/compress.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace windlass {
namespace {

// Memory a frame may ask a decompressor for: 128 MB, what level 22 uses.
constexpr int kMaximumWindowLog = 27;

absl::Status FromZstd(std::size_t code, std::string_view what) {
  std::string message =
      absl::StrCat(std::string(what), ": ", ZSTD_getErrorName(code));
  switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_memory_allocation:
    case ZSTD_error_frameParameter_windowTooLarge:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::DataLossError(message);
  }
}

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
using Compressor = std::unique_ptr<ZSTD_CCtx, FreeCompressor>;

struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

absl::Status Configure(ZSTD_CCtx* context, int level) {
  if (level < 1 || level > ZSTD_maxCLevel()) {
    return absl::InvalidArgumentError(absl::StrCat("compression level ", level,
                                                   " is not between 1 and ",
                                                   ZSTD_maxCLevel()));
  }
  if (context == nullptr) {
    return absl::ResourceExhaustedError("compress: out of memory");
  }
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  return absl::OkStatus();
}

ByteSink AppendTo(std::string& out) {
  return [&out](std::string_view piece) {
    out.append(piece);
    return absl::OkStatus();
  };
}

}  // namespace

struct ZstdCompressor::State {
  Compressor context{ZSTD_createCCtx()};
  std::string buffer = std::string(ZSTD_CStreamOutSize(), '\0');
  ByteSink sink;
  absl::Status status;

  absl::Status Run(std::string_view bytes, ZSTD_EndDirective directive) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
      std::size_t left =
          ZSTD_compressStream2(context.get(), &out, &in, directive);
      if (ZSTD_isError(left)) return FromZstd(left, "compress");
      if (out.pos > 0) {
        absl::Status sent = sink(std::string_view(buffer.data(), out.pos));
        if (!sent.ok()) return sent;
      }
      bool done = directive == ZSTD_e_end ? left == 0 : in.pos == in.size;
      if (done) return absl::OkStatus();
    }
  }
};

ZstdCompressor::ZstdCompressor(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
ZstdCompressor::~ZstdCompressor() = default;
ZstdCompressor::ZstdCompressor(ZstdCompressor&&) noexcept = default;
ZstdCompressor& ZstdCompressor::operator=(ZstdCompressor&&) noexcept = default;

absl::StatusOr<ZstdCompressor> ZstdCompressor::Open(int level, ByteSink sink) {
  auto state = std::make_unique<State>();
  absl::Status status = Configure(state->context.get(), level);
  if (!status.ok()) return status;
  state->sink = std::move(sink);
  return ZstdCompressor(std::move(state));
}

absl::Status ZstdCompressor::Write(std::string_view bytes) {
  if (state_->status.ok()) state_->status = state_->Run(bytes, ZSTD_e_continue);
  return state_->status;
}

absl::Status ZstdCompressor::Finish() {
  if (state_->status.ok()) state_->status = state_->Run({}, ZSTD_e_end);
  return state_->status;
}

struct ZstdDecompressor::State {
  std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context{ZSTD_createDCtx()};
  std::string buffer = std::string(ZSTD_DStreamOutSize(), '\0');
  std::size_t limit = 0;
  std::size_t produced = 0;
  ByteSink sink;
  absl::Status status;
  // What the library still expects; 0 between frames.
  std::size_t expected = 1;

  absl::Status Deliver(std::size_t size) {
    if (size > limit - produced) {
      return absl::ResourceExhaustedError(
          absl::StrCat("decompress: the content is larger than the limit of ",
                       limit, " bytes"));
    }
    produced += size;
    if (size == 0) return absl::OkStatus();
    return sink(std::string_view(buffer.data(), size));
  }

  absl::Status Run(std::string_view bytes) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    bool flushing = false;  // a full buffer: more may wait inside
    while (in.pos < in.size || flushing) {
      ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
      std::size_t before = in.pos;
      std::size_t left = ZSTD_decompressStream(context.get(), &out, &in);
      if (ZSTD_isError(left)) return FromZstd(left, "decompress");
      // A call that did nothing speaks of a frame that has not begun.
      if (in.pos != before || out.pos != 0) expected = left;
      absl::Status delivered = Deliver(out.pos);
      if (!delivered.ok()) return delivered;
      flushing = out.pos == out.size && expected != 0;
    }
    return absl::OkStatus();
  }
};

ZstdDecompressor::ZstdDecompressor(std::size_t limit, ByteSink sink)
    : state_(std::make_unique<State>()) {
  state_->limit = limit;
  state_->sink = std::move(sink);
  if (state_->context == nullptr) {
    state_->status = absl::ResourceExhaustedError("decompress: out of memory");
    return;
  }
  ZSTD_DCtx_setParameter(state_->context.get(), ZSTD_d_windowLogMax,
                         kMaximumWindowLog);
}
ZstdDecompressor::~ZstdDecompressor() = default;
ZstdDecompressor::ZstdDecompressor(ZstdDecompressor&&) noexcept = default;
ZstdDecompressor& ZstdDecompressor::operator=(ZstdDecompressor&&) noexcept =
    default;

absl::Status ZstdDecompressor::Write(std::string_view bytes) {
  if (state_->status.ok()) state_->status = state_->Run(bytes);
  return state_->status;
}

absl::Status ZstdDecompressor::Finish() {
  if (state_->status.ok() && state_->expected != 0) {
    state_->status =
        absl::DataLossError("decompress: the input is cut short or empty");
  }
  return state_->status;
}

absl::StatusOr<std::string> ZstdCompress(std::string_view bytes, int level) {
  const Compressor context(ZSTD_createCCtx());
  absl::Status status = Configure(context.get(), level);
  if (!status.ok()) return status;
  // Not a string: what is not written to is not touched.
  const std::size_t bound = ZSTD_compressBound(bytes.size());
  const auto out = std::make_unique_for_overwrite<char[]>(bound);
  const std::size_t size = ZSTD_compress2(context.get(), out.get(), bound,
                                          bytes.data(), bytes.size());
  if (ZSTD_isError(size)) return FromZstd(size, "compress");
  return std::string(out.get(), size);
}

absl::StatusOr<std::string> ZstdDecompress(std::string_view bytes,
                                           std::size_t limit) {
  std::string out;
  ZstdDecompressor decompressor(limit, AppendTo(out));
  absl::Status status = decompressor.Write(bytes);
  if (status.ok()) status = decompressor.Finish();
  if (!status.ok()) return status;
  return out;
}

}  // namespace windlass
