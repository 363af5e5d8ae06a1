#include "handlers/python/python.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/concat.h"
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

class PythonTest : public ::testing::Test {
 protected:
  // A call of main(), defined by `code`.
  static Json Code(std::string_view code, JsonObject args = {}) {
    return JsonObject{{"code", std::string(code)},
                      {"args", std::move(args)},
                      {"preload", JsonArray{}}};
  }
  static Json With(Json params, std::string_view name, Json value) {
    params.as_object()[name] = std::move(value);
    return params;
  }
  // One that may use pandas.
  static Json Pandas(std::string_view code, JsonObject args = {}) {
    return With(Code(code, std::move(args)), "preload", JsonArray{"pandas"});
  }
  Outcome Run(Json params) {
    task_.set_params(std::move(params));
    return handler_->Execute(task_);
  }
  std::string Value(Json params) {
    Outcome outcome = Run(std::move(params));
    EXPECT_EQ(outcome.kind, AttemptOutcome::kSucceeded)
        << (outcome.error ? outcome.error->message : "");
    const Json* value = std::get_if<Json>(&outcome.content);
    return value == nullptr ? "no value" : FormatJson(*value);
  }
  TaskError Error(Json params) {
    Outcome outcome = Run(std::move(params));
    EXPECT_EQ(outcome.kind, AttemptOutcome::kFailed);
    return outcome.error.value_or(TaskError{});
  }
  std::unique_ptr<TaskHandler> Handler() {
    PythonHandlerOptions options;
    options.results = &results_;
    return MakePythonHandler(options);
  }

  FakeTaskContext task_{JsonObject{}};
  windlass::testing::MemoryResultStore store_;
  ResultIo results_{store_};
  std::unique_ptr<TaskHandler> handler_ = Handler();
};

TEST_F(PythonTest, AFunctionGetsItsArgumentsAndReturnsAValue) {
  EXPECT_EQ(Value(Code("def main(a, b=2):\n  return {'sum': a + b, 'l': (1,)}",
                       {{"a", 40}})),
            R"({"sum":42,"l":[1]})");
  EXPECT_EQ(Value(Code("def main():\n  pass")), "null");
}

TEST_F(PythonTest, AScriptIsFoundBesideTheWorkflowWithItsNeighbours) {
  WriteTestFile(task_.Path("near.py"), "WORD = 'near'\n");
  WriteTestFile(task_.Path("work.py"),
                "import near\ndef shout(): return near.WORD.upper()\n");
  EXPECT_EQ(Value(JsonObject{{"script", "work.py"},
                             {"function", "shout"},
                             {"preload", JsonArray{}}}),
            "\"NEAR\"");
}

