#include "engine/ingest_message.h"

#include <gtest/gtest.h>

namespace windlass {
namespace {

TEST(IngestMessageTest, ATaskIsAWorkflowOfOne) {
  auto request = ParseIngestMessage(
      {}, R"({"task": {"type": "noop", "queue": "q"}, "name": "n"})");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->workflow->name, "n");
  ASSERT_EQ(request->workflow->tasks.size(), 1u);
  EXPECT_EQ(request->workflow->tasks[0].queue, "q");
}

TEST(IngestMessageTest, AWorkflowIsAnObjectOrItsText) {
  for (
      const char* body :
      {R"({"workflow": {"windlass": 1, "name": "w", "params": {"p": {"type": "integer"}},
                         "tasks": {"a": {"type": "noop"}}},
            "params": {"p": 3}, "labels": {"l": 1}})",
       R"({"workflow": "{windlass: 1, name: w, params: {p: {type: integer}}, tasks: {a: {type: noop}}}",
            "params": {"p": 3}, "labels": {"l": 1}})"}) {
    auto request = ParseIngestMessage({}, body);
    ASSERT_TRUE(request.ok()) << request.status();
    EXPECT_EQ(request->workflow->name, "w");
    EXPECT_EQ(request->params.at("p"), 3);
    EXPECT_EQ(request->labels.at("l"), 1);
  }
}

TEST(IngestMessageTest, ErrorsSayWhatIsWrong) {
  LoadOptions options;
  options.maximum_bytes = 200;
  const std::pair<std::string, const char*> cases[] = {
      {"", "1"},
      {"7", "a JSON object"},
      {"{}", "either a workflow or a task"},
      {R"({"workflow": {}, "task": {}})", "either a workflow or a task"},
      {R"({"task": {"type": "noop"}, "x": 1})", "'x'"},
      {R"({"task": {"type": "noop"}, "labels": 1})", "labels"},
      {R"({"task": {"type": "noop"}, "params": [1]})", "params"},
      {R"({"task": {"typ": "noop"}})", "typ"},
      {std::string(300, ' '), "200 bytes"}};
  for (const auto& [body, says] : cases) {
    auto status = ParseIngestMessage(options, body).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << body << status;
    EXPECT_NE(std::string(status.message()).find(says), std::string::npos)
        << status;
  }
}

}  // namespace
}  // namespace windlass
