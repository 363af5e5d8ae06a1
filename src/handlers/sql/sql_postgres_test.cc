// Queries on a PostgreSQL server as inputs, and tables on one as outputs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "handlers/sql/sql.h"
#include "support/fake_task_context.h"
#include "support/postgres_database.h"

namespace windlass {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class SqlPostgresTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = testing::PostgresDatabase::Create();
    ASSERT_TRUE(made.ok()) << made.status();
    database_ = *std::move(made);
    url_ = database_->url();
  }

  // --- on the server
  void Prepare(const std::string& sql) {
    auto rows = testing::RunSql(url_, sql);
    ASSERT_TRUE(rows.ok()) << rows.status();
  }
  // Of one column, as lines.
  std::string OnServer(const std::string& sql) {
    auto rows = testing::RunSql(url_, sql);
    EXPECT_TRUE(rows.ok()) << rows.status();
    std::string lines;
    if (!rows.ok()) return lines;
    for (const auto& row : *rows) absl::StrAppend(&lines, row[0], "\n");
    return lines;
  }

  // --- the task
  // As if `written` stood in the workflow; by default that is what is
  // evaluated.
  Outcome Run(Json params, std::optional<Json> written = std::nullopt) {
    auto workflow = std::make_shared<Workflow>();
    workflow->tasks.emplace_back().params = written.value_or(params);
    task_.mutable_run().workflow = workflow;
    task_.set_params(std::move(params));
    return handler_->Execute(task_);
  }
  // `query` on the table t, which the server answers to `asked`.
  Outcome Read(std::string_view asked, std::string_view query = "from t",
               JsonObject params = {}) {
    JsonObject input{{"postgres", url_},
                     {"query", std::string(asked)},
                     {"params", std::move(params)}};
    return Run(JsonObject{{"query", std::string(query)},
                          {"inputs", JsonObject{{"t", std::move(input)}}}});
  }
  Outcome Write(std::string_view query, JsonObject output) {
    output["postgres"] = url_;
    output["query"] = std::string(query);
    return Run(JsonObject{{"query", "select 1 as one"},
                          {"outputs", JsonObject{{"out", std::move(output)}}}});
  }
  static std::string RowsOf(const Outcome& outcome) {
    EXPECT_EQ(outcome.kind, AttemptOutcome::kSucceeded)
        << (outcome.error ? outcome.error->message : "");
    const Json* value = std::get_if<Json>(&outcome.content);
    return value == nullptr ? "none" : FormatJson(value->at("rows"));
  }
  static TaskError ErrorOf(const Outcome& outcome) {
    EXPECT_EQ(outcome.kind, AttemptOutcome::kFailed);
    return outcome.error.value_or(TaskError{});
  }

  std::unique_ptr<testing::PostgresDatabase> database_;
  std::string url_;
  FakeTaskContext task_{JsonObject{}};
  std::unique_ptr<TaskHandler> handler_ = MakeSqlHandler(Options());

 private:
  static SqlHandlerOptions Options() {
    SqlHandlerOptions options;
    options.threads = 1;
    return options;
  }
};

// ------------------------------------------------------------------ inputs