TEST_F(PythonTest, TheTaskIsReachedThroughThePackage) {
  Value(Code(R"(
import windlass
def main():
    windlass.progress(0.5, "half")
    windlass.save("model", [windlass.load("model", 0)])
    windlass.save("again", windlass.load("model"))
    windlass.heartbeat({"row": 1})
    windlass.log("careful", "warn")
    print("printed")
)"));
  EXPECT_THAT(task_.progress(), ElementsAre(Pair(0.5, "half")));
  EXPECT_EQ(FormatJson(task_.saved()["again"]), "[0]");
  EXPECT_EQ(FormatJson(task_.heartbeats().at(0)), R"({"row":1})");
  EXPECT_THAT(task_.logs(), Contains("careful"));
  EXPECT_THAT(task_.logs(), Contains("printed"));
}

TEST_F(PythonTest, EveryTaskHasAProcessOfItsOwnForkedFromAWarmOne) {
  const Json params = Code(
      "import os, sys\n"
      "def main():\n"
      "  seen = hasattr(sys, 'seen'); sys.seen = True\n"
      "  return [os.getppid(), seen]");
  const std::string first = Value(params);
  EXPECT_THAT(first, HasSubstr("false"));
  EXPECT_EQ(Value(params), first);
}

TEST_F(PythonTest, ExceptionsAreFailuresWithTheirTraceback) {
  TaskError error = Error(Code("def main():\n  return 1 / 0"));
  EXPECT_EQ(error.type, "ZeroDivisionError");
  EXPECT_TRUE(error.retryable);
  EXPECT_THAT(FormatJson(error.details), HasSubstr("line 2, in main"));
  error =
      Error(Code("import windlass\ndef main():\n"
                 "  raise windlass.FinalError('no', 'Bad', {'a': 1})"));
  EXPECT_EQ(error.type, "Bad");
  EXPECT_FALSE(error.retryable);
  EXPECT_EQ(FormatJson(error.details), R"({"a":1})");
}

TEST_F(PythonTest, AScriptThatCannotBeLoadedIsNotTriedAgain) {
  for (const char* code :
       {"def main(:", "import no_such_module", "def other(): pass"}) {
    TaskError error = Error(Code(code));
    EXPECT_EQ(error.type, "ScriptError") << code;
    EXPECT_FALSE(error.retryable);
  }
  EXPECT_THAT(Error(Code("def other(): pass")).message, HasSubstr("other"));
  EXPECT_EQ(Error(Code("def main(): return object()")).type, "InvalidResult");
}

TEST_F(PythonTest, BytesAndPathsAreResults) {
  for (const char* code :
       {"def main(): return b'\\x00\\xff'",
        "import os, pathlib\ndef main():\n"
        "  p = pathlib.Path(os.environ.get('TMPDIR', '/tmp'), 'windlass-py')\n"
        "  p.write_bytes(b'\\x00\\xff'); return p"}) {
    Outcome outcome = Run(Code(code));
    const auto* file = std::get_if<FileContent>(&outcome.content);
    ASSERT_NE(file, nullptr) << code;
    EXPECT_EQ(ReadTestFile(file->path), std::string("\0\xff", 2));
  }
}

TEST_F(PythonTest, LargeValuesGoByWayOfAFile) {
  Outcome outcome = Run(Code("def main(): return ['x' * 1000] * 20000"));
  const auto* file = std::get_if<FileContent>(&outcome.content);
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->media_type, "application/json");
}

TEST_F(PythonTest, AResultOfBytesArrivesAsBytes) {
  auto bytes = results_.Write(Bytes{std::string("\0\xff", 2)}, {.key = "r1/b"});
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(Value(Code("def main(b): return list(b)", {{"b", ToJson(*bytes)}})),
            "[0,255]");
}

// ------------------------------------------------------------------- frames

TEST_F(PythonTest, ATableIsADataFrameAndComesBackWithItsTypes) {
  auto table = ParseJson(
      R"({"columns":[{"name":"i","type":"BIGINT"},{"name":"n","type":"INTEGER"},)"
      R"({"name":"x","type":"DOUBLE"},{"name":"s","type":"VARCHAR"},)"
      R"({"name":"b","type":"BOOLEAN"},{"name":"t","type":"TIMESTAMP"},)"
      R"({"name":"z","type":"TIMESTAMP WITH TIME ZONE"},)"
      R"({"name":"y","type":"BLOB"}],"rows":[)"
      R"({"i":9007199254740993,"n":1,"x":0.5,"s":"é","b":true,)"
      R"("t":"2024-02-29T12:00:00.500000","z":"2024-02-29T12:00:00Z","y":"AP8="},)"
      R"({"i":2,"n":null,"x":null,"s":null,"b":false,"t":null,"z":null,)"
      R"("y":null}],"row_count":2})");
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(Value(Pandas("def main(t): return [str(d) for d in t.dtypes]",
                         {{"t", *table}})),
            R"(["int64","Int32","float64","object","bool","datetime64[ns]",)"
            R"("datetime64[ns, UTC]","object"])");
  EXPECT_EQ(Value(Pandas("def main(t): return t", {{"t", *table}})),
            FormatJson(*table));
}

