#include "results/supabase/resumable_upload.h"

#include <utility>

#include "base/concat.h"
#include "base/random.h"
#include "results/remote/chunk_reader.h"
#include "results/remote/retries.h"

namespace windlass {
namespace {

constexpr char kMark[] = "windlass_upload";

class ResumableUpload {
 public:
  ResumableUpload(SupabaseClient& client, std::string_view key,
                  std::int64_t size)
      : client_(client), key_(key), size_(size) {}

  absl::Status Begin(const PutOptions& options) {
    absl::StatusOr<std::string> id = client_.BeginUpload(
        key_, size_, {options.media_type, mark_.ToMetadata()});
    if (!id.ok()) return id.status();
    id_ = *std::move(id);
    return absl::OkStatus();
  }

  // All of `bytes`, which follow what was sent before.
  absl::Status Send(std::string_view bytes) {
    const std::int64_t begin = offset_;
    const std::int64_t end = begin + static_cast<std::int64_t>(bytes.size());
    Retries retries(client_.retry(), client_.clock());
    while (offset_ < end) {
      const auto sent = static_cast<std::size_t>(offset_ - begin);
      auto now = client_.AppendToUpload(id_, offset_, bytes.substr(sent));
      if (now.ok() && *now > offset_ && *now <= end) {
        offset_ = *now;
        continue;
      }
      absl::Status failed =
          now.ok() ? absl::UnavailableError("no progress") : now.status();
      if (absl::IsAlreadyExists(failed)) {
        absl::Status settled = Settle(failed, begin, end);
        if (!settled.ok() || offset_ == size_) return settled;
        continue;
      }
      if (!retries.Again(failed)) return failed;
      absl::Status known = FindOffset(begin, end);
      if (!known.ok()) return known;
      if (offset_ == size_) return Complete();
    }
    return absl::OkStatus();
  }

  void Abandon() {
    if (!id_.empty()) client_.AbandonUpload(id_);
  }

 private:
  bool IsDone() const { return mark_.IsOn(client_, key_); }

  absl::Status FindOffset(std::int64_t begin, std::int64_t end) {
    absl::StatusOr<std::int64_t> now =
        WithRetries(client_.retry(), client_.clock(),
                    [&] { return client_.UploadedBytes(id_); });
    if (now.ok() && *now >= begin && *now <= end) {
      offset_ = *now;
      return absl::OkStatus();
    }
    if (IsDone()) {
      offset_ = size_;
      return absl::OkStatus();
    }
    if (!now.ok()) return now.status();
    return absl::UnavailableError(
        Concat("upload of ", key_, ": the server has lost what was sent"));
  }

  // After a conflict. An earlier piece whose connection broke may have arrived
  // nevertheless, and been the last; otherwise the key is taken.
  absl::Status Settle(const absl::Status& conflict, std::int64_t begin,
                      std::int64_t end) {
    const std::int64_t believed = offset_;
    absl::Status known = FindOffset(begin, end);
    return known.ok() && offset_ > believed ? absl::OkStatus() : conflict;
  }

  // The server has every byte, but whether it made them an object is open; an
  // empty piece at the end makes it try again.
  absl::Status Complete() {
    return WithRetries(client_.retry(), client_.clock(), [&] {
      if (IsDone()) return absl::OkStatus();
      return client_.AppendToUpload(id_, size_, "").status();
    });
  }

  SupabaseClient& client_;
  const std::string key_;
  const std::int64_t size_;
  const UploadMark mark_;
  std::string id_;
  std::int64_t offset_ = 0;  // What the server has.
};

absl::Status SendAll(ResumableUpload& upload, std::string_view key,
                     ChunkReader chunks, std::int64_t size) {
  for (std::int64_t left = size;;) {
    absl::StatusOr<std::string_view> piece = chunks.Next();
    if (!piece.ok()) return piece.status();
    left -= static_cast<std::int64_t>(piece->size());
    // Before its last piece makes an object of what is too long or too short.
    if (left < 0 || chunks.is_last() != (left == 0)) {
      return WrongContentSize(key);
    }
    absl::Status sent = upload.Send(*piece);
    if (!sent.ok() || chunks.is_last()) return sent;
  }
}

}  // namespace

UploadMark::UploadMark() : mark_(RandomToken(16)) {}

JsonObject UploadMark::ToMetadata() const { return {{kMark, mark_}}; }

bool UploadMark::IsOn(SupabaseClient& client, std::string_view key) const {
  absl::StatusOr<SupabaseObject> found = client.Find(key);
  if (!found.ok()) return false;
  const Json* mark = found->metadata.if_contains(kMark);
  return mark != nullptr && mark->is_string() && mark->get_string() == mark_;
}

absl::Status UploadResumably(SupabaseClient& client, std::string_view key,
                             std::string head, ByteSource& rest,
                             const PutOptions& options, std::int64_t size,
                             std::size_t chunk_bytes) {
  ResumableUpload upload(client, key, size);
  absl::Status done = upload.Begin(options);
  if (!done.ok()) return done;
  done = SendAll(upload, key, ChunkReader(std::move(head), rest, chunk_bytes),
                 size);
  if (!done.ok()) upload.Abandon();
  return done;
}

}  // namespace windlass
