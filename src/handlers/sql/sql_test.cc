#include "handlers/sql/sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "handlers/file/gzip.h"
#include "handlers/file/places.h"
#include "handlers/sql/inputs.h"
#include "results/result_io.h"
#include "support/fake_task_context.h"
#include "support/memory_result_store.h"
#include "windlass/events.h"

namespace windlass {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

class SqlTest : public ::testing::Test {
 protected:
  Outcome Run(Json params) {
    task_.set_params(std::move(params));
    return handler_->Execute(task_);
  }
  Outcome Query(std::string_view sql) {
    return Run(JsonObject{{"query", std::string(sql)}});
  }
  static Json ValueOf(const Outcome& outcome) {
    EXPECT_EQ(outcome.kind, AttemptOutcome::kSucceeded)
        << (outcome.error ? outcome.error->message : "");
    const Json* value = std::get_if<Json>(&outcome.content);
    return value == nullptr ? Json(JsonObject{{"rows", "none"}}) : *value;
  }
  // The rows as JSON text.
  std::string Rows(Json params) {
    return FormatJson(ValueOf(Run(std::move(params))).at("rows"));
  }
  std::string RowsOf(std::string_view sql) {
    return Rows(JsonObject{{"query", std::string(sql)}});
  }
  // Of `select *` from one input t.
  std::string Read(Json input) {
    return Rows(JsonObject{{"query", "from t"},
                           {"inputs", JsonObject{{"t", std::move(input)}}}});
  }
  TaskError Error(Json params) {
    Outcome outcome = Run(std::move(params));
    EXPECT_EQ(outcome.kind, AttemptOutcome::kFailed);
    return outcome.error.value_or(TaskError{});
  }
  TaskError ErrorOf(std::string_view sql) {
    return Error(JsonObject{{"query", std::string(sql)}});
  }
  void Write(std::string_view name, std::string_view content) {
    WriteTestFile(task_.Path(name), content);
  }

  FakeTaskContext task_{JsonObject{}};
  windlass::testing::MemoryResultStore store_;
  ResultIo results_{store_};
  std::unique_ptr<TaskHandler> handler_ = MakeSqlHandler(Options());

