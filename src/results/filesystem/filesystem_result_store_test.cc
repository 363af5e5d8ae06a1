// What is special about the filesystem store; the rest is in
// tests/conformance/result_store_conformance_test.cc.
#include "results/filesystem/filesystem_result_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "results/result_io.h"
#include "support/temporary_folder.h"

namespace windlass {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FilesystemResultStoreTest : public ::testing::Test {
 protected:
  std::string Root() const { return folder_.path() + "/results"; }
  std::string Incoming() const { return Root() + "/~incoming"; }

  std::unique_ptr<ResultStore> Open() {
    auto store = OpenFilesystemResultStore(Root());
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }

  testing::TemporaryFolder folder_;
};

absl::StatusOr<ObjectInfo> Put(ResultStore& store, std::string_view key,
                               std::string content) {
  auto source = MakeStringSource(std::move(content));
  return store.Put(key, *source, {});
}

std::vector<std::string> Files(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  }
  return files;
}

TEST_F(FilesystemResultStoreTest, TheUriIsTheKeyAndTheFileLiesUnderIt) {
  auto store = Open();
  auto put = Put(*store, "r42/report/7", "hello");
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_EQ(put->uri, "file:r42/report/7");
  EXPECT_THAT(Files(Root()), ::testing::ElementsAre(Root() + "/r42/report/7"));
}

TEST_F(FilesystemResultStoreTest, TheFolderMayBeMoved) {
  ASSERT_TRUE(Put(*Open(), "r42/report/7", "hello").ok());
  fs::rename(Root(), folder_.path() + "/elsewhere");
  auto moved = *OpenFilesystemResultStore(folder_.path() + "/elsewhere");
  EXPECT_TRUE(moved->Stat("file:r42/report/7").ok());
  EXPECT_EQ(moved->LocalPath("file:r42/report/7"),
            folder_.path() + "/elsewhere/r42/report/7");
}

TEST_F(FilesystemResultStoreTest, TheFoldersOfARunGoWithItsLastObject) {
  auto store = Open();
  ASSERT_TRUE(Put(*store, "r42/a/1", "x").ok());
  ASSERT_TRUE(Put(*store, "r42/b/2", "x").ok());
  ASSERT_TRUE(store->Delete("file:r42/a/1").ok());
  EXPECT_FALSE(fs::exists(Root() + "/r42/a"));
  EXPECT_TRUE(fs::exists(Root() + "/r42/b/2"));
  ASSERT_TRUE(store->Delete("file:r42/b/2").ok());
  EXPECT_FALSE(fs::exists(Root() + "/r42"));
  EXPECT_TRUE(fs::exists(Root()));
}

TEST_F(FilesystemResultStoreTest, LeftoversGoAfterADayAndNotBefore) {
  ASSERT_TRUE(Put(*Open(), "r1/a/1", "x").ok());
  std::ofstream(Incoming() + "/young") << "being written";
  std::ofstream(Incoming() + "/old") << "its writer died";
  const auto now = fs::file_time_type::clock::now();
  fs::last_write_time(Incoming() + "/young", now - std::chrono::hours(23));
  fs::last_write_time(Incoming() + "/old", now - std::chrono::hours(25));
  auto store = Open();
  EXPECT_TRUE(fs::exists(Incoming() + "/young"));
  EXPECT_FALSE(fs::exists(Incoming() + "/old"));
  std::vector<std::string> uris;
  ASSERT_TRUE(store
                  ->List("",
                         [&](const ObjectInfo& object) {
                           uris.push_back(object.uri);
                           return true;
                         })
                  .ok());
  EXPECT_THAT(uris, ::testing::ElementsAre("file:r1/a/1"));
}

TEST_F(FilesystemResultStoreTest, AnObjectCannotAlsoBeAFolder) {
  auto store = Open();
  ASSERT_TRUE(Put(*store, "r1/a", "x").ok());
  EXPECT_EQ(Put(*store, "r1/a/b", "x").status().code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Put(*store, "r2/a/b", "x").ok());
  EXPECT_EQ(Put(*store, "r2/a", "x").status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Files(Root()).size(), 2U) << "nothing else may be left";
}

TEST_F(FilesystemResultStoreTest, LinksInTheFolderAreNotFollowed) {
  auto store = Open();
  fs::create_directories(Root() + "/r1");
  fs::create_symlink("/etc/passwd", Root() + "/r1/link");
  EXPECT_FALSE(store->Get("file:r1/link", {}).ok());
  EXPECT_FALSE(store->Stat("file:r1/link").ok());
  EXPECT_EQ(store->LocalPath("file:r1/link"), std::nullopt);
}

TEST_F(FilesystemResultStoreTest, AFolderThatCannotBeMadeIsNamed) {
  std::ofstream(folder_.path() + "/file") << "x";
  auto store = OpenFilesystemResultStore(folder_.path() + "/file/results");
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(std::string(store.status().message()), HasSubstr("file/results"));
}

// A file system of 1 MiB, to be filled up.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    fs::create_directory(path);
    error_ =
        mount("tmpfs", path.c_str(), "tmpfs", 0, "size=1m") == 0 ? 0 : errno;
  }
  ~SmallDisk() {
    if (error_ == 0) umount(path_.c_str());
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  int error() const { return error_; }

 private:
  const std::string path_;
  int error_ = 0;
};

TEST_F(FilesystemResultStoreTest, AFullDiskLeavesNothingBehind) {
  SmallDisk disk(Root());
  if (disk.error() == EPERM || disk.error() == EACCES) {
    GTEST_SKIP() << "cannot mount a small file system here: "
                 << std::strerror(disk.error()) << "; run as root";
  }
  ASSERT_EQ(disk.error(), 0) << std::strerror(disk.error());
  {
    auto store = Open();
    const std::string large(2 << 20, 'x');
    auto put = Put(*store, "r1/large/1", large);
    EXPECT_EQ(put.status().code(), absl::StatusCode::kResourceExhausted)
        << put.status();
    ResultIo io(*store);
    WriteOptions options;
    options.key = "r1/large/2";
    options.compression = WriteOptions::Compression::kNone;
    auto written = io.Write(Bytes{large, "text/plain"}, options);
    EXPECT_EQ(written.status().code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(written.status().message()),
                HasSubstr("r1/large/2"));

    EXPECT_THAT(Files(Root()), ::testing::IsEmpty());
    EXPECT_TRUE(Put(*store, "r1/large/1", std::string(500'000, 'x')).ok())
        << "the space must be free again";
  }
}

}  // namespace
}  // namespace windlass
