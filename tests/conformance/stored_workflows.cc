// Workflows kept under their names: no version is lost, none means two things.

#include <algorithm>
#include <thread>

#include "conformance/store_test.h"

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::shared_ptr<const Workflow> Named(const std::string& name) {
  WorkflowBuilder builder(name);
  builder.Task("a");
  builder.workflow().description = "What " + name + " is for";
  return builder.Build();
}

class StoredWorkflowTest : public StoreTest {
 protected:
  absl::StatusOr<WorkflowVersion> Put(std::shared_ptr<const Workflow> workflow,
                                      std::optional<int> expected = {}) {
    PutWorkflowRequest request;
    request.workflow = std::move(workflow);
    request.expected_version = expected;
    return store().PutWorkflow(request);
  }
  std::vector<int> Versions(const std::string& name) {
    std::vector<int> versions;
    for (const auto& one : Value(store().ListWorkflowVersions(name))) {
      versions.push_back(one.version);
    }
    return versions;
  }
  std::vector<std::string> Names(const WorkflowFilter& filter) {
    std::vector<std::string> names;
    for (const auto& one : Value(store().ListWorkflows(filter))) {
      names.push_back(one.name);
    }
    return names;
  }
};

TEST_P(StoredWorkflowTest, AWorkflowIsFoundAsItWasPut) {
  const auto flow = Named("flow");
  PutWorkflowRequest request;
  request.workflow = flow;
  request.base_dir = "/srv/flows";
  const WorkflowVersion put = Value(store().PutWorkflow(request));
  Reopen();
  const WorkflowVersion latest = Value(store().GetWorkflow("flow", {}));
  const WorkflowVersion first = Value(store().GetWorkflow("flow", 1));
  for (const WorkflowVersion& one : {put, latest, first}) {
    EXPECT_EQ(one.name, "flow");
    EXPECT_EQ(one.version, 1);
    EXPECT_EQ(one.digest, flow->digest);
    EXPECT_EQ(one.description, "What flow is for");
    EXPECT_EQ(one.base_dir, "/srv/flows");
    EXPECT_EQ(one.created_at, clock().Now());
    ASSERT_NE(one.workflow, nullptr);
    EXPECT_EQ(one.workflow->digest, flow->digest);
  }
}

TEST_P(StoredWorkflowTest, EqualContentIsTheSameVersionAndOtherIsTheNext) {
  const auto one = Named("flow");
  const auto other = Named("flow");
  EXPECT_EQ(Value(Put(one)).version, 1);
  EXPECT_EQ(Value(Put(one)).version, 1);
  EXPECT_EQ(Value(Put(other)).version, 2);
  // What was before may come again, and is the latest then.
  EXPECT_EQ(Value(Put(one)).version, 3);
  EXPECT_THAT(Versions("flow"), ElementsAre(3, 2, 1));
  EXPECT_EQ(Value(store().GetWorkflow("flow", {})).digest, one->digest);
  EXPECT_EQ(Value(store().GetWorkflow("flow", 2)).digest, other->digest);
}

TEST_P(StoredWorkflowTest, OnlyAnotherFolderReplacesTheFolder) {
  PutWorkflowRequest request;
  request.workflow = Named("flow");
  for (const char* folder : {"/one", "", "/two"}) {
    request.base_dir = folder;
    const WorkflowVersion put = Value(store().PutWorkflow(request));
    EXPECT_EQ(put.version, 1);
    EXPECT_EQ(put.base_dir, *folder == '\0' ? "/one" : folder);
  }
}