TEST_F(PythonTest, WhatPandasAndNumpyHaveBecomesJson) {
  EXPECT_EQ(
      Value(Pandas(R"(
import datetime, decimal
import numpy as np, pandas as pd
def main():
    return {
        "array": np.array([[1, 2], [3, 4]]), "scalar": np.float32(0.5),
        "series": pd.Series([1.5, np.nan]), "nat": pd.NaT, "nan": float("nan"),
        "day": datetime.date(2024, 2, 29), "exact": decimal.Decimal("1.10"),
        "frame": pd.DataFrame({"c": pd.Categorical(["a", None]),
                               "z": pd.to_datetime(["2024-01-01 01:00", None])
                                      .tz_localize("Europe/Berlin"),
                               "n": pd.to_datetime([1, 2], unit="ns")},
                              index=pd.Index([7, 8], name="id"))}
)")),
      R"({"array":[[1,2],[3,4]],"scalar":0.5,"series":[1.5,null],)"
      R"("nat":null,"nan":"NaN","day":"2024-02-29","exact":"1.10",)"
      R"("frame":{"columns":[{"name":"id","type":"BIGINT"},)"
      R"({"name":"c","type":"VARCHAR","dtype":{"name":"category",)"
      R"("ordered":false,"categories":["a"]}},)"
      R"({"name":"z","type":"TIMESTAMP WITH TIME ZONE",)"
      R"("dtype":{"name":"datetime64[ns]","zone":"Europe/Berlin"}},)"
      R"({"name":"n","type":"TIMESTAMP_NS"}],"rows":[)"
      R"({"id":7,"c":"a","z":"2024-01-01T00:00:00Z",)"
      R"("n":"1970-01-01T00:00:00.000000001"},)"
      R"({"id":8,"c":null,"z":null,"n":"1970-01-01T00:00:00.000000002"}],)"
      R"("row_count":2}})");
}

TEST_F(PythonTest, AStoredTableIsADataFrameToo) {
  auto table = results_.Write(Bytes{"i,day\n1,2024-02-29\n2,\n", "text/csv"},
                              {.key = "r1/t", .maximum_inline_bytes = 0});
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(Value(Pandas("def main(t): return [int(t.i.sum()), "
                         "[str(d) for d in t.dtypes], t.day[0].year]",
                         {{"t", ToJson(*table)}})),
            R"([3,["int64","datetime64[ns]"],2024])");
}

// Runs code that returns a DataFrame of so many rows that it is not JSON, then
// `check` with that as its argument t.
class LargeTableTest : public PythonTest {
 protected:
  std::string Checked(std::string_view code, std::string_view check) {
    Outcome made = Run(With(Pandas(code), "max_rows", 2));
    const auto* table = std::get_if<ResultEnvelope>(&made.content);
    EXPECT_NE(table, nullptr)
        << (made.error ? made.error->message : "is no table");
    if (table == nullptr) return "";
    EXPECT_EQ(table->media_type, "application/vnd.apache.parquet");
    rows_ = FormatJson(Json(table->metadata));
    auto stored =
        results_.Write(Bytes{task_.written().at(table->uri), table->media_type},
                       {.key = Concat("r1/t/", table->uri.substr(5)),
                        .maximum_inline_bytes = 0});
    EXPECT_TRUE(stored.ok());
    return Value(Pandas(check, {{"t", ToJson(*stored)}}));
  }
  std::string rows_;
};

constexpr char kManyTypes[] = R"(
import datetime, decimal
import numpy as np, pandas as pd
def main():
    return pd.DataFrame({
        "i": np.arange(3), "u": np.arange(3, dtype="uint8"),
        "f": [0.5, np.nan, np.inf], "f4": np.array([0.5, 1, 2], "float32"),
        "n": pd.array([1, None, 2**53 + 1], dtype="Int64"),
        "b": [True, False, True],
        "bn": pd.array([True, None, False], dtype="boolean"),
        "s": ["é", None, "a\0b"], "st": pd.array(["a", None, ""], "string"),
        "t": pd.to_datetime(["2024-02-29 12:00:00.5", None, "1970-01-01"]),
        "z": pd.to_datetime(["2024-07-01", None, "2024-01-01"])
               .tz_localize("Europe/Berlin"),
        "td": pd.to_timedelta([1.5, None, -3], unit="s"),
        "c": pd.Categorical(["lo", None, "hi"], ["lo", "mid", "hi"], ordered=True),
        "ci": pd.Categorical([7, 8, 7]),
        "day": [datetime.date(2024, 2, 29), None, datetime.date(1969, 1, 1)],
        "far": [datetime.datetime(9999, 1, 1), None, datetime.datetime(1, 1, 1)],
        "y": [b"a\xff\0", None, b""],
        "j": [{"a": [1]}, None, [1, None]],
        "d": [decimal.Decimal("0.10"), None, decimal.Decimal(10) ** 20],
        "big": [2**70, None, -1],
    })
)";

