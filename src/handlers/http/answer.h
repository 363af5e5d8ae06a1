// What the answer to a call makes of its attempt.
#pragma once

#include <optional>
#include <string>

#include "base/http/http_transfers.h"
#include "handlers/http/plan.h"
#include "windlass/handler.h"

namespace windlass {

// The body as it came: in memory, or in a file if its name is set.
struct HttpBody {
  std::string text;
  std::string file;
  std::int64_t size = 0;
};

struct HttpExchangeRecord {
  const HttpPlan& plan;
  const TransferRequest& request;  // As it was sent last, after redirects.
  TransferResult result;
  HttpBody body;
};

// Types of errors: HttpNetwork, HttpTls, HttpTimeout, HttpThrottled,
// HttpClientError, HttpServerError, HttpProtocol, HttpUnexpected,
// HttpForbidden, HttpTooLarge. Whether another attempt may follow is in the
// error, with the delay that a Retry-After asks for.
Outcome OutcomeOf(HttpExchangeRecord record);

// What a call that polls makes of an outcome of OutcomeOf() that is a success:
// that, a failure, or another try later. May ask the store.
Outcome PollOutcome(const HttpPlan& plan, Outcome outcome, TaskContext& task);

// What a Retry-After says, in seconds or as a date, up to a day.
std::optional<Duration> RetryAfter(const HttpHead& head);

// No token came.
Outcome TokenFailure(const HttpPlan& plan, const TransferResult& result);

}  // namespace windlass
