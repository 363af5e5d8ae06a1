#include "handlers/http/http.h"

#include <memory>
#include <utility>

#include "handlers/failure.h"
#include "handlers/http/call.h"
#include "handlers/http/plan.h"
#include "handlers/http/token_cache.h"

namespace windlass {
namespace {

class HttpHandler : public AsyncTaskHandler {
 public:
  explicit HttpHandler(HttpHandlerOptions options)
      : options_(std::move(options)),
        transfers_(std::make_unique<HttpTransfers>(TransfersOptions{
            .policy = options_.policy, .authorities = options_.authorities})),
        tokens_(*transfers_) {}
  // What is in flight ends before what it uses goes.
  ~HttpHandler() override {
    pages_.Stop();
    transfers_.reset();
  }
  HttpHandler(const HttpHandler&) = delete;
  HttpHandler& operator=(const HttpHandler&) = delete;

  void Begin(TaskContext& task, EndAttempt end) override {
    ParamProblems problems =
        CheckHttpParams(task.params(), ParamStage::kEvaluated);
    if (!problems.empty()) {
      end([problems] { return InvalidParams(problems); });
      return;
    }
    auto plan = MakeHttpPlan(task, options_.results);
    if (!plan.ok()) {
      end([failure = FailureFromStatus(plan.status())] { return failure; });
      return;
    }
    std::make_shared<HttpCall>(HttpCall::Parts{.transfers = transfers_.get(),
                                               .tokens = &tokens_,
                                               .pages = &pages_},
                               task, *std::move(plan), std::move(end))
        ->Start();
  }

  ParamProblems CheckParams(const Json& params) const override {
    return CheckHttpParams(params, ParamStage::kAsWritten);
  }

  Interpolation InterpolationOf(std::string_view path,
                                const Json& params) const override {
    static_cast<void>(params);
    return path == "url" || path == "auth.oauth2.token_url"
               ? Interpolation::kUrlPart
               : Interpolation::kPlain;
  }

 private:
  const HttpHandlerOptions options_;
  std::unique_ptr<HttpTransfers> transfers_;
  TokenCache tokens_;
  WorkThread pages_{"wl-http-pages"};
};

}  // namespace

std::unique_ptr<AsyncTaskHandler> MakeHttpHandler(HttpHandlerOptions options) {
  return std::make_unique<HttpHandler>(std::move(options));
}

}  // namespace windlass
