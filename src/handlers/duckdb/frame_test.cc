#include "handlers/duckdb/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/concat.h"
#include "handlers/duckdb/database.h"
#include "handlers/duckdb/frame_reader.h"
#include "handlers/duckdb/frame_writer.h"
#include "support/temporary_folder.h"

namespace windlass::duckdb {
namespace {

using ::testing::HasSubstr;

class FrameTest : public ::testing::Test {
 protected:
  std::unique_ptr<Database> Open() {
    auto database = Database::Open(2);
    EXPECT_TRUE(database.ok()) << database.status();
    DatabaseOptions options;
    options.folder = dir_.path();
    EXPECT_TRUE((*database)->Configure(options).ok());
    return *std::move(database);
  }
  Frame Write(const std::string& query) {
    auto database = Open();
    auto frame =
        WriteFrame(*database, Concat("(", query, ")"), NewFolder(), {});
    EXPECT_TRUE(frame.ok()) << frame.status();
    return frame.ok() ? *std::move(frame) : Frame{};
  }
  std::string NewFolder() {
    std::string folder = Concat(dir_.path(), "/", ++folders_);
    std::filesystem::create_directory(folder);
    return folder;
  }
  // A number that tells the rows with their order.
  static std::string Digest(Database& database, const std::string& relation) {
    auto value = database.Value(
        Concat("SELECT count(*) || md5(string_agg(t::VARCHAR, '|')) FROM ",
               relation, " AS t"));
    EXPECT_TRUE(value.ok()) << value.status();
    return value.ok() ? FormatJson(*value) : "";
  }
  // Through its JSON, as a process of another language gives it.
  std::string DigestOf(const Frame& frame) {
    auto read = FrameFromJson(Json(ToJson(frame)));
    EXPECT_TRUE(read.ok()) << read.status();
    auto database = Open();
    auto relation = RegisterFrame(*database, *std::move(read));
    EXPECT_TRUE(relation.ok()) << relation.status();
    return Digest(*database, *relation);
  }
  absl::Status Read(const Frame& frame) {
    auto database = Open();
    auto relation = RegisterFrame(*database, frame);
    if (!relation.ok()) return relation.status();
    return database->Execute("FROM " + *relation).status();
  }

