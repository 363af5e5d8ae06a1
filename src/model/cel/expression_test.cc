#include "model/cel/expression.h"

#include <atomic>
#include <optional>
#include <thread>

#include "model/cel/test_support.h"

namespace windlass::cel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Paths(std::string_view text) {
  std::vector<std::string> paths;
  Expression expression = *Expression::Parse(text);
  for (const Reference& reference : expression.References()) {
    std::string path;
    for (const std::string& name : reference.path) path += "/" + name;
    paths.push_back(absl::StrCat(path, "@", reference.position.line, ":",
                                 reference.position.column));
  }
  return paths;
}

TEST(CelExpressionTest, ReferencesAreThePathsItReads) {
  EXPECT_THAT(Paths("tasks.a.result.rows > params.n"),
              ElementsAre("/tasks/a/result/rows@1:1", "/params/n@1:23"));
  EXPECT_THAT(Paths("tasks['a']['x y'].z"), ElementsAre("/tasks/a/x y/z@1:1"));
  EXPECT_THAT(Paths("tasks.a.result[0].n"), ElementsAre("/tasks/a/result@1:1"));
  EXPECT_THAT(Paths("tasks[params.id].n"),
              ElementsAre("/tasks@1:1", "/params/id@1:7"));
  EXPECT_THAT(Paths("has(a.b.c) ? size(d) :\n  default(e.f, 1)"),
              ElementsAre("/a/b/c@1:5", "/d@1:19", "/e/f@2:11"));
  EXPECT_THAT(Paths("a.b.startsWith(c)"), ElementsAre("/a/b@1:1", "/c@1:16"));
}

TEST(CelExpressionTest, MacroVariablesAndTypesAreNotReferences) {
  EXPECT_THAT(Paths("rows.filter(r, r.n > limit).map(r, r.id)"),
              ElementsAre("/rows@1:1", "/limit@1:22"));
  EXPECT_THAT(Paths("[1].map(x, .x + x.y)"), ElementsAre("/x@1:13"));
  EXPECT_THAT(Paths("type(1) == int || math.abs(1) == 1"), ElementsAre());
  EXPECT_THAT(Paths("type(x) == google.protobuf.Timestamp"),
              ElementsAre("/x@1:6"));
}

TEST(CelExpressionTest, AVariableWinsOverATypeOfItsName) {
  EXPECT_EQ(Show("type == 'http'", JsonObject{{"type", "http"}}), "bool true");
}

absl::Status Spend(std::string_view text,
                   Limits limits = {.steps = 200'000, .bytes = 4'000'000}) {
  Json data = JsonObject{{"big", JsonArray(1000, Json(1))}};
  return Expression::Parse(text)
      ->Evaluate(JsonActivation(data), limits)
      .status();
}

TEST(CelExpressionTest, StepsAreLimited) {
  std::string nested =
      "big.map(a, big.map(b, big.map(c, big.map(d, a + b + c + d))))";
  EXPECT_TRUE(absl::IsResourceExhausted(Spend(nested)));
  EXPECT_TRUE(absl::IsResourceExhausted(Spend(nested + " == [] || true")));
  EXPECT_TRUE(absl::IsResourceExhausted(
      Spend("default(" + nested + ", 1) == 1 ? 1 : 2")));
  EXPECT_TRUE(absl::IsResourceExhausted(
      Spend("big.all(a, big.all(b, big.all(c, a + b + c == 3)))")));
  EXPECT_TRUE(absl::IsResourceExhausted(Spend("1 + 1", {.steps = 2})));
  EXPECT_TRUE(Spend("1 + 1", {.steps = 3}).ok());
  EXPECT_THAT(std::string(Spend("1 + 1", {.steps = 2}).message()),
              HasSubstr("more than 2 steps"));
}

TEST(CelExpressionTest, MemoryIsLimited) {
  std::string doubled = "'0123456789'";
  for (int i = 0; i < 40; ++i) doubled = "[" + doubled + "].map(s, s + s)[0]";
  absl::Status status = Spend(doubled);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("bytes"));
  EXPECT_TRUE(absl::IsResourceExhausted(Spend(doubled + " == '' || true")));
  EXPECT_TRUE(absl::IsResourceExhausted(
      Spend("big.map(x, 'aaaaaaaaaa').join('').replace('', "
            "big.map(x, 'aaaaaaaaaa').join(''))")));
}