TEST_P(StoredWorkflowTest, AnUpdateOfWhatHasChangedIsRefused) {
  EXPECT_TRUE(absl::IsFailedPrecondition(Put(Named("flow"), 1).status()));
  const auto first = Named("flow");
  EXPECT_EQ(Value(Put(first, 0)).version, 1);
  const auto second = Named("flow");
  EXPECT_EQ(Value(Put(second, 1)).version, 2);
  EXPECT_TRUE(absl::IsFailedPrecondition(Put(Named("flow"), 1).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(Put(Named("flow"), 0).status()));
  // The answer was lost, and it is asked again.
  EXPECT_EQ(Value(Put(second, 1)).version, 2);
  EXPECT_THAT(Versions("flow"), ElementsAre(2, 1));
}

TEST_P(StoredWorkflowTest, WhoPutsAtTheSameTimeLosesNothing) {
  constexpr int kClients = 4;
  constexpr int kPuts = 5;
  std::vector<std::vector<int>> given(kClients);
  {
    std::vector<std::jthread> clients;
    for (std::vector<int>& mine : given) {
      clients.emplace_back([this, &mine] {
        const auto another = OpenAnother();
        for (int i = 0; i < kPuts; ++i) {
          PutWorkflowRequest request;
          request.workflow = Named("flow");
          mine.push_back(Value(another->PutWorkflow(request)).version);
        }
      });
    }
  }
  std::vector<int> all;
  for (const auto& mine : given)
    all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.rbegin(), all.rend());
  EXPECT_EQ(all.front(), kClients * kPuts);
  EXPECT_EQ(all.back(), 1);
  EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
  EXPECT_EQ(Versions("flow"), all);
}

TEST_P(StoredWorkflowTest, OfThoseWhoExpectTheSameVersionOneWins) {
  ASSERT_TRUE(Put(Named("flow")).ok());
  std::vector<absl::Status> ends(4);
  {
    std::vector<std::jthread> clients;
    for (absl::Status& end : ends) {
      clients.emplace_back([this, &end] {
        const auto another = OpenAnother();
        PutWorkflowRequest request;
        request.workflow = Named("flow");
        request.expected_version = 1;
        end = another->PutWorkflow(request).status();
      });
    }
  }
  EXPECT_EQ(std::count_if(ends.begin(), ends.end(),
                          [](const absl::Status& end) { return end.ok(); }),
            1);
  EXPECT_THAT(Versions("flow"), ElementsAre(2, 1));
}

TEST_P(StoredWorkflowTest, ListsComeByNameAndInPages) {
  EXPECT_THAT(Names({}), IsEmpty());
  for (const char* name : {"b-report", "a-report", "c-import"}) {
    ASSERT_TRUE(Put(Named(name)).ok());
    ASSERT_TRUE(Put(Named(name)).ok());
  }
  const auto all = Value(store().ListWorkflows({}));
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].version, 2);
  EXPECT_EQ(all[0].description, "What a-report is for");
  EXPECT_THAT(Names({}), ElementsAre("a-report", "b-report", "c-import"));
  EXPECT_THAT(Names({.limit = 1}), ElementsAre("a-report"));
  EXPECT_THAT(Names({.after = "a-report", .limit = 1}),
              ElementsAre("b-report"));
  EXPECT_THAT(Names({.name = "report"}), ElementsAre("a-report", "b-report"));
  EXPECT_THAT(Names({.name = "%"}), IsEmpty());
}

TEST_P(StoredWorkflowTest,
       ADeletedWorkflowIsGoneAndItsNumbersAreNotGivenAgain) {
  const auto flow = Named("flow");
  ASSERT_TRUE(Put(flow).ok());
  const RunId run = Submit(flow);
  ASSERT_TRUE(store().DeleteWorkflow("flow").ok());
  EXPECT_THAT(Names({}), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(store().GetWorkflow("flow", {}).status()));
  EXPECT_TRUE(absl::IsNotFound(store().GetWorkflow("flow", 1).status()));
  EXPECT_TRUE(absl::IsNotFound(store().DeleteWorkflow("flow")));
  // Its runs have their own.
  RunToEnd();
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  EXPECT_TRUE(absl::IsFailedPrecondition(Put(Named("flow"), 1).status()));
  EXPECT_EQ(Value(Put(flow, 0)).version, 2);
}

TEST_P(StoredWorkflowTest, UnknownOnesAreNotFound) {
  EXPECT_TRUE(absl::IsNotFound(store().GetWorkflow("nothing", {}).status()));
  EXPECT_TRUE(
      absl::IsNotFound(store().ListWorkflowVersions("nothing").status()));
  EXPECT_TRUE(absl::IsNotFound(store().DeleteWorkflow("nothing")));
  ASSERT_TRUE(Put(Named("flow")).ok());
  EXPECT_TRUE(absl::IsNotFound(store().GetWorkflow("flow", 2).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(store().PutWorkflow({}).status()));
}

INSTANTIATE_TEST_SUITE_P(Stores, StoredWorkflowTest,
                         testing::ValuesIn(AllStores()), StoreName);

}  // namespace
}  // namespace windlass
