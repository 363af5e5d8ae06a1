#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "model/run_progress.h"
#include "support/fake_run_rows.h"
#include "support/make_workflow.h"

namespace windlass {
namespace {

using testing::AddOnExit;
using testing::MakeMap;
using testing::MakeTask;
using testing::MakeWorkflow;

Workflow SmallWorkflow() {
  Workflow workflow =
      MakeWorkflow({MakeTask("a"), MakeMap("m", {"a"}), MakeTask("b", {"m"})});
  AddOnExit(workflow);
  return workflow;
}

// SmallWorkflow() while its map runs: the claim that computes the items has
// ended, one of three instances too.
std::string EncodedMidway(const Graph& graph) {
  RunProgress run(graph);
  testing::FakeRunRows rows;
  run.Start();
  run.TaskEnded({0, -1}, TaskState::kSucceeded, rows);
  run.Expanded(1, 3, rows);
  run.TaskEnded({1, 2}, TaskState::kSucceeded, rows);
  return run.Encode();
}

bool IsDataLoss(const Graph& graph, const std::string& encoded) {
  return absl::IsDataLoss(RunProgress::Decode(graph, encoded).status());
}

TEST(RunProgressCodecTest, ALongRunThatWaitsTakesAFewBytes) {
  Workflow workflow = MakeWorkflow({MakeTask("t")});
  for (int i = 0; i < 100'000; ++i) {
    workflow.tasks.push_back(MakeTask("t" + std::to_string(i), {"t"}));
  }
  Graph graph(workflow);
  RunProgress run(graph);
  testing::FakeRunRows rows;
  run.Start();
  EXPECT_EQ(run.Encode().size(), 7u);
}

TEST(RunProgressCodecTest, TheFirstVersionIsReadForEver) {
  Workflow workflow = SmallWorkflow();
  Graph graph(workflow);
  std::string encoded = EncodedMidway(graph);
  EXPECT_EQ(encoded,
            std::string("\x01\x10\x13\x1a\x20\x03\x03\x01\x00\x00\x00", 11));
  auto run = RunProgress::Decode(graph, encoded);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->node(1).state, TaskState::kRunning);
  EXPECT_EQ(run->node(1).items, 3);
  EXPECT_EQ(run->node(1).succeeded, 1);
}

// SmallWorkflow() with a map that keeps its good instance, and waits.
std::string EncodedWithTail(const Graph& graph) {
  RunProgress run(graph);
  testing::FakeRunRows rows;
  run.Start();
  run.TaskEnded({0, -1}, TaskState::kSucceeded, rows);
  run.Expanded(1, 3, rows);
  run.TaskEnded({1, 0}, TaskState::kFailed, rows);
  run.TaskEnded({1, 1}, TaskState::kSucceeded, rows);
  run.TaskEnded({1, 2}, TaskState::kFailed, rows);
  run.TaskEnded({3, -1}, TaskState::kSucceeded, rows);
  rows.done = {{1, 1}};
  run.RetryTasks(RetryScope::kFailedTasks, rows);
  return run.Encode();
}

TEST(RunProgressCodecTest, TheSecondVersionIsReadForEver) {
  Workflow workflow = SmallWorkflow();
  workflow.tasks[1].map->max_parallel = 1;
  workflow.tasks[1].cancellation.type =
      CancellationSpec::Type::kWaitCancellationCompleted;
  Graph graph(workflow);
  std::string encoded = EncodedWithTail(graph);
  EXPECT_EQ(
      encoded,
      std::string("\x02\x10\x13\x1a\x20\x03\x01\x01\x00\x00\x00\x00\x01", 13));
  auto run = RunProgress::Decode(graph, encoded);
  ASSERT_TRUE(run.ok()) << run.status();
  testing::FakeRunRows rows;
  rows.running = {{1, 1}};
  run->Cancel(RunState::kCancelled, rows);
  encoded = run->Encode();
  EXPECT_EQ(
      encoded,
      std::string(
          "\x02\x1c\x13\x1a\x16\x10\x03\x03\x01\x00\x00\x01\x01\x02\x00", 15));
  run = RunProgress::Decode(graph, encoded);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->outcome(), RunState::kCancelled);
  EXPECT_EQ(run->node(1).state, TaskState::kRunning);
}

TEST(RunProgressCodecTest, AnotherVersionIsRefused) {
  Workflow workflow = SmallWorkflow();
  Graph graph(workflow);
  std::string encoded = EncodedMidway(graph);
  encoded[0] = 3;
  EXPECT_TRUE(IsDataLoss(graph, encoded));
}

TEST(RunProgressCodecTest, EveryShorterAndLongerTextIsRefused) {
  Workflow workflow = SmallWorkflow();
  Graph graph(workflow);
  std::string encoded = EncodedMidway(graph);
  for (const std::string& whole : {encoded, EncodedWithTail(graph)}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_TRUE(IsDataLoss(graph, whole.substr(0, size))) << size;
    }
    EXPECT_TRUE(IsDataLoss(graph, whole + '\0'));
  }
}

TEST(RunProgressCodecTest, AnotherDefinitionIsRefused) {
  Workflow workflow = SmallWorkflow();
  Graph graph(workflow);
  std::string encoded = EncodedMidway(graph);
  for (int change = 0; change < 3; ++change) {
    Workflow other = SmallWorkflow();
    if (change == 0) other.tasks.insert(other.tasks.begin(), MakeTask("x"));
    if (change == 0) other.on_exit_index = 4;
    if (change == 1) other.tasks[1].map.reset();
    if (change == 2) other.max_parallel = 5;  // Would be stuck: nothing is.
    Graph other_graph(other);
    EXPECT_EQ(RunProgress::Decode(other_graph, encoded).ok(), change == 2);
  }
}

