// What the task type `file` can do, one function per operation. Params have
// been checked; a failure is a Status whose code becomes the error type.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/compress.h"
#include "handlers/file/new_file.h"
#include "handlers/file/places.h"
#include "windlass/handler.h"

namespace windlass {

// One attempt's work.
class FileJob {
 public:
  FileJob(TaskContext& task, Places places)
      : task_(task), places_(std::move(places)) {}

  absl::StatusOr<Outcome> Copy();
  absl::StatusOr<Outcome> Move();
  absl::StatusOr<Outcome> Split();
  absl::StatusOr<Outcome> Join();
  absl::StatusOr<Outcome> Compress();
  absl::StatusOr<Outcome> Decompress();
  absl::StatusOr<Outcome> Write();

  absl::StatusOr<Outcome> Checksum();
  absl::StatusOr<Outcome> List();
  absl::StatusOr<Outcome> WatchFor();
  absl::StatusOr<Outcome> Delete();
  absl::StatusOr<Outcome> Read();

 private:
  absl::StatusOr<Place> Find(std::string_view path);
  absl::StatusOr<Place> FindParam(std::string_view name);
  absl::StatusOr<InputFile> OpenParam(std::string_view name);
  NewFileOptions OptionsForNewFile() const;
  absl::StatusOr<FileFacts> CopyTo(const InputFile& from, const Place& to);
  // The other half of a move whose first attempt got as far as the rename.
  absl::StatusOr<Outcome> FinishMove(const Place& from, const Place& to);

  // Streams a whole file, telling progress by bytes of `total`; Cancelled when
  // the task should stop.
  absl::Status Pump(const InputFile& file, const ByteSink& sink);
  void Expect(std::int64_t total) { total_ = total; }

  TaskContext& task_;
  Places places_;
  std::int64_t total_ = 0;
  std::int64_t done_ = 0;
};

}  // namespace windlass