  SqlHandlerOptions Options() {
    SqlHandlerOptions options;
    options.results = &results_;
    options.threads = 2;
    return options;
  }
};

// ------------------------------------------------------------------ results

TEST_F(SqlTest, AQueryLeavesItsColumnsRowsAndTheirNumber) {
  EXPECT_EQ(FormatJson(ValueOf(Query("select 1 as a, 'x' as b"))),
            R"({"columns":[{"name":"a","type":"INTEGER"},)"
            R"({"name":"b","type":"VARCHAR"}],"rows":[{"a":1,"b":"x"}],)"
            R"("row_count":1})");
}

TEST_F(SqlTest, OfSeveralStatementsTheLastOneAnswers) {
  EXPECT_EQ(RowsOf("create table t as select 1 as a; insert into t values (2);"
                   "select sum(a)::int as n from t order by n; -- the end"),
            R"([{"n":3}])");
  EXPECT_EQ(RowsOf("create table t (a int); describe t").substr(0, 19),
            R"([{"column_name":"a")");
  EXPECT_EQ(
      FormatJson(ValueOf(Query("select 1; create table t (a int)")).at("rows")),
      "[]");
}

TEST_F(SqlTest, TheOrderOfRowsIsTheQuerys) {
  EXPECT_EQ(RowsOf("select range as i from range(5) order by i desc"),
            R"([{"i":4},{"i":3},{"i":2},{"i":1},{"i":0}])");
}

TEST_F(SqlTest, EveryTypeHasItsJson) {
  auto value = [this](std::string_view sql) {
    return FormatJson(
        ValueOf(Query(absl::StrCat("select ", std::string(sql), " as v")))
            .at("rows")
            .at(0)
            .at("v"));
  };
  EXPECT_EQ(value("true"), "true");
  EXPECT_EQ(value("null::int"), "null");
  EXPECT_EQ(value("(-128)::tinyint"), "-128");
  EXPECT_EQ(value("255::utinyint"), "255");
  EXPECT_EQ(value("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(value("18446744073709551615::ubigint"), "\"18446744073709551615\"");
  EXPECT_EQ(value("12::hugeint"), "12");
  EXPECT_EQ(value("-170141183460469231731687303715884105727::hugeint"),
            "\"-170141183460469231731687303715884105727\"");
  EXPECT_EQ(value("340282366920938463463374607431768211455::uhugeint"),
            "\"340282366920938463463374607431768211455\"");
  EXPECT_EQ(value("-0.05"), "-0.05");
  EXPECT_EQ(value("12.50::decimal(18,2)"), "12.5");
  EXPECT_EQ(value("'1234567890123456.78'::decimal(38,2)"),
            "\"1234567890123456.78\"");
  EXPECT_EQ(value("0.1::float"), "0.1");
  EXPECT_EQ(value("0.10000001::float"), "0.10000001");
  EXPECT_EQ(value("2.5e300::double"), "2.5e+300");
  EXPECT_EQ(value("'nan'::double"), "\"NaN\"");
  EXPECT_EQ(value("'-inf'::float"), "\"-Infinity\"");
  EXPECT_EQ(value("date '2024-02-29'"), "\"2024-02-29\"");
  EXPECT_EQ(value("'infinity'::date"), "\"infinity\"");
  EXPECT_EQ(value("time '23:59:59.25'"), "\"23:59:59.25\"");
  EXPECT_EQ(value("'12:00:00+05:30'::timetz"), "\"12:00:00+05:30\"");
  EXPECT_EQ(value("timestamp '1969-12-31 23:59:59.5'"),
            "\"1969-12-31T23:59:59.5\"");
  EXPECT_EQ(value("'2024-02-29 12:00:00.000000001'::timestamp_ns"),
            "\"2024-02-29T12:00:00.000000001\"");
  EXPECT_EQ(value("'2024-02-29 12:00:01'::timestamp_s"),
            "\"2024-02-29T12:00:01\"");
  EXPECT_EQ(value("'2024-02-29 12:00:00+02'::timestamptz"),
            "\"2024-02-29T10:00:00Z\"");
  EXPECT_EQ(value("interval '1 month -90 minutes'"),
            "\"1 months 0 days -01:30:00\"");
  EXPECT_EQ(value("'ab\\x00\\xff'::blob"), "\"YWIA/w==\"");
  EXPECT_EQ(value("'0f8fad5b-d9cb-469f-a165-70867728950e'::uuid"),
            "\"0f8fad5b-d9cb-469f-a165-70867728950e\"");
  EXPECT_EQ(value("'10110'::bit"), "\"10110\"");
  EXPECT_EQ(value("'b'::enum('a', 'b')"), "\"b\"");
  EXPECT_EQ(value("[[1, null], []]"), "[[1,null],[]]");
  EXPECT_EQ(value("[1, 2]::int[2]"), "[1,2]");
  EXPECT_EQ(value("{a: 1, b: {c: 'x'}}"), R"({"a":1,"b":{"c":"x"}})");
  EXPECT_EQ(value("map {'k': 1.5}"), R"({"k":1.5})");
  EXPECT_EQ(value("map {1: 'x'}"), R"([{"key":1,"value":"x"}])");
  EXPECT_EQ(value("'{\"a\": [1]}'::json"), R"({"a":[1]})");
}

TEST_F(SqlTest, ATypeThatJsonCannotTellIsAnErrorThatSaysWhatToDo) {
  TaskError error = ErrorOf("select union_value(a := 1) as u");
  EXPECT_EQ(error.type, "SqlError");
  EXPECT_THAT(error.message, HasSubstr("column u"));
  EXPECT_THAT(error.message, HasSubstr("cast it to VARCHAR"));
}

TEST_F(SqlTest, MoreRowsThanTheLimitBecomeAParquetTable) {
  Json params = JsonObject{{"query", "select range as i from range(11)"},
                           {"max_rows", 10}};
  Outcome outcome = Run(params);
  const auto* table = std::get_if<ResultEnvelope>(&outcome.content);
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->media_type, "application/vnd.apache.parquet");
  EXPECT_EQ(FormatJson(table->metadata), R"({"rows":11})");
  params.as_object()["result"] = "rows";
  EXPECT_THAT(Error(params).message, HasSubstr("11 rows, more than 10"));
  params.as_object()["max_rows"] = 11;
  EXPECT_EQ(ValueOf(Run(params)).at("row_count"), 11);
}

TEST_F(SqlTest, RowsAreTheSameWhetherTheyAreThereAtOnceOrNot) {
  // A second of work, and as good as none.
  for (const char* n : {"30000000", "30"}) {
    EXPECT_EQ(RowsOf(absl::StrCat("select max(hash(range) % 5)::int as m from "
                                  "range(",
                                  n, ")")),
              R"([{"m":4}])");
  }
  EXPECT_EQ(RowsOf("select 1 as a where false; -- nothing"), "[]");
  EXPECT_EQ(ValueOf(Query("describe select 1 as a")).at("row_count"), 1);
}

TEST_F(SqlTest, ATableGoesIntoTheNextQueryAsItIs) {
  auto table = results_.Write(Bytes{"a,b\n1,x\n2,y\n", "text/csv"},
                              {.key = "r1/t/1", .maximum_inline_bytes = 0});
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(Read(ToJson(*table)), R"([{"a":1,"b":"x"},{"a":2,"b":"y"}])");
}

TEST_F(SqlTest, AnInlineTableKeepsItsTypes) {
  Json first = ValueOf(Query(
      "select 12345678901234567890123::hugeint h, 'nan'::double x, 'a'::blob b,"
      " 1.50::decimal(9,2) d, [date '2024-01-01'] l, null n, "
      "'{\"a\":1}'::json j, 'k'::enum('k') e"));
  Json again = ValueOf(Run(
      JsonObject{{"query", "from t"}, {"inputs", JsonObject{{"t", first}}}}));
  EXPECT_EQ(FormatJson(again.at("rows")), FormatJson(first.at("rows")));
  EXPECT_EQ(FormatJson(again.at("columns").at(0)),
            R"({"name":"h","type":"HUGEINT"})");
  EXPECT_EQ(FormatJson(again.at("columns").at(4)),
            R"({"name":"l","type":"DATE[]"})");
  first.at("rows").as_array().clear();
  EXPECT_EQ(Read(first), "[]");
}

// ------------------------------------------------------------------- inputs

TEST_F(SqlTest, FilesAreReadByWhatTheirNamesSay) {
  Write("a.csv", "i,s\n1,x\n");
  Write("a.tsv", "i\ts\n2\ty\n");
  Write("a.json", R"([{"i": 3, "s": "z"}])");
  Write("a.jsonl", "{\"i\": 4}\n{\"i\": 5, \"s\": \"w\"}\n");
  EXPECT_EQ(Read("a.csv"), R"([{"i":1,"s":"x"}])");
  EXPECT_EQ(Read("a.tsv"), R"([{"i":2,"s":"y"}])");
  EXPECT_EQ(Read("a.json"), R"([{"i":3,"s":"z"}])");
  EXPECT_EQ(Read("a.jsonl"), R"([{"i":4,"s":null},{"i":5,"s":"w"}])");
}

TEST_F(SqlTest, APatternReadsAllFilesInTheOrderOfTheirNames) {
  Write("d1.csv", "i\n1\n");
  Write("d2.csv", "i\n2\n");
  EXPECT_EQ(Read("d?.csv"), R"([{"i":1},{"i":2}])");
  EXPECT_THAT(Error(JsonObject{{"query", "from t"},
                               {"inputs", JsonObject{{"t", "e*.csv"}}}})
                  .message,
              HasSubstr("no file matches"));
}

TEST_F(SqlTest, OptionsOfTheReaderAndAFormatCanBeGiven) {
  Write("data", "1;it's\n");
  EXPECT_EQ(Read(JsonObject{
                {"path", "data"},
                {"format", "csv"},
                {"options", JsonObject{{"delim", ";"},
                                       {"header", false},
                                       {"names", JsonArray{"a", "b'c"}}}}}),
            R"([{"a":1,"b'c":"it's"}])");
}

TEST_F(SqlTest, RowsObjectsTextsAndScalarsAreTables) {
  EXPECT_EQ(Read(JsonArray{JsonObject{{"a", 1}}, JsonObject{{"a", "x"}}}),
            R"([{"a":1},{"a":"x"}])");
  EXPECT_EQ(Read(JsonArray{1, 2}), R"([{"value":1},{"value":2}])");
  EXPECT_EQ(Read(JsonArray{}), "[]");
  EXPECT_EQ(Read(JsonObject{{"status", 200}}), R"([{"status":200}])");
  EXPECT_EQ(Read("a,b\n1,2\n"), R"([{"a":1,"b":2}])");
  EXPECT_EQ(Read(JsonObject{{"text", "[{\"a\": 1}]"}}), R"([{"a":1}])");
  EXPECT_EQ(Read(7), R"([{"value":7}])");
}

TEST_F(SqlTest, ATextOfOneLineIsAPathUnlessItIsAJsonListOrObject) {
  Write("a.csv", "i\n1\n");
  EXPECT_EQ(Read("[ab].csv"), R"([{"i":1}])");
  EXPECT_EQ(Read(R"([{"i":2}])"), R"([{"i":2}])");
  EXPECT_EQ(Read(R"({"i":3})"), R"([{"i":3}])");
  EXPECT_EQ(Read("[]"), "[]");
  const Json inputs = JsonObject{{"t", "i,j"}};
  EXPECT_THAT(
      Error(JsonObject{{"query", "from t"}, {"inputs", inputs}}).message,
      HasSubstr("{text: ...}"));
}

TEST_F(SqlTest, WhatIsReadIsTheFileThatWasChecked) {
  Write("a.csv", "i\n1\n");
  Write("b.csv", "i\n2\n");
  auto places = Places::Open(task_.base_dir(), {});
  ASSERT_TRUE(places.ok());
  InputReader reader(task_, {.places = &*places}, *task_.ScratchDir());
  auto input = reader.Read("t", "a.csv");
  ASSERT_TRUE(input.ok()) << input.status();
  std::filesystem::rename(task_.Path("b.csv"), task_.Path("a.csv"));
  EXPECT_EQ(ReadTestFile(input->files.front()), "i\n1\n");
}

TEST_F(SqlTest, ManyFilesAreReadAsFewAre) {
  for (int i = 10; i < 40; ++i) {
    Write(absl::StrCat("f", i, ".csv"), absl::StrCat("i\n", i, "\n"));
  }
  EXPECT_EQ(Rows(JsonObject{
                {"query", "select count(*) as n, sum(i)::int as s from t"},
                {"inputs", JsonObject{{"t", "f*.csv"}}}}),
            R"([{"n":30,"s":735}])");
}

TEST_F(SqlTest, WhatThePlaceOrNameOfAFileTellsIsKept) {
  std::filesystem::create_directories(task_.Path("day=7"));
  Write("day=7/a.csv", "i\n1\n");
  Write("b.csv", "i\n2\n");
  EXPECT_EQ(Read("day=7/*.csv"), R"([{"i":1,"day":7}])");
  const std::string rows = Read(JsonObject{
      {"path", "b.csv"}, {"options", JsonObject{{"filename", true}}}});
  EXPECT_THAT(rows, HasSubstr(task_.Path("b.csv")));
}

TEST_F(SqlTest, ErrorsNameTheFileAsItIs) {
  Write("bad.csv", "a,b\n1,2\n");
  Write("bad.parquet", "PAR1 but no more");
  const Json text =
      JsonObject{{"path", "bad.csv"},
                 {"options", JsonObject{{"columns", JsonObject{{"a", "INT"}}},
                                        {"auto_detect", false},
                                        {"header", true}}}};
  for (const Json& input : {text, Json("bad.parquet")}) {
    const TaskError error = Error(
        JsonObject{{"query", "from t"}, {"inputs", JsonObject{{"t", input}}}});
    EXPECT_THAT(error.message, HasSubstr(task_.Path("bad.")));
    EXPECT_THAT(error.message, Not(HasSubstr("/input-")));
  }
}

// ------------------------------------------------------------------- params

TEST_F(SqlTest, ValuesAreBoundAndNeverBecomeSql) {
  Json params = JsonObject{
      {"query", "select $s as s, $i + 1 as i, $l as l, $o->>'a' as o, $n as n"},
      {"params", JsonObject{{"s", "'; drop table t; --"},
                            {"i", 41},
                            {"l", JsonArray{1, 2.5}},
                            {"o", JsonObject{{"a", "x"}}},
                            {"n", nullptr},
                            {"unused", 1}}}};
  EXPECT_EQ(Rows(params),
            R"([{"s":"'; drop table t; --","i":42,"l":[1.0,2.5],"o":"x",)"
            R"("n":null}])");
}

TEST_F(SqlTest, AListWithoutItemsIsAValue) {
  EXPECT_EQ(Rows(JsonObject{{"query", "select len($x) as n"},
                            {"params", JsonObject{{"x", JsonArray{}}}}}),
            R"([{"n":0}])");
}

TEST_F(SqlTest, AParameterWithoutAValueIsNamed) {
  TaskError error = ErrorOf("select $state");
  EXPECT_EQ(error.type, "InvalidParams");
  EXPECT_THAT(error.message, HasSubstr("$state"));
}

TEST_F(SqlTest, WhatIsWrongWithParamsIsSaidBeforeTheRun) {
  auto problems = [this](Json params) { return handler_->CheckParams(params); };
  EXPECT_THAT(problems(JsonObject{{"query", "select 1"},
                                  {"inputs", "${{ tasks.a.result }}"},
                                  {"outputs", JsonObject{{"t", "t.csv"}}}}),
              IsEmpty());
  EXPECT_THAT(problems(JsonObject{}),
              ElementsAre(Pair("", HasSubstr("query or query_file"))));
  EXPECT_THAT(problems(JsonObject{{"query", "select '${{ params.a }}'"}}),
              ElementsAre(Pair("query", HasSubstr("write $name"))));
  EXPECT_THAT(problems(JsonObject{{"query", "selec 1"}}),
              ElementsAre(Pair("query", HasSubstr("syntax error"))));
  EXPECT_THAT(
      problems(JsonObject{
          {"query", "select 1"},
          {"inputs",
           JsonObject{{"a", nullptr},
                      {"b", JsonObject{{"pth", "x.csv"}}},
                      {"c", JsonObject{{"path", "x"}, {"format", "xlsx"}}},
                      {"d", JsonObject{{"path", "x"},
                                       {"options", JsonObject{{"a, b", 1}}}}}}},
          {"outputs",
           JsonObject{{"t", "t.xlsx"}, {"u", JsonObject{{"format", "csv"}}}}}}),
      ElementsAre(Pair("inputs.a", HasSubstr("null")),
                  Pair("inputs.b", HasSubstr("path, url, text, rows")),
                  Pair("inputs.c.format", HasSubstr("parquet")),
                  Pair("inputs.d.options.a, b", HasSubstr("option")),
                  Pair("outputs.t", HasSubstr(".parquet")),
                  Pair("outputs.u.path", HasSubstr("missing"))));
}

// ------------------------------------------------------------------ outputs

TEST_F(SqlTest, TablesAndQueriesBecomeFiles) {
  Json value = ValueOf(Run(JsonObject{
      {"query", "create table t as select range as i from range(3)"},
      {"params", JsonObject{{"least", 1}}},
      {"outputs",
       JsonObject{{"t", "out/t.csv"},
                  {"big", JsonObject{{"path", "out/big.json"},
                                     {"query",
                                      "from t where i > $least -- all"}}}}}}));
  EXPECT_EQ(ReadTestFile(task_.Path("out/t.csv")), "i\n0\n1\n2\n");
  EXPECT_THAT(ReadTestFile(task_.Path("out/big.json")), HasSubstr("\"i\":2"));
  const Json& fact = value.at("outputs").at("t");
  EXPECT_EQ(fact.at("rows"), 3);
  EXPECT_EQ(fact.at("size"), 8);
  EXPECT_EQ(fact.at("path"),
            Json(boost::json::string(task_.Path("out/t.csv"))));
}

TEST_F(SqlTest, OutputsAreReplacedUnlessTheTaskSaysNo) {
  Write("t.csv", "old\n");
  Json params = JsonObject{
      {"query", "create table t as select 1 as i"},
      {"outputs",
       JsonObject{{"t", JsonObject{{"path", "t.csv"}, {"overwrite", false}}}}}};
  EXPECT_EQ(Error(params).type, "AlreadyExists");
  params.at("outputs") = JsonObject{{"t", "t.csv"}};
  ValueOf(Run(params));
  EXPECT_EQ(ReadTestFile(task_.Path("t.csv")), "i\n1\n");
}

TEST_F(SqlTest, AFailureLeavesNoOutput) {
  EXPECT_EQ(
      Error(JsonObject{
                {"query", "create table t as select 1 as i"},
                {"outputs",
                 JsonObject{{"t", "t.csv"},
                            {"u", JsonObject{{"path", "u.csv"},
                                             {"query", "from nowhere"}}}}}})
          .type,
      "SqlError");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(task_.Path("")),
                          std::filesystem::directory_iterator()),
            0);
}

