#include "model/adaptive_limit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <vector>

namespace windlass {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Timestamp At(int second) { return Timestamp(seconds(second)); }

// Fills it, and ends all at once with this.
void Window(AdaptiveLimit& limit, Timestamp now,
            LoadSign sign = LoadSign::kServed, Duration latency = seconds(1)) {
  const int allowed = limit.allowed();
  for (int i = 1; i <= allowed; ++i) limit.Begin(i);
  for (int i = 0; i < allowed; ++i) limit.End(now, sign, latency, now);
}

TEST(AdaptiveLimitTest, DoublesUntilItWasTooMuchThenGrowsByOne) {
  AdaptiveLimit limit({.minimum = 1, .maximum = 100}, {});
  std::vector<int> allowed;
  for (int i = 0; i < 5; ++i) {
    allowed.push_back(limit.allowed());
    Window(limit, At(i));
  }
  EXPECT_EQ(allowed, (std::vector<int>{1, 2, 4, 8, 16}));
  limit.End(At(5), LoadSign::kTooMuch, seconds(1), At(6));
  EXPECT_EQ(limit.allowed(), 22);
  Window(limit, At(7));
  EXPECT_EQ(limit.allowed(), 23);
  Window(limit, At(8));
  EXPECT_EQ(limit.allowed(), 24);
}

TEST(AdaptiveLimitTest, StaysBetweenMinimumAndMaximum) {
  AdaptiveLimit limit({.minimum = 3, .maximum = 5}, {});
  EXPECT_EQ(limit.allowed(), 3);
  Window(limit, At(0));
  EXPECT_EQ(limit.allowed(), 5);
  Window(limit, At(1));
  EXPECT_EQ(limit.allowed(), 5);
  for (int i = 2; i < 9; ++i) {
    limit.End(At(i), LoadSign::kTooMuch, seconds(1), At(i));
  }
  EXPECT_EQ(limit.allowed(), 3);
}

TEST(AdaptiveLimitTest, NewTermsHoldAtOnce) {
  AdaptiveLimit::Facts facts;
  facts.allowed = 50;
  EXPECT_EQ(AdaptiveLimit({.minimum = 1, .maximum = 20}, facts).allowed(), 20);
  EXPECT_EQ(AdaptiveLimit({.minimum = 60, .maximum = 90}, facts).allowed(), 60);
}

TEST(AdaptiveLimitTest, WhatBeganBeforeItShrankSaysNothingMore) {
  AdaptiveLimit limit({.minimum = 1, .maximum = 100}, {.allowed = 10});
  limit.End(At(0), LoadSign::kTooMuch, seconds(1), At(5));
  EXPECT_EQ(limit.allowed(), 7);
  for (int i = 0; i < 9; ++i) {
    limit.End(At(i % 5), LoadSign::kTooMuch, seconds(1), At(6));
    limit.End(At(i % 5), LoadSign::kServed, seconds(1), At(6));
  }
  EXPECT_EQ(limit.allowed(), 7);
  EXPECT_EQ(limit.facts().ends, 0);
  // At that very moment: in the place of one that had ended.
  limit.End(At(5), LoadSign::kTooMuch, seconds(1), At(7));
  EXPECT_EQ(limit.allowed(), 4);
}

TEST(AdaptiveLimitTest, WhatIsNotUsedDoesNotGrow) {
  AdaptiveLimit limit({.minimum = 4, .maximum = 100}, {});
  for (int i = 0; i < 40; ++i) {
    limit.Begin(3);
    limit.End(At(i), LoadSign::kServed, seconds(1), At(i));
  }
  EXPECT_EQ(limit.allowed(), 4);
  limit.Begin(4);
  for (int i = 0; i < 4; ++i) {
    limit.End(At(50), LoadSign::kServed, seconds(1), At(50));
  }
  EXPECT_EQ(limit.allowed(), 8);
}

TEST(AdaptiveLimitTest, AWindowThatIsTooSlowOnTheAverageShrinksIt) {
  AdaptiveLimit limit(
      {.minimum = 1, .maximum = 100, .target_latency = milliseconds(100)},
      {.allowed = 10});
  // One that is slow is no window.
  for (int i = 0; i < 9; ++i) {
    limit.End(At(0), LoadSign::kServed, milliseconds(10), At(0));
  }
  limit.End(At(0), LoadSign::kServed, milliseconds(900), At(0));
  EXPECT_EQ(limit.allowed(), 10);
  Window(limit, At(1), LoadSign::kServed, milliseconds(101));
  EXPECT_EQ(limit.allowed(), 7);
  Window(limit, At(2), LoadSign::kServed, milliseconds(100));
  EXPECT_EQ(limit.allowed(), 8);
}

TEST(AdaptiveLimitTest, EndsThatSayNothingChangeNothing) {
  AdaptiveLimit limit({.minimum = 2, .maximum = 100}, {});
  const AdaptiveLimit::Facts before = limit.facts();
  for (int i = 0; i < 20; ++i) {
    limit.End(At(i), LoadSign::kNothing, seconds(1), At(i));
  }
  EXPECT_EQ(limit.facts(), before);
}

TEST(AdaptiveLimitTest, OnlyWhatAsksForLessIsTooMuch) {
  const auto failed = [](ErrorCategory category) {
    AttemptEnd end;
    end.outcome = AttemptOutcome::kFailed;
    end.error.emplace().category = category;
    return LoadSignOf(end);
  };
  EXPECT_EQ(failed(ErrorCategory::kThrottled), LoadSign::kTooMuch);
  EXPECT_EQ(failed(ErrorCategory::kTimeout), LoadSign::kTooMuch);
  EXPECT_EQ(failed(ErrorCategory::kClient), LoadSign::kServed);
  for (const auto category :
       {ErrorCategory::kServer, ErrorCategory::kNetwork, ErrorCategory::kTls,
        ErrorCategory::kApplication, ErrorCategory::kInternal}) {
    EXPECT_EQ(failed(category), LoadSign::kNothing)
        << ErrorCategoryName(category);
  }
  AttemptEnd end;
  EXPECT_EQ(LoadSignOf(end), LoadSign::kServed);
  end.outcome = AttemptOutcome::kTimedOut;
  EXPECT_EQ(LoadSignOf(end), LoadSign::kTooMuch);
  end.outcome = AttemptOutcome::kCancelled;
  EXPECT_EQ(LoadSignOf(end), LoadSign::kNothing);
  end.outcome = AttemptOutcome::kDeferred;
  EXPECT_EQ(LoadSignOf(end), LoadSign::kServed);
  end.started = false;
  EXPECT_EQ(LoadSignOf(end), LoadSign::kNothing);
}

// A service with callers that always want more: in every step some calls end,
// and as many begin as the limit allows.
class Simulation {
 public:
  // How a call that begins when so many are under way will end.
  struct Answer {
    LoadSign sign = LoadSign::kServed;
    Duration latency{0};
  };
  using Service = std::function<Answer(int under_way)>;