  windlass::testing::TemporaryFolder dir_;
  int folders_ = 0;
};

// What a function of pandas may get and return.
constexpr char kTypes[] =
    "SELECT (i % 2 = 0) AS b, i::TINYINT AS i8, i::SMALLINT AS i16, "
    "i::INTEGER AS i32, i::BIGINT AS i64, i::UTINYINT AS u8, i::UBIGINT AS "
    "u64, "
    "i::FLOAT / 3 AS f, i::DOUBLE / 7 AS d, DATE '2024-02-29' + i::INTEGER AS "
    "day, TIMESTAMP '2024-02-29 12:00:00.5' + to_hours(i) AS t, "
    "TIMESTAMPTZ '2024-02-29 12:00:00+02' AS z, "
    "TIMESTAMP_NS '2024-02-29 12:00:00.000000001' AS ns, "
    "'ümlaut ' || i AS s, CASE WHEN i % 3 = 0 THEN 'x' || chr(1) END AS x, "
    "encode('é' || i) AS y, to_seconds(i) AS iv, "
    "('00000000-0000-0000-0000-0000000000' || (i + 10))::UUID AS id "
    "FROM range(90) AS r(i)";

TEST_F(FrameTest, ATableComesBackAsItWas) {
  auto database = Open();
  EXPECT_EQ(DigestOf(Write(kTypes)),
            Digest(*database, Concat("(", kTypes, ")")));
}

TEST_F(FrameTest, WhatIsMissingStaysMissing) {
  const std::string query = Concat(
      "SELECT CASE WHEN random() < 2 AND i % 5 > 0 THEN COLUMNS(*) END FROM "
      "(SELECT row_number() OVER () AS i, * FROM (",
      kTypes, "))");
  auto database = Open();
  EXPECT_EQ(DigestOf(Write(query)), Digest(*database, Concat("(", query, ")")));
}

TEST_F(FrameTest, RowsKeepTheirOrderOverManyChunks) {
  const std::string query =
      "SELECT i, CASE WHEN i % 7 > 0 THEN 'text ' || (i % 100) END AS few, "
      "hash(i)::VARCHAR AS many FROM range(300000) AS r(i)";
  auto database = Open();
  const Frame frame = Write(query);
  EXPECT_EQ(frame.rows, 300'000);
  EXPECT_TRUE(frame.columns[1].codes);   // A dictionary.
  EXPECT_FALSE(frame.columns[2].codes);  // One was given up on the way.
  EXPECT_EQ(DigestOf(frame), Digest(*database, Concat("(", query, ")")));
}

TEST_F(FrameTest, NoRowsAndNoTextsAreTablesToo) {
  auto database = Open();
  for (const char* query :
       {"SELECT 1 AS i, 'a' AS s, encode('b') AS y WHERE false",
        "SELECT ''::VARCHAR AS s, ''::BLOB AS y FROM range(3000)",
        "SELECT NULL::VARCHAR AS s FROM range(3)"}) {
    EXPECT_EQ(DigestOf(Write(query)),
              Digest(*database, Concat("(", query, ")")))
        << query;
  }
}

TEST_F(FrameTest, NumbersAreNarrowWhereThatIsExact) {
  const Frame frame = Write(
      "SELECT sum(i) AS small, 10::HUGEINT ** 20 AS large, "
      "sum(i::DECIMAL(18, 2)) AS price, 12345678901234567.5::DECIMAL(20, 1) AS "
      "exact, NULL::HUGEINT AS none, [i] AS l FROM range(3) AS r(i) GROUP BY "
      "i");
  std::vector<std::string> types;
  for (const FrameColumn& column : frame.columns) types.push_back(column.type);
  EXPECT_THAT(types, ::testing::ElementsAre("BIGINT", "DOUBLE", "DOUBLE",
                                            "DECIMAL(20,1)", "BIGINT", "JSON"));
}

TEST_F(FrameTest, ColumnsOfAnyNameAndOfOneNamePass) {
  const Frame frame = Write("SELECT 1 AS rowid, 2 AS \"a\"\"b\", 3 AS rowid_1");
  EXPECT_EQ(frame.columns[1].name, "a\"b");
  EXPECT_TRUE(Read(frame).ok());
}

// ------------------------------------------------ what others may have written

TEST_F(FrameTest, WhatIsNoFrameIsRefused) {
  const Json whole(ToJson(Write("SELECT 1 AS i, 'a' AS s")));
  auto refused = [&](auto change) {
    Json json = whole;
    change(json.get_object());
    return std::string(FrameFromJson(json).status().message());
  };
  auto column = [](JsonObject& frame, std::size_t i) -> JsonObject& {
    return frame["columns"].get_array()[i].get_object();
  };
  EXPECT_THAT(refused([](JsonObject& f) { f["rows"] = 2; }),
              HasSubstr("values do not fit"));
  EXPECT_THAT(refused([&](JsonObject& f) {
                column(f, 1)["type"] = "VARCHAR FROM read_text('/etc/passwd')";
              }),
              HasSubstr("unknown type"));
  EXPECT_THAT(refused([&](JsonObject& f) {
                column(f, 0)["values"] = JsonArray{7, 0, 4};
              }),
              HasSubstr("in no file"));
  EXPECT_THAT(refused([&](JsonObject& f) {
                column(f, 0)["values"] = JsonArray{0, -8, 4};
              }),
              HasSubstr("[file, offset, size]"));
  EXPECT_THAT(refused([&](JsonObject& f) { column(f, 1).erase("text"); }),
              HasSubstr("neither values nor text"));
}

TEST_F(FrameTest, AFileThatIsCutShortIsAnError) {
  const Frame frame = Write("SELECT i, i || 'x' AS s FROM range(5000) AS r(i)");
  for (const std::string& file : frame.files) {
    std::filesystem::resize_file(file, 10);
  }
  EXPECT_THAT(std::string(Read(frame).message()), HasSubstr("too short"));
}

TEST_F(FrameTest, PlacesThatPointElsewhereAreErrors) {
  Frame frame = Write("SELECT 'a' || i AS s FROM range(100) AS r(i)");
  Frame far = frame;
  far.columns[0].text.size = 1;
  EXPECT_FALSE(Read(far).ok());
  // Codes that no text has.
  Frame swapped = frame;
  swapped.columns[0].ends.size = 8;
  EXPECT_THAT(std::string(Read(swapped).message()), HasSubstr("no category"));
}

}  // namespace
}  // namespace windlass::duckdb
