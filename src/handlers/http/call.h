// One attempt of an `http` task: the request, where it is redirected to, and
// the token it needs, without a thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/base/thread_annotations.h"
#include "base/file.h"
#include "base/http/http_transfers.h"
#include "base/mutex.h"
#include "base/work_thread.h"
#include "handlers/http/answer.h"
#include "handlers/http/plan.h"
#include "handlers/http/token_cache.h"
#include "windlass/handler.h"

namespace windlass {

// Owned by whoever it waits for. Thread-safe.
class HttpCall : public std::enable_shared_from_this<HttpCall> {
 public:
  // Both are borrowed, and outlive it.
  struct Parts {
    HttpTransfers* transfers = nullptr;
    TokenCache* tokens = nullptr;
    WorkThread* pages = nullptr;  // Reads the pages of `paginate`.
  };
  HttpCall(const Parts& parts, TaskContext& task, HttpPlan plan,
           AsyncTaskHandler::EndAttempt end);
  HttpCall(const HttpCall&) = delete;
  HttpCall& operator=(const HttpCall&) = delete;

  void Start();

 private:
  void AskForToken();
  void TakeToken(const TokenCache::Answer& answer);
  void Send();
  void EnterTrace(TransferRequest& request);
  void NoteCall(const TransferResult& result);
  absl::Status Keep(const HttpHead& head, std::string_view bytes);
  absl::Status Spill(std::string_view bytes);
  void OnAnswer(TransferResult result);
  Outcome Conclude(TransferResult result);
  void TakePage(const TransferResult& result);
  bool NeedsNewToken(const TransferResult& result) const;
  // False when this is the answer that counts; true when it was followed, or
  // could not be.
  bool Follow(const TransferResult& result);
  void FollowTo(std::string url, int status);
  // Credentials are for the service they were given for.
  void MoveTo(std::string url);
  void Stop();
  void End(std::function<Outcome()> outcome);

  const Parts parts_;
  TaskContext& task_;
  const HttpPlan plan_;
  // What is sent next; changed by redirects. Used by one step after another.
  TransferRequest request_;
  std::string token_;
  bool renewed_ = false;  // The token, once.
  int redirected_ = 0;
  int sent_ = 0;         // Requests.
  bool traced_ = false;  // The one that is under way.
  HttpBody body_;
  std::optional<PageReader> reader_;
  UniqueFd spill_;

  Mutex mutex_;
  AsyncTaskHandler::EndAttempt end_ ABSL_GUARDED_BY(mutex_);
  HttpTransfers::Id transfer_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;  // A page.
  // The last member: it may be running when this is destroyed.
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

}  // namespace windlass
