// A store whose system of record is an SQL database: the rules of design and
// model on top of a Ledger, which is what databases differ in.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "store/sql/ledger.h"
#include "windlass/json.h"
#include "windlass/store.h"
#include "windlass/workflow.h"

namespace windlass::sql {

std::unique_ptr<Store> MakeSqlStore(std::unique_ptr<Ledger> ledger);

// The parser for definitions that another process pinned. They were checked
// then, but perhaps by a Windlass that knew other task types: any name will do.
absl::StatusOr<std::shared_ptr<const Workflow>> ParsePinned(
    const Json& document);

}  // namespace windlass::sql
