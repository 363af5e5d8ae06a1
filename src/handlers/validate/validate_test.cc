#include "handlers/validate/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "handlers/params.h"
#include "results/result_io.h"
#include "support/fake_task_context.h"
#include "support/memory_result_store.h"

namespace windlass {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

Json Parsed(std::string_view text) {
  auto json = ParseJson(text);
  EXPECT_TRUE(json.ok()) << json.status() << "\n" << text;
  return json.ok() ? *std::move(json) : Json();
}

class ValidateTest : public ::testing::Test {
 protected:
  Outcome Run(std::string_view params) {
    task_.set_params(Parsed(params));
    return handler_->Execute(task_);
  }
  Json Report(std::string_view params) {
    Outcome outcome = Run(params);
    EXPECT_EQ(outcome.kind, AttemptOutcome::kSucceeded)
        << (outcome.error ? outcome.error->message : "");
    const Json* report = std::get_if<Json>(&outcome.content);
    return report == nullptr ? Json(JsonObject()) : *report;
  }
  TaskError Error(std::string_view params) {
    Outcome outcome = Run(params);
    EXPECT_EQ(outcome.kind, AttemptOutcome::kFailed);
    return outcome.error.value_or(TaskError{});
  }
  // Which values of column x of `rows` fail the rule, as JSON text.
  std::string Failing(std::string_view rows, std::string_view rule) {
    const Json report = Report(
        R"({"on_failure":"warn","sample":50,"input":)" + std::string(rows) +
        R"(,"rules":[{"column":"x",)" + std::string(rule) + "}]}");
    JsonArray values;
    if (!report.get_object().contains("rules")) return "no report";
    for (const Json& row : report.at("rules").at(0).at("sample").as_array()) {
      values.push_back(row.at("x"));
    }
    return FormatJson(values);
  }
  std::string FailingOf(std::string_view values, std::string_view rule) {
    JsonArray rows;
    const Json list = Parsed(values);
    for (const Json& value : list.as_array()) {
      rows.push_back(JsonObject{{"x", value}});
    }
    return Failing(FormatJson(rows), rule);
  }
  ParamProblems Problems(std::string_view params) {
    return handler_->CheckParams(Parsed(params));
  }
  void Write(std::string_view name, std::string_view content) {
    WriteTestFile(task_.Path(name), content);
  }
  std::string Read(std::string_view name) {
    return ReadTestFile(task_.Path(name));
  }

  FakeTaskContext task_{JsonObject{}};
  windlass::testing::MemoryResultStore store_;
  ResultIo results_{store_};
  std::unique_ptr<TaskHandler> handler_ = MakeValidateHandler(Options());

