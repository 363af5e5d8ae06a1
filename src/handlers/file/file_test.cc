#include "handlers/file/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/sha256.h"
#include "handlers/file/new_file.h"
#include "support/fake_task_context.h"

namespace windlass {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

class FileHandlerTest : public ::testing::Test {
 protected:
  Outcome Run(std::string_view params) {
    task_.set_params(*ParseJson(params));
    return handler_->Execute(task_);
  }
  // The value of a success, or null with a test failure.
  Json Value(std::string_view params) {
    Outcome outcome = Run(params);
    EXPECT_EQ(outcome.kind, AttemptOutcome::kSucceeded)
        << (outcome.error ? outcome.error->message : "");
    const Json* value = std::get_if<Json>(&outcome.content);
    return value == nullptr ? Json() : *value;
  }
  TaskError Error(std::string_view params) {
    Outcome outcome = Run(params);
    EXPECT_EQ(outcome.kind, AttemptOutcome::kFailed);
    return outcome.error.value_or(TaskError{});
  }
  std::string Path(std::string_view name) { return task_.Path(name); }
  void Put(std::string_view name, std::string_view content) {
    WriteTestFile(Path(name), content);
  }
  std::string Get(std::string_view name) { return ReadTestFile(Path(name)); }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(task_.base_dir())) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  FakeTaskContext task_{JsonObject{}};
  std::unique_ptr<TaskHandler> handler_ = MakeFileHandler({});
};

TEST_F(FileHandlerTest, ACopyHasTheContentModeAndChecksumOfItsSource) {
  Put("a", "hello");
  chmod(Path("a").c_str(), 0750);
  Json result = Value(R"({"operation": "copy", "from": "a", "to": "b"})");
  EXPECT_EQ(Get("b"), "hello");
  EXPECT_EQ(std::filesystem::status(Path("b")).permissions(),
            std::filesystem::perms(0750));
  EXPECT_EQ(
      FormatJson(result),
      FormatJson(JsonObject{
          {"path", Path("b")}, {"size", 5}, {"sha256", Sha256Hex("hello")}}));
}

TEST_F(FileHandlerTest, AnExistingFileIsKeptUnlessOverwriteIsSet) {
  Put("a", "new");
  Put("b", "old");
  TaskError error = Error(R"({"operation": "copy", "from": "a", "to": "b"})");
  EXPECT_EQ(error.type, "AlreadyExists");
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("overwrite: true"));
  EXPECT_EQ(Get("b"), "old");
  Value(R"({"operation": "copy", "from": "a", "to": "b", "overwrite": true})");
  EXPECT_EQ(Get("b"), "new");
}

TEST_F(FileHandlerTest, RepeatingAnAttemptThatHadSucceededIsNoFailure) {
  Put("a", "x");
  constexpr auto kCopy = R"({"operation": "copy", "from": "a", "to": "b"})";
  constexpr auto kMove = R"({"operation": "move", "from": "a", "to": "c"})";
  EXPECT_EQ(FormatJson(Value(kCopy)), FormatJson(Value(kCopy)));
  EXPECT_EQ(FormatJson(Value(kMove)), FormatJson(Value(kMove)));
  EXPECT_EQ(Get("c"), "x");
}

TEST_F(FileHandlerTest, AMoveOfWhatNeverWasThereFails) {
  Put("c", "x");
  EXPECT_EQ(Error(R"({"operation": "move", "from": "a", "to": "c"})").type,
            "NotFound");
}

TEST_F(FileHandlerTest, AMoveDoesNotReplaceAnotherFile) {
  Put("a", "new");
  Put("b", "old");
  EXPECT_EQ(Error(R"({"operation": "move", "from": "a", "to": "b"})").type,
            "AlreadyExists");
  EXPECT_EQ(Get("a"), "new");
  EXPECT_EQ(Get("b"), "old");
}

TEST_F(FileHandlerTest, PathsThatLeadOutAreRefused) {
  WriteTestFile(Path("../outside"), "secret");
  symlink(Path("../outside").c_str(), Path("absolute").c_str());
  symlink("../outside", Path("relative").c_str());
  symlink("..", Path("up").c_str());
  for (std::string path : {"../outside", "/etc/passwd", "absolute", "relative",
                           "up/outside", "x/../../outside"}) {
    TaskError error =
        Error(R"({"operation": "read", "path": ")" + path + "\"}");
    EXPECT_EQ(error.type, "PermissionDenied") << path;
    EXPECT_FALSE(error.retryable);
  }
  EXPECT_EQ(
      Error(R"({"operation": "write", "path": "up/new", "content": "x"})").type,
      "PermissionDenied");
  EXPECT_FALSE(std::filesystem::exists(Path("../new")));
}

