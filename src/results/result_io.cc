#include "results/result_io.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/base64.h"
#include "base/compress.h"
#include "base/concat.h"
#include "base/sha256.h"
#include "results/compressibility.h"
#include "results/content_stream.h"

namespace windlass {
namespace {

using Kind = ResultEnvelope::Kind;

constexpr char kJsonMediaType[] = "application/json";
constexpr char kZstd[] = "zstd";
constexpr char kIdentity[] = "identity";
// What wraps a result, in results of other tasks and in documents, must still
// be read by ParseJson(), which takes 200.
constexpr int kMaximumNesting = 180;

absl::Status WithContext(const absl::Status& status,
                         const std::string& context) {
  return absl::Status(
      status.code(),
      absl::StrCat(context, ": ", std::string(status.message())));
}

Kind KindOf(std::string_view media_type) {
  const std::string type = BareMediaType(media_type);
  const bool is_table = type == "text/csv" ||
                        type == "text/tab-separated-values" ||
                        type == "application/vnd.apache.parquet" ||
                        type == "application/vnd.apache.arrow.file" ||
                        type == "application/vnd.apache.arrow.stream";
  return is_table ? Kind::kTable : Kind::kBinary;
}

bool HoldsJson(const ResultEnvelope& envelope) {
  return envelope.kind == Kind::kBinary &&
         BareMediaType(envelope.media_type) == kJsonMediaType;
}

bool HoldsText(const ResultEnvelope& envelope) {
  if (envelope.kind != Kind::kBinary ||
      BareMediaType(envelope.media_type) != "text/plain") {
    return false;
  }
  const std::string type = absl::AsciiStrToLower(envelope.media_type);
  return type.find("charset=") == std::string::npos ||
         type.find("utf-8") != std::string::npos ||
         type.find("us-ascii") != std::string::npos;
}

std::size_t InlineLimit(const WriteOptions& options) {
  return static_cast<std::size_t>(
      std::max<std::int64_t>(options.maximum_inline_bytes, 0));
}

// What is no longer than this is packed in one go: that needs less memory than
// the buffers of a stream.
constexpr std::size_t kAtOnce = std::size_t{1} << 20;

bool ShouldCompress(const WriteOptions& options, std::string_view media_type,
                    std::string_view head) {
  switch (options.compression) {
    case WriteOptions::Compression::kZstd:
      return true;
    case WriteOptions::Compression::kNone:
      return false;
    case WriteOptions::Compression::kAutomatic:
      break;
  }
  return IsWorthCompressing(media_type, head);
}

// Completes the place of `envelope`. Stores that must know the size first are
// spared a detour when `size`, of what is stored, is given.
absl::Status Put(ResultStore& store, ResultEnvelope& envelope,
                 ByteSource& stored, bool compressed,
                 std::optional<std::int64_t> size,
                 const WriteOptions& options) {
  PutOptions put;
  put.media_type = compressed ? "application/zstd" : envelope.media_type;
  put.size = size;
  put.place = options.place;
  absl::StatusOr<ObjectInfo> object = store.Put(options.key, stored, put);
  if (!object.ok()) {
    return WithContext(object.status(),
                       absl::StrCat("write result ", options.key));
  }
  envelope.encoding = compressed ? kZstd : kIdentity;
  envelope.uri = object->uri;
  return absl::OkStatus();
}

// Nothing when it is to be stored as it is.
absl::StatusOr<std::optional<std::string>> Packed(std::string_view content,
                                                  std::string_view media_type,
                                                  const WriteOptions& options) {
  const bool told = options.compression == WriteOptions::Compression::kZstd;
  if (options.compression == WriteOptions::Compression::kNone ||
      (!told && IsCompressed(media_type))) {
    return std::nullopt;
  }
  // Packing hard what then stays as it is would be dear.
  if (!told && options.zstd_level > kDefaultZstdLevel &&
      !IsWorthCompressing(media_type, content)) {
    return std::nullopt;
  }
  absl::StatusOr<std::string> packed =
      ZstdCompress(content, options.zstd_level);
  if (!packed.ok()) return packed.status();
  if (!told && !IsMuchSmaller(packed->size(), content.size())) {
    return std::nullopt;
  }
  return *std::move(packed);
}

absl::StatusOr<ResultEnvelope> WriteAtOnce(ResultStore& store,
                                           ResultEnvelope envelope,
                                           std::string content,
                                           const WriteOptions& options) {
  absl::StatusOr<std::optional<std::string>> packed =
      Packed(content, envelope.media_type, options);
  if (!packed.ok()) return packed.status();
  envelope.size = static_cast<std::int64_t>(content.size());
  envelope.sha256 = Sha256Hex(content);
  const bool compressed = packed->has_value();
  if (compressed) content = **std::move(packed);
  const auto size = static_cast<std::int64_t>(content.size());
  const auto stored = MakeStringSource(std::move(content));
  absl::Status status =
      Put(store, envelope, *stored, compressed, size, options);
  if (!status.ok()) return status;
  return envelope;
}

// Writes `head` and then `rest` as an object, and completes `envelope`. `size`
// is theirs, if it is known; a file may grow while it is read.
absl::StatusOr<ResultEnvelope> WriteObject(ResultStore& store,
                                           ResultEnvelope envelope,
                                           std::string head, ByteSource& rest,
                                           const WriteOptions& options,
                                           std::optional<std::int64_t> size) {
  const bool compress = ShouldCompress(options, envelope.media_type, head);
  HashingSource content(std::move(head), rest);
  std::optional<CompressingSource> packed;
  if (compress) packed.emplace(content, options.zstd_level);
  ByteSource& stored = packed ? static_cast<ByteSource&>(*packed) : content;
  absl::Status status = Put(store, envelope, stored, compress,
                            compress ? std::nullopt : size, options);
  if (!status.ok()) return status;
  envelope.size = content.size();
  envelope.sha256 = content.HexDigest();
  return envelope;
}

// Of lists and objects in each other, in what FormatJson() wrote.
int NestingOf(std::string_view json) {
  int depth = 0;
  int deepest = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

absl::StatusOr<ResultEnvelope> WriteJson(ResultStore& store, const Json& json,
                                         const WriteOptions& options) {
  std::string text = FormatJson(json);
  if (text.size() > std::size_t{kMaximumNesting} &&
      NestingOf(text) > kMaximumNesting) {
    return absl::InvalidArgumentError(
        Concat("it is nested more than ", kMaximumNesting, " deep"));
  }
  ResultEnvelope envelope;
  envelope.kind = Kind::kJson;
  envelope.media_type = kJsonMediaType;
  if (text.size() <= InlineLimit(options)) {
    envelope.size = static_cast<std::int64_t>(text.size());
    envelope.sha256 = Sha256Hex(text);
    envelope.value = json;
    return envelope;
  }
  if (text.size() <= kAtOnce) {
    return WriteAtOnce(store, std::move(envelope), std::move(text), options);
  }
  std::unique_ptr<ByteSource> nothing = MakeStringSource("");
  const auto size = static_cast<std::int64_t>(text.size());
  return WriteObject(store, std::move(envelope), std::move(text), *nothing,
                     options, size);
}

ResultEnvelope InlineBytes(std::string_view bytes,
                           std::string_view media_type) {
  ResultEnvelope envelope;
  envelope.kind = KindOf(media_type);
  envelope.media_type = media_type;
  envelope.size = static_cast<std::int64_t>(bytes.size());
  envelope.sha256 = Sha256Hex(bytes);
  envelope.value = Json(EncodeBase64(bytes));
  return envelope;
}

absl::StatusOr<ResultEnvelope> WriteBytes(ResultStore& store,
                                          ByteSource& content,
                                          std::string_view media_type,
                                          const WriteOptions& options,
                                          std::optional<std::int64_t> size) {
  const std::size_t limit = InlineLimit(options);
  absl::StatusOr<std::string> head =
      ReadHead(content, std::max(limit + 1, kCompressionProbe));
  if (!head.ok()) return head.status();
  if (head->size() <= limit) return InlineBytes(*head, media_type);
  ResultEnvelope envelope;
  envelope.kind = KindOf(media_type);
  envelope.media_type = media_type;
  return WriteObject(store, std::move(envelope), *std::move(head), content,
                     options, size);
}

// None for what tells no size: a pipe, or a file the kernel makes up.
std::optional<std::int64_t> SizeOfFile(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error || size == 0) return std::nullopt;
  return static_cast<std::int64_t>(size);
}

absl::StatusOr<std::string> InlineContent(const ResultEnvelope& envelope) {
  std::string content;
  if (envelope.kind == Kind::kJson) {
    content = FormatJson(*envelope.value);
  } else {
    if (!envelope.value->is_string()) {
      return absl::DataLossError(
          "inline result is damaged: its value is not base64 text");
    }
    absl::StatusOr<std::string> bytes =
        DecodeBase64(std::string_view(envelope.value->get_string()));
    if (!bytes.ok()) {
      return absl::DataLossError(absl::StrCat(
          "inline result is damaged: ", std::string(bytes.status().message())));
    }
    content = *std::move(bytes);
  }
  absl::Status verified = VerifyContent(content, envelope);
  if (!verified.ok()) return verified;
  return content;
}

// Text whose value is a string must be what JSON can hold; a way through the
// JSON parser checks the UTF-8.
absl::StatusOr<Json> TextToJson(std::string_view text) {
  absl::StatusOr<Json> json = ParseJson(FormatJson(Json(text)));
  if (json.ok()) return json;
  return absl::InvalidArgumentError(
      "the result is text/plain but not valid UTF-8; write it as UTF-8, or as "
      "application/octet-stream if it is not text");
}

absl::StatusOr<Json> ParseContent(std::string_view text) {
  absl::StatusOr<Json> json = ParseJson(text);
  if (json.ok()) return json;
  return WithContext(json.status(),
                     "the result is application/json but cannot be parsed");
}

}  // namespace

absl::StatusOr<ResultEnvelope> ResultIo::Write(const Content& content,
                                               const WriteOptions& options) {
  if (const Json* json = std::get_if<Json>(&content)) {
    return WriteJson(store_, *json, options);
  }
  if (const Bytes* bytes = std::get_if<Bytes>(&content)) {
    if (bytes->data.size() <= InlineLimit(options)) {
      return InlineBytes(bytes->data, bytes->media_type);
    }
    if (bytes->data.size() <= kAtOnce) {
      ResultEnvelope envelope;
      envelope.kind = KindOf(bytes->media_type);
      envelope.media_type = bytes->media_type;
      return WriteAtOnce(store_, std::move(envelope), bytes->data, options);
    }
    std::unique_ptr<ByteSource> source = MakeStringSource(bytes->data);
    return WriteBytes(store_, *source, bytes->media_type, options,
                      static_cast<std::int64_t>(bytes->data.size()));
  }
  if (const FileContent* file = std::get_if<FileContent>(&content)) {
    absl::StatusOr<std::unique_ptr<ByteSource>> source =
        OpenFileSource(file->path);
    if (!source.ok()) return WithContext(source.status(), "read result file");
    return WriteBytes(store_, **source, file->media_type, options,
                      SizeOfFile(file->path));
  }
  if (const ResultEnvelope* made = std::get_if<ResultEnvelope>(&content)) {
    return *made;
  }
  return ResultEnvelope();
}

absl::StatusOr<ResultEnvelope> ResultIo::WriteStream(
    ByteSource& content, std::string_view media_type,
    const WriteOptions& options) {
  return WriteBytes(store_, content, media_type, options, std::nullopt);
}

absl::Status ResultIo::CheckExists(const ResultEnvelope& envelope) {
  if (envelope.uri.empty()) return absl::OkStatus();
  return store_.Stat(envelope.uri).status();
}

bool ResultIo::IsLoadedAsValue(const ResultEnvelope& envelope) {
  return envelope.kind == Kind::kJson || HoldsJson(envelope) ||
         HoldsText(envelope);
}

absl::StatusOr<Json> ResultIo::ReadValue(const ResultEnvelope& envelope) {
  if (envelope.kind == Kind::kNone) return Json(nullptr);
  if (!IsLoadedAsValue(envelope)) return ToJson(envelope);
  absl::StatusOr<std::string> text = ReadText(envelope);
  if (!text.ok()) return text.status();
  if (envelope.kind == Kind::kJson && envelope.value) return *envelope.value;
  return HoldsText(envelope) ? TextToJson(*text) : ParseContent(*text);
}

absl::StatusOr<std::string> ResultIo::ReadText(const ResultEnvelope& envelope) {
  if (envelope.value) return InlineContent(envelope);
  if (envelope.size > kMaximumValueBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the result at ", envelope.uri, " has ", envelope.size,
        " bytes, but a value may have at most ", kMaximumValueBytes,
        "; read it as a stream (OpenResult), or write it as "
        "application/octet-stream and hand it on by reference"));
  }
  absl::StatusOr<std::unique_ptr<ByteSource>> content = Open(envelope);
  if (!content.ok()) return content.status();
  return ReadAll(**content, static_cast<std::size_t>(kMaximumValueBytes));
}