  SqlHandlerOptions Options() {
    SqlHandlerOptions options;
    options.results = &results_;
    options.threads = 2;
    return options;
  }
};

// -------------------------------------------------------------- rows of tables

TEST_F(ValidateTest, TypesAreThoseThatTextsCanBecome) {
  EXPECT_EQ(FailingOf(R"(["1","1.5","1.0","x","nan",null,"1e3"])",
                      R"("type":"integer")"),
            R"(["1.5","x","nan"])");
  EXPECT_EQ(FailingOf(R"(["1","1.5","x","inf"])", R"("type":"number")"),
            R"(["x","inf"])");
  EXPECT_EQ(FailingOf("[1, 2.5, 3]", R"("type":"integer")"), "[2.5]");
  EXPECT_EQ(FailingOf(R"(["true","no","2"])", R"("type":"boolean")"),
            R"(["2"])");
  EXPECT_EQ(
      FailingOf(R"(["2024-02-29","2023-02-29","soon"])", R"("type":"date")"),
      R"(["2023-02-29","soon"])");
  EXPECT_EQ(
      FailingOf(R"(["2024-02-29 12:00:00","noon"])", R"("type":"timestamp")"),
      R"(["noon"])");
  EXPECT_EQ(FailingOf(R"(["12:30:00","25:00:00"])", R"("type":"time")"),
            R"(["25:00:00"])");
  EXPECT_EQ(FailingOf(R"(["{\"a\":1}","{"])", R"("type":"json")"), R"(["{"])");
  EXPECT_EQ(FailingOf(R"(["7a6b9e52-0d0f-4f4c-9a53-0c1c0a3f0b11","7a6b"])",
                      R"("type":"uuid")"),
            R"(["7a6b"])");
}

TEST_F(ValidateTest, TextsAndNumbersMayStandBesideEachOther) {
  EXPECT_EQ(FailingOf(R"([1, "2", "x", null])", R"("type":"integer")"),
            R"(["x"])");
  EXPECT_EQ(FailingOf(R"([1, "2", "-3"])", R"("minimum":0)"), R"(["-3"])");
}

TEST_F(ValidateTest, LimitsAreOfNumbersAndOfTimes) {
  EXPECT_EQ(FailingOf("[1,2,3,null]", R"("minimum":2)"), "[1]");
  EXPECT_EQ(FailingOf("[1,2,3.5]", R"("maximum":3.25)"), "[3.5]");
  // What is no number is not from 2 on.
  EXPECT_EQ(FailingOf(R"(["1","10","x"])", R"("minimum":2)"), R"(["1","x"])");
  EXPECT_EQ(FailingOf(R"(["2024-01-01","2024-03-01","x"])",
                      R"("maximum":"2024-02-01")"),
            R"(["2024-03-01","x"])");
  EXPECT_EQ(FailingOf("[9007199254740993]", R"("maximum":9007199254740992)"),
            "[9007199254740993]");
  EXPECT_EQ(FailingOf(R"(["ä","äöü"])", R"("max_length":2)"), R"(["äöü"])");
  EXPECT_EQ(FailingOf(R"(["ä","äöü"])", R"("min_length":2)"), R"(["ä"])");
}

TEST_F(ValidateTest, NullsPassEverythingButNotNull) {
  EXPECT_EQ(FailingOf(R"(["a",null])", R"("not_null":true)"), "[null]");
  EXPECT_EQ(FailingOf(R"(["a",null])", R"("not_null":false,"pattern":"^b")"),
            R"(["a"])");
}

TEST_F(ValidateTest, EnumsComparePlainValues) {
  EXPECT_EQ(FailingOf(R"(["WA","CA","XX"])", R"("enum":["WA","CA"])"),
            R"(["XX"])");
  EXPECT_EQ(FailingOf("[1,2.5,3]", R"("enum":[1,2.5])"), "[3.0]");
  EXPECT_EQ(FailingOf(R"(["1","2"])", R"("enum":[1])"), R"(["2"])");
}

TEST_F(ValidateTest, RowsThatShareAKeyFailAll) {
  EXPECT_EQ(FailingOf("[1,2,1,null,null]", R"("unique":true)"), "[1,1]");
  const Json report = Report(R"({"on_failure":"warn",
      "input":[{"a":1,"b":1},{"a":1,"b":2},{"a":1,"b":1}],
      "rules":[{"columns":["a","B"],"unique":true}]})");
  EXPECT_EQ(report.at("rules").at(0).at("rule"), Json("a, B unique"));
  EXPECT_EQ(report.at("failing_rows"), Json(2));
}

TEST_F(ValidateTest, ReferencesLeadToOtherTablesAndToTheTableItself) {
  const Json report = Report(R"({"on_failure":"warn",
      "input":[{"id":1,"state":"WA","of":null},{"id":2,"state":"XX","of":1},
               {"id":3,"state":null,"of":9}],
      "tables":{"states":[{"code":"WA"},{"code":null}]},
      "rules":[{"column":"state","references":{"table":"states","column":"code"}},
               {"column":"of","references":{"table":"input","column":"id"}}]})");
  EXPECT_EQ(FormatJson(report.at("rules").at(0).at("sample")),
            R"([{"id":2,"state":"XX","of":1}])");
  EXPECT_EQ(FormatJson(report.at("rules").at(1).at("sample")),
            R"([{"id":3,"state":null,"of":9}])");
}

