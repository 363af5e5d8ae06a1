// What every result store must do. To hold another one to it, add it to
// Drivers() at the end.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "results/filesystem/filesystem_result_store.h"
#include "results/result_io.h"
#include "results/s3/s3_result_store.h"
#include "results/supabase/supabase_result_store.h"
#include "support/memory_result_store.h"
#include "support/stand_in.h"
#include "support/temporary_folder.h"
#include "windlass/clock.h"
#include "windlass/result_store.h"

namespace windlass {
namespace {

using ::testing::UnorderedElementsAre;

// An empty place for objects, gone when destroyed.
class Place {
 public:
  virtual ~Place() = default;
  // A store of this place; another one with every call, as another process
  // would have it.
  virtual absl::StatusOr<std::unique_ptr<ResultStore>> Open() = 0;
};

struct Driver {
  std::string name;
  std::function<std::unique_ptr<Place>()> make_place;
  // What moving a result of any size may take.
  std::int64_t memory = 16LL << 20;
  std::int64_t large = 300LL << 20;  // Several times that.
};

void PrintTo(const Driver& driver, std::ostream* out) { *out << driver.name; }

// Sanitizers keep freed memory, and shadows of all of it.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

// Fails after `good` bytes.
class FailingSource : public ByteSource {
 public:
  explicit FailingSource(std::size_t good) : left_(good) {}
  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    if (left_ == 0) return absl::UnavailableError("the source broke");
    const std::size_t n = std::min(left_, buffer.size());
    std::fill_n(buffer.begin(), n, 'x');
    left_ -= n;
    return n;
  }

 private:
  std::size_t left_;
};

// Gives 4 MiB, tells so by a byte into `fd`, and then never ends.
class StallingSource : public ByteSource {
 public:
  explicit StallingSource(int fd) : fd_(fd) {}
  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    if (given_ > std::size_t{4} << 20) {
      if (write(fd_, "!", 1) != 1) _exit(3);
      for (;;) pause();
    }
    std::fill(buffer.begin(), buffer.end(), 'x');
    given_ += buffer.size();
    return buffer.size();
  }

 private:
  const int fd_;
  std::size_t given_ = 0;
};

// `size` bytes that are the same every time: numbers, or noise.
class GeneratedSource : public ByteSource {
 public:
  enum class Kind { kCompressible, kNoise };
  GeneratedSource(Kind kind, std::int64_t size) : kind_(kind), left_(size) {}
  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    const auto n = static_cast<std::size_t>(std::min<std::int64_t>(
        left_, static_cast<std::int64_t>(buffer.size())));
    for (std::size_t i = 0; i < n; ++i) {
      if (position_ % 8 == 0) Advance();
      buffer[i] = static_cast<char>(word_ >> (position_++ % 8 * 8));
    }
    left_ -= static_cast<std::int64_t>(n);
    return n;
  }

 private:
  void Advance() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    const std::uint64_t noise = state_ ^ (state_ >> 29);
    word_ = kind_ == Kind::kNoise ? noise : noise & 0x0707070707070707U;
  }

  const Kind kind_;
  std::int64_t left_;
  std::uint64_t position_ = 0;
  std::uint64_t state_ = 42;
  std::uint64_t word_ = 0;
};

