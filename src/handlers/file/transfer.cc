// Operations that make files out of files.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/concat.h"
#include "handlers/file/gzip.h"
#include "handlers/file/operations.h"
#include "handlers/params.h"

namespace windlass {
namespace {

// Split names parts with five digits, so that they sort.
constexpr int kMaximumParts = 100'000;

Outcome Facts(const FileFacts& facts) {
  return Outcome::Success(Json(ToJson(facts)));
}

// Which file of which device: the same before and after a rename.
Json Identity(const struct stat& info) {
  return JsonObject{{"device", static_cast<std::uint64_t>(info.st_dev)},
                    {"inode", static_cast<std::uint64_t>(info.st_ino)},
                    {"size", static_cast<std::int64_t>(info.st_size)}};
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         text.substr(text.size() - end.size()) == end;
}

// "zstd" or "gzip": as asked for, or as the name of the compressed file says.
absl::StatusOr<std::string> FormatOf(const Json& params,
                                     std::string_view name) {
  std::string format = TextParam(params, "format");
  if (!format.empty()) return format;
  if (EndsWith(name, ".zst")) return "zstd";
  if (EndsWith(name, ".gz")) return "gzip";
  return absl::InvalidArgumentError(
      Concat(name,
             " ends in neither .zst nor .gz; set format: zstd or gzip "
             "(no other is supported)"));
}

// Writes the pieces of a stream to numbered files, a new one wherever the
// limit of bytes or lines is reached.
class PartWriter {
 public:
  struct Limits {
    std::int64_t bytes = 0;  // 0: no limit; likewise lines.
    std::int64_t lines = 0;
  };

  PartWriter(Place folder, std::string prefix, Limits limits,
             NewFileOptions options)
      : folder_(std::move(folder)),
        prefix_(std::move(prefix)),
        limits_(limits),
        options_(std::move(options)) {}