TEST_F(SqlPostgresTest, TypesBecomeThoseOfDuckDb) {
  EXPECT_EQ(
      RowsOf(Read(
          "select true a, 1::int2 b, 2::int4 c, 3::int8 d, 0.5::float4 e, "
          "2.5::float8 f, 'NaN'::float8 g, 1.50::numeric(10, 2) h, "
          "1e3::numeric "
          "i, 'x'::text j, 'y'::varchar(3) k, date '2024-02-29' l, "
          "timestamp '2024-02-29 12:00:00.5' m, "
          "timestamptz '2024-02-29 12:00:00+02' n, time '12:00' o, "
          "'0f8fad5b-d9cb-469f-a165-70867728950e'::uuid p, "
          "'{\"k\": [1]}'::jsonb q, '\\x00ff'::bytea r, '{1,null}'::int[] s, "
          "row(1, 'z') t, interval '-1 day 2 hours' u, 'infinity'::timestamptz "
          "v, null::int w -- the end",
          "select * exclude (v), v > now() as later from t")),
      R"([{"a":true,"b":1,"c":2,"d":3,"e":0.5,"f":2.5,"g":"NaN","h":1.5,)"
      R"("i":1000.0,"j":"x","k":"y","l":"2024-02-29",)"
      R"("m":"2024-02-29T12:00:00.5","n":"2024-02-29T10:00:00Z",)"
      R"("o":"12:00:00","p":"0f8fad5b-d9cb-469f-a165-70867728950e",)"
      R"("q":{"k":[1]},"r":"AP8=","s":[1,null],"t":{"f1":1,"f2":"z"},)"
      R"("u":"-1 days +02:00:00","w":null,"later":true}])");
  EXPECT_EQ(RowsOf(Read("select 1.50::numeric(10, 2) h, 1::numeric i, now() n",
                        "select typeof(h) a, typeof(i) b, typeof(n) c from t")),
            "[{\"a\":\"DECIMAL(10,2)\",\"b\":\"DOUBLE\","
            "\"c\":\"TIMESTAMP WITH TIME ZONE\"}]");
}

TEST_F(SqlPostgresTest, NullsAndOddTextsArriveAsTheyAre) {
  EXPECT_EQ(RowsOf(Read("select * from (values (1, null), (2, ''), "
                        "(3, E'a\\n\\\\.\\nb'), (4, '\"x\", y'), (5, '日本')) "
                        "v (i, s) order by 1;",
                        "from t order by i")),
            R"([{"i":1,"s":null},{"i":2,"s":""},{"i":3,"s":"a\n\\.\nb"},)"
            R"({"i":4,"s":"\"x\", y"},{"i":5,"s":"日本"}])");
  EXPECT_EQ(RowsOf(Read("select null::text as s union all select ''",
                        "select count(*) n, count(s) m from t")),
            R"([{"n":2,"m":1}])");
  EXPECT_EQ(RowsOf(Read("select 1 as a where false")), "[]");
  EXPECT_EQ(RowsOf(Read("select repeat('x', 6000000) as s",
                        "select length(s) as n from t")),
            R"([{"n":6000000}])");
}

TEST_F(SqlPostgresTest, ValuesReachTheQueryAsSettings) {
  EXPECT_EQ(RowsOf(Read("select current_setting('windlass.state') as s, "
                        "current_setting('windlass.n')::int + 1 as n",
                        "from t", {{"state", "'; drop table x"}, {"n", 41}})),
            R"([{"s":"'; drop table x","n":42}])");
}

TEST_F(SqlPostgresTest, AQueryOnlyReads) {
  Prepare("create table seen (i int); create sequence s");
  EXPECT_EQ(ErrorOf(Read("insert into seen values (1) returning i")).type,
            "SqlError");
  EXPECT_EQ(ErrorOf(Read("select nextval('s')")).type, "SqlError");
  EXPECT_EQ(ErrorOf(Read("select 1; select 2")).type, "SqlError");
}

TEST_F(SqlPostgresTest, ErrorsSayWhatTheServerSaid) {
  TaskError error = ErrorOf(Read("select nothing from nowhere"));
  EXPECT_EQ(error.type, "SqlError");
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("input t: postgres: "), HasSubstr("nowhere")));
  EXPECT_EQ(
      ErrorOf(Read("select 1 / (n - 1) as x from generate_series(1, 3) n"))
          .type,
      "DataError");
  EXPECT_THAT(ErrorOf(Read("select 1 as a, 2 as a")).message,
              HasSubstr("two columns a"));
}

TEST_F(SqlPostgresTest, APasswordIsNotShown) {
  url_ = "postgresql://someone:secret@127.0.0.1:1/nowhere";
  TaskError error = ErrorOf(Read("select 1 as a"));
  EXPECT_EQ(error.type, "Unavailable");
  EXPECT_TRUE(error.retryable);
  EXPECT_THAT(error.message, Not(HasSubstr("secret")));
  url_ = "postgresql://someone:secret@[nowhere";
  error = ErrorOf(Read("select 1 as a"));
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("malformed"), Not(HasSubstr("secret"))));
}

