#include "model/circuit.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace windlass {
namespace {

using std::chrono::seconds;

constexpr Timestamp At(int second) { return Timestamp(seconds(second)); }

constexpr Circuit::Terms kTerms = {
    .failure_threshold = 3, .open_for = seconds(10), .probes = 2};

// Lets one begin and end at once.
void Attempt(Circuit& circuit, Testimony testimony, Timestamp now) {
  const std::int64_t era = circuit.facts().era;
  circuit.Begin();
  circuit.End(era, testimony, now, std::nullopt);
}

Circuit Opened(Timestamp now) {
  Circuit circuit(kTerms, {});
  for (int i = 0; i < 3; ++i) Attempt(circuit, Testimony::kFails, now);
  return circuit;
}

TEST(CircuitTest, OpensAfterSoManyFailuresInARow) {
  Circuit circuit(kTerms, {});
  Attempt(circuit, Testimony::kFails, At(0));
  Attempt(circuit, Testimony::kFails, At(0));
  Attempt(circuit, Testimony::kServes, At(0));
  Attempt(circuit, Testimony::kFails, At(0));
  Attempt(circuit, Testimony::kNothing, At(0));
  Attempt(circuit, Testimony::kFails, At(0));
  EXPECT_EQ(circuit.StateAt(At(0)), CircuitState::kClosed);
  EXPECT_EQ(circuit.FreeAt(), Timestamp::min());
  Attempt(circuit, Testimony::kFails, At(5));
  EXPECT_EQ(circuit.StateAt(At(5)), CircuitState::kOpen);
  EXPECT_EQ(circuit.FreeAt(), At(15));
  EXPECT_EQ(circuit.StateAt(At(15)), CircuitState::kHalfOpen);
}

TEST(CircuitTest, StaysOpenForAsLongAsTheServiceSaid) {
  Circuit circuit({.failure_threshold = 1, .open_for = seconds(10)}, {});
  circuit.End(0, Testimony::kFails, At(0), At(60));
  EXPECT_EQ(circuit.FreeAt(), At(60));
  circuit.Begin();
  circuit.End(circuit.facts().era, Testimony::kFails, At(60), At(61));
  EXPECT_EQ(circuit.FreeAt(), At(70));
}

TEST(CircuitTest, LetsSoManyProbesBeginAndASuccessCloses) {
  Circuit circuit = Opened(At(0));
  const std::int64_t era = circuit.facts().era;
  circuit.Begin();
  EXPECT_EQ(circuit.FreeAt(), At(10));
  circuit.Begin();
  EXPECT_EQ(circuit.FreeAt(), Timestamp::max());
  circuit.End(era, Testimony::kServes, At(12), std::nullopt);
  EXPECT_EQ(circuit.StateAt(At(12)), CircuitState::kClosed);
  EXPECT_EQ(circuit.facts().failures, 0);
  // The other probe says something about a time that is over.
  circuit.End(era, Testimony::kFails, At(13), std::nullopt);
  EXPECT_EQ(circuit.facts().failures, 0);
  EXPECT_EQ(circuit.facts().probing, 0);
}

TEST(CircuitTest, AProbeThatFailsOpensItAgainAndOneThatSaysNothingIsReplaced) {
  Circuit circuit = Opened(At(0));
  const std::int64_t era = circuit.facts().era;
  circuit.Begin();
  circuit.Begin();
  circuit.End(era, Testimony::kNothing, At(11), std::nullopt);
  EXPECT_EQ(circuit.FreeAt(), At(10));
  circuit.End(era, Testimony::kFails, At(12), std::nullopt);
  EXPECT_EQ(circuit.FreeAt(), At(22));
  EXPECT_FALSE(circuit.IsCurrent(era));
}

TEST(CircuitTest, WhatBeganBeforeItOpenedCannotCloseIt) {
  Circuit circuit(kTerms, {});
  circuit.Begin();
  const std::int64_t era = circuit.facts().era;
  for (int i = 0; i < 3; ++i) Attempt(circuit, Testimony::kFails, At(0));
  circuit.End(era, Testimony::kServes, At(1), std::nullopt);
  EXPECT_EQ(circuit.StateAt(At(1)), CircuitState::kOpen);
}

TEST(CircuitTest, OnlyWhatIsTheServicesFaultCounts) {
  const auto failed = [](ErrorCategory category) {
    AttemptEnd end;
    end.outcome = AttemptOutcome::kFailed;
    end.error.emplace().category = category;
    return TestimonyOf(end);
  };
  for (const auto category :
       {ErrorCategory::kNetwork, ErrorCategory::kTls, ErrorCategory::kTimeout,
        ErrorCategory::kServer, ErrorCategory::kThrottled,
        ErrorCategory::kProtocol}) {
    EXPECT_EQ(failed(category), Testimony::kFails)
        << ErrorCategoryName(category);
  }
  EXPECT_EQ(failed(ErrorCategory::kClient), Testimony::kServes);
  for (const auto category :
       {ErrorCategory::kApplication, ErrorCategory::kValidation,
        ErrorCategory::kResource, ErrorCategory::kInternal}) {
    EXPECT_EQ(failed(category), Testimony::kNothing);
  }
  AttemptEnd end;
  EXPECT_EQ(TestimonyOf(end), Testimony::kServes);
  end.outcome = AttemptOutcome::kTimedOut;
  EXPECT_EQ(TestimonyOf(end), Testimony::kFails);
  end.outcome = AttemptOutcome::kCancelled;
  EXPECT_EQ(TestimonyOf(end), Testimony::kNothing);
  // A poll that was answered, and a store that was not.
  end.outcome = AttemptOutcome::kDeferred;
  EXPECT_EQ(TestimonyOf(end), Testimony::kServes);
  end.started = false;
  EXPECT_EQ(TestimonyOf(end), Testimony::kNothing);
}

// The rules said another way: from the whole history at every question.
class History {
 public:
  void Begin(int attempt) { began_[attempt] = opened_; }
  void End(int attempt, Testimony testimony, Timestamp now) {
    const auto it = began_.find(attempt);
    const int era = it->second;
    began_.erase(it);
    if (era != opened_) return;
    const bool probe = IsOpen();
    if (testimony == Testimony::kServes) {
      row_ = 0;
      if (probe) Turn(std::nullopt);
    }
    if (testimony != Testimony::kFails) return;
    ++row_;
    if (probe || row_ >= kTerms.failure_threshold) Turn(now + kTerms.open_for);
  }
  bool MayBegin(Timestamp now) const {
    if (!IsOpen()) return true;
    int probes = 0;
    for (const auto& [attempt, era] : began_) probes += era == opened_ ? 1 : 0;
    return now >= *until_ && probes < kTerms.probes;
  }
  bool IsOpen() const { return until_.has_value(); }