// ---------------------------------------------------------------- isolation

TEST_F(SqlTest, NothingButTheTasksOwnFilesCanBeReached) {
  Write("secret.csv", "a\n1\n");
  const std::string file = task_.Path("secret.csv");
  for (const std::string& sql : std::initializer_list<std::string>{
           "from read_text('/etc/passwd')", "from read_csv('" + file + "')",
           "from '" + file + "'", "from glob('/etc/*')",
           "copy (select 1) to '/tmp/windlass-escape.csv'",
           "create table t (a int); copy t from '" + file + "'",
           "attach '/tmp/windlass-escape.db' as d", "install httpfs",
           "load httpfs", "from read_csv('http://127.0.0.1:1/a.csv')",
           "export database '/tmp/windlass-escape'",
           "set enable_external_access = true", "set memory_limit = '1TB'",
           "reset lock_configuration", "pragma enable_external_access"}) {
    Outcome outcome = Query(sql);
    EXPECT_TRUE(outcome.kind == AttemptOutcome::kFailed ||
                FormatJson(ValueOf(outcome).at("rows")) == "[]")
        << sql;
    EXPECT_FALSE(outcome.error && outcome.error->retryable) << sql;
  }
  EXPECT_FALSE(std::filesystem::exists("/tmp/windlass-escape.csv"));
}

