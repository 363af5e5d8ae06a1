#include "handlers/sql/session.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_replace.h"
#include "base/concat.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/postgres/client.h"
#include "handlers/duckdb/sql_text.h"
#include "handlers/failure.h"
#include "handlers/params.h"

namespace windlass {
namespace {

constexpr std::int64_t kLeastMemory = std::int64_t{64} << 20;

// A query over more takes longer than is worth a try: what is given up then is
// computed twice, and its threads are waited for.
constexpr std::uintmax_t kQuickBytes = std::uintmax_t{1} << 20;

absl::Status WithMessage(const absl::Status& status, std::string_view message) {
  absl::Status other(status.code(), {message.data(), message.size()});
  status.ForEachPayload(
      [&other](absl::string_view type, const absl::Cord& payload) {
        other.SetPayload(type, payload);
      });
  return other;
}

// DuckDB shows where in the SQL it failed, which here is ours.
absl::Status WithoutExcerpt(const absl::Status& status) {
  const std::string_view message = MessageOf(status);
  return WithMessage(status, message.substr(0, message.find("\n\nLINE ")));
}

Outcome Failed(std::string_view type, const absl::Status& status,
               ErrorCategory category, bool retryable) {
  TaskError error;
  error.type = type;
  error.message = MessageOf(status);
  error.category = category;
  error.retryable = retryable;
  return Outcome::Failure(std::move(error));
}

}  // namespace

SqlHandlerOptions WithDefaults(SqlHandlerOptions options) {
  if (options.memory_bytes == 0) options.memory_bytes = MachineMemory() / 4;
  if (options.threads == 0) {
    options.threads = MachineProcessors();
  }
  return options;
}

int ThreadsFor(const ResourceSpec& resources, int share) {
  return resources.cpu > 0 ? static_cast<int>(std::ceil(resources.cpu)) : share;
}

HttpOptions HttpOptionsOf(const SqlHandlerOptions& options) {
  HttpOptions http;
  http.policy = options.http_policy;
  return http;
}

Outcome SqlFailure(const absl::Status& status) {
  if (!duckdb::IsDatabaseError(status) && !postgres::IsServerError(status)) {
    return FailureFromStatus(status);
  }
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return Failed("SqlError", status, ErrorCategory::kValidation, false);
    case absl::StatusCode::kOutOfRange:
      return Failed("DataError", status, ErrorCategory::kApplication, false);
    case absl::StatusCode::kResourceExhausted:
      // Another attempt spills as much.
      if (duckdb::IsSpillQuotaError(status)) {
        return Failed("SpillQuotaExceeded", status, ErrorCategory::kResource,
                      false);
      }
      return Failed("OutOfMemory", status, ErrorCategory::kResource, true);
    default:
      return FailureFromStatus(status);
  }
}

absl::StatusOr<std::unique_ptr<SqlSession>> SqlSession::Open(
    TaskContext& task, const Parts& parts) {
  auto places = Places::Open(task.base_dir(), parts.options->roots);
  if (!places.ok()) return places.status();
  auto scratch = task.ScratchDir();
  if (!scratch.ok()) return scratch.status();
  // Beside the attempt's folder: it outlives the attempt.
  auto warm =
      parts.warm->Take(OptionsOfDatabase(task, parts),
                       std::filesystem::path(*scratch).parent_path().string());
  if (!warm.ok()) return warm.status();
  return std::unique_ptr<SqlSession>(
      new SqlSession(task, parts, *std::move(warm), *std::move(places)));
}

absl::StatusOr<std::string> SqlSession::Folder() {
  if (!folder_.empty()) return folder_;
  auto made = MakeTempDir(Concat(warm_.options.folder, "/task-"));
  if (made.ok()) folder_ = *made;
  return made;
}

SqlSession::~SqlSession() {
  parts_.databases->Discard(std::move(fresh_));
  // Nobody gets a database that could read what this task has left.
  if (folder_.empty() || RemoveTree(folder_).ok()) {
    parts_.warm->Return(std::move(warm_));
  } else {
    parts_.warm->Close(std::move(warm_));
  }
}

