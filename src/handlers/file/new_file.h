// A file that is being made: it appears under its name whole, or not at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file.h"
#include "base/sha256.h"
#include "handlers/file/places.h"
#include "windlass/json.h"

namespace windlass {

struct FileFacts {
  std::string path;
  std::int64_t size = 0;
  std::string sha256;  // Hex.
};
JsonObject ToJson(const FileFacts& facts);

// What a file of that name does: kRefuse keeps it and is AlreadyExists, unless
// its content is the same; then the work counts as done, which makes repeating
// an attempt harmless.
enum class Existing : std::uint8_t { kRefuse, kReplace };

struct NewFileOptions {
  Existing existing = Existing::kRefuse;
  enum class Parents : std::uint8_t { kMustExist, kMake };
  Parents parents = Parents::kMustExist;
  // Permission bits; without them 0666 less the umask.
  std::optional<unsigned> mode;
  // Where it is known beforehand, so that a refusal comes before the work.
  std::optional<std::int64_t> size;
  // SHA-256 the content must have; DataLoss otherwise. Empty: any.
  std::string expected_sha256;
};

// Not thread-safe. A NewFile that is destroyed unpublished leaves nothing.
class NewFile {
 public:
  static absl::StatusOr<NewFile> Create(const Place& place,
                                        const NewFileOptions& options);
  ~NewFile();
  NewFile(NewFile&&) noexcept = default;
  NewFile& operator=(NewFile&&) = delete;

  absl::Status Write(std::string_view bytes);

  // Makes it durable and gives it its name. Call it once, at the end.
  absl::StatusOr<FileFacts> Publish();

  std::int64_t size() const { return size_; }

 private:
  NewFile(Place place, NewFileOptions options, UniqueFd parent)
      : place_(std::move(place)),
        options_(std::move(options)),
        parent_(std::move(parent)) {}

  absl::Status Rename();
  absl::Status RefuseUnlessSame(const std::string& sha256);

  Place place_;
  NewFileOptions options_;
  UniqueFd parent_;
  UniqueFd fd_;
  std::string temporary_;  // Name in parent_; empty once there is none.
  Sha256 checksum_;
  std::int64_t size_ = 0;
};

// Of the rest of an open file.
absl::StatusOr<std::string> Sha256OfFile(int fd, const std::string& path);

}  // namespace windlass