TEST_F(FileHandlerTest, ALinkIsReplacedAndNotWrittenThrough) {
  WriteTestFile(Path("../outside"), "secret");
  symlink("../outside", Path("link").c_str());
  Value(R"({"operation": "write", "path": "link", "content": "x",
            "overwrite": true})");
  EXPECT_EQ(Get("../outside"), "secret");
  EXPECT_FALSE(std::filesystem::is_symlink(Path("link")));
}

TEST_F(FileHandlerTest, ALinkThatStaysInsideIsFollowed) {
  std::filesystem::create_directory(Path("data"));
  Put("data/a", "x");
  symlink("data", Path("latest").c_str());
  EXPECT_EQ(Value(R"({"operation": "read", "path": "latest/a"})"), "x");
}

TEST_F(FileHandlerTest, WalkingByHandFollowsNoLinksAndFindsTheSameFiles) {
  std::filesystem::create_directory(Path("data"));
  Put("data/a", "x");
  symlink("data", Path("latest").c_str());
  Places places = *Places::Open(task_.base_dir(), {});
  auto open = [&](std::string_view path) {
    return OpenPlace(*places.Find(path), O_RDONLY, Walk::kByHand).status();
  };
  EXPECT_TRUE(open("data/a").ok());
  EXPECT_TRUE(open(".").ok());
  EXPECT_FALSE(open("latest/a").ok());
  EXPECT_TRUE(absl::IsNotFound(open("data/b")));
}

TEST_F(FileHandlerTest, PipesAndDevicesAreRefusedWithoutBlocking) {
  mkfifo(Path("pipe").c_str(), 0600);
  TaskError error = Error(R"({"operation": "read", "path": "pipe"})");
  EXPECT_EQ(error.type, "FailedPrecondition");
  EXPECT_THAT(error.message, HasSubstr("not a regular file"));
}

TEST_F(FileHandlerTest, AnAllowedFolderMayBeUsedByItsAbsolutePath) {
  FakeTaskContext other(JsonObject{});
  handler_ = MakeFileHandler({.roots = {other.base_dir(), "/no/such/folder"}});
  Put("a", "x");
  Value(R"({"operation": "copy", "from": "a", "to": ")" + other.Path("b") +
        "\"}");
  EXPECT_EQ(ReadTestFile(other.Path("b")), "x");
}

TEST_F(FileHandlerTest, TheScratchFolderMayBeUsed) {
  std::string scratch = *task_.ScratchDir();
  Value(R"({"operation": "write", "content": "x", "path": ")" + scratch +
        "/b\"}");
  EXPECT_EQ(ReadTestFile(scratch + "/b"), "x");
}

TEST_F(FileHandlerTest, SplitBySizeAndJoinGiveTheFileBack) {
  Put("a", "0123456789");
  Json split =
      Value(R"({"operation": "split", "from": "a", "to": ".", "size": 4})");
  EXPECT_EQ(Get("a.00000"), "0123");
  EXPECT_EQ(Get("a.00002"), "89");
  task_.set_params(JsonObject{
      {"operation", "join"}, {"from", split.at("parts")}, {"to", "b"}});
  EXPECT_EQ(handler_->Execute(task_).kind, AttemptOutcome::kSucceeded);
  EXPECT_EQ(Get("b"), "0123456789");
}

TEST_F(FileHandlerTest, SplitByLinesKeepsLinesWhole) {
  Put("a", "1\n2\n3\n4\n5");
  Json split = Value(R"({"operation": "split", "from": "a", "to": "parts",
                         "lines": 2, "prefix": "p", "parents": true})");
  EXPECT_EQ(split.at("parts").as_array().size(), 3u);
  EXPECT_EQ(Get("parts/p.00000"), "1\n2\n");
  EXPECT_EQ(Get("parts/p.00002"), "5");
}

TEST_F(FileHandlerTest, AnEmptyFileIsOneEmptyPart) {
  Put("a", "");
  Json split = Value(
      R"({"operation": "split", "from": "a", "to": ".", "size": "1MiB"})");
  EXPECT_EQ(split.at("parts").as_array().size(), 1u);
  EXPECT_EQ(Get("a.00000"), "");
}