TEST_F(SqlPostgresTest, DataThatNamesAServerIsNotAsked) {
  const Json input = JsonObject{{"postgres", url_}, {"query", "select 1 as a"}};
  auto params = [](Json table) {
    return JsonObject{{"query", "from t"},
                      {"inputs", JsonObject{{"t", std::move(table)}}}};
  };
  TaskError error =
      ErrorOf(Run(params(input), params("${{ tasks.a.result }}")));
  EXPECT_EQ(error.type, "InvalidParams");
  EXPECT_THAT(error.message, HasSubstr("data that names a server"));
  EXPECT_THAT(ErrorOf(Run(params(input),
                          params(JsonObject{{"postgres", url_},
                                            {"query", "${{ params.sql }}"}})))
                  .message,
              HasSubstr("expressions may not stand in SQL"));
}

TEST_F(SqlPostgresTest, ACancelEndsTheWaitForTheServer) {
  std::thread stopper([this] {
    while (OnServer("select count(*) from pg_stat_activity where query like "
                    "'%pg_sleep(3600)%' and pid <> pg_backend_pid()") ==
           "0\n") {
      std::this_thread::yield();
    }
    task_.Stop(StopReason::kCancelled);
  });
  const Outcome outcome = Read("select pg_sleep(3600)::text as a");
  stopper.join();
  EXPECT_EQ(outcome.kind, AttemptOutcome::kCancelled);
}

// ----------------------------------------------------------------- outputs

TEST_F(SqlPostgresTest, RowsAreAppendedWithTheirTypes) {
  Prepare(
      "create schema s; create table s.\"T x\" (a int, b text, c numeric, d "
      "timestamptz, e bytea, f jsonb, g int[], h bool, i float8, j uuid, k "
      "date, l numeric, \"m n\" text)");
  Outcome outcome = Write(
      "select 1 a, '' b, 1.5 c, timestamptz '2024-02-29 12:00:00+02' d, "
      "'\\x00\\xFF'::blob e, {'x': [1]} f, [1, null] g, true h, 'nan'::double "
      "i, "
      "'0f8fad5b-d9cb-469f-a165-70867728950e'::uuid j, date '2024-02-29' k, "
      "12345678901234567890123::hugeint l, E'\\\\.\\n\"' \"m n\" "
      "union all select null, null, null, null, null, null, null, null, null, "
      "null, null, null, '\\.'",
      {{"table", "s.T x"}});
  EXPECT_EQ(FormatJson(std::get<Json>(outcome.content).at("outputs")),
            R"({"out":{"table":"s.T x","mode":"append","rows":2}})");
  EXPECT_EQ(OnServer("set timezone to 'UTC'; select t::text from s.\"T x\" t "
                     "order by a"),
            "(1,\"\",1.5,\"2024-02-29 10:00:00+00\",\"\\\\x00ff\","
            "\"{\"\"x\"\": [1]}\",\"{1,NULL}\",t,NaN,"
            "0f8fad5b-d9cb-469f-a165-70867728950e,2024-02-29,"
            "12345678901234567890123,\"\\\\.\n\"\"\")\n"
            "(,,,,,,,,,,,,\"\\\\.\")\n");
}

TEST_F(SqlPostgresTest, ReplaceLeavesNothingElse) {
  Prepare("create table t (a int); insert into t values (1), (2)");
  RowsOf(Write("select 3 as a", {{"table", "t"}, {"mode", "replace"}}));
  EXPECT_EQ(OnServer("select a from t"), "3\n");
}