  Simulation(const AdaptiveLimit::Terms& terms, Service service, unsigned seed)
      : terms_(terms), service_(std::move(service)), random_(seed) {}

  void Step() {
    now_ += milliseconds(1);
    // As a store does: what is remembered is all there is.
    AdaptiveLimit limit(terms_, facts_);
    for (std::size_t i = 0; i < calls_.size();) {
      if (calls_[i].ends > now_) {
        ++i;
        continue;
      }
      const Call call = calls_[i];
      calls_.erase(calls_.begin() + static_cast<std::ptrdiff_t>(i));
      const int before = limit.allowed();
      limit.End(call.began, call.sign, call.ends - call.began, now_);
      if (limit.allowed() < before) Shrank(call.began);
    }
    while (static_cast<int>(calls_.size()) < limit.allowed()) {
      Begin();
      limit.Begin(static_cast<std::int64_t>(calls_.size()));
    }
    facts_ = limit.facts();
    EXPECT_GE(facts_.allowed, terms_.minimum);
    EXPECT_LE(facts_.allowed, terms_.maximum);
    seen_.push_back(facts_.allowed);
  }

  // Of the steps since the last call.
  std::pair<int, int> Range() {
    const auto [least, most] = std::minmax_element(seen_.begin(), seen_.end());
    const std::pair<int, int> range(*least, *most);
    seen_.clear();
    return range;
  }

