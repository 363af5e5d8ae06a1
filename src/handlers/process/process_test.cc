#include "handlers/process/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "handlers/process/worker_pool.h"
#include "support/fake_task_context.h"

namespace windlass {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

// A worker that answers hello, and every task by what `answer` prints with
// python's `say`.
std::string Script(std::string_view answer) {
  return absl::StrCat(R"(
import json, os, sys, time, signal
def say(**message): print(json.dumps(message), flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        say(type="ready", protocol=1)
    elif message["type"] == "task":
        args = message["args"]
)",
                      std::string(answer));
}

class ProcessTest : public ::testing::Test {
 protected:
  // A program in Python that uses the SDK.
  static Json Sdk(std::string_view body) {
    return JsonObject{
        {"command", JsonArray{"/usr/bin/python3", "-c", std::string(body)}},
        {"env", JsonObject{{"PYTHONPATH", WINDLASS_SOURCE_DIR "/python"}}}};
  }
  // One that speaks the protocol itself.
  static Json Raw(std::string_view answer) {
    return JsonObject{
        {"command", JsonArray{"/usr/bin/python3", "-c", Script(answer)}}};
  }
  static Json With(Json params, std::string_view name, Json value) {
    params.as_object()[name] = std::move(value);
    return params;
  }

  Outcome Run(Json params) {
    task_.set_params(std::move(params));
    return handler_->Execute(task_);
  }
  Json Value(Json params) {
    Outcome outcome = Run(std::move(params));
    EXPECT_EQ(outcome.kind, AttemptOutcome::kSucceeded)
        << (outcome.error ? outcome.error->message : "");
    const Json* value = std::get_if<Json>(&outcome.content);
    return value == nullptr ? Json("no value") : *value;
  }
  TaskError Error(Json params) {
    Outcome outcome = Run(std::move(params));
    EXPECT_EQ(outcome.kind, AttemptOutcome::kFailed);
    return outcome.error.value_or(TaskError{});
  }

  FakeTaskContext task_{JsonObject{}};
  std::unique_ptr<TaskHandler> handler_ = MakeProcessHandler();
};

constexpr std::string_view kPid =
    "        say(type='result', value=os.getpid())";

TEST_F(ProcessTest, AProgramWithTheSdkGetsArgsAndReturnsAResult) {
  Json params = Sdk(
      "import windlass\n"
      "windlass.serve(lambda task: {'sum': sum(task.args), 'run': task.run})");
  EXPECT_EQ(FormatJson(Value(With(params, "args", JsonArray{1, 2}))),
            R"({"sum":3,"run":"r1"})");
}

TEST_F(ProcessTest, TheTaskMessageSaysWhichAttemptItIs) {
  task_.mutable_lease().attempt = 3;
  task_.mutable_lease().token = LeaseToken{1007};
  task_.mutable_lease().task.index = 2;
  task_.SetHeartbeatDetails(JsonObject{{"row", 5}});
  task_.SetTraceparent("00-1-2-01");
  Json message = Value(Raw("        say(type='result', value=message)"));
  message.as_object().erase("scratch_dir");
  message.as_object().erase("base_dir");
  EXPECT_EQ(message, (JsonObject{{"type", "task"},
                                 {"id", "1"},
                                 {"run", "r1"},
                                 {"task", "subject"},
                                 {"index", 2},
                                 {"attempt", 3},
                                 {"lease_token", 1007},
                                 {"idempotency_key", "r1/subject"},
                                 {"heartbeat_details", {{"row", 5}}},
                                 {"traceparent", "00-1-2-01"},
                                 {"tracestate", ""},
                                 {"args", nullptr}}));
}

TEST_F(ProcessTest, ProgressHeartbeatsLogsAndSavesReachTheTask) {
  Value(Sdk(R"(
import sys, windlass
def work(task):
    task.progress(0.5, "half")
    task.heartbeat({"row": 1})
    task.save("model", [task.load("model", default=0)])
    task.save("again", task.load("model"))
    task.log("careful", "warn")
    print("printed")
windlass.serve(work)
)"));
  EXPECT_THAT(task_.progress(), ElementsAre(Pair(0.5, "half")));
  EXPECT_EQ(FormatJson(task_.heartbeats().at(0)), R"({"row":1})");
  EXPECT_EQ(FormatJson(task_.saved()["again"]), "[0]");
  EXPECT_THAT(task_.logs(), Contains("careful"));
  EXPECT_THAT(task_.logs(), Contains("printed"));
}

TEST_F(ProcessTest, AProgramGetsAUrlForAnObjectOrTheReasonWhyNot) {
  constexpr std::string_view kProgram = R"(
import windlass
windlass.serve(lambda task: task.sign_url(task.args, lifetime="2m"))
)";
  const Json url =
      Value(With(Sdk(kProgram), "args", JsonObject{{"uri", "fake:a"}}));
  EXPECT_EQ(FormatJson(url), R"("https://example.org/a?seconds=120")");
  const TaskError error =
      Error(With(Sdk(kProgram), "args", JsonObject{{"uri", "other:a"}}));
  EXPECT_EQ(error.type, "NoUrl");
  EXPECT_EQ(error.message, "no such object");
  EXPECT_FALSE(error.retryable);
}

TEST_F(ProcessTest, AProgramIsReusedUnlessTheTaskSaysNo) {
  Json first = Value(Raw(kPid));
  EXPECT_EQ(Value(Raw(kPid)), first);
  Json fresh = Value(With(Raw(kPid), "reuse", false));
  EXPECT_NE(fresh, first);
  EXPECT_NE(Value(With(Raw(kPid), "env", JsonObject{{"A", "1"}})), first);
}

TEST_F(ProcessTest, AProgramThatHasHadItsTasksIsReplaced) {
  Json params = With(Raw(kPid), "max_tasks_per_process", 2);
  Json first = Value(params);
  EXPECT_EQ(Value(params), first);
  EXPECT_NE(Value(params), first);
}

TEST_F(ProcessTest, AnErrorCarriesAllItsFields) {
  TaskError error =
      Error(Raw("        say(type='error', error_type='Busy', message='later',"
                " details={'n': 1}, next_retry_delay='30s')"));
  EXPECT_EQ(error.type, "Busy");
  EXPECT_EQ(error.message, "later");
  EXPECT_TRUE(error.retryable);
  EXPECT_EQ(FormatJson(error.details), R"({"n":1})");
  EXPECT_EQ(error.next_retry_delay, std::chrono::seconds(30));
}

TEST_F(ProcessTest, AProgramThatReportedAnErrorIsReused) {
  Json params = Raw(
      "        say(type='error', message=str(os.getpid()), retryable=False)");
  TaskError first = Error(params);
  EXPECT_FALSE(first.retryable);
  EXPECT_EQ(Error(params).message, first.message);
}

TEST_F(ProcessTest, ACrashInATaskTellsTheSignalAndTheLastWords) {
  Json params = Raw(R"(
        print("out of luck", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
)");
  TaskError error = Error(params);
  EXPECT_EQ(error.type, "ProcessExited");
  EXPECT_EQ(error.category, ErrorCategory::kCrash);
  EXPECT_TRUE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("before it had finished the task"));
  EXPECT_THAT(error.message, HasSubstr("out of luck"));
  EXPECT_EQ(error.details.at("signal"), SIGSEGV);
}

TEST_F(ProcessTest, AProgramThatEndsBeforeItIsReadySaysWhy) {
  TaskError error = Error(JsonObject{
      {"command", JsonArray{"sh", "-c", "echo no licence >&2; exit 4"}}});
  EXPECT_EQ(error.type, "ProcessExited");
  EXPECT_EQ(error.message,
            "the program ended before it was ready: exit code 4: no licence");
  EXPECT_EQ(error.details.at("exit_code"), 4);
}

TEST_F(ProcessTest, AMissingProgramIsNotTriedAgain) {
  TaskError error =
      Error(JsonObject{{"command", JsonArray{"no-such-program"}}});
  EXPECT_EQ(error.type, "CommandNotFound");
  EXPECT_FALSE(error.retryable);
}

TEST_F(ProcessTest, AProgramThatIsNeverReadyIsGivenUp) {
  TaskError error = Error(JsonObject{{"command", JsonArray{"sleep", "1000"}},
                                     {"start_timeout", "50ms"}});
  EXPECT_EQ(error.type, "ProtocolError");
  EXPECT_THAT(error.message, HasSubstr("within 50ms"));
}

TEST_F(ProcessTest, AnythingButAMessageIsQuotedAndFinal) {
  TaskError error =
      Error(Raw("        print('debug: ' + 'x' * 1000)\n"
                "        say(type='result')"));
  EXPECT_EQ(error.type, "ProtocolError");
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("\"debug: xxx"));
  EXPECT_LT(error.message.size(), 500u);
}

TEST_F(ProcessTest, MessagesOfTheWrongShapeAreNamed) {
  auto message = [&](std::string_view answer) {
    return Error(Raw(answer)).message;
  };
  EXPECT_THAT(message("        say(type='reslt')"),
              HasSubstr("did you mean result?"));
  EXPECT_THAT(message("        say(type='progress', fraction='half')"),
              HasSubstr("fraction: expected a number"));
  EXPECT_THAT(message("        say(type='error')"),
              HasSubstr("message: is missing"));
  EXPECT_THAT(message("        say(type='result', id='99')"),
              HasSubstr("has id 99 but the task is 1"));
  EXPECT_THAT(message("        say(type='ready', protocol=1)"),
              HasSubstr("second"));
  EXPECT_THAT(message("        print('[1]', flush=True)"),
              HasSubstr("expected a JSON object"));
}

TEST_F(ProcessTest, AnotherVersionOfTheProtocolIsRefused) {
  TaskError error = Error(JsonObject{
      {"command",
       JsonArray{"sh", "-c",
                 R"(echo '{"type":"ready","protocol":2}'; cat >/dev/null)"}}});
  EXPECT_EQ(error.type, "ProtocolError");
  EXPECT_THAT(error.message, HasSubstr("version 2"));
}

TEST_F(ProcessTest, ALineBeyondTheLimitIsAProtocolError) {
  TaskError error =
      Error(Raw("        say(type='result', value='x' * (17 << 20))"));
  EXPECT_EQ(error.type, "ProtocolError");
}

TEST_F(ProcessTest, LargeValuesPassBothWays) {
  Json params = Raw("        say(type='result', value=args)");
  const std::string large(4 << 20, 'x');
  EXPECT_EQ(Value(With(params, "args", Json(large))), Json(large));
}

TEST_F(ProcessTest, AFileIsAResult) {
  Outcome outcome = Run(Raw(R"(
        path = os.path.join(message["scratch_dir"], "out.csv")
        open(path, "w").write("a,b")
        say(type="result", path=path, media_type="text/csv")
)"));
  const auto& file = std::get<FileContent>(outcome.content);
  EXPECT_EQ(ReadTestFile(file.path), "a,b");
  EXPECT_EQ(file.media_type, "text/csv");
}

TEST_F(ProcessTest, ACancelledProgramCanCleanUpAndIsNotReused) {
  task_.OnHeartbeat([&](const Json&) { task_.Stop(StopReason::kTimeout); });
  Outcome outcome = Run(Sdk(R"(
import windlass
def work(task):
    task.heartbeat()
    task.wait_cancelled(60)
    print("told", task.cancel_reason)
    task.raise_if_cancelled()
windlass.serve(work)
)"));
  EXPECT_EQ(outcome.kind, AttemptOutcome::kCancelled);
  EXPECT_THAT(task_.logs(), Contains("told timeout"));
}

TEST_F(ProcessTest, AProgramThatIgnoresACancelIsKilledWithItsChildren) {
  task_.set_grace_period(std::chrono::milliseconds(40));
  pid_t grandchild = 0;
  task_.OnHeartbeat([&](const Json& details) {
    grandchild = static_cast<pid_t>(details.as_int64());
    task_.Stop(StopReason::kCancelled);
  });
  Outcome outcome = Run(Raw(R"(
        import subprocess
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        say(type="heartbeat", details=child.pid)
        time.sleep(1000)
)"));
  EXPECT_EQ(outcome.kind, AttemptOutcome::kCancelled);
  ASSERT_GT(grandchild, 0);
  UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, grandchild, 0)));
  if (fd) {
    pollfd wait{fd.get(), POLLIN, 0};
    EXPECT_EQ(poll(&wait, 1, 10'000), 1);
  }
}

TEST_F(ProcessTest, TasksAtTheSameTimeHaveProgramsOfTheirOwn) {
  FakeTaskContext other(JsonObject{});
  // Each waits for the other, so both programs live at once.
  std::promise<void> first, second;
  task_.OnHeartbeat([&](const Json&) {
    first.set_value();
    second.get_future().wait();
  });
  other.OnHeartbeat([&](const Json&) {
    second.set_value();
    first.get_future().wait();
  });
  Json params =
      Raw("        say(type='heartbeat')\n"
          "        say(type='result', value=os.getpid())");
  other.set_params(params);
  Outcome theirs;
  std::jthread thread([&] { theirs = handler_->Execute(other); });
  Json ours = Value(params);
  thread.join();
  EXPECT_NE(std::get<Json>(theirs.content), ours);
}

TEST_F(ProcessTest, APoolKeepsAtMostItsLimitAndDropsTheDead) {
  WorkerPool pool(2, std::chrono::hours(1));
  WorkerOptions options;
  options.process.argv = {"/usr/bin/python3", "-c",
                          Script("        say(type='result')")};
  for (std::string key : {"a", "b", "c"}) {
    auto worker = *Worker::Start(options);
    EXPECT_EQ(worker->Execute(task_, Json()).kind, AttemptOutcome::kSucceeded);
    pool.Put(key, std::move(worker));
  }
  EXPECT_EQ(pool.idle(), 2u);
  EXPECT_EQ(pool.Take("a"), nullptr);
  EXPECT_NE(pool.Take("c"), nullptr);
  EXPECT_EQ(pool.idle(), 1u);
}

TEST_F(ProcessTest, ADeadIdleProgramIsNotHandedOut) {
  Json params = Raw(kPid);
  auto pid = static_cast<pid_t>(Value(params).as_int64());
  UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  ASSERT_EQ(kill(pid, SIGKILL), 0);
  pollfd wait{fd.get(), POLLIN, 0};
  ASSERT_EQ(poll(&wait, 1, 10'000), 1);
  EXPECT_NE(Value(params), Json(pid));
}

TEST_F(ProcessTest, AnIdleProgramEndsWhenItsTimeIsOver) {
  handler_ = MakeProcessHandler({.guard = nullptr,
                                 .maximum_idle = 4,
                                 .idle_timeout = std::chrono::microseconds(1)});
  auto pid = static_cast<pid_t>(Value(Raw(kPid)).as_int64());
  UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!fd) return;  // Gone already.
  pollfd wait{fd.get(), POLLIN, 0};
  EXPECT_EQ(poll(&wait, 1, 10'000), 1);
}

TEST_F(ProcessTest, NoProgramOutlivesTheHandler) {
  auto pid = static_cast<pid_t>(Value(Raw(kPid)).as_int64());
  handler_.reset();
  EXPECT_NE(kill(pid, 0), 0);
}

TEST_F(ProcessTest, WhatAnIdleProgramSaysAtItsEndIsDropped) {
  const Json params = Raw(absl::StrCat(
      std::string(kPid),
      "; time.sleep(0.2); os.write(2, b'last words'); os._exit(0)"));
  const auto pid = static_cast<pid_t>(Value(params).as_int64());
  const UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  ASSERT_TRUE(fd);
  pollfd wait{fd.get(), POLLIN, 0};
  ASSERT_EQ(poll(&wait, 1, 10'000), 1);
  handler_.reset();
}

TEST_F(ProcessTest, TheExampleInPerlWorks) {
  Json params =
      JsonObject{{"command", JsonArray{"perl", WINDLASS_SOURCE_DIR
                                       "/examples/process/count_words.pl"}},
                 {"args", JsonObject{{"text", "The fox\nthe dog"}}}};
  EXPECT_EQ(FormatJson(Value(params)), R"({"dog":1,"fox":1,"the":2})");
  EXPECT_EQ(task_.progress().back().second, "line 2");
  EXPECT_THAT(task_.logs(), Contains("counted 3 words"));
}

TEST_F(ProcessTest, TheExampleInPythonGoesOnWhereItStopped) {
  Json params = JsonObject{
      {"command", JsonArray{"/usr/bin/python3",
                            WINDLASS_SOURCE_DIR "/examples/process/rank.py"}},
      {"env", JsonObject{{"PYTHONPATH", WINDLASS_SOURCE_DIR "/python"}}},
      {"args", JsonObject{{"counts", JsonObject{{"a", 1}, {"b", 3}, {"c", 2}}},
                          {"limit", 2}}}};
  ASSERT_TRUE(task_.Save("ranked", Json(JsonArray{"    3 b"})).ok());
  EXPECT_EQ(Value(params), "    3 b\n    2 c");
  EXPECT_THAT(task_.progress(), ElementsAre(Pair(1.0, "c")));
}

TEST_F(ProcessTest, WrongParamsAreNamedBeforeTheRun) {
  auto check = [&](std::string_view params) {
    return handler_->CheckParams(*ParseJson(params));
  };
  EXPECT_THAT(check(R"({"command": "x"})"),
              Contains(Pair("command", "expected a list")));
  EXPECT_THAT(check(R"({"command": []})"),
              Contains(Pair("command", HasSubstr("program and arguments"))));
  EXPECT_THAT(check(R"({"command": ["x"], "arg": 1})"),
              Contains(Pair("arg", HasSubstr("did you mean args?"))));
  EXPECT_THAT(check(R"({"command": ["x"], "args": "${{ x }}"})"), IsEmpty());
}

}  // namespace
}  // namespace windlass