TEST_F(FileHandlerTest, CompressedFilesComeBackWhateverTheFormat) {
  std::string content;
  for (int i = 0; i < 300'000; ++i) content += std::to_string(i);
  Put("a", content);
  for (std::string end : {"zst", "gz"}) {
    Value(R"({"operation": "compress", "from": "a", "to": "a.)" + end + "\"}");
    EXPECT_LT(std::filesystem::file_size(Path("a." + end)), content.size());
    Value(R"({"operation": "decompress", "to": "b", "overwrite": true,
              "from": "a.)" +
          end + "\"}");
    EXPECT_EQ(Get("b"), content);
  }
}

TEST_F(FileHandlerTest, DamagedAndCutCompressedFilesFailAndLeaveNothing) {
  Put("a", std::string(100'000, 'x'));
  for (std::string end : {"zst", "gz"}) {
    Value(R"({"operation": "compress", "from": "a", "to": "a.)" + end + "\"}");
    std::string whole = Get("a." + end);
    Put("cut." + end, whole.substr(0, whole.size() / 2));
    Put("bad." + end, "this is neither");
    for (std::string name : {"cut.", "bad."}) {
      EXPECT_EQ(Error(R"({"operation": "decompress", "to": "b", "from": ")" +
                      name + end + "\"}")
                    .type,
                "DataLoss");
    }
  }
  EXPECT_THAT(Names(), Not(Contains(HasSubstr("windlass"))));
  EXPECT_THAT(Names(), Not(Contains("b")));
}

TEST_F(FileHandlerTest, GzipMembersAfterOneAnotherAreJoined) {
  Put("a", "one");
  Put("b", "two");
  Value(R"({"operation": "compress", "from": "a", "to": "a.gz"})");
  Value(R"({"operation": "compress", "from": "b", "to": "b.gz"})");
  Put("c.gz", Get("a.gz") + Get("b.gz"));
  Value(R"({"operation": "decompress", "from": "c.gz", "to": "c"})");
  EXPECT_EQ(Get("c"), "onetwo");
}

TEST_F(FileHandlerTest, OutputBeyondTheLimitStopsADecompression) {
  Put("a", std::string(1'000'000, 'x'));
  Value(R"({"operation": "compress", "from": "a", "to": "a.gz"})");
  TaskError error = Error(R"({"operation": "decompress", "from": "a.gz",
                              "to": "b", "max_output": "10KB"})");
  EXPECT_EQ(error.type, "OutOfRange");
  EXPECT_THAT(error.message, HasSubstr("max_output"));
}

TEST_F(FileHandlerTest, AnUnknownCompressionIsRefusedByName) {
  Put("a.xz", "x");
  TaskError error =
      Error(R"({"operation": "decompress", "from": "a.xz", "to": "b"})");
  EXPECT_EQ(error.type, "InvalidParams");
  EXPECT_THAT(error.message, HasSubstr("zstd or gzip"));
}

TEST_F(FileHandlerTest, AChecksumIsVerified) {
  Put("a", "hello");
  const std::string right = Sha256Hex("hello");
  EXPECT_EQ(Value(R"({"operation": "checksum", "path": "a", "expected": ")" +
                  right + "\"}")
                .at("sha256"),
            right.c_str());
  EXPECT_EQ(Error(R"({"operation": "checksum", "path": "a", "expected": ")" +
                  std::string(64, '0') + "\"}")
                .type,
            "ChecksumMismatch");
}

TEST_F(FileHandlerTest, AListIsSortedAndMatchesThePattern) {
  std::filesystem::create_directories(Path("d/inner"));
  Put("d/b.csv", "22");
  Put("d/a.csv", "1");
  Put("d/c.txt", "3");
  Put("d/inner/z.csv", "4");
  Json one = Value(R"({"operation": "list", "path": "d", "pattern": "*.csv"})");
  EXPECT_EQ(one.at("count"), 2);
  EXPECT_EQ(one.at("files").at(0).at("name"), "a.csv");
  EXPECT_EQ(one.at("files").at(1).at("size"), 2);
  Json all = Value(R"({"operation": "list", "path": "d", "pattern": "*.csv",
                       "recursive": true})");
  EXPECT_EQ(all.at("files").at(2).at("name"), "inner/z.csv");
}