 private:
  struct Call {
    Timestamp began;
    Timestamp ends;
    LoadSign sign;
  };

  void Begin() {
    const Answer answer = service_(static_cast<int>(calls_.size()) + 1);
    const Duration noise(random_() % 1000);
    calls_.push_back({now_, now_ + answer.latency + noise, answer.sign});
  }

  // Once for all that was under way.
  void Shrank(Timestamp because_of) {
    EXPECT_GE(because_of, shrank_);
    shrank_ = now_;
  }

  const AdaptiveLimit::Terms terms_;
  const Service service_;
  std::mt19937 random_;
  AdaptiveLimit::Facts facts_;
  std::vector<Call> calls_;
  Timestamp now_ = At(1);
  Timestamp shrank_ = At(0);
  std::vector<int> seen_;
};

TEST(AdaptiveLimitPropertyTest, SettlesNearWhatAServiceTakesThatRefusesMore) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::mt19937 random(seed);
    const int capacity = 2 + static_cast<int>(random() % 60);
    const auto service = [capacity](int under_way) -> Simulation::Answer {
      if (under_way > capacity) return {LoadSign::kTooMuch, milliseconds(1)};
      return {LoadSign::kServed, milliseconds(20)};
    };
    Simulation simulation({.minimum = 1, .maximum = 500}, service, seed);
    for (int i = 0; i < 2000; ++i) simulation.Step();
    simulation.Range();
    for (int i = 0; i < 5000; ++i) simulation.Step();
    const auto [least, most] = simulation.Range();
    EXPECT_GE(least, capacity * 7 / 10) << "capacity " << capacity;
    EXPECT_LE(most, capacity + 1) << "capacity " << capacity;
  }
}

TEST(AdaptiveLimitPropertyTest, SettlesNearWhatAServiceTakesThatGetsSlower) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::mt19937 random(seed);
    const int capacity = 4 + static_cast<int>(random() % 40);
    // It works on so many at a time; the others wait.
    const auto service = [capacity](int under_way) -> Simulation::Answer {
      const int rounds_of_ten = std::max(10, under_way * 10 / capacity);
      return {LoadSign::kServed, milliseconds(rounds_of_ten)};
    };
    Simulation simulation(
        {.minimum = 1, .maximum = 500, .target_latency = milliseconds(20)},
        service, seed);
    for (int i = 0; i < 3000; ++i) simulation.Step();
    simulation.Range();
    for (int i = 0; i < 5000; ++i) simulation.Step();
    const auto [least, most] = simulation.Range();
    EXPECT_GE(least, capacity) << "capacity " << capacity;
    EXPECT_LE(most, capacity * 3) << "capacity " << capacity;
  }
}

TEST(AdaptiveLimitPropertyTest, FollowsAServiceThatTakesLessAndMoreAgain) {
  int capacity = 40;
  const auto service = [&capacity](int under_way) -> Simulation::Answer {
    if (under_way > capacity) return {LoadSign::kTooMuch, milliseconds(1)};
    return {LoadSign::kServed, milliseconds(20)};
  };
  Simulation simulation({.minimum = 1, .maximum = 500}, service, 1);
  for (const int now : {40, 8, 40}) {
    capacity = now;
    for (int i = 0; i < 2000; ++i) simulation.Step();
    simulation.Range();
    for (int i = 0; i < 1000; ++i) simulation.Step();
    const auto [least, most] = simulation.Range();
    EXPECT_GE(least, now * 7 / 10);
    EXPECT_LE(most, now + 1);
  }
}

}  // namespace
}  // namespace windlass
