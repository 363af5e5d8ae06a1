#include "handlers/http/call.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "base/concat.h"
#include "base/http/http_url.h"
#include "handlers/failure.h"
#include "handlers/http/http_words.h"

namespace windlass {
namespace {

// Of a binary body; more goes to a file of the attempt.
constexpr std::size_t kInMemory = std::size_t{256} << 10;

constexpr int kMovedPermanently = 301;
constexpr int kFound = 302;
constexpr int kSeeOther = 303;
constexpr int kTemporaryRedirect = 307;
constexpr int kPermanentRedirect = 308;
constexpr int kUnauthorized = 401;

bool IsRedirect(int status) {
  return status == kMovedPermanently || status == kFound ||
         status == kSeeOther || status == kTemporaryRedirect ||
         status == kPermanentRedirect;
}

Outcome Unfollowable(std::string message) {
  TaskError error;
  error.type = "HttpRedirect";
  error.category = ErrorCategory::kProtocol;
  error.retryable = false;
  error.message = std::move(message);
  return Outcome::Failure(std::move(error));
}

std::string NameOf(const std::string& header) {
  return absl::AsciiStrToLower(header.substr(0, header.find(':')));
}

const char* NameOf(HttpFault fault) {
  switch (fault) {
    case HttpFault::kNone:
      return "";
    case HttpFault::kForbidden:
      return "forbidden_address";
    case HttpFault::kNetwork:
      return "network";
    case HttpFault::kTls:
      return "tls";
    case HttpFault::kTimeout:
      return "timeout";
    case HttpFault::kTooLarge:
      return "too_large";
    case HttpFault::kCancelled:
      return "cancelled";
    case HttpFault::kInvalid:
    case HttpFault::kProtocol:
    case HttpFault::kSink:
      return "protocol";
  }
  return "";
}

// From "https://host:443".
void SetServer(const std::string& origin, ServiceCall& call) {
  const std::size_t host = origin.find("://");
  const std::size_t port = origin.rfind(':');
  if (host == std::string::npos || port <= host) return;
  call.host = origin.substr(host + 3, port - host - 3);
  static_cast<void>(absl::SimpleAtoi(origin.substr(port + 1), &call.port));
}

// As RFC 9110 section 15.4 lets clients do, and all do.
void BecomeGet(TransferRequest& request) {
  request.method = "GET";
  request.has_body = false;
  request.body.clear();
  request.body_file.clear();
  request.parts.clear();
  request.repeatable = true;
  std::erase_if(request.headers, [](const std::string& header) {
    return NameOf(header).starts_with("content-");
  });
}

}  // namespace

HttpCall::HttpCall(const Parts& parts, TaskContext& task, HttpPlan plan,
                   AsyncTaskHandler::EndAttempt end)
    : parts_(parts),
      task_(task),
      plan_(std::move(plan)),
      request_(plan_.request),
      end_(std::move(end)) {
  if (!plan_.pages) return;
  reader_.emplace(*plan_.pages, task, request_.url);
  request_.url = reader_->FirstUrl();
}

void HttpCall::Start() {
  const std::stop_token stop = task_.stop_token();
  on_stop_.emplace(stop, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->Stop();
  });
  if (plan_.oauth) {
    AskForToken();
  } else {
    Send();
  }
}

void HttpCall::AskForToken() {
  parts_.tokens->Get(
      *plan_.oauth, plan_.request,
      [self = shared_from_this()](const TokenCache::Answer& answer) {
        self->TakeToken(answer);
      });
}

void HttpCall::TakeToken(const TokenCache::Answer& answer) {
  if (answer.token.empty()) {
    End([self = shared_from_this(), result = answer.result] {
      return TokenFailure(self->plan_, result);
    });
    return;
  }
  token_ = answer.token;
  std::erase_if(request_.headers, [](const std::string& header) {
    return NameOf(header) == "authorization";
  });
  request_.headers.push_back(Concat("Authorization: Bearer ", token_));
  Send();
}

