// Attempts of one task that do not know of each other.

#include <algorithm>
#include <thread>

#include "conformance/store_test.h"
#include "engine/result_care.h"
#include "results/object_key.h"
#include "results/result_io.h"
#include "support/memory_result_store.h"

namespace windlass {
namespace {

class ResultRaceTest : public StoreTest {
 protected:
  // As an attempt does it: first the object, then the record.
  bool WriteAndFinish(const Lease& lease) {
    WriteOptions options;
    options.maximum_inline_bytes = 0;
    options.key = Value(store().Identity()) + "/" +
                  MakeObjectKey(lease.run->id, lease.spec().id,
                                lease.task.index, lease.token, "");
    AttemptEnd end = Success(lease);
    end.result = Value(
        io_.Write(Json(JsonObject{{"token", lease.token.value}}), options));
    return Finish(end);
  }

  std::vector<std::string> Objects() {
    std::vector<std::string> uris;
    EXPECT_TRUE(results_
                    .List("",
                          [&](const ObjectInfo& object) {
                            uris.push_back(object.uri);
                            return true;
                          })
                    .ok());
    return uris;
  }

  testing::MemoryResultStore results_;
  ResultIo io_{results_};
};

TEST_P(ResultRaceTest, TwentyAttemptsLeaveOneResultAndNoOrphan) {
  constexpr int kAttempts = 20;
  const RunId run = Submit(SingleTask());
  std::vector<Lease> leases;
  for (int i = 0; i < kAttempts; ++i) {
    leases.push_back(ClaimOne());
    if (i + 1 < kAttempts) {
      ASSERT_TRUE(Finish(Ended(leases.back(), AttemptOutcome::kReleased)));
    }
  }
  std::vector<char> accepted(kAttempts);
  std::vector<std::thread> attempts;
  for (std::size_t i = 0; i < leases.size(); ++i) {
    attempts.emplace_back([&, i] { accepted[i] = WriteAndFinish(leases[i]); });
  }
  for (std::thread& attempt : attempts) attempt.join();
  EXPECT_EQ(std::count(accepted.begin(), accepted.end(), 1), 1);
  EXPECT_EQ(accepted.back(), 1);
  EXPECT_THAT(Objects(), ::testing::SizeIs(kAttempts));

  const auto report = Value(CollectResults(store(), results_, Duration(1),
                                           CollectOptions::Mode::kDelete));
  EXPECT_EQ(report.orphans, kAttempts - 1);
  EXPECT_THAT(Objects(), ::testing::SizeIs(1));
  const TaskRecord task = Task(run, 0);
  EXPECT_EQ(Value(io_.ReadValue(*task.result)),
            Json(JsonObject{{"token", leases.back().token.value}}));
}

INSTANTIATE_TEST_SUITE_P(Stores, ResultRaceTest,
                         ::testing::ValuesIn(AllStores()), StoreName);

}  // namespace
}  // namespace windlass