TEST_F(FileHandlerTest, AWatchEndsWhenTheFileLooksTheSameTwice) {
  constexpr auto kWatch =
      R"({"operation": "watch_for", "path": "a", "interval": "5s"})";
  Outcome missing = Run(kWatch);
  EXPECT_EQ(missing.kind, AttemptOutcome::kDeferred);
  EXPECT_EQ(missing.delay, std::chrono::seconds(5));
  Put("a", "half");
  EXPECT_EQ(Run(kWatch).kind, AttemptOutcome::kDeferred);
  Put("a", "half and half");
  EXPECT_EQ(Run(kWatch).kind, AttemptOutcome::kDeferred);
  EXPECT_EQ(Value(kWatch).at("size"), 13);
}

TEST_F(FileHandlerTest, DeletingWhatIsGoneSucceeds) {
  Put("a", "x");
  constexpr auto kDelete = R"({"operation": "delete", "path": "a"})";
  EXPECT_EQ(Value(kDelete).at("deleted"), true);
  EXPECT_EQ(Value(kDelete).at("deleted"), false);
  EXPECT_EQ(Error(R"({"operation": "delete", "path": "."})").type,
            "PermissionDenied");
}

TEST_F(FileHandlerTest, AFileIsReadAsTextJsonOrBytes) {
  Put("a", R"({"n": [1, 2.5]})");
  EXPECT_EQ(Value(R"({"operation": "read", "path": "a"})"),
            R"({"n": [1, 2.5]})");
  EXPECT_EQ(FormatJson(Value(
                R"({"operation": "read", "path": "a", "result": "json"})")),
            R"({"n":[1,2.5]})");
  Put("b", "\xFF\xFE");
  EXPECT_THAT(Error(R"({"operation": "read", "path": "b"})").message,
              HasSubstr("result: bytes"));
  Outcome bytes = Run(R"({"operation": "read", "path": "b", "result": "bytes",
                          "media_type": "x/y"})");
  const auto& envelope = std::get<ResultEnvelope>(bytes.content);
  EXPECT_EQ(envelope.media_type, "x/y");
  EXPECT_EQ(task_.written()[envelope.uri], "\xFF\xFE");
}

TEST_F(FileHandlerTest, AMissingFolderIsMadeOnlyWhenAsked) {
  EXPECT_THAT(
      Error(R"({"operation": "write", "path": "x/y/a", "content": 1})").message,
      HasSubstr("parents: true"));
  Value(R"({"operation": "write", "path": "x/y/a", "content": {"n": 1},
            "parents": true})");
  EXPECT_EQ(Get("x/y/a"), R"({"n":1})");
}

TEST_F(FileHandlerTest, AStoppedOperationLeavesNothingBehind) {
  Put("a", "x");
  task_.Stop(StopReason::kCancelled);
  EXPECT_EQ(Run(R"({"operation": "copy", "from": "a", "to": "b"})").kind,
            AttemptOutcome::kCancelled);
  EXPECT_EQ(Names(), std::vector<std::string>{"a"});
}

TEST_F(FileHandlerTest, LargeFilesTellTheirProgress) {
  Put("a", std::string(33 * 1024 * 1024, 'x'));
  Value(R"({"operation": "copy", "from": "a", "to": "b"})");
  ASSERT_EQ(task_.progress().size(), 2u);
  EXPECT_NEAR(task_.progress()[0].first, 16.0 / 33, 0.01);
}

TEST_F(FileHandlerTest, ParamsAreCheckedForTheOperationTheyBelongTo) {
  auto check = [&](std::string_view params) {
    return handler_->CheckParams(*ParseJson(params));
  };
  EXPECT_THAT(check(R"({"operation": "copi"})"),
              Contains(Pair("operation", HasSubstr("did you mean copy?"))));
  EXPECT_THAT(check("{}"), Contains(Pair("operation", "is missing")));
  EXPECT_THAT(check(R"({"operation": "copy", "from": "a"})"),
              Contains(Pair("to", "is missing")));
  EXPECT_THAT(check(R"({"operation": "split", "from": "a", "to": "b"})"),
              Contains(Pair("", HasSubstr("either size or lines"))));
  EXPECT_THAT(check(R"({"operation": "join", "from": [], "to": "b"})"),
              Contains(Pair("from", HasSubstr("at least one"))));
  EXPECT_THAT(check(R"({"operation": "copy", "from": "${{ a }}", "to": "b"})"),
              IsEmpty());
}

}  // namespace
}  // namespace windlass
