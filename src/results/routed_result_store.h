// A result store that knows others: the executor's own, and those that tasks
// name by URL (PutOptions::place; result_place.h has the form of their uris).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "windlass/result_store.h"

namespace windlass {

using OpenResultPlace =
    std::function<absl::StatusOr<std::unique_ptr<ResultStore>>(
        const std::string& url)>;

// Another store is opened when it is first needed, and kept; one that could not
// be opened is tried again the next time. List() is of the executor's own.
std::unique_ptr<ResultStore> MakeRoutedResultStore(
    std::unique_ptr<ResultStore> own, OpenResultPlace open);

}  // namespace windlass