TEST_F(LargeTableTest, ALargeDataFrameIsParquetAndComesBackAsItWas) {
  EXPECT_EQ(Checked(kManyTypes, std::string(kManyTypes) + R"(
made = main
def main(t):
    was = made()
    was["day"] = pd.to_datetime(was["day"])
    pd.testing.assert_frame_equal(t, was, check_freq=False)
    return str(t.c.cat.categories.tolist())
)"),
            R"("['lo', 'mid', 'hi']")");
  EXPECT_EQ(rows_, R"({"rows":3})");
}

TEST_F(LargeTableTest, NumbersAreMappedAndNotCopied) {
  EXPECT_EQ(Checked(R"(
import numpy as np, pandas as pd
def main():
    return pd.DataFrame({"i": np.arange(100000), "x": np.arange(100000) / 2})
)",
                    R"(
import mmap
def owner(array):
    while not isinstance(array, mmap.mmap):
        array = array.obj if isinstance(array, memoryview) else array.base
    return type(array).__name__
def main(t):
    owners = [owner(t[name].to_numpy()) for name in t]
    t.loc[0, "i"] = 7  # What a function changes is its own.
    return owners + [int(t.i.sum()), float(t.x.sum())]
)"),
            R"(["mmap","mmap",4999950007,2499975000.0])");
}

TEST_F(LargeTableTest, ArraysAndSeriesAreTablesTooWhenTheyAreLarge) {
  EXPECT_EQ(Checked("import numpy as np\n"
                    "def main(): return np.arange(6).reshape(3, 2)",
                    "def main(t): return [list(t), t.to_numpy().tolist()]"),
            R"([["0","1"],[[0,1],[2,3],[4,5]]])");
  EXPECT_EQ(Checked("import pandas as pd\n"
                    "def main(): return pd.Series([1, 2, 3], name='n')",
                    "def main(t): return [list(t), t.n.tolist()]"),
            R"([["n"],[1,2,3]])");
}

TEST_F(PythonTest, WithoutPandasAStoredTableIsJson) {
  auto table =
      results_.Write(Bytes{"i,s,day\n1,a,2024-02-29\n2,,\n", "text/csv"},
                     {.key = "r1/t", .maximum_inline_bytes = 0});
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(
      Value(Code("def main(t): return t['rows']", {{"t", ToJson(*table)}})),
      R"([{"i":1,"s":"a","day":"2024-02-29"},)"
      R"({"i":2,"s":null,"day":null}])");
}

// ------------------------------------------- what is no result, and is said so

TEST_F(PythonTest, WhatJsonCannotTellIsRefusedOrATextButNeverAnotherValue) {
  EXPECT_EQ(Value(Code("def main(): return [2**64, -2**63, 2**63]")),
            R"(["18446744073709551616",-9223372036854775808,)"
            R"(9223372036854775808])");
  for (const char* code :
       {"def main(): return {1: 'a', '1': 'b'}", "def main(): return '\\ud800'",
        "def main():\n  a = []; a.append(a); return a",
        "def main(): return {'$windlass': 'table', 'files': "
        "['/etc/passwd']}"}) {
    const TaskError error = Error(Code(code));
    EXPECT_EQ(error.type, "InvalidResult") << code << ": " << error.message;
    EXPECT_FALSE(error.retryable);
  }
}

TEST_F(PythonTest, WhateverIsRaisedIsTheFailure) {
  EXPECT_EQ(Error(Code("class E(Exception):\n  def __str__(self): 1 / 0\n"
                       "def main(): raise E()"))
                .message,
            "E");
  EXPECT_EQ(Error(Code("def main(): raise KeyboardInterrupt()")).type,
            "KeyboardInterrupt");
  EXPECT_EQ(Error(Code("def main(): raise ValueError('\\ud800')")).message,
            "?");
  const TaskError long_one =
      Error(Code("def main(): raise ValueError('x' * 50_000_000)"));
  EXPECT_EQ(long_one.type, "ValueError");
  EXPECT_EQ(long_one.message.size(), 65536U);
}

// -------------------------------------------------------------- misbehaviour

TEST_F(PythonTest, AFunctionMayCloseItsStandardOutput) {
  EXPECT_EQ(Value(Code("import sys\n"
                       "def main(): sys.stdout.close(); return 1")),
            "1");
}

TEST_F(PythonTest, AWorkerThatItsTaskHasStoppedIsNotUsedAgain) {
  Value(
      Code("import os, signal\n"
           "def main(): os.kill(os.getppid(), signal.SIGSTOP)"));
  EXPECT_EQ(Value(Code("def main(): return 1")), "1");
}