class ResultStoreTest : public ::testing::TestWithParam<Driver> {
 protected:
  void SetUp() override {
    place_ = GetParam().make_place();
    if (place_ == nullptr) {
      GTEST_SKIP() << "set WINDLASS_TEST_SUPABASE_URL (such as "
                      "http://127.0.0.1:5000) and WINDLASS_TEST_SUPABASE_KEY";
    }
    auto opened = place_->Open();
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

  absl::StatusOr<ObjectInfo> Put(std::string_view key, std::string content) {
    auto source = MakeStringSource(std::move(content));
    return store_->Put(key, *source, {});
  }

  absl::StatusOr<std::string> Get(std::string_view uri, ByteRange range = {}) {
    auto source = store_->Get(uri, range);
    if (!source.ok()) return source.status();
    return ReadAll(**source, std::size_t{1} << 30);
  }

  std::vector<std::string> Uris(std::string_view prefix) {
    std::vector<std::string> uris;
    EXPECT_TRUE(store_
                    ->List(prefix,
                           [&](const ObjectInfo& object) {
                             uris.push_back(object.uri);
                             return true;
                           })
                    .ok());
    return uris;
  }

  // The uri an object would have.
  std::string UriOf(const std::string& key) {
    auto put = Put("probe/0", "");
    EXPECT_TRUE(put.ok()) << put.status();
    EXPECT_TRUE(store_->Delete(put->uri).ok());
    return put->uri.substr(0, put->uri.find("probe/0")) + key;
  }

  std::unique_ptr<Place> place_;
  std::unique_ptr<ResultStore> store_;
};

TEST_P(ResultStoreTest, WhatWasPutIsGot) {
  for (std::size_t size : {0UL, 1UL, 255UL, 65536UL, 3'000'001UL}) {
    std::string content;
    for (std::size_t i = 0; i < size; ++i) {
      content += static_cast<char>(i * 131 >> 3);
    }
    auto put = Put("r1/sizes/" + std::to_string(size), content);
    ASSERT_TRUE(put.ok()) << put.status();
    EXPECT_EQ(put->size, static_cast<std::int64_t>(size));
    auto got = Get(put->uri);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_TRUE(*got == content) << size;
  }
}

TEST_P(ResultStoreTest, AnotherProcessSeesTheObject) {
  const std::string uri = Put("r1/report/7", "hello")->uri;
  store_ = *place_->Open();
  EXPECT_EQ(*Get(uri), "hello");
}

TEST_P(ResultStoreTest, StatTellsSizeAndAge) {
  auto put = Put("r1/report/7", "hello");
  auto stat = store_->Stat(put->uri);
  ASSERT_TRUE(stat.ok()) << stat.status();
  EXPECT_EQ(stat->uri, put->uri);
  EXPECT_EQ(stat->size, 5);
  const auto age = std::chrono::system_clock::now() - stat->modified_at;
  EXPECT_LT(std::chrono::abs(age), std::chrono::minutes(10));
}

TEST_P(ResultStoreTest, AnObjectIsNeverReplaced) {
  auto put = Put("r1/report/7", "first");
  EXPECT_EQ(Put("r1/report/7", "second").status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(*Get(put->uri), "first");
}

TEST_P(ResultStoreTest, OfManyWritersOfOneKeyExactlyOneWins) {
  constexpr int kWriters = 8;
  for (int round = 0; round < 20; ++round) {
    const std::string key = "r1/race/" + std::to_string(round);
    std::latch start(kWriters);
    std::array<absl::Status, kWriters> outcomes;
    std::vector<std::thread> writers;
    for (int i = 0; i < kWriters; ++i) {
      writers.emplace_back([&, i] {
        auto store = place_->Open();
        auto source =
            MakeStringSource(std::string(100'000, static_cast<char>('a' + i)));
        start.arrive_and_wait();
        outcomes[static_cast<std::size_t>(i)] =
            (*store)->Put(key, *source, {}).status();
      });
    }
    for (std::thread& writer : writers) writer.join();
    std::vector<std::size_t> winners;
    for (std::size_t i = 0; i < kWriters; ++i) {
      if (outcomes[i].ok()) winners.push_back(i);
      EXPECT_TRUE(outcomes[i].ok() || absl::IsAlreadyExists(outcomes[i]))
          << outcomes[i];
    }
    ASSERT_EQ(winners.size(), 1U);
    EXPECT_EQ(*Get(UriOf(key)),
              std::string(100'000, static_cast<char>('a' + winners[0])));
  }
}

TEST_P(ResultStoreTest, WritersAndDeletersOfOneRunDoNotDisturbEachOther) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 50; ++j) {
        auto put = Put("r1/task/" + std::to_string(i * 1000 + j), "x");
        ASSERT_TRUE(put.ok()) << put.status();
        EXPECT_TRUE(store_->Delete(put->uri).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(Uris(""), UnorderedElementsAre());
}

TEST_P(ResultStoreTest, ASourceThatFailsLeavesNothing) {
  for (std::size_t good : {0UL, 1UL, 1'000'000UL}) {
    FailingSource source(good);
    auto put = store_->Put("r1/broken/1", source, {});
    EXPECT_EQ(put.status().code(), absl::StatusCode::kUnavailable)
        << put.status();
  }
  EXPECT_THAT(Uris(""), UnorderedElementsAre());
  EXPECT_TRUE(Put("r1/broken/1", "whole").ok());
}

TEST_P(ResultStoreTest, ContentOfAnotherSizeThanAnnouncedIsRefused) {
  for (std::int64_t announced : {0, 4, 6}) {
    auto source = MakeStringSource("hello");
    PutOptions options;
    options.size = announced;
    EXPECT_EQ(store_->Put("r1/size/1", *source, options).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_THAT(Uris(""), UnorderedElementsAre());
  auto source = MakeStringSource("hello");
  PutOptions options;
  options.size = 5;
  EXPECT_TRUE(store_->Put("r1/size/1", *source, options).ok());
}

TEST_P(ResultStoreTest, AWriterKilledInTheMiddleLeavesNothing) {
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe2(pipe_ends.data(), O_CLOEXEC), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto store = place_->Open();
    StallingSource source(pipe_ends[1]);
    if (store.ok()) (void)(*store)->Put("r1/killed/1", source, {});
    _exit(4);  // Unreachable when the store reads the source.
  }
  close(pipe_ends[1]);
  char told = 0;
  EXPECT_EQ(read(pipe_ends[0], &told, 1), 1) << "the child did not get there";
  close(pipe_ends[0]);
  kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));

  store_ = *place_->Open();
  EXPECT_THAT(Uris(""), UnorderedElementsAre());
  auto put = Put("r1/killed/1", "the next attempt");
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_EQ(*Get(put->uri), "the next attempt");
}

TEST_P(ResultStoreTest, RangesAreCutAtTheEnd) {
  const std::string uri = Put("r1/range/1", "0123456789")->uri;
  EXPECT_EQ(*Get(uri, {.offset = 0, .length = 3}), "012");
  EXPECT_EQ(*Get(uri, {.offset = 4, .length = 1}), "4");
  EXPECT_EQ(*Get(uri, {.offset = 7, .length = {}}), "789");
  EXPECT_EQ(*Get(uri, {.offset = 7, .length = 100}), "789");
  EXPECT_EQ(*Get(uri, {.offset = 3, .length = 0}), "");
  EXPECT_EQ(*Get(uri, {.offset = 10, .length = {}}), "");
  EXPECT_EQ(*Get(uri, {.offset = 1000, .length = 5}), "");
  EXPECT_EQ(Get(uri, {.offset = -1, .length = {}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Get(uri, {.offset = 0, .length = -1}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(ResultStoreTest, WhatIsNotThereIsNotFound) {
  const std::string uri = UriOf("r1/nothing/1");
  EXPECT_EQ(Get(uri).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->Stat(uri).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->LocalPath(uri), std::nullopt);
  // Nor is the beginning of a key an object.
  ASSERT_TRUE(Put("r1/nothing/1", "x").ok());
  EXPECT_EQ(Get(UriOf("r1/nothing")).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->Stat(UriOf("r1")).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Get(UriOf("r1/nothing/1/deeper")).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_P(ResultStoreTest, DeletingTwiceIsNoError) {
  const std::string uri = Put("r1/report/7", "x")->uri;
  EXPECT_TRUE(store_->Delete(uri).ok());
  EXPECT_TRUE(store_->Delete(uri).ok());
  EXPECT_TRUE(store_->Delete(UriOf("r9/never/1")).ok());
  EXPECT_EQ(Get(uri).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(Put("r1/report/7", "again").ok());
}

TEST_P(ResultStoreTest, DeletingTheBeginningOfAKeyDeletesNothing) {
  const std::string uri = Put("r1/report/7", "x")->uri;
  EXPECT_TRUE(store_->Delete(UriOf("r1/report")).ok());
  EXPECT_TRUE(store_->Delete(UriOf("r1")).ok());
  EXPECT_EQ(*Get(uri), "x");
}

TEST_P(ResultStoreTest, ListingFollowsThePrefixToTheCharacter) {
  std::vector<std::string> uris;
  for (std::string key : {"r1/a/1", "r1/ab/2", "r1/b/3", "r10/a/4", "top"}) {
    uris.push_back(Put(key, "x")->uri);
  }
  EXPECT_THAT(Uris(""), UnorderedElementsAre(uris[0], uris[1], uris[2], uris[3],
                                             uris[4]));
  EXPECT_THAT(Uris("r1"),
              UnorderedElementsAre(uris[0], uris[1], uris[2], uris[3]));
  EXPECT_THAT(Uris("r1/"), UnorderedElementsAre(uris[0], uris[1], uris[2]));
  EXPECT_THAT(Uris("r1/a"), UnorderedElementsAre(uris[0], uris[1]));
  EXPECT_THAT(Uris("r1/a/"), UnorderedElementsAre(uris[0]));
  EXPECT_THAT(Uris("r1/a/1"), UnorderedElementsAre(uris[0]));
  EXPECT_THAT(Uris("r1/a/10"), UnorderedElementsAre());
  EXPECT_THAT(Uris("r2"), UnorderedElementsAre());
}

TEST_P(ResultStoreTest, ListingTellsWhatStatTellsAndStopsWhenAsked) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Put("r1/t/" + std::to_string(i), "hello").ok());
  }
  int visits = 0;
  EXPECT_TRUE(store_
                  ->List("r1/",
                         [&](const ObjectInfo& object) {
                           auto stat = store_->Stat(object.uri);
                           EXPECT_EQ(object.size, 5);
                           EXPECT_EQ(object.modified_at, stat->modified_at);
                           return ++visits < 3;
                         })
                  .ok());
  EXPECT_EQ(visits, 3);
}

TEST_P(ResultStoreTest, WhatIsListedMayBeDeletedMeanwhile) {
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(
        Put("r1/t" + std::to_string(i % 7) + "/" + std::to_string(i), "x")
            .ok());
  }
  EXPECT_TRUE(store_
                  ->List("",
                         [&](const ObjectInfo& object) {
                           EXPECT_TRUE(store_->Delete(object.uri).ok());
                           return true;
                         })
                  .ok());
  EXPECT_THAT(Uris(""), UnorderedElementsAre());
}

TEST_P(ResultStoreTest, HostileKeysAndUrisAreRefusedEverywhere) {
  const std::string scheme = UriOf("");
  for (const std::string& key :
       {std::string(), std::string("/etc/passwd"), std::string("../escape"),
        std::string("a/../../escape"), std::string("a//b"), std::string("a/"),
        std::string("."), std::string(".."), std::string("a/./b"),
        std::string("a\0b", 3), std::string("a b"), std::string("a?x=1"),
        std::string("a%2f..%2fb"), std::string("a\\b"),
        std::string("~incoming"), std::string("a\r\nHost: x"),
        std::string(300, 'k')}) {
    const absl::StatusCode kRefused = absl::StatusCode::kInvalidArgument;
    EXPECT_EQ(Put(key, "x").status().code(), kRefused) << key;
    EXPECT_EQ(Get(scheme + key).status().code(), kRefused) << key;
    EXPECT_EQ(store_->Stat(scheme + key).status().code(), kRefused) << key;
    EXPECT_EQ(store_->Delete(scheme + key).code(), kRefused) << key;
    EXPECT_EQ(store_->LocalPath(scheme + key), std::nullopt) << key;
  }
  EXPECT_FALSE(
      store_->List("../", [](const ObjectInfo&) { return true; }).ok());
  EXPECT_THAT(Uris(""), UnorderedElementsAre());
}

TEST_P(ResultStoreTest, UrisOfOtherStoresAreRefused) {
  for (std::string uri : {"", "r1/a/1", "elsewhere:r1/a/1", "https://x/r1/a/1",
                          "file:///etc/passwd"}) {
    EXPECT_EQ(Get(uri).status().code(), absl::StatusCode::kInvalidArgument)
        << uri;
    EXPECT_FALSE(store_->Stat(uri).ok()) << uri;
    EXPECT_FALSE(store_->Delete(uri).ok()) << uri;
  }
}

TEST_P(ResultStoreTest, ALocalPathHoldsTheObject) {
  const std::string uri = Put("r1/report/7", "hello")->uri;
  const std::optional<std::string> path = store_->LocalPath(uri);
  if (!path) return;  // Not a local store: nothing to hold it to.
  std::ifstream file(*path);
  std::string content;
  std::getline(file, content);
  EXPECT_EQ(content, "hello");
}

// --- results in the store, read and written through ResultIo

WriteOptions OptionsFor(std::string key,
                        WriteOptions::Compression compression =
                            WriteOptions::Compression::kAutomatic) {
  WriteOptions options;
  options.key = std::move(key);
  options.maximum_inline_bytes = 0;
  options.compression = compression;
  return options;
}

TEST_P(ResultStoreTest, AFlippedBitNeverYieldsOtherContent) {
  ResultIo io(*store_);
  std::string content;
  for (int i = 0; i < 300; ++i) content += std::to_string(i * i) + ";";
  for (auto compression :
       {WriteOptions::Compression::kZstd, WriteOptions::Compression::kNone}) {
    const std::string key =
        "r1/flip/" + std::to_string(static_cast<int>(compression));
    auto written =
        io.Write(Bytes{content, "text/plain"}, OptionsFor(key, compression));
    ASSERT_TRUE(written.ok()) << written.status();
    const std::string stored = *Get(written->uri);
    std::size_t found = 0;
    std::size_t tried = 0;
    for (std::size_t i = 0; i < stored.size(); i += 1 + stored.size() / 40) {
      std::string flipped = stored;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
      ResultEnvelope envelope = *written;
      envelope.uri = Put(key + "-" + std::to_string(i), flipped)->uri;
      auto value = io.ReadValue(envelope);
      ++tried;
      if (value.ok()) {
        // Zstandard's header has bits without a meaning.
        EXPECT_EQ(std::string_view(value->get_string()), content);
      } else {
        EXPECT_EQ(value.status().code(), absl::StatusCode::kDataLoss)
            << value.status();
        ++found;
      }
    }
    EXPECT_GE(found + 2, tried);
  }
}

// Resets what PeakMemory() tells. False where the kernel does not allow it.
bool ResetPeakMemory() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return file.good();
}

std::int64_t PeakMemory() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    if (word != "VmHWM:") continue;
    std::int64_t kib = 0;
    file >> kib;
    return kib * 1024;
  }
  return 0;
}

// Bytes until the end, or the error.
absl::StatusOr<std::int64_t> Drain(ByteSource& source) {
  std::vector<char> buffer(256 * 1024);
  std::int64_t size = 0;
  for (;;) {
    absl::StatusOr<std::size_t> n = source.Read(buffer);
    if (!n.ok()) return n.status();
    if (*n == 0) return size;
    size += static_cast<std::int64_t>(*n);
  }
}

TEST_P(ResultStoreTest, LargeResultsNeedLittleMemory) {
  if (GetParam().name == "memory") return;  // Has them all in memory.
  if (kSanitized) GTEST_SKIP() << "sanitizers keep freed memory";
  const std::int64_t total = GetParam().large;
  ResultIo io(*store_);
  for (auto kind :
       {GeneratedSource::Kind::kCompressible, GeneratedSource::Kind::kNoise}) {
    ASSERT_TRUE(ResetPeakMemory());
    const std::int64_t before = PeakMemory();
    GeneratedSource source(kind, total);
    auto written = io.WriteStream(source, "application/octet-stream",
                                  OptionsFor("r1/large/1"));
    ASSERT_TRUE(written.ok()) << written.status();
    EXPECT_EQ(written->size, total);
    EXPECT_EQ(written->encoding,
              kind == GeneratedSource::Kind::kNoise ? "identity" : "zstd");
    auto opened = io.Open(*written);
    ASSERT_TRUE(opened.ok()) << opened.status();
    auto size = Drain(**opened);
    ASSERT_TRUE(size.ok()) << size.status();
    EXPECT_EQ(*size, total);
    EXPECT_LT(PeakMemory() - before, GetParam().memory);
    ASSERT_TRUE(store_->Delete(written->uri).ok());
  }
}

// --- the stores that are held to all this

class FilesystemPlace : public Place {
 public:
  absl::StatusOr<std::unique_ptr<ResultStore>> Open() override {
    return OpenFilesystemResultStore(folder_.path() + "/results");
  }

 private:
  testing::TemporaryFolder folder_;
};

// Hands its one store to everybody.
class MemoryPlace : public Place {
 public:
  absl::StatusOr<std::unique_ptr<ResultStore>> Open() override {
    return std::make_unique<Borrowed>(store_);
  }

 private:
  class Borrowed : public ResultStore {
   public:
    explicit Borrowed(ResultStore& store) : store_(store) {}
    absl::StatusOr<ObjectInfo> Put(std::string_view key, ByteSource& content,
                                   const PutOptions& options) override {
      return store_.Put(key, content, options);
    }
    absl::StatusOr<std::unique_ptr<ByteSource>> Get(
        std::string_view uri, const ByteRange& range) override {
      return store_.Get(uri, range);
    }
    absl::StatusOr<ObjectInfo> Stat(std::string_view uri) override {
      return store_.Stat(uri);
    }
    absl::Status Delete(std::string_view uri) override {
      return store_.Delete(uri);
    }
    absl::Status List(
        std::string_view prefix,
        const std::function<bool(const ObjectInfo&)>& visit) override {
      return store_.List(prefix, visit);
    }

   private:
    ResultStore& store_;
  };

  testing::MemoryResultStore store_;
};

// A stand-in that answers as the real server does.
class SupabasePlace : public Place {
 public:
  absl::StatusOr<std::unique_ptr<ResultStore>> Open() override {
    return OpenSupabaseResultStore(
        "supabase+" + server_.url() + "?bucket=results", *clock_);
  }

 private:
  const std::unique_ptr<Clock> clock_ = MakeSystemClock();
  testing::StandIn server_{"supabase"};
  testing::WithVariable key_{"WINDLASS_SUPABASE_SERVICE_KEY",
                             server_.Told("service_key")};
};

// The real server, when there is one: a bucket of this test's own in it.
class RealSupabasePlace : public Place {
 public:
  absl::StatusOr<std::unique_ptr<ResultStore>> Open() override {
    return OpenSupabaseResultStore(
        std::string("supabase+") + std::getenv("WINDLASS_TEST_SUPABASE_URL") +
            "?bucket=" + bucket_,
        *clock_);
  }

 private:
  const std::unique_ptr<Clock> clock_ = MakeSystemClock();
  const std::string bucket_ = "windlass-test-" + RandomToken(6);
  testing::WithVariable key_{"WINDLASS_SUPABASE_SERVICE_KEY",
                             std::getenv("WINDLASS_TEST_SUPABASE_KEY")};
};

bool HasRealSupabase() {
  return std::getenv("WINDLASS_TEST_SUPABASE_URL") != nullptr &&
         std::getenv("WINDLASS_TEST_SUPABASE_KEY") != nullptr;
}

class S3Place : public Place {
 public:
  absl::StatusOr<std::unique_ptr<ResultStore>> Open() override {
    return OpenS3ResultStore(
        "s3://results/some/prefix?endpoint=" + server_.url(), *clock_);
  }

 private:
  const std::unique_ptr<Clock> clock_ = MakeSystemClock();
  testing::StandIn server_{"s3", {"bucket=results"}};
  testing::WithVariable access_{"AWS_ACCESS_KEY_ID",
                                server_.Told("access_key")};
  testing::WithVariable secret_{"AWS_SECRET_ACCESS_KEY",
                                server_.Told("secret_key")};
};

constexpr std::int64_t kRemoteMemory = 64LL << 20;
constexpr std::int64_t kRemoteLarge = 200LL << 20;

std::vector<Driver> Drivers() {
  return {
      {"filesystem", [] { return std::make_unique<FilesystemPlace>(); }},
      {"memory", [] { return std::make_unique<MemoryPlace>(); }},
      {"supabase", [] { return std::make_unique<SupabasePlace>(); },
       kRemoteMemory, kRemoteLarge},
      {"s3", [] { return std::make_unique<S3Place>(); }, kRemoteMemory,
       kRemoteLarge},
      // Skipped unless WINDLASS_TEST_SUPABASE_URL and _KEY name one.
      {"real_supabase",
       []() -> std::unique_ptr<Place> {
         if (!HasRealSupabase()) return nullptr;
         return std::make_unique<RealSupabasePlace>();
       },
       kRemoteMemory, kRemoteLarge},
  };
}

INSTANTIATE_TEST_SUITE_P(Stores, ResultStoreTest,
                         ::testing::ValuesIn(Drivers()),
                         [](const ::testing::TestParamInfo<Driver>& driver) {
                           return driver.param.name;
                         });

}  // namespace
}  // namespace windlass
