#include "engine/diagnostics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/executor_world.h"
#include "support/forwarding_store.h"

namespace windlass {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;

// As a store on a server will be.
class TalkativeStore : public testing::ForwardingStore, public SelfDiagnosing {
 public:
  using ForwardingStore::ForwardingStore;
  std::vector<Finding> Diagnose() override {
    return {{Finding::Level::kWarning, "clock skew", "3s", "run chrony"}};
  }
};

class BrokenStore : public testing::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  absl::StatusOr<RunCounts> CountRuns() override {
    return absl::UnavailableError("no route to host");
  }
};

class DiagnosticsTest : public testing::ExecutorWorld {
 protected:
  std::vector<Finding> DiagnoseWith(std::unique_ptr<Store> seen) {
    EngineConfig config;
    config.results = "file:" + folder.path() + "/results";
    Engine engine(config);
    engine.UseStore(std::move(seen));
    return Diagnose(engine, config.executor);
  }
};

auto IsCheck(const std::string& check, Finding::Level level) {
  return ::testing::AllOf(Field(&Finding::check, check),
                          Field(&Finding::level, level));
}

TEST_F(DiagnosticsTest, AStoreThatDiagnosesItselfIsAsked) {
  auto findings = DiagnoseWith(std::make_unique<TalkativeStore>(*store));
  EXPECT_THAT(findings, Contains(IsCheck("store", Finding::Level::kOk)));
  EXPECT_THAT(findings,
              Contains(IsCheck("clock skew", Finding::Level::kWarning)));
}

TEST_F(DiagnosticsTest, AStoreThatDoesNotAnswerIsAProblemAndTheRestIsFound) {
  auto findings = DiagnoseWith(std::make_unique<BrokenStore>(*store));
  EXPECT_THAT(findings, Contains(IsCheck("store", Finding::Level::kProblem)));
  EXPECT_THAT(findings, Contains(IsCheck("results", Finding::Level::kOk)));
  EXPECT_THAT(findings, Contains(IsCheck("sh", Finding::Level::kOk)));
}

TEST_F(DiagnosticsTest, RunsThatNobodyExecutesAreAWarning) {
  Submit("{windlass: 1, name: f, tasks: {a: {type: noop}}}");
  auto findings =
      DiagnoseWith(std::make_unique<testing::ForwardingStore>(*store));
  EXPECT_THAT(findings,
              Contains(IsCheck("executors", Finding::Level::kWarning)));
}

}  // namespace
}  // namespace windlass
