// Messages of foreign programs that ask for a run (docs/guides/rabbitmq.md):
//
//   {"workflow": {...}, "params": {...}, "labels": {...}}
//   {"task": {"type": "shell", "params": {...}}, "name": "thumbnail"}
//
// A workflow is a definition as in a file, or its text in YAML; a task makes a
// workflow of that one task.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "source/rabbitmq/ingest.h"
#include "windlass/load.h"
#include "windlass/store.h"

namespace windlass {

// What a message asks for. InvalidArgument says all that is wrong with it.
absl::StatusOr<SubmitRequest> ParseIngestMessage(const LoadOptions& options,
                                                 const std::string& body);

// Submits it, once per id, as part of its trace.
absl::StatusOr<SubmittedRun> SubmitMessage(
    Store& store, const LoadOptions& options,
    const rabbitmq::IngestMessage& message);

}  // namespace windlass
