// Operations that look at files, and the one that removes them.
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/concat.h"
#include "base/utf8.h"
#include "handlers/file/operations.h"
#include "handlers/params.h"

namespace windlass {
namespace {

constexpr std::size_t kMaximumListed = 100'000;
constexpr int kMaximumFolders = 100;
constexpr std::int64_t kDefaultReadLimit = 16 * 1024 * 1024;

std::string ModifiedAt(const struct stat& info) {
  return FormatTimestamp(
      Timestamp(std::chrono::seconds(info.st_mtim.tv_sec) +
                std::chrono::microseconds(info.st_mtim.tv_nsec / 1000)));
}

std::int64_t ModifiedNanoseconds(const struct stat& info) {
  return info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
}

// Walks a folder, never through links, and collects regular files.
class Lister {
 public:
  enum class Depth : std::uint8_t { kOne, kAll };

  Lister(std::string pattern, Depth depth, std::stop_token stop)
      : pattern_(std::move(pattern)), depth_(depth), stop_(std::move(stop)) {}

  absl::Status Walk(UniqueFd fd, const Place& place, std::string_view below,
                    int level) {
    // fdopendir() owns the descriptor from here on.
    std::unique_ptr<DIR, int (*)(DIR*)> folder(fdopendir(fd.get()), closedir);
    if (!folder) return ErrnoStatus(errno, Concat("list ", place.path));
    const int at = fd.Release();
    while (const dirent* entry = readdir(folder.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (stop_.stop_requested()) return absl::CancelledError("stopped");
      absl::Status status =
          Visit(at, place.Child(name),
                below.empty() ? name : Concat(below, "/", name), name, level);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  JsonArray Take() {
    std::sort(found_.begin(), found_.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    JsonArray files;
    for (auto& [path, file] : found_) files.emplace_back(std::move(file));
    return files;
  }

 private:
  absl::Status Visit(int at, const Place& place, const std::string& below,
                     const std::string& name, int level) {
    struct stat info = {};
    if (fstatat(at, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return absl::OkStatus();  // Removed since it was listed.
    }
    if (S_ISDIR(info.st_mode) && depth_ == Depth::kAll) {
      if (level >= kMaximumFolders) {
        return absl::OutOfRangeError(Concat(place.path, ": more than ",
                                            kMaximumFolders, " folders deep"));
      }
      UniqueFd inner(openat(at, name.c_str(),
                            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!inner) return ErrnoStatus(errno, Concat("open ", place.path));
      return Walk(std::move(inner), place, below, level + 1);
    }
    if (!S_ISREG(info.st_mode) || !Matches(below, name)) {
      return absl::OkStatus();
    }
    if (found_.size() >= kMaximumListed) {
      return absl::OutOfRangeError(
          Concat("more than ", kMaximumListed,
                 " files; narrow it with pattern, or list folder by folder"));
    }
    found_.emplace_back(
        place.path,
        JsonObject{{"path", ToUtf8(place.path)},
                   {"name", ToUtf8(below)},
                   {"size", static_cast<std::int64_t>(info.st_size)},
                   {"modified_at", ModifiedAt(info)}});
    return absl::OkStatus();
  }

  // A pattern with "/" is for the whole path below the folder.
  bool Matches(const std::string& below, const std::string& name) const {
    const bool whole = pattern_.find('/') != std::string::npos;
    return fnmatch(pattern_.c_str(), whole ? below.c_str() : name.c_str(),
                   FNM_PERIOD | FNM_PATHNAME) == 0;
  }

  const std::string pattern_;
  const Depth depth_;
  const std::stop_token stop_;
  std::vector<std::pair<std::string, JsonObject>> found_;
};

// The rest of a file as a stream that WriteResult() can take.
class InputSource : public ByteSource {
 public:
  InputSource(const InputFile& file, std::stop_token stop)
      : file_(file), stop_(std::move(stop)) {}

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    while (true) {
      if (stop_.stop_requested()) return absl::CancelledError("stopped");
      ssize_t n = read(file_.fd.get(), buffer.data(), buffer.size());
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) {
        return ErrnoStatus(errno, Concat("read ", file_.path));
      }
    }
  }

 private:
  const InputFile& file_;
  const std::stop_token stop_;
};

}  // namespace

absl::StatusOr<Outcome> FileJob::Checksum() {
  auto file = OpenParam("path");
  if (!file.ok()) return file.status();
  Sha256 checksum;
  std::int64_t size = 0;
  absl::Status status = Pump(*file, [&](std::string_view bytes) {
    checksum.Update(bytes);
    size += static_cast<std::int64_t>(bytes.size());
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  const FileFacts facts{file->path, size, checksum.HexDigest()};
  const std::string expected = TextParam(task_.params(), "expected");
  if (!expected.empty() && expected != facts.sha256) {
    return Outcome::FinalFailure(
        "ChecksumMismatch", Concat(facts.path, ": SHA-256 is ", facts.sha256,
                                   ", expected ", expected));
  }
  return Outcome::Success(Json(ToJson(facts)));
}

absl::StatusOr<Outcome> FileJob::List() {
  auto place = FindParam("path");
  if (!place.ok()) return place.status();
  auto folder = OpenPlace(*place, O_RDONLY | O_DIRECTORY);
  if (!folder.ok()) return folder.status();
  const Json& params = task_.params();
  Lister lister(TextParam(params, "pattern", "*"),
                FlagParam(params, "recursive") ? Lister::Depth::kAll
                                               : Lister::Depth::kOne,
                task_.stop_token());
  absl::Status status = lister.Walk(*std::move(folder), *place, "", 0);
  if (!status.ok()) return status;
  JsonArray files = lister.Take();
  const auto count = static_cast<std::int64_t>(files.size());
  return Outcome::Success(Json(JsonObject{
      {"path", place->path}, {"count", count}, {"files", std::move(files)}}));
}

// Each look gives the slot back; what it saw is saved, and a file that looks
// the same twice is taken to be complete.
absl::StatusOr<Outcome> FileJob::WatchFor() {
  const Duration interval =
      DurationParam(task_.params(), "interval", std::chrono::seconds(2));
  auto place = FindParam("path");
  if (!place.ok()) return place.status();
  auto file = OpenInput(*place);
  if (absl::IsNotFound(file.status())) return Outcome::Again(interval);
  if (!file.ok()) return file.status();
  Json seen = JsonObject{{"size", file->size()},
                         {"modified", ModifiedNanoseconds(file->info)}};
  auto before = task_.Load("seen");
  if (!before.ok() && !absl::IsNotFound(before.status())) {
    return before.status();
  }
  if (before.ok() && FormatJson(*before) == FormatJson(seen)) {
    return Outcome::Success(
        Json(JsonObject{{"path", file->path},
                        {"size", file->size()},
                        {"modified_at", ModifiedAt(file->info)}}));
  }
  absl::Status saved = task_.Save("seen", std::move(seen));
  if (!saved.ok()) return saved;
  return Outcome::Again(interval);
}

absl::StatusOr<Outcome> FileJob::Delete() {
  auto place = FindParam("path");
  if (!place.ok()) return place.status();
  auto parent = OpenParent(*place);
  if (!parent.ok() && !absl::IsNotFound(parent.status())) {
    return parent.status();
  }
  // A link itself goes, not what it names; a folder is refused (EISDIR).
  const bool deleted =
      parent.ok() && unlinkat(parent->get(), place->Name().c_str(), 0) == 0;
  if (parent.ok() && !deleted && errno != ENOENT) {
    return ErrnoStatus(errno, Concat("delete ", place->path));
  }
  return Outcome::Success(
      Json(JsonObject{{"path", place->path}, {"deleted", deleted}}));
}

absl::StatusOr<Outcome> FileJob::Read() {
  auto file = OpenParam("path");
  if (!file.ok()) return file.status();
  const Json& params = task_.params();
  const std::string form = TextParam(params, "result", "text");
  if (form == "bytes") {
    InputSource source(*file, task_.stop_token());
    auto envelope = task_.WriteResult(
        source, TextParam(params, "media_type", "application/octet-stream"));
    if (!envelope.ok()) return envelope.status();
    return Outcome::Success(*std::move(envelope));
  }
  const std::int64_t limit =
      ByteSizeParam(params, "max_output", kDefaultReadLimit);
  std::string text;
  absl::Status status = Pump(*file, [&](std::string_view bytes) {
    text += bytes;
    if (static_cast<std::int64_t>(text.size()) <= limit) {
      return absl::OkStatus();
    }
    return absl::OutOfRangeError(Concat(file->path,
                                        " is larger than max_output, ", limit,
                                        " bytes; read it with result: bytes"));
  });
  if (!status.ok()) return status;
  if (form == "json") {
    auto json = ParseJson(text);
    if (json.ok()) return Outcome::Success(*std::move(json));
    return absl::DataLossError(Concat(
        file->path, " is not JSON: ", std::string(json.status().message())));
  }
  if (!IsUtf8(text)) {
    return absl::DataLossError(
        Concat(file->path, " is not UTF-8 text; read it with result: bytes"));
  }
  return Outcome::Success(Json(text));
}

}  // namespace windlass