TEST_F(SqlTest, NothingOfATaskReachesTheNext) {
  Query(
      "create table leak as select 1; create temp table leak2 as select 1; "
      "create macro leak3() as 1; create schema leak4; create sequence leak5; "
      "begin; create table leak6 as select 1");
  for (const char* sql : {"from leak", "from leak2", "select leak3()",
                          "create table leak4.t as select 1",
                          "select nextval('leak5')", "from leak6"}) {
    EXPECT_EQ(ErrorOf(sql).type, "SqlError") << sql;
  }
}

TEST_F(SqlTest, WhatWouldReachTheProcessOrOtherTasksIsRefused) {
  for (const char* sql :
       {"set threads = 1", "reset search_path", "use system",
        "pragma enable_profiling", "call enable_logging(); select 1",
        "from enable_logging(level = 'debug')", "attach ':memory:' as other",
        "from query('select 1')", "prepare p as select 1; execute p",
        "from json_execute_serialized_sql('{}')", "copy (select 1) to 'x.csv'",
        "create table t (a int); copy t from 'x'",
        "explain analyze copy (select 1) to 'x.csv'",
        "create persistent secret s (type http)", "export database 'x'"}) {
    EXPECT_EQ(ErrorOf(sql).type, "PermissionDenied") << sql;
  }
}

