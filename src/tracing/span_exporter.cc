#include "tracing/span_exporter.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <memory>
#include <utility>

#include "base/concat.h"
#include "tracing/otlp_json.h"
#include "windlass/version.h"

namespace windlass {
namespace {

constexpr int kTooManyRequests = 429;
constexpr int kBadGateway = 502;
constexpr int kUnavailable = 503;
constexpr int kGatewayTimeout = 504;

// No collector keeps a batch waiting for longer.
constexpr Duration kLongestAskedPause = std::chrono::minutes(1);

bool MayWorkLater(int status) {
  return status == kTooManyRequests || status == kBadGateway ||
         status == kUnavailable || status == kGatewayTimeout;
}

// Seconds; a date is taken for no wish.
Duration AskedPause(const HttpHead& head) {
  const std::string_view text = head.Header("retry-after");
  int seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::clamp<Duration>(std::chrono::seconds(seconds), Duration::zero(),
                              kLongestAskedPause);
}

Attributes ResourceOf(const TracingConfig& config) {
  Attributes attributes;
  for (const auto& [name, value] : config.resource) {
    attributes.emplace_back(name, value);
  }
  attributes.emplace_back("telemetry.sdk.name", std::string("windlass"));
  attributes.emplace_back("telemetry.sdk.language", std::string("cpp"));
  attributes.emplace_back("telemetry.sdk.version", std::string(kVersion));
  return attributes;
}

}  // namespace

SpanExporter::SpanExporter(TracingConfig config, Post post, Report report,
                           Options options)
    : ThreadService("wl-spans"),
      config_(std::move(config)),
      resource_(ResourceOf(config_)),
      post_(std::move(post)),
      report_(std::move(report)),
      options_(options),
      backoff_(options.backoff, Random(RandomSeed())) {}

void SpanExporter::Add(MakeSpan make) {
  bool fits = false;
  bool wake = false;
  {
    MutexLock lock(mutex_);
    fits = queue_.size() < config_.queue && !stopping_;
    if (fits) {
      queue_.push_back(std::move(make));
      wake = queue_.size() == 1 || queue_.size() == options_.batch;
    } else {
      ++overflow_;
    }
  }
  if (!begun_.load() && !begun_.exchange(true)) Start();
  if (wake) changed_.notify_all();
}

void SpanExporter::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    // Real time, as all waits of the exporter: it bounds what an exit costs.
    if (begun_.load()) {
      changed_.wait_for(mutex_, config_.flush_timeout, [this] {
        mutex_.AssertHeld();
        return drained_;
      });
    }
  }
  give_up_.request_stop();
  ThreadService::Stop();
}

void SpanExporter::Run(std::stop_token) {
  while (TakeBatch()) {
    Send();
    ReportOverflow();
  }
  MutexLock lock(mutex_);
  drained_ = true;
  changed_.notify_all();
}

bool SpanExporter::TakeBatch() {
  std::vector<MakeSpan> taken;
  {
    MutexLock lock(mutex_);
    changed_.wait(mutex_, [this] {
      mutex_.AssertHeld();
      return stopping_ || !queue_.empty();
    });
    changed_.wait_for(mutex_, config_.delay, [this] {
      mutex_.AssertHeld();
      return stopping_ || queue_.size() >= options_.batch;
    });
    const std::size_t count = std::min(queue_.size(), options_.batch);
    for (std::size_t i = 0; i < count; ++i) {
      taken.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
  }
  batch_.clear();
  for (const MakeSpan& make : taken) batch_.push_back(make());
  return !batch_.empty();
}

void SpanExporter::Send() {
  const std::string body = FormatJson(ToOtlp(batch_, resource_));
  for (int tried = 1;; ++tried) {
    const auto answer = post_(body, give_up_.get_token());
    const Verdict verdict = Judge(answer);
    if (verdict == Verdict::kDone) return;
    if (verdict == Verdict::kRefused || tried >= options_.tries ||
        !Pause(std::max(asked_pause_, backoff_.Next()), !answer.ok())) {
      return report_.dropped(std::ssize(batch_), why_);
    }
  }
}

SpanExporter::Verdict SpanExporter::Judge(
    const absl::StatusOr<HttpAnswer>& answer) {
  asked_pause_ = Duration::zero();
  if (!answer.ok()) {
    why_ = std::string(answer.status().message());
    return absl::IsInvalidArgument(answer.status()) ? Verdict::kRefused
                                                    : Verdict::kAgain;
  }
  if (!answer->ok()) {
    why_ = Concat("the collector answered ", answer->status);
    asked_pause_ = AskedPause(*answer);
    return MayWorkLater(answer->status) ? Verdict::kAgain : Verdict::kRefused;
  }
  backoff_.Reset();
  const OtlpRejection rejection = ReadOtlpRejection(answer->body);
  const std::int64_t sent = std::ssize(batch_);
  const std::int64_t rejected =
      std::clamp<std::int64_t>(rejection.spans, 0, sent);
  if (rejected > 0) {
    report_.dropped(rejected,
                    Concat("the collector rejected them: ", rejection.message));
  }
  report_.exported(sent - rejected);
  return Verdict::kDone;
}

bool SpanExporter::Pause(Duration pause, bool unreachable) {
  const std::stop_token stop = give_up_.get_token();
  MutexLock lock(mutex_);
  auto hurried = [this, unreachable] {
    mutex_.AssertHeld();
    return stopping_ && unreachable;
  };
  // The end of a program waits for a collector that is busy, but not for one
  // that is not there.
  changed_.wait_for(mutex_, stop, pause, hurried);
  return !stop.stop_requested() && !hurried();
}

// Not where it happens: that is where tasks are executed.
void SpanExporter::ReportOverflow() {
  std::int64_t spans = 0;
  {
    MutexLock lock(mutex_);
    spans = std::exchange(overflow_, 0);
  }
  if (spans > 0) report_.dropped(spans, "more came than the collector takes");
}

SpanExporter::Post PostTo(const TracingConfig& config) {
  HttpOptions options;
  options.connect_timeout = config.timeout;
  // Shared because std::function copies what it holds.
  auto http = std::make_shared<HttpClient>(options);
  std::vector<std::string> headers = {
      "Content-Type: application/json",
      Concat("User-Agent: windlass/", kVersion)};
  for (const auto& [name, value] : config.headers) {
    headers.push_back(Concat(name, ": ", value));
  }
  return [http, headers, url = config.url, timeout = config.timeout](
             const std::string& body, std::stop_token stop) {
    HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.headers = headers;
    request.body = body;
    request.timeout = timeout;
    request.stop = std::move(stop);
    return http->Send(request);
  };
}

}  // namespace windlass