TEST_F(SqlPostgresTest, UpsertUpdatesWhatHasTheKey) {
  Prepare(
      "create table t (k int, l text, v text, w text default 'kept', "
      "primary key (k, l)); insert into t values (1, 'a', 'old', 'own')");
  const JsonObject output{
      {"table", "public.t"}, {"mode", "upsert"}, {"key", JsonArray{"k", "l"}}};
  RowsOf(
      Write("select 1 k, 'a' l, 'new' v union all select 2, 'b', 'x'", output));
  RowsOf(Write("select 1 k, 'a' l, 'newer' v", output));
  EXPECT_EQ(OnServer("select t::text from t order by k"),
            "(1,a,newer,own)\n(2,b,x,kept)\n");
  EXPECT_EQ(
      ErrorOf(Write("select 1 k, 'a' l, 'x' v union all select 1, 'a', 'y'",
                    output))
          .type,
      "DataError");
}

TEST_F(SqlPostgresTest, OneOutputThatFailsLeavesAllUnwritten) {
  Prepare("create table t (a int); create table u (a int check (a < 5))");
  auto output = [this](const char* table) {
    return JsonObject{
        {"postgres", url_}, {"table", table}, {"query", "select 7 as a"}};
  };
  const Outcome outcome = Run(JsonObject{
      {"query", "select 1 as one"},
      {"outputs", JsonObject{{"file", JsonObject{{"path", "file.csv"},
                                                 {"query", "select 1 as a"}}},
                             {"t", output("t")},
                             {"u", output("u")}}}});
  const TaskError error = ErrorOf(outcome);
  EXPECT_EQ(error.type, "DataError");
  EXPECT_THAT(error.message, HasSubstr("table u: "));
  EXPECT_EQ(OnServer("select a from t"), "");
  EXPECT_EQ(ReadTestFile(task_.Path("file.csv")), "");
}

TEST_F(SqlPostgresTest, WhatDoesNotFitTheTableIsNamed) {
  Prepare("create table t (a int, b int)");
  EXPECT_THAT(ErrorOf(Write("select 1 as c", {{"table", "t"}})).message,
              HasSubstr("has no column c; it has a, b"));
  TaskError error = ErrorOf(Write("select 'x' as a", {{"table", "t"}}));
  EXPECT_EQ(error.type, "DataError");
  EXPECT_THAT(error.message, HasSubstr("line 1, column a"));
  EXPECT_EQ(ErrorOf(Write("select 1 as a", {{"table", "nowhere"}})).type,
            "SqlError");
}

// ------------------------------------------------------------------ params

TEST_F(SqlPostgresTest, ParamsAreChecked) {
  auto problem = [this](JsonObject input, JsonObject output) {
    const auto problems = handler_->CheckParams(
        JsonObject{{"query", "select 1"},
                   {"inputs", JsonObject{{"t", std::move(input)}}},
                   {"outputs", JsonObject{{"o", std::move(output)}}}});
    return problems.empty()
               ? ""
               : absl::StrCat(problems[0].first, ": ", problems[0].second);
  };
  const JsonObject input{{"postgres", "${{ secrets.DB }}"},
                         {"query", "select 1"}};
  const JsonObject output{{"postgres", "${{ secrets.DB }}"}, {"table", "t"}};
  EXPECT_EQ(problem(input, output), "");
  auto with = [](JsonObject object, const char* name, Json value) {
    object[name] = std::move(value);
    return object;
  };
  EXPECT_THAT(problem(with(input, "query", "select ${{ params.x }}"), output),
              HasSubstr("inputs.t.query: expressions may not stand in SQL"));
  EXPECT_THAT(problem(with(input, "path", "x.csv"), output),
              HasSubstr("inputs.t.path"));
  EXPECT_THAT(problem(with(input, "params", JsonObject{{"A b", 1}}), output),
              HasSubstr("inputs.t.params.A b"));
  EXPECT_THAT(problem(input, with(output, "mode", "upsert")),
              HasSubstr("outputs.o.key: is missing"));
  EXPECT_THAT(problem(input, with(output, "mode", "merge")),
              HasSubstr("outputs.o.mode"));
  EXPECT_THAT(problem(input, with(output, "key", JsonArray{"a"})),
              HasSubstr("outputs.o.key: is for mode: upsert"));
}

}  // namespace
}  // namespace windlass
