#include "model/definition/ancestors.h"

#include <algorithm>
#include <cstdint>

namespace windlass {
namespace {

constexpr std::size_t kBlock = 64;

std::size_t At(int index) { return static_cast<std::size_t>(index); }

std::vector<int> DifferentOthers(
    const std::vector<std::pair<int, int>>& asked) {
  std::vector<int> others;
  for (const auto& [task, other] : asked) others.push_back(other);
  std::sort(others.begin(), others.end());
  others.erase(std::unique(others.begin(), others.end()), others.end());
  return others;
}

// For every task, which of up to 64 others (by their bit) come before it.
class Reach {
 public:
  explicit Reach(const DraftGraph& graph)
      : graph_(graph),
        bits_(graph.dependencies.size()),
        before_(graph.dependencies.size()) {}

  void Compute(const int* others, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      bits_[At(others[i])] = std::uint64_t{1} << i;
    }
    for (const std::vector<int>& group : graph_.groups) VisitGroup(group);
    for (std::size_t i = 0; i < count; ++i) bits_[At(others[i])] = 0;
  }

  bool Has(int task, std::size_t bit) const {
    return (before_[At(task)] >> bit & 1U) != 0;
  }

 private:
  // Groups come after those they depend on; within one, each task comes before
  // each, so all have the same tasks before them.
  void VisitGroup(const std::vector<int>& group) {
    for (int task : group) before_[At(task)] = 0;
    std::uint64_t before = 0;
    for (int task : group) {
      for (int dependency : graph_.dependencies[At(task)]) {
        before |= before_[At(dependency)] | bits_[At(dependency)];
      }
    }
    for (int task : group) before_[At(task)] = before;
  }

  const DraftGraph& graph_;
  std::vector<std::uint64_t> bits_;
  std::vector<std::uint64_t> before_;
};

}  // namespace

std::vector<bool> AreAncestors(const DraftGraph& graph,
                               const std::vector<std::pair<int, int>>& asked) {
  std::vector<int> others = DifferentOthers(asked);
  // Questions by the place of their `other`.
  std::vector<std::vector<std::size_t>> questions(others.size());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    auto place =
        std::lower_bound(others.begin(), others.end(), asked[i].second) -
        others.begin();
    questions[static_cast<std::size_t>(place)].push_back(i);
  }
  std::vector<bool> answers(asked.size());
  Reach reach(graph);
  for (std::size_t start = 0; start < others.size(); start += kBlock) {
    std::size_t count = std::min(kBlock, others.size() - start);
    reach.Compute(others.data() + start, count);
    for (std::size_t bit = 0; bit < count; ++bit) {
      for (std::size_t i : questions[start + bit]) {
        answers[i] = reach.Has(asked[i].first, bit);
      }
    }
  }
  return answers;
}

}  // namespace windlass