TEST_F(SqlTest, CheckingAQueryReadsNoFile) {
  const std::string folder = task_.Path("database");
  std::filesystem::create_directory(folder);
  Write("database/schema.sql", "a_secret here");
  Write("database/load.sql", "");
  const auto problems = handler_->CheckParams(
      JsonObject{{"query", absl::StrCat("import database '", folder, "'")}});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0].second, Not(HasSubstr("a_secret")));
}

// Data as the world writes it. What is lost without a word is lost for good.
TEST_F(SqlTest, NoLineOfAFileIsDropped) {
  Write("ragged.csv", "a,b,c\n1,2,3\n4,5\n6,7,8,9\n");
  EXPECT_NE(Read("ragged.csv"),
            R"([{"column0":6,"column1":7,"column2":8,"column3":9}])");
  EXPECT_EQ(Read(JsonObject{{"path", "ragged.csv"},
                            {"options", JsonObject{{"null_padding", true}}}}),
            R"([{"a":1,"b":2,"c":3,"column3":null},)"
            R"({"a":4,"b":5,"c":null,"column3":null},)"
            R"({"a":6,"b":7,"c":8,"column3":9}])");
  Write("marked.json", "\xEF\xBB\xBF [{\"a\":1},{\"a\":2}]");
  EXPECT_EQ(Read("marked.json"), R"([{"a":1},{"a":2}])");
}