TEST(RunProgressCodecTest, ContradictionsAreRefused) {
  Workflow workflow = SmallWorkflow();
  Graph graph(workflow);
  using Bytes = std::vector<unsigned char>;
  const std::vector<std::pair<const char*, Bytes>> cases = {
      {"unknown flags", {1, 0x30, 0x40}},
      {"not started but running", {1, 0x00, 0x12, 0x30}},
      {"started but nothing runs", {1, 0x10, 0x40}},
      {"ended with pending tasks", {1, 0x15, 0x40}},
      {"ended otherwise than its outcome", {1, 0x16, 0x43}},
      {"on_exit before its time", {1, 0x10, 0x22, 0x10, 0x12}},
      {"a stage that is never stored", {1, 0x10, 0x12, 0x31, 0xff}},
      {"held though there is room", {1, 0x10, 0x12, 0x11, 0x20}},
      {"no run of nodes", {1, 0x10, 0x02, 0x00}},
      {"too many nodes", {1, 0x10, 0x52}},
      {"an endless number", {1, 0x10, 0x02, 0x80, 0x80, 0x80, 0x80, 0x80, 1}},
      {"more ended than released",
       {1, 0x10, 0x13, 0x1a, 0x20, 3, 1, 2, 0, 0, 0}},
      {"more released than there are",
       {1, 0x10, 0x13, 0x1a, 0x20, 3, 4, 1, 0, 0, 0}},
      {"sums that overflow",
       {1,    0x10, 0x13, 0x1a, 0x20, 0xff, 0xff, 0xff, 0xff, 7,    0xff, 0xff,
        0xff, 0xff, 7,    0xff, 0xff, 0xff, 0xff, 7,    0xff, 0xff, 0xff, 0xff,
        7,    0xff, 0xff, 0xff, 0xff, 7,    0xff, 0xff, 0xff, 0xff, 7}},
      {"running with all instances ended",
       {1, 0x10, 0x13, 0x1a, 0x20, 3, 3, 3, 0, 0, 0}},
      {"nothing stops or was kept",
       {2, 0x10, 0x13, 0x1a, 0x20, 3, 3, 1, 0, 0, 0}},
      {"a task stops that does not run",
       {2, 0x1c, 0x13, 0x1a, 0x16, 0x10, 3, 3, 1, 0, 0, 1, 1, 0, 0}},
      {"a task stops though nothing was cancelled",
       {2, 0x10, 0x13, 0x1a, 0x20, 3, 3, 1, 0, 0, 1, 1, 2, 0}},
      {"a map without failures fails fast",
       {2, 0x10, 0x13, 0x1a, 0x20, 3, 3, 1, 0, 0, 0, 1, 3, 0}},
      {"no such task stops",
       {2, 0x1c, 0x13, 0x1a, 0x16, 0x10, 3, 3, 1, 0, 0, 1, 1, 0x20, 0}},
      {"more kept than there are",
       {2, 0x10, 0x13, 0x1a, 0x20, 3, 1, 1, 0, 0, 0, 0, 2}},
      {"a failed map without failures",
       {1, 0x10, 0x13, 0x1c, 0x12, 0x10, 3, 3, 3, 0, 0, 0}},
  };
  for (const auto& [what, bytes] : cases) {
    EXPECT_TRUE(IsDataLoss(graph, std::string(bytes.begin(), bytes.end())))
        << what;
  }
}

// Whatever is accepted must be a run that can be worked with.
void WorkWith(RunProgress run, const Graph& graph) {
  testing::FakeRunRows rows;
  std::string encoded = run.Encode();
  ASSERT_TRUE(RunProgress::Decode(graph, encoded).ok());
  run.Start();
  for (int node = 0; node < graph.size(); ++node) {
    run.TaskEnded({node, 0}, TaskState::kFailed, rows);
    run.TaskEnded({node, -1}, TaskState::kSucceeded, rows);
    run.Expanded(node, 2, rows);
    run.Requeue({node, 0}, rows);
  }
  run.Cancel(RunState::kCancelled, rows);
  run.TaskEnded({graph.size() - 1, -1}, TaskState::kSucceeded, rows);
  run.RetryTasks(RetryScope::kWholeRun, rows);
}

TEST(RunProgressCodecTest, RandomBytesAreRefusedOrHarmless) {
  Workflow workflow = SmallWorkflow();
  Graph graph(workflow);
  const std::string encoded[] = {EncodedMidway(graph), EncodedWithTail(graph)};
  std::mt19937 random(7);
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string damaged = encoded[i % 2];
    for (unsigned change = 0; change <= random() % 3; ++change) {
      std::size_t place = 1 + random() % (damaged.size() - 1);
      switch (random() % 3) {
        case 0:
          damaged[place] = static_cast<char>(random());
          break;
        case 1:
          damaged[place] =
              static_cast<char>(damaged[place] ^ 1 << random() % 8);
          break;
        default:
          damaged.insert(place, 1, static_cast<char>(random()));
      }
    }
    auto run = RunProgress::Decode(graph, damaged);
    if (!run.ok()) continue;
    ++accepted;
    WorkWith(*std::move(run), graph);
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace windlass
