#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace windlass {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kNoLimit = std::size_t{1} << 30;

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = MakeTempDir("windlass-file-test-").value();
  }
  void TearDown() override { EXPECT_TRUE(RemoveTree(folder_).ok()); }
  std::string Path(const char* name) const { return folder_ + "/" + name; }

  std::string folder_;
};

TEST_F(FileTest, WhatIsWrittenIsRead) {
  std::string bytes("a\0b\n", 4);
  ASSERT_TRUE(WriteFileAtomically(Path("x"), bytes).ok());
  EXPECT_EQ(*ReadFile(Path("x"), kNoLimit), bytes);
  ASSERT_TRUE(WriteFileAtomically(Path("x"), "new").ok());
  EXPECT_EQ(*ReadFile(Path("x"), 3), "new");
  ASSERT_TRUE(WriteFileAtomically(Path("x"), "").ok());
  EXPECT_EQ(*ReadFile(Path("x"), 0), "");
}

TEST_F(FileTest, NothingTemporaryStaysBehind) {
  ASSERT_TRUE(WriteFileAtomically(Path("x"), "1").ok());
  std::filesystem::create_directory(Path("folder"));
  EXPECT_FALSE(WriteFileAtomically(Path("folder"), "1").ok());
  std::size_t entries = 0;
  for (auto& entry : std::filesystem::directory_iterator(folder_)) {
    (void)entry;
    ++entries;
  }
  EXPECT_EQ(entries, 2u);
}

TEST_F(FileTest, ALargerFileThanTheLimitIsRefused) {
  ASSERT_TRUE(WriteFileAtomically(Path("x"), std::string(200'000, 'x')).ok());
  EXPECT_TRUE(ReadFile(Path("x"), 200'000).ok());
  auto read = ReadFile(Path("x"), 199'999);
  EXPECT_TRUE(absl::IsResourceExhausted(read.status()));
  EXPECT_TRUE(
      absl::IsResourceExhausted(ReadFile("/dev/zero", 1'000'000).status()));
}

TEST_F(FileTest, AnErrorNamesThePathAndTheReason) {
  auto read = ReadFile(Path("missing"), kNoLimit);
  EXPECT_TRUE(absl::IsNotFound(read.status()));
  EXPECT_EQ(read.status().message(),
            "open " + Path("missing") + ": No such file or directory");
  absl::Status written = WriteFileAtomically(Path("no/folder"), "x");
  EXPECT_TRUE(absl::IsNotFound(written));
  EXPECT_THAT(std::string(written.message()), HasSubstr(Path("no/folder")));
}

TEST_F(FileTest, ErrnoDecidesTheCode) {
  EXPECT_TRUE(absl::IsPermissionDenied(ErrnoStatus(EACCES, "x")));
  EXPECT_TRUE(absl::IsResourceExhausted(ErrnoStatus(ENOSPC, "x")));
  EXPECT_TRUE(absl::IsNotFound(ErrnoStatus(ENOENT, "x")));
  EXPECT_TRUE(absl::IsAlreadyExists(ErrnoStatus(EEXIST, "x")));
}

TEST_F(FileTest, AFullDiskIsResourceExhausted) {
  UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (!full) GTEST_SKIP() << "no /dev/full";
  EXPECT_TRUE(
      absl::IsResourceExhausted(WriteAll(full.get(), "x", "write /dev/full")));
}

TEST_F(FileTest, RemovingATreeDoesNotFollowLinks) {
  ASSERT_TRUE(WriteFileAtomically(Path("precious"), "1").ok());
  std::filesystem::create_directories(Path("tree/deep"));
  std::filesystem::create_symlink(folder_, Path("tree/deep/up"));
  std::filesystem::create_symlink(Path("precious"), Path("tree/link"));
  ASSERT_TRUE(RemoveTree(Path("tree")).ok());
  EXPECT_FALSE(std::filesystem::exists(Path("tree")));
  EXPECT_TRUE(ReadFile(Path("precious"), 10).ok());
  EXPECT_TRUE(RemoveTree(Path("tree")).ok());
}

TEST_F(FileTest, ATempDirIsNewAndOurs) {
  std::string other = MakeTempDir(Path("sub-")).value();
  struct stat info = {};
  ASSERT_EQ(stat(other.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0700u);
  EXPECT_THAT(other, HasSubstr(Path("sub-")));
}

TEST(UniqueFdTest, ClosesOnceWhateverIsMoved) {
  int raw = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(raw, 0);
  {
    UniqueFd first(raw);
    UniqueFd second(std::move(first));
    EXPECT_FALSE(first);
    first = std::move(second);
    EXPECT_EQ(first.get(), raw);
  }
  EXPECT_EQ(fcntl(raw, F_GETFD), -1);
}

}  // namespace
}  // namespace windlass