TEST_F(ValidateTest, ReferencesOfOtherTypesAreComparedAsTexts) {
  Write("codes.csv", "code\n1\nx\n");
  EXPECT_EQ(FormatJson(Report(R"({"on_failure":"warn",
      "input":[{"c":1},{"c":2}], "tables":{"codes":"codes.csv"},
      "rules":[{"column":"c","references":{"table":"codes","column":"code"}}]})")
                           .at("rules")
                           .at(0)
                           .at("sample")),
            R"([{"c":2}])");
}

TEST_F(ValidateTest, AnExpressionSpeaksOfSeveralColumns) {
  const Json report = Report(R"({"on_failure":"warn",
      "input":[{"from":1,"to":2},{"from":3,"to":2},{"from":null,"to":2}],
      "rules":[{"name":"order","expression":"\"from\" < \"to\" -- ends"}]})");
  EXPECT_EQ(report.at("rules").at(0).at("rule"), Json("order: expression"));
  EXPECT_EQ(report.at("failing_rows"), Json(1));
}

TEST_F(ValidateTest, ValuesAndNamesAreNeverSql) {
  EXPECT_EQ(FailingOf(R"(["a'b","x"])", R"("enum":["a'b"])"), R"(["x"])");
  EXPECT_EQ(FailingOf(R"(["'; drop table t; --","x"])", R"("pattern":"';")"),
            R"(["x"])");
  const Json report = Report(R"({"on_failure":"warn","input":[{"a\" b":1}],
      "rules":[{"name":"it's","column":"a\" b","maximum":0}]})");
  EXPECT_EQ(report.at("failing_rows"), Json(1));
}

// -------------------------------------------------------------- whole tables

TEST_F(ValidateTest, ATableHasACountSharesOfNullsAndAnAge) {
  task_.mutable_lease().claimed_at =
      Timestamp(std::chrono::sys_days(std::chrono::year(2024) / 3 / 2));
  const Json report = Report(R"({"on_failure":"warn",
      "input":[{"a":1,"at":"2024-03-01T00:00:00"},{"a":null,"at":"2023-01-01"}],
      "rules":[{"row_count":{"minimum":3}}, {"row_count":{"maximum":2}},
               {"column":"a","max_null_share":0.4},
               {"column":"a","max_null_share":0.5},
               {"column":"at","max_age":"23h"}, {"column":"at","max_age":"24h"}]})");
  std::string verdicts;
  for (const Json& rule : report.at("rules").as_array()) {
    verdicts += rule.at("passed").as_bool() ? "+" : "-";
  }
  EXPECT_EQ(verdicts, "-+-+-+");
  EXPECT_EQ(report.at("rules").at(2).at("seen"), Json(0.5));
  EXPECT_EQ(report.at("rules").at(4).at("seen"), Json(86400.0));
}

TEST_F(ValidateTest, AnEmptyTableHasNoAgeAndNoNulls) {
  const Json report = Report(R"({"on_failure":"warn",
      "input":{"columns":[{"name":"at","type":"DATE"}],"rows":[]},
      "rules":[{"column":"at","max_age":"1h"},
               {"column":"at","max_null_share":0}]})");
  EXPECT_EQ(report.at("rules").at(0).at("passed"), Json(false));
  EXPECT_EQ(report.at("rules").at(1).at("passed"), Json(true));
}

TEST_F(ValidateTest, AListWithoutItemsHasNothingThatBreaksRulesOfColumns) {
  Write("none.json", " [ ]\n");
  for (const char* input :
       {"[]", R"("[]")", R"("none.json")", R"({"columns":[],"rows":[]})"}) {
    const Json report = Report(R"({"on_failure":"warn","input":)" +
                               std::string(input) + R"(,"tables":{"t":[]},
        "rules":[{"column":"a","type":"integer","not_null":true,"minimum":1},
                 {"columns":["A","b"],"unique":true},
                 {"column":"b","references":{"table":"t","column":"k"}},
                 {"expression":"a < c"},
                 {"column":"a","max_null_share":0},
                 {"row_count":{"minimum":1}}]})");
    EXPECT_EQ(report.at("row_count"), Json(0)) << input;
    std::string verdicts;
    for (const Json& rule : report.at("rules").as_array()) {
      verdicts += rule.at("passed").as_bool() ? "+" : "-";
    }
    EXPECT_EQ(verdicts, "+++++++-") << input;
  }
}

