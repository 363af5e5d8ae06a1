// Results of batches: see MapSpec::item_results.
#pragma once

#include <string_view>

namespace windlass {

// How many items a batch's result is the list of results of, in its metadata;
// and how many all batches have together, in that of the list of batches.
inline constexpr std::string_view kBatchItems = "batch_items";

}  // namespace windlass
