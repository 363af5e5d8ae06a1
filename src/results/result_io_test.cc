#include "results/result_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <string>

#include "base/sha256.h"
#include "support/memory_result_store.h"
#include "support/temporary_folder.h"

namespace windlass {
namespace {

using ::testing::HasSubstr;
using Kind = ResultEnvelope::Kind;
using Compression = WriteOptions::Compression;

class ResultIoTest : public ::testing::Test {
 protected:
  // With a new key for every call.
  WriteOptions Options(std::int64_t maximum_inline_bytes,
                       Compression compression = Compression::kAutomatic) {
    WriteOptions options;
    options.key = "r1/task/" + std::to_string(++token_);
    options.maximum_inline_bytes = maximum_inline_bytes;
    options.compression = compression;
    return options;
  }

  ResultEnvelope Write(const Content& content, const WriteOptions& options) {
    auto written = io_.Write(content, options);
    EXPECT_TRUE(written.ok()) << written.status();
    return *std::move(written);
  }

  absl::StatusOr<std::string> Read(const ResultEnvelope& envelope) {
    auto source = io_.Open(envelope);
    if (!source.ok()) return source.status();
    return ReadAll(**source, 1 << 30);
  }

  int Objects() {
    int count = 0;
    EXPECT_TRUE(
        store_.List("", [&](const ObjectInfo&) { return ++count > 0; }).ok());
    return count;
  }