TEST_F(ValidateTest, AListWithoutItemsHasNothingToReferTo) {
  const Json report = Report(R"({"on_failure":"warn","tables":{"t":[]},
      "input":[{"x":1},{"x":null}],
      "rules":[{"column":"x","references":{"table":"t","column":"k"}}]})");
  EXPECT_EQ(report.at("failing_rows"), Json(1));
}

// --------------------------------------------------------------- what follows

constexpr std::string_view kSplit = R"({"on_failure":"split",
    "input":"in.csv",
    "rules":[{"column":"n","type":"integer","maximum":9},
             {"column":"s","not_null":true}],
    "outputs":{"valid":"out/good.csv","quarantine":"out/bad.csv"}})";

TEST_F(ValidateTest, ASplitWritesWhatPassesAndWhatFailsWhy) {
  Write("in.csv", "n,s\n1,a\nx,\n10,b\n2,c\n");
  const Json report = Report(kSplit);
  EXPECT_EQ(report.at("valid"), Json(false));
  EXPECT_EQ(report.at("row_count"), Json(4));
  EXPECT_EQ(report.at("failing_rows"), Json(2));
  EXPECT_EQ(report.at("outputs").at("valid").at("rows"), Json(2));
  EXPECT_EQ(Read("out/good.csv"), "n,s\n1,a\n2,c\n");
  EXPECT_EQ(Read("out/bad.csv"),
            "n,s,failed_rules\n"
            "x,,\"[n type, n maximum, s not_null]\"\n"
            "10,b,[n maximum]\n");
}

TEST_F(ValidateTest, ASplitCannotMendWhatIsWrongWithTheWholeTable) {
  const TaskError error = Error(R"({"on_failure":"split","input":[{"a":1}],
      "rules":[{"row_count":{"minimum":2}}],
      "outputs":{"valid":"good.csv"}})");
  EXPECT_EQ(error.type, "ValidationFailed");
  EXPECT_EQ(error.message, "1 of 1 checks fail: row_count (got 1)");
}

TEST_F(ValidateTest, AFailureHasTheReportAndLeavesTheQuarantine) {
  const TaskError error = Error(R"({"input":[{"a":1},{"a":-1}],
      "rules":[{"column":"a","minimum":0}],
      "outputs":{"quarantine":"bad.jsonl"}})");
  EXPECT_EQ(error.type, "ValidationFailed");
  EXPECT_FALSE(error.retryable);
  EXPECT_EQ(error.message, "1 of 1 checks fail: a minimum (1 rows)");
  EXPECT_EQ(error.details.at("rules").at(0).at("failing"), Json(1));
  EXPECT_EQ(Read("bad.jsonl"), "{\"a\":-1,\"failed_rules\":[\"a minimum\"]}\n");
}

TEST_F(ValidateTest, AWarningIsLoggedAndAValidTableIsQuiet) {
  Report(R"({"on_failure":"warn","input":[{"a":1}],
             "rules":[{"column":"a","maximum":0}]})");
  EXPECT_THAT(task_.logs(), ElementsAre(HasSubstr("a maximum (1 rows)")));
  const Json report = Report(R"({"input":[{"a":1}],
                                 "rules":[{"column":"a","maximum":1}]})");
  EXPECT_EQ(report.at("valid"), Json(true));
  EXPECT_EQ(task_.logs().size(), 1U);
}

