// The Python package of this version, as files that an interpreter can import.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/mutex.h"

namespace windlass {

// Written when first needed, removed with this object. Thread-safe.
class PythonPackage {
 public:
  PythonPackage() = default;
  ~PythonPackage();
  PythonPackage(const PythonPackage&) = delete;
  PythonPackage& operator=(const PythonPackage&) = delete;

  // A folder for PYTHONPATH.
  absl::StatusOr<std::string> Folder();

 private:
  Mutex mutex_;
  std::string folder_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass
