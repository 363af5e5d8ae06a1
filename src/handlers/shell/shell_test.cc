#include "handlers/shell/shell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "absl/strings/numbers.h"
#include "base/file.h"
#include "support/fake_task_context.h"

namespace windlass {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class ShellTest : public ::testing::Test {
 protected:
  using ParamProblems = std::vector<std::pair<std::string, std::string>>;

  Outcome Run(std::string_view params) {
    task_.set_params(*ParseJson(params));
    return handler_->Execute(task_);
  }
  Json Value(std::string_view params) {
    Outcome outcome = Run(params);
    EXPECT_EQ(outcome.kind, AttemptOutcome::kSucceeded)
        << (outcome.error ? outcome.error->message : "");
    const Json* value = std::get_if<Json>(&outcome.content);
    return value == nullptr ? Json("no value") : *value;
  }
  TaskError Error(std::string_view params) {
    Outcome outcome = Run(params);
    EXPECT_EQ(outcome.kind, AttemptOutcome::kFailed);
    return outcome.error.value_or(TaskError{});
  }
  ParamProblems Check(std::string_view params) {
    return handler_->CheckParams(*ParseJson(params));
  }

  FakeTaskContext task_{JsonObject{}};
  std::unique_ptr<TaskHandler> handler_ = MakeShellHandler();
};

// Whether the process dies within ten seconds.
bool Dies(pid_t pid) {
  UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!fd) return true;
  pollfd wait{fd.get(), POLLIN, 0};
  return poll(&wait, 1, 10'000) == 1;
}

TEST_F(ShellTest, TheResultIsStdoutLessOneNewline) {
  EXPECT_EQ(Value(R"({"command": "echo one; echo two; echo"})"), "one\ntwo\n");
  EXPECT_EQ(Value(R"({"command": "printf x"})"), "x");
  EXPECT_EQ(Value(R"({"command": "true"})"), "");
}

TEST_F(ShellTest, ArgumentsReachTheProgramAsTheyAre) {
  constexpr std::string_view kParams =
      R"js({"command": ["printf", "%s|", "$(id)", "a b", 5, {"x": 1},
                        "'; rm -rf /"]})js";
  EXPECT_EQ(Value(kParams), R"js($(id)|a b|5|{"x":1}|'; rm -rf /|)js");
}

TEST_F(ShellTest, ValuesAreQuotedOnlyInAShellLine) {
  auto of = [&](std::string_view path, std::string_view params) {
    return handler_->InterpolationOf(path, *ParseJson(params));
  };
  EXPECT_EQ(of("command", R"({"command": "echo ${{ x }}"})"),
            Interpolation::kShellWord);
  EXPECT_EQ(of("command[1]", R"({"command": ["echo", "${{ x }}"]})"),
            Interpolation::kPlain);
  EXPECT_EQ(of("stdin", R"({"command": "cat", "stdin": "${{ x }}"})"),
            Interpolation::kPlain);
}

TEST_F(ShellTest, StdinIsTextAsItIsOrJson) {
  EXPECT_EQ(Value(R"({"command": ["cat"], "stdin": "a\nb"})"), "a\nb");
  EXPECT_EQ(Value(R"({"command": ["cat"], "stdin": {"a": [1, 2.0]}})"),
            R"({"a":[1,2.0]})");
  EXPECT_EQ(Value(R"({"command": ["cat"]})"), "");
}

TEST_F(ShellTest, StdinThatIsNotReadDoesNotBlock) {
  task_.set_params(JsonObject{{"command", JsonArray{"true"}},
                              {"stdin", std::string(4 << 20, 'x')}});
  EXPECT_EQ(handler_->Execute(task_).kind, AttemptOutcome::kSucceeded);
}

TEST_F(ShellTest, AJsonResultIsParsedAndMustBeJson) {
  EXPECT_EQ(FormatJson(Value(
                R"({"command": "echo '{\"n\": 2.0}'", "result": "json"})")),
            R"({"n":2.0})");
  TaskError error = Error(R"({"command": "echo oops", "result": "json"})");
  EXPECT_EQ(error.type, "InvalidResult");
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("it begins: oops"));
}

TEST_F(ShellTest, TextMustBeUtf8) {
  TaskError error = Error(R"({"command": "printf '\\377'"})");
  EXPECT_EQ(error.type, "InvalidResult");
  EXPECT_THAT(error.message, HasSubstr("result: bytes"));
}

TEST_F(ShellTest, BytesKeepTheirMediaType) {
  Outcome outcome = Run(R"({"command": "printf '\\377\\n'", "result": "bytes",
                            "media_type": "image/png"})");
  const auto& bytes = std::get<Bytes>(outcome.content);
  EXPECT_EQ(bytes.data, "\xFF\n");
  EXPECT_EQ(bytes.media_type, "image/png");
}

TEST_F(ShellTest, ManyBytesGoToAScratchFile) {
  Outcome outcome =
      Run(R"({"command": "head -c 3000000 /dev/zero", "result": "bytes"})");
  const auto& file = std::get<FileContent>(outcome.content);
  EXPECT_EQ(std::filesystem::file_size(file.path), 3'000'000u);
  EXPECT_EQ(std::filesystem::path(file.path).parent_path(),
            *task_.ScratchDir());
}

TEST_F(ShellTest, TooMuchTextEndsAnEndlessProgram) {
  TaskError error = Error(R"({"command": ["yes"], "max_output": "64KiB"})");
  EXPECT_EQ(error.type, "OutputTooLarge");
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("max_output"));
}

TEST_F(ShellTest, AFailureTellsTheExitCodeAndTheLastWords) {
  TaskError error = Error(
      R"({"command": "echo out; echo first >&2; echo last >&2; exit 3"})");
  EXPECT_EQ(error.type, "ExitCode");
  EXPECT_TRUE(error.retryable);
  EXPECT_EQ(error.message, "exit code 3: last");
  EXPECT_EQ(FormatJson(error.details),
            R"({"exit_code":3,"stderr":"first\nlast\n","stdout":"out\n"})");
}

TEST_F(ShellTest, ErrorDetailsAreBoundedAndUtf8) {
  TaskError error = Error(
      R"({"command": "head -c 1000000 /dev/zero | tr '\\0' '\\377' >&2; exit 1",
          "result": "bytes"})");
  const auto& tail = error.details.at("stderr").as_string();
  EXPECT_EQ(tail.size(), 4096u * 3);  // Each byte is a U+FFFD now.
}

TEST_F(ShellTest, ASignalIsItsOwnKindOfFailure) {
  TaskError error = Error(R"({"command": "kill -SEGV $$"})");
  EXPECT_EQ(error.type, "Signal");
  EXPECT_EQ(error.category, ErrorCategory::kCrash);
  EXPECT_EQ(error.details.at("signal"), 11);
}

TEST_F(ShellTest, AMissingProgramIsNotTriedAgain) {
  for (std::string_view params :
       {R"({"command": ["no-such-program"]})",
        R"({"command": "no-such-program"})", R"({"command": ["/etc/passwd"]})",
        R"({"command": "/etc/passwd"})"}) {
    TaskError error = Error(params);
    EXPECT_EQ(error.type, "CommandNotFound") << params;
    EXPECT_FALSE(error.retryable);
  }
  EXPECT_THAT(Error(R"({"command": ["no-such-program"]})").message,
              HasSubstr("no-such-program"));
}

TEST_F(ShellTest, ExitCodesCanBeGivenAMeaning) {
  EXPECT_EQ(Value(R"({"command": "exit 1", "success_exit_codes": [0, 1]})"),
            "");
  constexpr auto kRetryable =
      R"({"command": "exit 4", "retryable_exit_codes": [75]})";
  EXPECT_FALSE(Error(kRetryable).retryable);
  TaskError mapped = Error(
      R"({"command": "exit 4", "exit_codes": {"4": {"type": "BadInput",
          "retryable": false}}})");
  EXPECT_EQ(mapped.type, "BadInput");
  EXPECT_FALSE(mapped.retryable);
}

TEST_F(ShellTest, TheChildKnowsItsAttemptAndNoSecrets) {
  setenv("WINDLASS_SECRET_TOKEN", "hunter2", 1);
  setenv("WINDLASS_SUPABASE_SERVICE_KEY", "hunter3", 1);
  task_.mutable_lease().attempt = 7;
  task_.mutable_lease().token = LeaseToken{1007};
  task_.mutable_lease().task.index = 3;
  Json value = Value(
      R"({"command": "echo $WINDLASS_RUN_ID $WINDLASS_TASK_ID $WINDLASS_ATTEMPT $WINDLASS_LEASE_TOKEN $WINDLASS_IDEMPOTENCY_KEY $WINDLASS_INDEX [$WINDLASS_SECRET_TOKEN$WINDLASS_SUPABASE_SERVICE_KEY] $COLOUR",
          "env": {"COLOUR": "red"}})");
  EXPECT_EQ(value, "r1 subject 7 1007 r1/subject 3 [] red");
  unsetenv("WINDLASS_SECRET_TOKEN");
  unsetenv("WINDLASS_SUPABASE_SERVICE_KEY");
}

TEST_F(ShellTest, TheScratchFolderIsThereForTheChild) {
  EXPECT_EQ(Value(R"({"command": "cd \"$WINDLASS_SCRATCH_DIR\" && ls"})"), "");
}

TEST_F(ShellTest, TheFolderIsTheWorkflowsOrBelow) {
  std::filesystem::create_directory(task_.Path("sub"));
  EXPECT_EQ(Value(R"({"command": "pwd"})"), Json(task_.base_dir()));
  EXPECT_EQ(Value(R"({"command": "pwd", "cwd": "sub"})"),
            Json(task_.Path("sub")));
  TaskError error = Error(R"({"command": "pwd", "cwd": "none"})");
  EXPECT_THAT(error.message, HasSubstr("cwd: there is no folder"));
}

TEST_F(ShellTest, LinesAreLoggedAndLongOnesCut) {
  Value(
      R"({"command": "echo out; echo err >&2; head -c 9000 /dev/zero | tr '\\0' x"})");
  EXPECT_THAT(task_.logs(), Contains("out"));
  EXPECT_THAT(task_.logs(), Contains("err"));
  EXPECT_THAT(task_.logs(), Contains(std::string(4096, 'x') + "..."));
}

TEST_F(ShellTest, AFloodOfLinesIsForTheLogOfTheAttemptAlone) {
  Run(R"({"command": "yes line | head -n 400000 >&2; echo end >&2"})");
  EXPECT_EQ(task_.logs(LogLevel::kTrace).size(), 400'001U);
  std::size_t elsewhere = 0;
  for (const std::string& line : task_.logs()) elsewhere += line.size() + 1;
  EXPECT_GE(elsewhere, std::size_t{1} << 20);
  EXPECT_LE(elsewhere, std::size_t{2} << 20);
  EXPECT_EQ(task_.logs(LogLevel::kTrace).back(), "end");
}

TEST_F(ShellTest, AStopEndsTheWholeTree) {
  pid_t grandchild = 0;
  task_.OnLog([&](std::string_view line) {
    int pid = 0;
    if (!absl::SimpleAtoi(std::string(line), &pid)) return;
    grandchild = pid;
    task_.Stop(StopReason::kCancelled);
  });
  Outcome outcome =
      Run(R"({"command": "setsid sh -c 'echo $$; exec sleep 1000' & wait"})");
  EXPECT_EQ(outcome.kind, AttemptOutcome::kCancelled);
  ASSERT_GT(grandchild, 0);
  EXPECT_TRUE(Dies(grandchild));
}

TEST_F(ShellTest, AProgramThatIgnoresTheStopIsKilledAfterTheGracePeriod) {
  task_.set_grace_period(std::chrono::milliseconds(20));
  task_.OnLog([&](std::string_view) { task_.Stop(StopReason::kTimeout); });
  Outcome outcome =
      Run(R"({"command": "trap '' TERM; echo on; while :; do sleep 1; done"})");
  EXPECT_EQ(outcome.kind, AttemptOutcome::kCancelled);
}

TEST_F(ShellTest, NothingOutlivesASuccess) {
  Json value =
      Value(R"({"command": "setsid sleep 1000 >/dev/null 2>&1 & echo $!"})");
  int pid = 0;
  ASSERT_TRUE(absl::SimpleAtoi(std::string(value.as_string()), &pid));
  EXPECT_TRUE(Dies(pid));
}

TEST_F(ShellTest, WrongParamsAreNamedBeforeTheRun) {
  EXPECT_THAT(Check("{}"), Contains(Pair("command", "is missing")));
  EXPECT_THAT(Check(R"({"command": []})"),
              Contains(Pair("command", HasSubstr("program and arguments"))));
  EXPECT_THAT(Check(R"({"command": [""]})"),
              Contains(Pair("command[0]", HasSubstr("name of a program"))));
  EXPECT_THAT(Check(R"({"command": {"a": 1}})"),
              Contains(Pair("command", HasSubstr("/bin/sh"))));
  EXPECT_THAT(Check(R"({"comand": "x"})"),
              Contains(Pair("comand", HasSubstr("did you mean command?"))));
  EXPECT_THAT(
      Check(R"({"command": "x", "exit_codes": {"999": {}, "3": {"typ": 1}}})"),
      ::testing::ElementsAre(
          Pair("exit_codes.999", HasSubstr("0 to 255")),
          Pair("exit_codes.3.typ", HasSubstr("did you mean type?"))));
  EXPECT_THAT(Check(R"({"command": ["a", "${{ x }}"], "env": "${{ y }}"})"),
              IsEmpty());
}

}  // namespace
}  // namespace windlass