TEST_F(ValidateTest, ReportsSampleNoMoreThanAsked) {
  const Json report = Report(R"({"on_failure":"warn","sample":2,
      "input":[{"a":1},{"a":2},{"a":3}],"rules":[{"column":"a","maximum":0}]})");
  EXPECT_EQ(FormatJson(report.at("rules").at(0).at("sample")),
            R"([{"a":1},{"a":2}])");
  EXPECT_EQ(report.at("rules").at(0).at("failing"), Json(3));
}

TEST_F(ValidateTest, AColumnThatIsNotThereIsAnErrorThatNamesThoseThatAre) {
  const TaskError error = Error(
      R"({"input":[{"a":1,"b":2}],"rules":[{"column":"c","not_null":true}]})");
  EXPECT_EQ(error.type, "InvalidParams");
  EXPECT_FALSE(error.retryable);
  EXPECT_EQ(error.message,
            "rule c not_null: the table has no column c; it has a, b");
}

TEST_F(ValidateTest, TheTaskReachesNothingButItsInputs) {
  EXPECT_EQ(Error(R"x({"input":[{"a":1}],"rules":[{"expression":
                  "a in (select a from read_csv('/etc/passwd'))"}]})x")
                .type,
            "PermissionDenied");
  EXPECT_EQ(Error(R"({"input":[{"a":1}],"rules":[{"column":"a","unique":true}],
                  "outputs":{"quarantine":"../out.csv"}})")
                .type,
            "PermissionDenied");
}

TEST_F(ValidateTest, AStopEndsIt) {
  task_.Stop(StopReason::kCancelled);
  EXPECT_EQ(Run(R"({"documents":[1],"schema":true})").kind,
            AttemptOutcome::kCancelled);
}

// ------------------------------------------------------------------ documents

TEST_F(ValidateTest, ADocumentFitsItsSchemaOrNot) {
  EXPECT_EQ(Report(R"({"document":{"a":1},
                       "schema":{"required":["a"]}})")
                .at("valid"),
            Json(true));
  const TaskError error = Error(R"({"document":{"a":"x"},
      "schema":{"properties":{"a":{"type":"integer"}}}})");
  EXPECT_EQ(error.type, "ValidationFailed");
  EXPECT_EQ(error.message,
            "1 of 1 documents do not fit the schema; the first: a: expected a "
            "whole number, got \"x\"");
}

TEST_F(ValidateTest, LinesOfJsonAreSplit) {
  Write("in.jsonl", "{\"a\":1}\n{\"a\":2}\n\n{oops\n{\"a\":\"x\"}\n");
  Write("schema.json", R"({"properties":{"a":{"type":"integer"}}})");
  const Json report = Report(R"({"documents":"in.jsonl","sample":1,
      "schema_file":"schema.json","on_failure":"split",
      "outputs":{"valid":"good.jsonl","quarantine":"bad.jsonl"}})");
  EXPECT_EQ(report.at("document_count"), Json(4));
  EXPECT_EQ(report.at("failing_documents"), Json(2));
  EXPECT_EQ(report.at("sample").as_array().size(), 1U);
  EXPECT_EQ(Read("good.jsonl"), "{\"a\":1}\n{\"a\":2}\n");
  EXPECT_THAT(Read("bad.jsonl"), HasSubstr("\"index\":2"));
  EXPECT_THAT(Read("bad.jsonl"), HasSubstr("\"document\":\"{oops\""));
  EXPECT_THAT(Read("bad.jsonl"), HasSubstr("expected a whole number"));
}

TEST_F(ValidateTest, AFileOfOneListHasADocumentPerItem) {
  Write("in.json", R"([1, "x"])");
  EXPECT_EQ(Report(R"({"documents":"in.json","on_failure":"warn",
                       "schema":{"type":"integer"}})")
                .at("failing_documents"),
            Json(1));
}

// --------------------------------------------------------------------- params