absl::StatusOr<std::unique_ptr<ByteSource>> ResultIo::Open(
    const ResultEnvelope& envelope) {
  if (envelope.kind == Kind::kNone) return MakeStringSource("");
  if (envelope.value) {
    absl::StatusOr<std::string> content = InlineContent(envelope);
    if (!content.ok()) return content.status();
    return MakeStringSource(*std::move(content));
  }
  auto content = OpenStored(envelope);
  if (!content.ok()) return content.status();
  return MakeVerifyingSource(*std::move(content), envelope);
}

absl::StatusOr<std::unique_ptr<ByteSource>> ResultIo::OpenStored(
    const ResultEnvelope& envelope) {
  if (envelope.encoding != kIdentity && envelope.encoding != kZstd) {
    return absl::UnimplementedError(absl::StrCat(
        "the result at ", envelope.uri, " has the encoding '",
        envelope.encoding, "'; this version reads identity and zstd"));
  }
  absl::StatusOr<std::unique_ptr<ByteSource>> stored =
      store_.Get(envelope.uri, ByteRange());
  if (!stored.ok()) return WithContext(stored.status(), "read result");
  if (envelope.encoding == kIdentity) return stored;
  return std::make_unique<DecompressingSource>(*std::move(stored));
}

absl::StatusOr<std::unique_ptr<ByteSource>> ResultIo::OpenRange(
    const ResultEnvelope& envelope, const ByteRange& range) {
  const bool is_stored =
      envelope.kind != Kind::kNone && !envelope.value.has_value();
  if (is_stored && envelope.encoding == kIdentity) {
    auto part = store_.Get(envelope.uri, range);
    if (!part.ok()) return WithContext(part.status(), "read result");
    return part;
  }
  auto content = is_stored ? OpenStored(envelope) : Open(envelope);
  if (!content.ok()) return content.status();
  return std::make_unique<RangeSource>(*std::move(content), range);
}

}  // namespace windlass