  absl::Status Write(std::string_view bytes) {
    while (!bytes.empty()) {
      if (!part_) {
        absl::Status status = Open();
        if (!status.ok()) return status;
      }
      std::size_t size = Fitting(bytes);
      absl::Status status = part_->Write(bytes.substr(0, size));
      bytes.remove_prefix(size);
      if (status.ok() && Full()) status = Close();
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // An empty file has one, empty, part: what is joined again is a file.
  absl::StatusOr<std::vector<FileFacts>> Finish() {
    absl::Status status;
    if (!part_ && parts_.empty()) status = Open();
    if (status.ok() && part_) status = Close();
    if (!status.ok()) return status;
    return std::move(parts_);
  }

 private:
  // How much of `bytes` still goes into this part.
  std::size_t Fitting(std::string_view bytes) {
    if (limits_.lines == 0) {
      const std::int64_t left = limits_.bytes - part_->size();
      return static_cast<std::size_t>(std::min<std::int64_t>(
          left, static_cast<std::int64_t>(bytes.size())));
    }
    std::size_t end = 0;
    while (lines_ < limits_.lines && end < bytes.size()) {
      std::size_t newline = bytes.find('\n', end);
      if (newline == std::string_view::npos) return bytes.size();
      end = newline + 1;
      ++lines_;
    }
    return end;
  }

  bool Full() const {
    return limits_.lines > 0 ? lines_ >= limits_.lines
                             : part_->size() >= limits_.bytes;
  }

  absl::Status Open() {
    if (parts_.size() >= kMaximumParts) {
      return absl::OutOfRangeError(
          Concat("more than ", kMaximumParts, " parts; choose larger ones"));
    }
    auto part = NewFile::Create(
        folder_.Child(absl::StrFormat("%s.%05d", prefix_, parts_.size())),
        options_);
    if (!part.ok()) return part.status();
    part_.emplace(*std::move(part));
    lines_ = 0;
    return absl::OkStatus();
  }

  absl::Status Close() {
    auto facts = part_->Publish();
    part_.reset();
    if (!facts.ok()) return facts.status();
    parts_.push_back(*std::move(facts));
    return absl::OkStatus();
  }

  const Place folder_;
  const std::string prefix_;
  const Limits limits_;
  const NewFileOptions options_;
  std::optional<NewFile> part_;
  std::int64_t lines_ = 0;
  std::vector<FileFacts> parts_;
};

// Paths of `from`: texts, or objects with a "path" such as split's parts.
std::vector<std::string> PathsOf(const Json& from) {
  std::vector<std::string> paths;
  for (const Json& item : from.get_array()) {
    const Json* path = item.is_object() ? FindParam(item, "path") : &item;
    paths.push_back(path == nullptr ? "" : JsonToText(*path));
  }
  return paths;
}

}  // namespace

absl::StatusOr<FileFacts> FileJob::CopyTo(const InputFile& from,
                                          const Place& to) {
  NewFileOptions options = OptionsForNewFile();
  options.mode = from.info.st_mode & 0777;
  options.size = from.size();
  auto file = NewFile::Create(to, options);
  if (!file.ok()) return file.status();
  absl::Status status =
      Pump(from, [&](std::string_view bytes) { return file->Write(bytes); });
  if (!status.ok()) return status;
  return file->Publish();
}

absl::StatusOr<Outcome> FileJob::Copy() {
  auto from = OpenParam("from");
  if (!from.ok()) return from.status();
  auto to = FindParam("to");
  if (!to.ok()) return to.status();
  auto facts = CopyTo(*from, *to);
  if (!facts.ok()) return facts.status();
  return Facts(*facts);
}

absl::StatusOr<Outcome> FileJob::Move() {
  auto from = FindParam("from");
  if (!from.ok()) return from.status();
  auto to = FindParam("to");
  if (!to.ok()) return to.status();
  auto source = OpenInput(*from);
  if (absl::IsNotFound(source.status())) return FinishMove(*from, *to);
  if (!source.ok()) return source.status();
  if (FlagParam(task_.params(), "parents")) {
    absl::Status made = MakeFolders(to->Parent());
    if (!made.ok()) return made;
  }
  auto source_folder = OpenParent(*from);
  if (!source_folder.ok()) return source_folder.status();
  auto target_folder = OpenParent(*to);
  if (!target_folder.ok()) return target_folder.status();
  // An attempt that dies between the rename and its record leaves the next one
  // without a source; this tells that one what it is looking at.
  absl::Status saved = task_.Save("moving", Json(Identity(source->info)));
  if (!saved.ok()) return saved;
  const unsigned flags =
      FlagParam(task_.params(), "overwrite") ? 0U : RENAME_NOREPLACE;
  if (renameat2(source_folder->get(), from->Name().c_str(),
                target_folder->get(), to->Name().c_str(), flags) == 0) {
    fsync(target_folder->get());
    fsync(source_folder->get());
    return Outcome::Success(
        Json(JsonObject{{"path", to->path}, {"size", source->size()}}));
  }
  if (errno != EXDEV && errno != EINVAL && errno != EEXIST) {
    return ErrnoStatus(errno, Concat("move to ", to->path));
  }
  // Another file system, one that cannot rename so, or something is there:
  // copying knows what to do with each.
  Expect(source->size());
  auto facts = CopyTo(*source, *to);
  if (!facts.ok()) return facts.status();
  if (unlinkat(source_folder->get(), from->Name().c_str(), 0) != 0) {
    return ErrnoStatus(errno, Concat("remove ", from->path));
  }
  return Outcome::Success(
      Json(JsonObject{{"path", to->path}, {"size", facts->size}}));
}

absl::StatusOr<Outcome> FileJob::FinishMove(const Place& from,
                                            const Place& to) {
  absl::Status missing = absl::NotFoundError(
      Concat("move ", from.path, ": there is no such file"));
  auto saved = task_.Load("moving");
  if (!saved.ok()) return missing;
  auto there = OpenInput(to);
  if (!there.ok()) return missing;
  // A copy to another file system has an inode of its own.
  const bool ours = FormatJson(Identity(there->info)) == FormatJson(*saved) ||
                    saved->at("device") != Identity(there->info).at("device");
  if (!ours || saved->at("size").to_number<std::int64_t>() != there->size()) {
    return missing;
  }
  return Outcome::Success(
      Json(JsonObject{{"path", to.path}, {"size", there->size()}}));
}

absl::StatusOr<Outcome> FileJob::Split() {
  auto from = OpenParam("from");
  if (!from.ok()) return from.status();
  auto folder = FindParam("to");
  if (!folder.ok()) return folder.status();
  const Json& params = task_.params();
  NewFileOptions options = OptionsForNewFile();
  const std::string name = from->path.substr(from->path.rfind('/') + 1);
  PartWriter parts(
      *folder, TextParam(params, "prefix", name),
      {ByteSizeParam(params, "size", 0), IntegerParam(params, "lines", 0)},
      options);
  absl::Status status =
      Pump(*from, [&](std::string_view bytes) { return parts.Write(bytes); });
  if (!status.ok()) return status;
  auto facts = parts.Finish();
  if (!facts.ok()) return facts.status();
  JsonArray list;
  for (const FileFacts& part : *facts) list.emplace_back(ToJson(part));
  return Outcome::Success(Json(JsonObject{{"path", folder->path},
                                          {"size", from->size()},
                                          {"parts", std::move(list)}}));
}

absl::StatusOr<Outcome> FileJob::Join() {
  auto to = FindParam("to");
  if (!to.ok()) return to.status();
  std::vector<std::string> paths =
      PathsOf(*windlass::FindParam(task_.params(), "from"));
  auto file = NewFile::Create(*to, OptionsForNewFile());
  if (!file.ok()) return file.status();
  for (std::size_t i = 0; i < paths.size(); ++i) {
    auto place = Find(paths[i]);
    if (!place.ok()) return place.status();
    auto from = OpenInput(*place);
    if (!from.ok()) return from.status();
    absl::Status status =
        Pump(*from, [&](std::string_view bytes) { return file->Write(bytes); });
    if (!status.ok()) return status;
    task_.Progress(
        static_cast<double>(i + 1) / static_cast<double>(paths.size()),
        Concat(i + 1, " of ", paths.size(), " files"));
  }
  auto facts = file->Publish();
  if (!facts.ok()) return facts.status();
  return Facts(*facts);
}

absl::StatusOr<Outcome> FileJob::Compress() {
  auto from = OpenParam("from");
  if (!from.ok()) return from.status();
  auto to = FindParam("to");
  if (!to.ok()) return to.status();
  const Json& params = task_.params();
  auto format = FormatOf(params, to->path);
  if (!format.ok()) return format.status();
  auto file = NewFile::Create(*to, OptionsForNewFile());
  if (!file.ok()) return file.status();
  auto run = [&](auto compressor) -> absl::Status {
    if (!compressor.ok()) return compressor.status();
    absl::Status status = Pump(*from, [&](std::string_view bytes) {
      return compressor->Write(bytes);
    });
    return status.ok() ? compressor->Finish() : status;
  };
  const auto level = static_cast<int>(
      IntegerParam(params, "level", *format == "zstd" ? kDefaultZstdLevel : 6));
  auto sink = [&](std::string_view bytes) { return file->Write(bytes); };
  absl::Status status = *format == "zstd"
                            ? run(ZstdCompressor::Open(level, sink))
                            : run(GzipCompressor::Open(level, sink));
  if (!status.ok()) return status;
  auto facts = file->Publish();
  if (!facts.ok()) return facts.status();
  return Facts(*facts);
}

absl::StatusOr<Outcome> FileJob::Decompress() {
  auto from = OpenParam("from");
  if (!from.ok()) return from.status();
  auto to = FindParam("to");
  if (!to.ok()) return to.status();
  const Json& params = task_.params();
  auto format = FormatOf(params, from->path);
  if (!format.ok()) return format.status();
  auto file = NewFile::Create(*to, OptionsForNewFile());
  if (!file.ok()) return file.status();
  const std::int64_t limit = ByteSizeParam(
      params, "max_output", std::numeric_limits<std::int64_t>::max());
  auto sink = [&](std::string_view bytes) -> absl::Status {
    if (static_cast<std::int64_t>(bytes.size()) > limit - file->size()) {
      return absl::OutOfRangeError(
          Concat(from->path, " holds more than max_output, ", limit, " bytes"));
    }
    return file->Write(bytes);
  };
  auto run = [&](auto decompressor) -> absl::Status {
    absl::Status status = Pump(*from, [&](std::string_view bytes) {
      return decompressor.Write(bytes);
    });
    return status.ok() ? decompressor.Finish() : status;
  };
  absl::Status status =
      *format == "zstd"
          ? run(ZstdDecompressor(std::numeric_limits<std::size_t>::max(), sink))
          : run(GzipDecompressor(sink));
  if (!status.ok()) {
    return absl::Status(status.code(), Concat("decompress ", from->path, ": ",
                                              std::string(status.message())));
  }
  auto facts = file->Publish();
  if (!facts.ok()) return facts.status();
  return Facts(*facts);
}

absl::StatusOr<Outcome> FileJob::Write() {
  auto to = FindParam("path");
  if (!to.ok()) return to.status();
  auto file = NewFile::Create(*to, OptionsForNewFile());
  if (!file.ok()) return file.status();
  absl::Status status =
      file->Write(JsonToText(*windlass::FindParam(task_.params(), "content")));
  if (!status.ok()) return status;
  auto facts = file->Publish();
  if (!facts.ok()) return facts.status();
  return Facts(*facts);
}

}  // namespace windlass
