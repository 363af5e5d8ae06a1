#include "executor/map_batch.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/concat.h"
#include "model/cel/activation.h"
#include "model/cel/value.h"

namespace windlass {
namespace {

// Of a value, in messages.
constexpr std::size_t kExcerpt = 200;

// An instance's names, and `result`. Both are borrowed.
class WithResult : public cel::Activation {
 public:
  WithResult(const AttemptInputs& inputs, const Json& result)
      : inputs_(inputs), result_(result) {}

  absl::StatusOr<std::optional<cel::Value>> Find(
      std::string_view name) const override {
    if (name != "result") return inputs_.Find(name);
    return std::optional<cel::Value>(cel::Value::Of(result_));
  }

 private:
  const AttemptInputs& inputs_;
  const Json& result_;
};

}  // namespace

JsonArray InBatches(JsonArray items, int size) {
  const auto most = static_cast<std::size_t>(size);
  JsonArray batches;
  batches.reserve((items.size() + most - 1) / most);
  for (std::size_t first = 0; first < items.size(); first += most) {
    JsonArray batch;
    const std::size_t end = std::min(items.size(), first + most);
    batch.reserve(end - first);
    for (std::size_t i = first; i < end; ++i) {
      batch.push_back(std::move(items[i]));
    }
    batches.emplace_back(std::move(batch));
  }
  return batches;
}

absl::StatusOr<Json> ItemResults(const CompiledTask& task, const Json& result,
                                 std::size_t count,
                                 const AttemptInputs& inputs) {
  absl::StatusOr<Json> list =
      Evaluate(*task.item_results, WithResult(inputs, result));
  if (!list.ok()) return list;
  if (!list->is_array()) {
    return absl::InvalidArgumentError(
        Concat("expected a list of ", count, " results, one per item, got ",
               FormatJson(*list).substr(0, kExcerpt)));
  }
  if (list->get_array().size() != count) {
    return absl::InvalidArgumentError(Concat("expected ", count,
                                             " results, one per item, got ",
                                             list->get_array().size()));
  }
  return list;
}

}  // namespace windlass