void HttpCall::Send() {
  body_ = {};
  spill_.Reset();
  TransferRequest request = request_;
  request.on_body = [this](const HttpHead& head, std::string_view bytes) {
    return Keep(head, bytes);
  };
  MutexLock lock(mutex_);
  if (stopped_) return;  // It has ended.
  EnterTrace(request);   // Not before: the task may be gone.
  transfer_ = parts_.transfers->Begin(
      std::move(request), [self = shared_from_this()](TransferResult result) {
        self->OnAnswer(std::move(result));
      });
}

// Unless the task says itself which trace the request is part of.
void HttpCall::EnterTrace(TransferRequest& request) {
  ++sent_;
  const bool has_own =
      std::any_of(request.headers.begin(), request.headers.end(),
                  [](const std::string& header) {
                    return NameOf(header) == "traceparent";
                  });
  const std::string traceparent = task_.CallTraceparent(sent_);
  traced_ = !traceparent.empty();
  if (has_own || !traced_) return;
  request.headers.push_back(Concat("traceparent: ", traceparent));
  const std::string tracestate = task_.tracestate();
  if (tracestate.empty()) return;
  request.headers.push_back(Concat("tracestate: ", tracestate));
}

void HttpCall::NoteCall(const TransferResult& result) {
  if (!traced_ || result.fault == HttpFault::kCancelled) return;
  ServiceCall call;
  call.number = sent_;
  call.method = request_.method;
  call.url = ShownUrl(request_.url, plan_.secret_parameter);
  SetServer(OriginOf(request_.url), call);
  call.status = result.head.status;
  call.fault = NameOf(result.fault);
  call.took = result.times.total;
  task_.NoteCall(call);
}

absl::Status HttpCall::Keep(const HttpHead& head, std::string_view bytes) {
  const bool binary = OutputFor(plan_.output, head) == HttpOutput::kBinary;
  const std::int64_t most = binary ? plan_.maximum_binary : plan_.maximum_text;
  body_.size += static_cast<std::int64_t>(bytes.size());
  if (body_.size > most) {
    return absl::ResourceExhaustedError(Concat(
        "the body of the answer has more than ", most, " bytes (max_bytes)"));
  }
  if (binary && (spill_ || body_.text.size() + bytes.size() > kInMemory)) {
    return Spill(bytes);
  }
  body_.text.append(bytes);
  return absl::OkStatus();
}

absl::Status HttpCall::Spill(std::string_view bytes) {
  if (!spill_) {
    auto folder = task_.ScratchDir();
    if (!folder.ok()) return folder.status();
    body_.file = Concat(*folder, "/answer-", redirected_);
    spill_ = UniqueFd(open(body_.file.c_str(),
                           O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                           S_IRUSR | S_IWUSR));
    if (!spill_) return ErrnoStatus(errno, Concat("create ", body_.file));
    absl::Status begun = WriteAll(spill_.get(), body_.text, body_.file);
    if (!begun.ok()) return absl::UnavailableError(begun.message());
    body_.text.clear();
  }
  absl::Status written = WriteAll(spill_.get(), bytes, body_.file);
  // A full disk is not a large answer.
  return written.ok() ? written : absl::UnavailableError(written.message());
}

void HttpCall::OnAnswer(TransferResult result) {
  NoteCall(result);  // As long as Stop() leaves the end to us.
  {
    MutexLock lock(mutex_);
    transfer_ = 0;
  }
  if (result.fault == HttpFault::kNone) {
    if (NeedsNewToken(result)) {
      renewed_ = true;
      parts_.tokens->Forget(*plan_.oauth, token_);
      AskForToken();
      return;
    }
    if (Follow(result)) return;
  }
  if (reader_ && result.fault == HttpFault::kNone &&
      IsExpected(plan_, result.head)) {
    {
      MutexLock lock(mutex_);
      if (stopped_) return;
      reading_ = true;
    }
    parts_.pages->Post([self = shared_from_this(), page = std::move(result)] {
      self->TakePage(page);
    });
    return;
  }
  End([self = shared_from_this(), ended = std::move(result)] {
    return self->Conclude(ended);
  });
}