TEST_F(ValidateTest, ParamsAreCheckedAsTheyAreWritten) {
  EXPECT_THAT(Problems(std::string(kSplit)), IsEmpty());
  EXPECT_THAT(Problems(R"({"rules":[]})"),
              ElementsAre(Pair("", HasSubstr("expected one of input"))));
  EXPECT_THAT(Problems(R"({"input":"a.csv"})"),
              ElementsAre(Pair("rules", "is missing")));
  EXPECT_THAT(
      Problems(R"({"input":"a.csv","rules":[{"column":"a","minimun":1}]})"),
      Contains(Pair("rules[0].minimun", HasSubstr("minimum"))));
  EXPECT_THAT(Problems(R"({"input":"a.csv","rules":[{"column":"a"}]})"),
              ElementsAre(Pair("rules[0]", HasSubstr("says nothing"))));
  EXPECT_THAT(
      Problems(R"({"input":"a.csv","rules":[{"minimum":"${{ x }}"}]})"),
      ElementsAre(Pair("rules[0]", "expected either column or columns")));
  EXPECT_THAT(
      Problems(R"({"input":"a.csv","rules":[{"column":"a","pattern":"("}]})"),
      ElementsAre(Pair("rules[0].pattern", HasSubstr("bad regular"))));
  EXPECT_THAT(
      Problems(R"({"input":"a.csv","rules":[
                  {"column":"a","minimum":"soon","max_null_share":2}]})"),
      ElementsAre(Pair("rules[0].minimum", HasSubstr("a number, a date")),
                  Pair("rules[0].max_null_share", HasSubstr("0 to 1"))));
  EXPECT_THAT(Problems(R"({"input":"a.csv","rules":[{"column":"a",
                  "references":{"table":"b","column":"c"}}]})"),
              ElementsAre(Pair("rules[0].references.table",
                               HasSubstr("neither among"))));
  EXPECT_THAT(Problems(R"({"input":"a.csv","tables":{"t":{"pat":1}},
                  "rules":[{"row_count":{}}]})"),
              ElementsAre(Pair("tables.t", HasSubstr("path, url")),
                          Pair("rules[0].row_count", HasSubstr("minimum"))));
}

TEST_F(ValidateTest, NothingFromAnExpressionBecomesSql) {
  EXPECT_THAT(Problems(R"({"input":"a.csv",
                           "rules":[{"expression":"a < ${{ params.x }}"}]})"),
              ElementsAre(Pair("rules[0].expression", HasSubstr("SQL"))));
  EXPECT_THAT(Problems(R"({"input":"a.csv","rules":"${{ params.rules }}"})"),
              ElementsAre(Pair("rules", HasSubstr("a list of rules"))));
  EXPECT_THAT(
      Problems(R"({"input":"a.csv","rules":[{"expression":"a <"}]})"),
      ElementsAre(Pair("rules[0].expression", HasSubstr("syntax error"))));
  for (const char* expression : {"a > 1) or (b < 2", "(a > 1", "a > 1; "}) {
    const std::string params =
        R"({"input":[{"a":1,"b":1}],"rules":[{"expression":")" +
        std::string(expression) + R"("}]})";
    EXPECT_THAT(
        Problems(params),
        ElementsAre(Pair("rules[0].expression", HasSubstr("one expression"))));
    // Nor where nobody checked it before.
    EXPECT_EQ(Error(params).type, "InvalidParams");
  }
}

TEST_F(ValidateTest, OutputsAreTheTwoThereAre) {
  EXPECT_THAT(Problems(R"({"document":1,"schema":true,"on_failure":"split",
                           "outputs":{"good":"a.csv"}})"),
              ElementsAre(Pair("outputs.good", "expected valid or quarantine"),
                          Pair("outputs.good", HasSubstr(".jsonl")),
                          Pair("outputs.valid", HasSubstr("is missing"))));
  EXPECT_THAT(Problems(R"({"documents":"a.csv","schema":{"type":"strng"}})"),
              ElementsAre(Pair("schema", HasSubstr("type: expected")),
                          Pair("documents", HasSubstr(".jsonl"))));
}

}  // namespace
}  // namespace windlass
