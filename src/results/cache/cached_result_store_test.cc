#include "results/cache/cached_result_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/memory_result_store.h"
#include "support/temporary_folder.h"

namespace windlass {
namespace {

namespace fs = std::filesystem;

// Counts what is read from it.
class CountingStore : public testing::MemoryResultStore {
 public:
  absl::StatusOr<std::unique_ptr<ByteSource>> Get(
      std::string_view uri, const ByteRange& range) override {
    ++gets;
    return MemoryResultStore::Get(uri, range);
  }
  int gets = 0;
};

class CachedResultStoreTest : public ::testing::Test {
 protected:
  void Open(std::int64_t maximum_bytes = 1 << 20) {
    auto real = std::make_unique<CountingStore>();
    real_ = real.get();
    auto opened =
        OpenCachedResultStore(std::move(real), {.folder = folder_.path(),
                                                .maximum_bytes = maximum_bytes,
                                                .place = "here"});
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

  std::string Put(std::string_view key, std::string content) {
    auto source = MakeStringSource(std::move(content));
    return store_->Put(key, *source, {})->uri;
  }

  absl::StatusOr<std::string> Get(std::string_view uri) {
    auto source = store_->Get(uri, {});
    if (!source.ok()) return source.status();
    return ReadAll(**source, 1 << 20);
  }

  std::vector<fs::path> Copies() {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      paths.push_back(entry.path());
    }
    return paths;
  }

  testing::TemporaryFolder folder_;
  CountingStore* real_ = nullptr;
  std::unique_ptr<ResultStore> store_;
};

TEST_F(CachedResultStoreTest, WhatWasReadOnceIsReadFromTheCopy) {
  Open();
  for (const std::string content : {"hello", ""}) {
    const std::string uri =
        Put("r1/a/" + std::to_string(content.size()), content);
    const int before = real_->gets;
    EXPECT_EQ(*Get(uri), content);
    EXPECT_EQ(*Get(uri), content);
    EXPECT_EQ(real_->gets, before + 1);
  }
}

TEST_F(CachedResultStoreTest, WhatWasReadInPartIsNotKept) {
  Open();
  const std::string uri = Put("r1/a/1", std::string(1000, 'x'));
  {
    auto source = store_->Get(uri, {});
    std::vector<char> some(10);
    ASSERT_TRUE((*source)->Read(some).ok());
  }
  EXPECT_TRUE(Copies().empty());
}

TEST_F(CachedResultStoreTest, ADamagedCopyIsRemovedAndTheObjectReadAgain) {
  Open();
  const std::string uri = Put("r1/a/1", "hello");
  ASSERT_TRUE(Get(uri).ok());
  for (const std::string damaged : {"hellO", ""}) {
    ASSERT_EQ(Copies().size(), 1U);
    std::fstream file(Copies().front(), std::ios::in | std::ios::out);
    file << damaged << std::flush;
    file.close();
    if (damaged.empty()) fs::resize_file(Copies().front(), 66);
    EXPECT_TRUE(absl::IsUnavailable(Get(uri).status()));
    EXPECT_EQ(*Get(uri), "hello");
  }
}

TEST_F(CachedResultStoreTest, WhatWasUsedLeastLatelyGoesFirst) {
  Open(3300);
  std::vector<std::string> uris;
  for (int i = 0; i < 3; ++i) {
    uris.push_back(Put("r1/a/" + std::to_string(i), std::string(900, 'x')));
  }
  ASSERT_TRUE(Get(uris[0]).ok());
  ASSERT_TRUE(Get(uris[1]).ok());
  // The first, though older, has been used since.
  for (const fs::path& copy : Copies()) {
    fs::last_write_time(
        copy, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  ASSERT_TRUE(Get(uris[0]).ok());
  ASSERT_TRUE(Get(uris[2]).ok());
  EXPECT_EQ(Put("r1/a/3", std::string(900, 'x')).empty(), false);
  ASSERT_TRUE(Get("memory:r1/a/3").ok());
  const int before = real_->gets;
  ASSERT_TRUE(Get("memory:r1/a/3").ok());
  ASSERT_TRUE(Get(uris[0]).ok());
  EXPECT_EQ(real_->gets, before);
  ASSERT_TRUE(Get(uris[1]).ok());
  EXPECT_EQ(real_->gets, before + 1);
}

TEST_F(CachedResultStoreTest, WhatDoesNotFitIsReadAllTheSame) {
  Open(100);
  const std::string uri = Put("r1/a/1", std::string(1000, 'x'));
  EXPECT_EQ(Get(uri)->size(), 1000U);
  EXPECT_TRUE(Copies().empty());
}

TEST_F(CachedResultStoreTest, WhatIsDeletedIsGone) {
  Open();
  const std::string uri = Put("r1/a/1", "hello");
  ASSERT_TRUE(Get(uri).ok());
  EXPECT_TRUE(store_->Delete(uri).ok());
  EXPECT_TRUE(absl::IsNotFound(Get(uri).status()));
  EXPECT_TRUE(Copies().empty());
}

}  // namespace
}  // namespace windlass
