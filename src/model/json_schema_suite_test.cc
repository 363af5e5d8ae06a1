// Our checker against the public JSON-Schema-Test-Suite, as the Debian package
// json-schema-test-suite has it: every case that draft-07 requires. Of the
// optional ones `format` and `content` are left out, which we take for the
// annotations they are, and what is about ECMAScript's regular expressions.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "model/json_schema.h"

namespace windlass {
namespace {

constexpr std::string_view kSuite = "/usr/share/json-schema-test-suite";

Json ReadDocument(const std::filesystem::path& path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto document = ParseJson(text);
  EXPECT_TRUE(document.ok()) << path << ": " << document.status();
  return document.ok() ? *std::move(document) : Json();
}

std::string Text(const Json& value) { return JsonToText(value); }

// What the suite's own runner serves at http://localhost:1234.
std::map<std::string, Json> Remotes() {
  std::map<std::string, Json> remotes;
  const std::filesystem::path folder =
      std::filesystem::path(kSuite) / "remotes";
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(folder)) {
    if (!file.is_regular_file()) continue;
    remotes["http://localhost:1234/" +
            file.path().lexically_relative(folder).string()] =
        ReadDocument(file.path());
  }
  return remotes;
}

class JsonSchemaSuiteTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(std::filesystem::exists(kSuite))
        << "tools/install_deps.sh test installs json-schema-test-suite";
  }

  void RunFile(const std::filesystem::path& path) {
    const Json groups = ReadDocument(path);
    for (const Json& group : groups.as_array()) {
      SCOPED_TRACE(path.filename().string() + ": " +
                   Text(group.at("description")));
      auto schema = JsonSchema::Compile(group.at("schema"), remotes_);
      ASSERT_TRUE(schema.ok()) << schema.status();
      for (const Json& test : group.at("tests").as_array()) {
        EXPECT_EQ(schema->Check(test.at("data")).empty(),
                  test.at("valid").as_bool())
            << Text(test.at("description"));
        ++cases_;
      }
    }
  }

  const std::map<std::string, Json> remotes_ = Remotes();
  int cases_ = 0;
};

TEST_F(JsonSchemaSuiteTest, EveryRequiredCaseOfDraft7Agrees) {
  for (const auto& file : std::filesystem::directory_iterator(
           std::filesystem::path(kSuite) / "tests/draft7")) {
    if (file.is_regular_file()) RunFile(file.path());
  }
  EXPECT_GE(cases_, 423);
}

TEST_F(JsonSchemaSuiteTest, LargeNumbersAndNumbersWithoutFractionAgree) {
  const std::filesystem::path optional =
      std::filesystem::path(kSuite) / "tests/draft7/optional";
  RunFile(optional / "bignum.json");
  RunFile(optional / "zeroTerminatedFloats.json");
}

}  // namespace
}  // namespace windlass