  testing::MemoryResultStore store_;
  ResultIo io_{store_};
  int token_ = 0;
};

std::string Message(const absl::Status& status) {
  return std::string(status.message());
}

std::string Noise(std::size_t size) {
  std::mt19937_64 random(1);
  std::string noise;
  while (noise.size() < size) noise += static_cast<char>(random());
  return noise;
}

TEST_F(ResultIoTest, NoContentIsNull) {
  const ResultEnvelope none = Write({}, Options(100));
  EXPECT_EQ(none.kind, Kind::kNone);
  EXPECT_EQ(*io_.ReadValue(none), Json(nullptr));
  EXPECT_EQ(*Read(none), "");
}

TEST_F(ResultIoTest, SmallJsonStaysInlineWithTheChecksumOfItsText) {
  const Json json = *ParseJson(R"({"b":1,"a":[2.0,null,"x"]})");
  const ResultEnvelope envelope = Write(json, Options(100));
  EXPECT_EQ(envelope.kind, Kind::kJson);
  EXPECT_EQ(envelope.media_type, "application/json");
  EXPECT_EQ(envelope.value, json);
  EXPECT_EQ(envelope.uri, "");
  EXPECT_EQ(*Read(envelope), R"({"b":1,"a":[2.0,null,"x"]})");
  EXPECT_EQ(envelope.size, 26);
  EXPECT_EQ(envelope.sha256, Sha256Hex(*Read(envelope)));
  EXPECT_EQ(*io_.ReadValue(envelope), json);
  EXPECT_EQ(Objects(), 0);
}

TEST_F(ResultIoTest, TheInlineLimitIsExact) {
  EXPECT_EQ(Write(Json("12345678"), Options(10)).uri, "");
  EXPECT_NE(Write(Json("123456789"), Options(10)).uri, "");
  EXPECT_EQ(Write(Bytes{"0123456789", "x/y"}, Options(10)).uri, "");
  EXPECT_NE(Write(Bytes{"0123456789A", "x/y"}, Options(10)).uri, "");
  EXPECT_EQ(Write(Bytes{"", "x/y"}, Options(0)).uri, "");
  EXPECT_NE(Write(Bytes{"0", "x/y"}, Options(0)).uri, "");
  EXPECT_NE(Write(Bytes{"0", "x/y"}, Options(-1)).uri, "");
}

TEST_F(ResultIoTest, LargeJsonIsStoredCompressedAndStaysJson) {
  JsonArray list;
  for (int i = 0; i < 20'000; ++i) list.emplace_back(i);
  const ResultEnvelope envelope = Write(Json(list), Options(1000));
  EXPECT_EQ(envelope.kind, Kind::kJson);
  EXPECT_EQ(envelope.media_type, "application/json");
  EXPECT_EQ(envelope.encoding, "zstd");
  EXPECT_FALSE(envelope.value);
  EXPECT_LT(store_.Stat(envelope.uri)->size, envelope.size);
  EXPECT_EQ(envelope.sha256, Sha256Hex(FormatJson(list)));
  EXPECT_EQ(*io_.ReadValue(envelope), Json(list));
  EXPECT_EQ(*Read(envelope), FormatJson(list));
}

TEST_F(ResultIoTest, WhatIsNestedTooDeepToBeReadAgainIsRefused) {
  Json nested = 1;
  for (int i = 0; i < 180; ++i) nested = JsonArray{std::move(nested)};
  EXPECT_TRUE(io_.Write(nested, {.key = "r1/a"}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(
      io_.Write(JsonArray{nested}, {.key = "r1/b"}).status()));
}

TEST_F(ResultIoTest, JsonNullIsAResultWithAValue) {
  const ResultEnvelope envelope = Write(Json(nullptr), Options(100));
  EXPECT_EQ(envelope.kind, Kind::kJson);
  auto stored = ResultEnvelopeFromJson(ToJson(envelope));
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(*io_.ReadValue(*stored), Json(nullptr));
}

TEST_F(ResultIoTest, BytesComeBackByteForByteWhereverTheyAre) {
  for (std::size_t size : {0UL, 1UL, 99UL, 100UL, 101UL, 65536UL, 700'001UL}) {
    for (auto compression :
         {Compression::kAutomatic, Compression::kZstd, Compression::kNone}) {
      const std::string bytes = Noise(size).substr(0, size);
      const ResultEnvelope envelope = Write(
          Bytes{bytes, "application/octet-stream"}, Options(100, compression));
      EXPECT_EQ(envelope.kind, Kind::kBinary);
      EXPECT_EQ(envelope.value.has_value(), size <= 100);
      EXPECT_EQ(envelope.size, static_cast<std::int64_t>(size));
      EXPECT_EQ(envelope.sha256, Sha256Hex(bytes));
      EXPECT_TRUE(*Read(envelope) == bytes) << size;
    }
  }
}

TEST_F(ResultIoTest, APartIsThoseBytesHoweverTheyAreStored) {
  const std::string bytes = Noise(700'001).substr(0, 700'001);
  for (const std::int64_t inline_bytes : {0, 1'000'000}) {
    for (auto compression : {Compression::kZstd, Compression::kNone}) {
      const ResultEnvelope envelope =
          Write(Bytes{bytes, "application/octet-stream"},
                Options(inline_bytes, compression));
      for (const ByteRange& range :
           {ByteRange{0, 1}, ByteRange{300'000, 200'000}, ByteRange{700'000, 1},
            ByteRange{699'999, std::nullopt}}) {
        auto part = io_.OpenRange(envelope, range);
        ASSERT_TRUE(part.ok()) << part.status();
        EXPECT_TRUE(*ReadAll(**part, bytes.size()) ==
                    bytes.substr(static_cast<std::size_t>(range.offset),
                                 static_cast<std::size_t>(
                                     range.length.value_or(bytes.size()))))
            << range.offset;
      }
    }
  }
}

TEST_F(ResultIoTest, CompressionIsAsAskedFor) {
  const std::string text(100'000, 'a');
  const std::string noise = Noise(100'000);
  auto encoding = [&](const std::string& data, const char* type,
                      Compression compression) {
    return Write(Bytes{data, type}, Options(0, compression)).encoding;
  };
  EXPECT_EQ(encoding(text, "text/csv", Compression::kAutomatic), "zstd");
  EXPECT_EQ(encoding(text, "text/csv", Compression::kNone), "identity");
  EXPECT_EQ(encoding(text, "image/png", Compression::kAutomatic), "identity");
  EXPECT_EQ(encoding(text, "image/png", Compression::kZstd), "zstd");
  EXPECT_EQ(encoding(noise, "text/csv", Compression::kAutomatic), "identity");
}

TEST_F(ResultIoTest, AFileIsReadBeforeItGoes) {
  testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/out.csv";
  std::ofstream(path) << std::string(200'000, 'c');
  const ResultEnvelope envelope =
      Write(FileContent{path, "text/csv"}, Options(1000));
  EXPECT_EQ(envelope.kind, Kind::kTable);
  EXPECT_EQ(*Read(envelope), std::string(200'000, 'c'));
  EXPECT_EQ(io_.Write(FileContent{path + "x", "text/csv"}, Options(1000))
                .status()
                .code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ResultIoTest, AnEnvelopeIsPassedOn) {
  ResultEnvelope reference;
  reference.kind = Kind::kReference;
  reference.uri = "https://example.org/data.parquet";
  reference.metadata["rows"] = 10;
  const ResultEnvelope written = Write(reference, Options(100));
  EXPECT_EQ(ToJson(written), ToJson(reference));
  EXPECT_EQ(*io_.ReadValue(written), ToJson(reference));
}

TEST_F(ResultIoTest, TextIsAStringAsAValueWhateverItsSize) {
  for (std::int64_t limit : {0, 1000}) {
    for (std::string type : {"text/plain", "Text/Plain; charset=UTF-8"}) {
      const ResultEnvelope text =
          Write(Bytes{"na\xC3\xAFve", type}, Options(limit));
      EXPECT_EQ(*io_.ReadValue(text), Json("na\xC3\xAFve")) << type;
    }
    const ResultEnvelope json =
        Write(Bytes{" { \"a\" : 1 } ", "application/json"}, Options(limit));
    EXPECT_EQ(io_.ReadValue(json)->at("a"), Json(1));
    EXPECT_EQ(*Read(json), " { \"a\" : 1 } ") << "the bytes stay as they are";
  }
}

TEST_F(ResultIoTest, OtherBytesAreHandedOnWithoutLoadingThem) {
  for (std::int64_t limit : {0, 1000}) {
    for (std::string type : {"application/octet-stream", "text/csv",
                             "text/plain; charset=iso-8859-1"}) {
      const ResultEnvelope envelope =
          Write(Bytes{"a;b\n1;2\n", type}, Options(limit));
      auto value = io_.ReadValue(envelope);
      ASSERT_TRUE(value.ok()) << value.status();
      auto handed_on = ResultEnvelopeFromJson(*value);
      ASSERT_TRUE(handed_on.ok()) << handed_on.status();
      EXPECT_EQ(*Read(*handed_on), "a;b\n1;2\n");
    }
  }
}

TEST_F(ResultIoTest, BytesThatAreNotWhatTheyClaimAreAnError) {
  auto text =
      io_.ReadValue(Write(Bytes{"\xFF\xFE", "text/plain"}, Options(100)));
  EXPECT_EQ(text.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(text.status()), HasSubstr("UTF-8"));
  auto json =
      io_.ReadValue(Write(Bytes{"{oops", "application/json"}, Options(100)));
  EXPECT_EQ(json.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(json.status()), HasSubstr("line 1"));
}

TEST_F(ResultIoTest, TooMuchForAValueIsRefusedBeforeReading) {
  ResultEnvelope huge = Write(Json("x"), Options(0));
  huge.size = kMaximumValueBytes + 1;
  auto value = io_.ReadValue(huge);
  EXPECT_EQ(value.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Message(value.status()), HasSubstr(huge.uri));
}

TEST_F(ResultIoTest, AKeyIsUsedOnce) {
  WriteOptions options = Options(0);
  Write(Json(1), options);
  auto again = io_.Write(Json(2), options);
  EXPECT_EQ(again.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(Message(again.status()), HasSubstr(options.key));
}

TEST_F(ResultIoTest, EveryFlippedBitAndEveryCutIsFound) {
  const std::string content = "The content of a result, " + Noise(40) +
                              std::string(60, 'a') + " and its end.";
  for (auto compression : {Compression::kZstd, Compression::kNone}) {
    const ResultEnvelope envelope =
        Write(Bytes{content, "x/y"}, Options(0, compression));
    std::string stored;
    store_.Tamper(envelope.uri, [&](std::string& bytes) { stored = bytes; });
    auto read = [&](const std::string& bytes) {
      store_.Tamper(envelope.uri, [&](std::string& in) { in = bytes; });
      return Read(envelope);
    };
    int harmless = 0;
    for (std::size_t bit = 0; bit < stored.size() * 8; ++bit) {
      std::string flipped = stored;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      auto result = read(flipped);
      // Zstandard has bits without a meaning here; the content is right.
      if (result.ok() && compression == Compression::kZstd) {
        EXPECT_EQ(*result, content) << bit;
        ++harmless;
        continue;
      }
      EXPECT_EQ(result.status().code(), absl::StatusCode::kDataLoss) << bit;
      EXPECT_THAT(Message(result.status()), HasSubstr(envelope.uri));
    }
    EXPECT_LT(harmless, 16);
    for (std::size_t size = 0; size < stored.size(); ++size) {
      EXPECT_EQ(read(stored.substr(0, size)).status().code(),
                absl::StatusCode::kDataLoss)
          << size;
    }
    EXPECT_EQ(read(stored + "x").status().code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(*read(stored), content);
  }
}

TEST_F(ResultIoTest, DamagedInlineContentIsFound) {
  ResultEnvelope json = Write(Json("hello"), Options(100));
  json.value = Json("hellO");
  EXPECT_EQ(io_.ReadValue(json).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Read(json).status().code(), absl::StatusCode::kDataLoss);
  const ResultEnvelope bytes =
      Write(Bytes{"hello", "text/plain"}, Options(100));
  for (const Json& value :
       {Json("aGVsbG8"), Json("aGVsbG9="), Json(7), Json("!"), Json("")}) {
    ResultEnvelope damaged = bytes;
    damaged.value = value;
    EXPECT_EQ(io_.ReadValue(damaged).status().code(),
              absl::StatusCode::kDataLoss);
  }
}

TEST_F(ResultIoTest, AMissingObjectIsNotFoundByItsUri) {
  const ResultEnvelope envelope = Write(Json("hello"), Options(0));
  ASSERT_TRUE(store_.Delete(envelope.uri).ok());
  EXPECT_EQ(io_.ReadValue(envelope).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ResultIoTest, AnEncodingFromTheFutureIsNamed) {
  ResultEnvelope envelope = Write(Json("hello"), Options(0));
  envelope.encoding = "brotli";
  EXPECT_THAT(Message(io_.ReadValue(envelope).status()), HasSubstr("brotli"));
}

}  // namespace
}  // namespace windlass