TEST_F(SqlTest, AFileThatWasCutShortIsAnError) {
  std::string bytes;
  auto gzip = GzipCompressor::Open(6, [&](std::string_view piece) {
    bytes += piece;
    return absl::OkStatus();
  });
  ASSERT_TRUE(gzip.ok());
  std::string text = "a\n";
  for (int i = 0; i < 20'000; ++i) absl::StrAppend(&text, i, "\n");
  ASSERT_TRUE(gzip->Write(text).ok());
  ASSERT_TRUE(gzip->Finish().ok());
  Write("whole.csv.gz", bytes);
  const Json query = JsonObject{{"query", "select count(*) as n from t"},
                                {"inputs", JsonObject{{"t", "whole.csv.gz"}}}};
  EXPECT_EQ(Rows(query), R"([{"n":20000}])");
  for (const std::size_t lost : {std::size_t{4}, bytes.size() / 2}) {
    Write("whole.csv.gz", bytes.substr(0, bytes.size() - lost));
    EXPECT_THAT(Error(query).message, HasSubstr("whole.csv.gz")) << lost;
  }
}

TEST_F(SqlTest, WhatParquetCannotKeepIsATextInIt) {
  const Outcome outcome = Run(JsonObject{{"query",
                                          "select interval '-90 seconds' as i, "
                                          "[10::hugeint ** 25] as h, "
                                          "'12:00:00+02'::timetz as z"},
                                         {"result", "parquet"}});
  ASSERT_EQ(outcome.kind, AttemptOutcome::kSucceeded) << outcome.error->message;
}

TEST_F(SqlTest, InputsCannotBeWritten) {
  Write("a.csv", "i\n1\n");
  // However the path of the input is learnt.
  const std::string path = task_.Path("a.csv");
  for (const std::string& sql :
       {absl::StrCat("copy (select 2 as i) to '", path, "'"),
        absl::StrCat("explain analyze copy (select 2 as i) to '", path, "'")}) {
    const Json params =
        JsonObject{{"query", sql}, {"inputs", JsonObject{{"t", "a.csv"}}}};
    EXPECT_EQ(Error(params).type, "PermissionDenied");
  }
  const Json params = JsonObject{
      {"query", "create table u as select 1 as a"},
      {"inputs", JsonObject{{"t", "a.csv"}}},
      {"outputs",
       JsonObject{{"u", JsonObject{{"path", "u.csv"},
                                   {"query",
                                    absl::StrCat("select 1) to '", path,
                                                 "' (format csv); copy (select "
                                                 "1")}}}}}};
  EXPECT_THAT(Error(params).message, HasSubstr("expected one query"));
  EXPECT_EQ(ReadTestFile(path), "i\n1\n");
}

TEST_F(SqlTest, OutputsAppearAllOrNone) {
  Write("folder", "a file");
  const TaskError error = Error(JsonObject{
      {"query", "create table a as select 1; create table b as select 2"},
      {"outputs", JsonObject{{"a", "first.csv"}, {"b", "folder/second.csv"}}}});
  EXPECT_FALSE(std::filesystem::exists(task_.Path("first.csv"))) << error.type;
}

TEST_F(SqlTest, TwoOutputsAreNotOneFile) {
  const TaskError error = Error(JsonObject{
      {"query", "create table a as select 1; create table b as select 2"},
      {"outputs", JsonObject{{"a", "t.csv"}, {"b", "./x/../t.csv"}}}});
  EXPECT_THAT(error.message, HasSubstr("outputs a and b are the same file"));
}

TEST_F(SqlTest, TheStoreBesideAWorkflowIsNobodysInput) {
  std::filesystem::create_directory(task_.Path(".windlass"));
  Write(".windlass/t.csv", "a\n1\n");
  EXPECT_EQ(Error(JsonObject{{"query", "from t"},
                             {"inputs", JsonObject{{"t", ".windlass/t.csv"}}}})
                .type,
            "PermissionDenied");
}

TEST_F(SqlTest, UrlsLeadOnlyWhereTheExecutorAllows) {
  SqlHandlerOptions options = Options();
  options.http_policy = AddressPolicy::Parse("none").value();
  handler_ = MakeSqlHandler(std::move(options));
  const TaskError error = Error(
      JsonObject{{"query", "from t"},
                 {"inputs", JsonObject{{"t", "http://127.0.0.1:9/t.csv"}}}});
  EXPECT_EQ(error.type, "PermissionDenied");
  EXPECT_THAT(error.message, HasSubstr("WINDLASS_HTTP_ALLOW"));
}

TEST_F(SqlTest, InputsAndOutputsStayInAllowedFolders) {
  std::filesystem::create_symlink("/etc", task_.Path("link"));
  for (const char* path : {"/etc/passwd", "../../etc/passwd", "link/passwd",
                           "/etc/pass*", "/dev/zero"}) {
    TaskError error = Error(JsonObject{
        {"query", "from t"},
        {"inputs",
         JsonObject{{"t", JsonObject{{"path", path}, {"format", "csv"}}}}}});
    EXPECT_EQ(error.type, "PermissionDenied") << path << error.message;
  }
  EXPECT_EQ(Error(JsonObject{{"query", "create table t as select 1"},
                             {"outputs", JsonObject{{"t", "../t.csv"}}}})
                .type,
            "PermissionDenied");
}

TEST_F(SqlTest, TheMemoryLimitHolds) {
  TaskError error =
      Error(JsonObject{{"query", "select list(range) from range(100000000)"},
                       {"memory", "64MiB"}});
  EXPECT_EQ(error.type, "OutOfMemory");
  EXPECT_EQ(error.category, ErrorCategory::kResource);
}

TEST_F(SqlTest, WhatDoesNotFitIntoMemorySpills) {
  EXPECT_EQ(
      Rows(JsonObject{
          {"query",
           "create table t as select repeat(md5(range::varchar), 8) as s "
           "from range(400000);"
           "select count(*) > 0 as spilled from duckdb_temporary_files()"},
          {"memory", "64MiB"}}),
      R"([{"spilled":true}])");
}

TEST_F(SqlTest, MoreSpilledThanAllowedIsAnErrorOfItsOwn) {
  SqlHandlerOptions options = Options();
  options.spill_bytes = 1 << 20;
  handler_ = MakeSqlHandler(options);
  const TaskError error = Error(JsonObject{
      {"query",
       "create table t as select repeat(md5(range::varchar), 8) as s "
       "from range(800000); select count(*) from t"},
      {"memory", "64MiB"}});
  EXPECT_EQ(error.type, "SpillQuotaExceeded") << error.message;
  EXPECT_EQ(error.category, ErrorCategory::kResource);
  EXPECT_FALSE(error.retryable);
}

TEST_F(SqlTest, WhatWasProcessedIsTold) {
  struct Volumes : EventSink {
    void OnData(std::string_view type, const DataVolume& volume) override {
      EXPECT_EQ(type, "sql");
      last = volume;
    }
    DataVolume last;
  } volumes;
  SqlHandlerOptions options = Options();
  options.events = &volumes;
  handler_ = MakeSqlHandler(options);
  Query("select range as i from range(7)");
  EXPECT_EQ(volumes.last.rows, 7);
  EXPECT_EQ(volumes.last.bytes, 0);
  Run(JsonObject{
      {"query", "select range as i from range(20000)"},
      {"outputs",
       JsonObject{
           {"o", JsonObject{{"path", "out.csv"},
                            {"query", "select range as i from range(5)"}}}}}});
  EXPECT_EQ(volumes.last.rows, 20005);
  EXPECT_GT(volumes.last.bytes, 1000);
}

TEST_F(SqlTest, ACancelInterruptsTheQuery) {
  std::thread stopper([this] {
    while (task_.progress().empty() && task_.heartbeats().empty()) {
      std::this_thread::yield();
    }
    task_.Stop(StopReason::kCancelled);
  });
  Outcome outcome = Query(
      "select sum(a.range * b.range) from range(1000000) a, "
      "range(1000000) b");
  stopper.join();
  EXPECT_EQ(outcome.kind, AttemptOutcome::kCancelled);
}

TEST_F(SqlTest, AStopReachesItsOwnTaskAlone) {
  const Json endless =
      JsonObject{{"query",
                  "select sum(a.range * b.range) from range(1000000) "
                  "a, range(1000000) b"}};
  const auto wait_until_watched = [](const FakeTaskContext& task) {
    while (task.heartbeats().empty()) std::this_thread::yield();
  };
  FakeTaskContext other{endless};
  std::atomic<bool> ended = false;
  std::thread running([&] {
    EXPECT_EQ(handler_->Execute(other).kind, AttemptOutcome::kCancelled);
    ended = true;
  });
  wait_until_watched(other);
  EXPECT_EQ(RowsOf("select 1 as a"), R"([{"a":1}])");
  std::thread stopper([&] {
    wait_until_watched(task_);
    task_.Stop(StopReason::kCancelled);
  });
  EXPECT_EQ(Run(endless).kind, AttemptOutcome::kCancelled);
  stopper.join();
  EXPECT_FALSE(ended);
  other.Stop(StopReason::kCancelled);
  running.join();
}

// ------------------------------------------------------------------- errors

TEST_F(SqlTest, ErrorsSayWhatKindTheyAre) {
  EXPECT_EQ(ErrorOf("select nothing").type, "SqlError");
  EXPECT_EQ(ErrorOf("select 'x'::int").type, "DataError");
  EXPECT_EQ(ErrorOf("select nothing").category, ErrorCategory::kValidation);
  Write("bad.csv", "a,b\n1,2\n3,4,5\n");
  TaskError error = Error(JsonObject{
      {"query", "from t"},
      {"inputs",
       JsonObject{
           {"t", JsonObject{{"path", "bad.csv"},
                            {"options",
                             JsonObject{{"columns", JsonObject{{"a", "INT"}}},
                                        {"auto_detect", false},
                                        {"header", true}}}}}}}});
  EXPECT_THAT(error.message, HasSubstr("Line: "));
  EXPECT_EQ(error.type, "DataError");
}

TEST_F(SqlTest, AQueryCanStandInAFile) {
  Write("q.sql", "select 1 as a;\n");
  EXPECT_EQ(Rows(JsonObject{{"query_file", "q.sql"}}), R"([{"a":1}])");
  EXPECT_EQ(Error(JsonObject{{"query_file", "/etc/hostname"}}).type,
            "PermissionDenied");
}

}  // namespace
}  // namespace windlass
