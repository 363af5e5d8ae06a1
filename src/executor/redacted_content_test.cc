#include "executor/redacted_content.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/file.h"
#include "base/sha256.h"
#include "support/memory_result_store.h"
#include "support/temporary_folder.h"

namespace windlass {
namespace {

constexpr char kBinary[] = "application/octet-stream";

// Gives a few bytes at a time.
class SlowSource : public ByteSource {
 public:
  SlowSource(std::string text, std::size_t step)
      : text_(std::move(text)), step_(step) {}
  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    const std::size_t n =
        std::min({buffer.size(), step_, text_.size() - offset_});
    std::copy_n(text_.data() + offset_, n, buffer.data());
    offset_ += n;
    return n;
  }

 private:
  const std::string text_;
  const std::size_t step_;
  std::size_t offset_ = 0;
};

class RedactedContentTest : public ::testing::Test {
 protected:
  RedactedContentTest() { redactor_.Add("hunter22"); }

  std::string Redacted(std::string text, std::string_view media_type) {
    SlowSource source(std::move(text), 3);
    RedactedSource redacted(source, media_type, redactor_);
    return *ReadAll(redacted, std::size_t{1} << 30);
  }
  std::string Kept(const ResultEnvelope& envelope) {
    auto source = results_.Open(envelope);
    EXPECT_TRUE(source.ok()) << source.status();
    return source.ok() ? *ReadAll(**source, std::size_t{1} << 30) : "";
  }

  Redactor redactor_;
  testing::MemoryResultStore store_;
  ResultIo results_{store_};
};

TEST_F(RedactedContentTest, TextIsRedactedWhateverItsLength) {
  EXPECT_EQ(Redacted("a hunter22 b", "text/csv"), "a *** b");
  EXPECT_EQ(Redacted("a hunter22 b", kBinary), "a *** b");
  EXPECT_EQ(Redacted("", kBinary), "");
  // Past what is looked at to tell text from other bytes, and across its end.
  for (std::size_t before : {65'530u, 65'536u, 200'000u}) {
    const std::string filler(before, 'x');
    EXPECT_EQ(Redacted(filler + "hunter22" + filler, kBinary),
              filler + "***" + filler);
  }
}

TEST_F(RedactedContentTest, OtherBytesPassAsTheyAre) {
  const std::string bytes = std::string("PAR1\0hunter22", 13);
  EXPECT_EQ(Redacted(bytes, kBinary), bytes);
  const std::string many = bytes + std::string(300'000, 'x') + bytes;
  EXPECT_EQ(Redacted(many, "application/vnd.apache.parquet"), many);
}

TEST_F(RedactedContentTest, AZeroByteDoesNotSaveWhatIsCalledText) {
  const std::string text = std::string("\0hunter22", 9);
  EXPECT_EQ(Redacted(text, "text/plain; charset=utf-8"),
            std::string("\0***", 4));
  EXPECT_EQ(Redacted(text, "application/problem+json"),
            std::string("\0***", 4));
}

TEST_F(RedactedContentTest, AShortSecretIsReplacedOnlyAsAWhole) {
  redactor_.Add("42");
  EXPECT_EQ(Redacted("42\n", kBinary), "***\n");
  EXPECT_EQ(Redacted("1425", kBinary), "1425");
}

TEST_F(RedactedContentTest, SizeAndChecksumAreOfWhatIsKept) {
  const std::string filler(100'000, 'y');
  const std::string expected = filler + "***" + filler;
  testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/out";
  ASSERT_TRUE(WriteFileAtomically(path, filler + "hunter22" + filler).ok());
  WriteOptions options;
  int number = 0;
  for (Content content : {Content(Bytes{filler + "hunter22" + filler, kBinary}),
                          Content(FileContent{path, kBinary})}) {
    options.key = "r1/a/" + std::to_string(++number);
    auto envelope = WriteRedacted(results_, content, redactor_, options);
    ASSERT_TRUE(envelope.ok()) << envelope.status();
    EXPECT_EQ(envelope->size, static_cast<std::int64_t>(expected.size()));
    EXPECT_EQ(envelope->sha256, Sha256Hex(expected));
    EXPECT_EQ(Kept(*envelope), expected);
  }
}

TEST_F(RedactedContentTest, JsonIsCheckedAsItIsKept) {
  Content content = Json(JsonArray{"hunter22"});
  auto envelope = WriteRedacted(results_, content, redactor_, WriteOptions());
  EXPECT_EQ(FormatJson(*envelope->value), R"(["***"])");
  EXPECT_EQ(FormatJson(std::get<Json>(content)), R"(["***"])");
}

TEST_F(RedactedContentTest, AFileThatIsGoneIsNamed) {
  Content content = FileContent{"/nowhere/at/all", kBinary};
  auto envelope = WriteRedacted(results_, content, redactor_, WriteOptions());
  EXPECT_TRUE(absl::IsNotFound(envelope.status()));
  EXPECT_NE(envelope.status().message().find("/nowhere/at/all"),
            std::string::npos);
}

}  // namespace
}  // namespace windlass