TEST_F(PythonTest, MemoryIsThatOfAllItsProcesses) {
  const TaskError error = Error(With(Code(R"py(
import subprocess, sys
def main():
    hoard = "x = bytearray(100 << 20); input()"
    children = [subprocess.Popen([sys.executable, "-c", hoard],
                                 stdin=subprocess.PIPE) for _ in range(4)]
    children[0].wait()
)py"),
                                     "memory", "200MiB"));
  EXPECT_EQ(error.type, "MemoryError");
  EXPECT_EQ(error.category, ErrorCategory::kResource);
}

TEST_F(PythonTest, AProcessThatDiesFailsItsTaskAlone) {
  const Json ppid = Code("import os\ndef main(): return os.getppid()");
  const std::string warm = Value(ppid);
  TaskError error =
      Error(Code("import ctypes\ndef main(): ctypes.string_at(0)"));
  EXPECT_EQ(error.type, "WorkerKilled");
  EXPECT_EQ(error.category, ErrorCategory::kCrash);
  EXPECT_THAT(error.message, HasSubstr("signal 11"));
  error = Error(Code("import os\ndef main(): os._exit(3)"));
  EXPECT_EQ(error.type, "WorkerExited");
  EXPECT_THAT(error.message, HasSubstr("exit code 3"));
  EXPECT_EQ(Error(Code("def main(): exit(0)")).type, "SystemExit");
  EXPECT_EQ(Value(ppid), warm);
}

TEST_F(PythonTest, MemoryBeyondTheLimitIsAnError) {
  TaskError error = Error(With(Code("def main(): return len(bytearray(10**9))"),
                               "memory", "100MiB"));
  EXPECT_EQ(error.type, "MemoryError");
  EXPECT_EQ(error.category, ErrorCategory::kResource);
}

TEST_F(PythonTest, AForkBombIsEnded) {
  TaskError error =
      Error(With(Code("import os\ndef main():\n  while True: os.fork()"),
                 "max_processes", 16));
  EXPECT_EQ(error.type, "TooManyProcesses");
  EXPECT_EQ(error.category, ErrorCategory::kResource);
}

TEST_F(PythonTest, WhatATaskLeavesRunningGoesWithIt) {
  const std::string pid =
      Value(Code("import subprocess\n"
                 "def main():\n"
                 "  return subprocess.Popen(['sleep', '1000'], "
                 "start_new_session=True).pid"));
  EXPECT_EQ(Value(Code("import os\ndef main(): return os.path.exists('/proc/" +
                       pid + "')")),
            "false");
}

TEST_F(PythonTest, GigabytesOfOutputAreCut) {
  EXPECT_EQ(Value(Code("def main():\n"
                       "  for _ in range(10000): print('x' * 10000)\n"
                       "  return 'done'")),
            "\"done\"");
  std::size_t elsewhere = 0;
  for (const std::string& line : task_.logs()) elsewhere += line.size() + 1;
  EXPECT_LE(elsewhere, std::size_t{2} << 20);
}

TEST_F(PythonTest, WhoeverIgnoresTheCancelIsKilled) {
  task_.set_grace_period(std::chrono::milliseconds(100));
  task_.OnLog([this](std::string_view) { task_.Stop(StopReason::kCancelled); });
  Outcome outcome =
      Run(Code("import signal\ndef main():\n"
               "  signal.signal(signal.SIGTERM, signal.SIG_IGN); print('in')\n"
               "  while True: pass"));
  EXPECT_EQ(outcome.kind, AttemptOutcome::kCancelled);
}

TEST_F(PythonTest, WhatIsWrongWithParamsIsSaidBeforeTheRun) {
  EXPECT_THAT(handler_->CheckParams(JsonObject{{"script", "a.py"}}), IsEmpty());
  EXPECT_THAT(handler_->CheckParams(JsonObject{}),
              ElementsAre(Pair("", HasSubstr("script"))));
  EXPECT_THAT(handler_->CheckParams(JsonObject{{"code", "x = ${{ params.x }}"},
                                               {"function", "a b"},
                                               {"args", JsonArray{}}}),
              ElementsAre(Pair("args", HasSubstr("mapping")),
                          Pair("code", HasSubstr("args")),
                          Pair("function", HasSubstr("function"))));
}

}  // namespace
}  // namespace windlass