Outcome HttpCall::Conclude(TransferResult result) {
  Outcome outcome = OutcomeOf({.plan = plan_,
                               .request = request_,
                               .result = std::move(result),
                               .body = std::move(body_)});
  if (!plan_.poll || outcome.kind != AttemptOutcome::kSucceeded) return outcome;
  return PollOutcome(plan_, std::move(outcome), task_);
}

void HttpCall::TakePage(const TransferResult& result) {
  auto next = reader_->Take(request_.url, result.head, body_.text);
  bool stopped = false;
  {
    MutexLock lock(mutex_);
    reading_ = false;
    stopped = stopped_;
  }
  if (stopped) {
    End([] { return Outcome::Cancelled(); });
  } else if (!next.ok()) {
    End([failure = FailureFromStatus(next.status())] { return failure; });
  } else if (next->has_value()) {
    redirected_ = 0;
    MoveTo(**std::move(next));
    Send();
  } else {
    End([self = shared_from_this()] {
      auto outcome = self->reader_->Finish();
      return outcome.ok() ? *std::move(outcome)
                          : FailureFromStatus(outcome.status());
    });
  }
}

bool HttpCall::NeedsNewToken(const TransferResult& result) const {
  return plan_.oauth && result.head.status == kUnauthorized && !renewed_ &&
         !token_.empty();
}

bool HttpCall::Follow(const TransferResult& result) {
  const std::string location(result.head.Header("location"));
  const int status = result.head.status;
  if (!IsRedirect(status) || location.empty() || plan_.redirects == 0) {
    return false;
  }
  auto fail = [this](std::string message) {
    End([why = Unfollowable(Concat(
             ShownUrl(request_.url, plan_.secret_parameter), ": ", message))] {
      return why;
    });
    return true;
  };
  if (redirected_ >= plan_.redirects) {
    return fail(
        Concat("redirected more than ", plan_.redirects, " times (redirects)"));
  }
  auto url = ResolveUrl(request_.url, location);
  if (!url.ok()) return fail(std::string(url.status().message()));
  if (absl::StartsWithIgnoreCase(request_.url, "https://") &&
      !absl::StartsWithIgnoreCase(*url, "https://")) {
    return fail("redirected from https to what is not encrypted");
  }
  ++redirected_;
  FollowTo(*std::move(url), status);
  return true;
}

void HttpCall::FollowTo(std::string url, int status) {
  const bool keeps_method =
      status == kTemporaryRedirect || status == kPermanentRedirect ||
      request_.method == "GET" || request_.method == "HEAD" ||
      (status != kSeeOther && request_.method != "POST");
  if (!keeps_method) BecomeGet(request_);
  MoveTo(std::move(url));
  Send();
}

void HttpCall::MoveTo(std::string url) {
  if (OriginOf(url) != OriginOf(request_.url)) {
    std::erase_if(request_.headers, [this](const std::string& header) {
      const std::string name = NameOf(header);
      return IsSecretHeader(name) || name == plan_.secret_header;
    });
    request_.signature = {};
    request_.certificate.clear();
    request_.key.clear();
    token_.clear();
  }
  request_.url = std::move(url);
}

void HttpCall::Stop() {
  HttpTransfers::Id transfer = 0;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    transfer = transfer_;
    if (reading_) return;  // With the task, which must not go meanwhile.
  }
  // A token that others wait for as well is not given up.
  if (transfer != 0) parts_.transfers->Cancel(transfer);
  if (transfer == 0) End([] { return Outcome::Cancelled(); });
}

void HttpCall::End(std::function<Outcome()> outcome) {
  AsyncTaskHandler::EndAttempt end;
  {
    MutexLock lock(mutex_);
    end.swap(end_);
  }
  if (end) end(std::move(outcome));
}

}  // namespace windlass