bool SqlSession::may_be_quick() const { return input_bytes_ < kQuickBytes; }

absl::Status SqlSession::ReadInputs(const JsonObject& inputs) {
  if (inputs.empty()) return absl::OkStatus();
  auto folder = Folder();
  if (!folder.ok()) return folder.status();
  InputReader reader(task_,
                     {.places = &places_,
                      .results = parts_.options->results,
                      .http = parts_.http},
                     *folder);
  std::vector<std::string> files;
  std::vector<std::string> views;
  for (const auto& item : inputs) {
    auto input = reader.Read(item.key(), item.value());
    if (!input.ok()) return input.status();
    views.push_back(Concat("CREATE TEMP VIEW ", duckdb::Identifier(input->name),
                           " AS SELECT * FROM ", input->relation));
    if (!input->has_columns) without_columns_.push_back(input->name);
    for (std::string& file : input->files) {
      NoteInput(file);
      files.push_back(std::move(file));
    }
    for (LinkedFile& link : input->links) links_.push_back(std::move(link));
  }
  absl::Status status = absl::OkStatus();
  if (!std::all_of(files.begin(), files.end(),
                   [this](const std::string& file) { return IsMine(file); })) {
    status = OpenFresh(files);
    if (!status.ok()) return status;
  }
  const duckdb::QueryWatch watch(*parts_.watcher, database(),
                                 task_.stop_token(), [](double) {});
  for (const std::string& view : views) {
    if (!status.ok()) return status;
    status = WithoutExcerpt(database().Execute(view).status());
  }
  return status;
}

// A glob, or what is not there yet, is as large as can be.
void SqlSession::NoteInput(const std::string& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error || size > kQuickBytes - input_bytes_) {
    input_bytes_ = kQuickBytes;
  } else {
    input_bytes_ += size;
  }
}

// Files elsewhere are known to a database before it is locked, or never.
absl::Status SqlSession::OpenFresh(const std::vector<std::string>& files) {
  duckdb::DatabaseOptions options = OptionsOfDatabase(task_, parts_);
  options.folder = folder_;
  auto database = parts_.databases->Take(options);
  if (!database.ok()) return database.status();
  fresh_ = *std::move(database);
  return fresh_->Lock(files);
}

absl::Status SqlSession::InTermsOfTheTask(const absl::Status& status) const {
  std::vector<std::pair<std::string, std::string>> names;
  for (const LinkedFile& link : links_) {
    names.emplace_back(link.link, link.path);
  }
  return WithMessage(status, absl::StrReplaceAll(status.message(), names));
}

bool SqlSession::IsMine(const std::string& file) const {
  return file.starts_with(folder_ + "/");
}

duckdb::QueryWatch SqlSession::Watch() {
  return {*parts_.watcher, database(), task_.stop_token(),
          [this](double fraction) {
            NoteSpilled();
            if (fraction >= 0) task_.Progress(fraction, "");
            task_.Heartbeat();
          }};
}

// As DuckDB names the files it spills to.
void SqlSession::NoteSpilled() {
  std::int64_t bytes = 0;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(database().folder(), error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("duckdb_temp_")) continue;
    const auto size = entry.file_size(error);
    if (!error) bytes += static_cast<std::int64_t>(size);
  }
  spilled_ = std::max(spilled_.load(), bytes);
}

duckdb::DatabaseOptions SqlSession::OptionsOfDatabase(const TaskContext& task,
                                                      const Parts& parts) {
  const ResourceSpec& resources = task.lease().spec().resources;
  const SqlHandlerOptions& defaults = *parts.options;
  duckdb::DatabaseOptions options;
  options.spill_bytes = defaults.spill_bytes;
  options.memory_bytes = std::max(
      ByteSizeParam(task.params(), "memory",
                    resources.memory_bytes > 0 ? resources.memory_bytes
                                               : defaults.memory_bytes),
      kLeastMemory);
  options.threads = static_cast<int>(IntegerParam(
      task.params(), "threads", ThreadsFor(resources, defaults.threads)));
  return options;
}

}  // namespace windlass
