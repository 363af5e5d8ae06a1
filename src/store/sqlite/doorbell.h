// A file that is touched to tell every process that uses the store that there
// may be something to do.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/file.h"
#include "windlass/store.h"

namespace windlass::sqlite {

// Thread-safe.
class Doorbell {
 public:
  // Creates the file if need be.
  static absl::StatusOr<Doorbell> Open(std::string path);

  // Failing to ring is no error: whoever waits looks again by itself.
  void Ring() const;

  // Hears what is rung from now on.
  absl::StatusOr<std::unique_ptr<WakeSignal>> Listen() const;

 private:
  Doorbell(std::string path, UniqueFd file)
      : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  UniqueFd file_;
};

}  // namespace windlass::sqlite
