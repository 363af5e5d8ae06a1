// Telling about a store that does not answer: once, not for every try.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "windlass/events.h"

namespace windlass {

// For one loop. Not thread-safe.
class StoreErrors {
 public:
  // `operation` is a literal: "claim". `events` is borrowed.
  StoreErrors(std::string_view operation, EventSink& events)
      : operation_(operation), events_(events) {}

  // Of every try.
  void Note(const absl::Status& status) {
    if (status.ok() == !failing_) return;
    failing_ = !status.ok();
    events_.OnStoreError(operation_, status);
  }

 private:
  const std::string_view operation_;
  EventSink& events_;
  bool failing_ = false;
};

}  // namespace windlass