// A list that holds the one before twice is small until it is written out.
TEST(CelExpressionTest, OutputIsLimited) {
  std::string twice = "'x'";
  for (int i = 0; i < 40; ++i) twice = "[" + twice + "].map(x, [x, x])[0]";
  absl::StatusOr<Value> value =
      Expression::Parse(twice)->Evaluate(JsonActivation(JsonObject()));
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_TRUE(absl::IsResourceExhausted(ToJson(*value).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(ToText(*value).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(Spend("json(" + twice + ")")));
  EXPECT_TRUE(absl::IsResourceExhausted(Spend("sha256(" + twice + ")")));
  EXPECT_TRUE(absl::IsResourceExhausted(Spend("'%s'.format([" + twice + "])")));
  EXPECT_TRUE(
      absl::IsResourceExhausted(Spend(twice + " == " + twice + " || true")));
}

TEST(CelExpressionTest, APieceOfTheInputComesOutWhole) {
  Json data = JsonObject{{"big", JsonArray(100'000, Json("0123456789"))}};
  auto value = Expression::Parse("big")->Evaluate(JsonActivation(data));
  ASSERT_TRUE(value.ok());
  absl::StatusOr<Json> json = ToJson(*value, {.steps = 1, .bytes = 10});
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(*json, data.as_object()["big"]);
}

// Fails for one name, knows none but `seven`.
class FewNames : public Activation {
 public:
  absl::StatusOr<std::optional<Value>> Find(
      std::string_view name) const override {
    if (name == "secrets") return absl::PermissionDeniedError("no secrets");
    if (name != "seven") return std::optional<Value>();
    return std::optional<Value>(Value::Int(7));
  }
};

TEST(CelExpressionTest, AnActivationsErrorsPassThrough) {
  FewNames names;
  EXPECT_EQ(Expression::Parse("seven + 1")->Evaluate(names)->AsInt(), 8);
  EXPECT_TRUE(absl::IsPermissionDenied(
      Expression::Parse("default(secrets.x, 1)")->Evaluate(names).status()));
  EXPECT_TRUE(
      absl::IsNotFound(Expression::Parse("eight")->Evaluate(names).status()));
}

TEST(CelExpressionTest, ManyThreadsMayShareOneExpression) {
  Expression expression =
      *Expression::Parse("rows.filter(r, r % 2 == 0).map(r, string(r))");
  Json data = *ParseJson(R"({"rows":[1,2,3,4]})");
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 500; ++round) {
        auto value = expression.Evaluate(JsonActivation(data));
        right += value.ok() && FormatJson(*ToJson(*value)) == R"(["2","4"])";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 2000);
}

TEST(CelExpressionTest, AValueOutlivesItsExpression) {
  std::optional<Expression> expression = *Expression::Parse("['a' + 'b', 'c']");
  Value value = *expression->Evaluate(JsonActivation(JsonObject()));
  expression.reset();
  EXPECT_EQ(FormatJson(*ToJson(value)), R"(["ab","c"])");
}

TEST(CelOutputTest, JsonHasTheNearestForm) {
  Check({
      {"[1u, 18446744073709551615u]", "list [1,18446744073709551615]"},
      {"[b'\\xff', timestamp(0), duration('1s'), int]",
       R"(list ["/w==","1970-01-01T00:00:00Z","1s","int"])"},
      {"{1: 'a', true: 'b', 2u: 'c'}", R"(map {"1":"a","true":"b","2":"c"})"},
      {"{1: 'a', '1': 'b'}", "error: become the same JSON name '1'"},
      {"null", "null null"},
  });
}

TEST(CelOutputTest, TextIsForPeople) {
  auto text = [](std::string_view expression) {
    return *ToText(
        *Expression::Parse(expression)->Evaluate(JsonActivation(JsonObject())));
  };
  EXPECT_EQ(text("'a\"b'"), "a\"b");
  EXPECT_EQ(text("null"), "null");
  EXPECT_EQ(text("true"), "true");
  EXPECT_EQ(text("1.5"), "1.5");
  EXPECT_EQ(text("1e6"), "1000000");
  EXPECT_EQ(text("1e-9"), "1e-09");
  EXPECT_EQ(text("0.1 + 0.2"), "0.30000000000000004");
  EXPECT_EQ(text("[1, 'a']"), R"([1,"a"])");
  EXPECT_EQ(text("{'a': null}"), R"({"a":null})");
  EXPECT_EQ(text("timestamp(0)"), "1970-01-01T00:00:00Z");
  EXPECT_EQ(text("b'hi'"), "aGk=");
}

}  // namespace
}  // namespace windlass::cel
