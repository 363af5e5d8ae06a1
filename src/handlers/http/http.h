// The task type `http`: a call of a service, by libcurl
// (docs/guides/http-tasks.md). Its attempts wait without a thread.
#pragma once

#include <memory>
#include <string>

#include "base/http/address_policy.h"
#include "windlass/handler.h"

namespace windlass {

class ResultIo;

struct HttpHandlerOptions {
  // Reads results that a body is made of. Borrowed; null: a task that has one
  // fails.
  ResultIo* results = nullptr;
  // To which addresses besides public ones.
  AddressPolicy policy;
  std::string authorities;  // PEM file; empty: the system's.
};

std::unique_ptr<AsyncTaskHandler> MakeHttpHandler(HttpHandlerOptions options);

}  // namespace windlass
