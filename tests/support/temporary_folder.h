// A folder of a test's own.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/file.h"

namespace windlass::testing {

// Empty when made, removed with everything in it when destroyed.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    absl::StatusOr<std::string> path = MakeTempDir("windlass_test_");
    if (path.ok()) path_ = *path;
    EXPECT_TRUE(path.ok()) << path.status();
  }
  ~TemporaryFolder() {
    if (path_.empty()) return;
    EXPECT_TRUE(RemoveTree(path_).ok());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace windlass::testing