 private:
  void Turn(std::optional<Timestamp> until) {
    until_ = until;
    ++opened_;
    if (!until) row_ = 0;
  }
  std::map<int, int> began_;  // Attempts under way.
  std::optional<Timestamp> until_;
  int opened_ = 0;
  int row_ = 0;
};

TEST(CircuitPropertyTest, AnyOrderOfEventsKeepsTheRules) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    Circuit::Facts stored;
    History history;
    std::map<int, std::int64_t> under_way;
    int next = 0;
    Timestamp now = At(0);
    for (int step = 0; step < 200; ++step) {
      now += seconds(random() % 4);
      // As a store does: what is remembered is all there is.
      Circuit circuit(kTerms, stored);
      ASSERT_EQ(circuit.FreeAt() <= now, history.MayBegin(now))
          << "seed " << seed << " step " << step;
      ASSERT_EQ(circuit.StateAt(now) != CircuitState::kClosed,
                history.IsOpen());
      ASSERT_LE(circuit.facts().probing, kTerms.probes);
      if (circuit.FreeAt() <= now && random() % 2 == 0) {
        circuit.Begin();
        under_way[next] = circuit.facts().era;
        history.Begin(next++);
      } else if (!under_way.empty()) {
        auto it = under_way.begin();
        std::advance(it, random() % under_way.size());
        const auto testimony = static_cast<Testimony>(random() % 3);
        circuit.End(it->second, testimony, now, std::nullopt);
        history.End(it->first, testimony, now);
        under_way.erase(it);
      }
      stored = circuit.facts();
    }
  }
}

}  // namespace
}  // namespace windlass
