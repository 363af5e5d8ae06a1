#include "engine/engine_tracing.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "engine/log_events.h"
#include "tracing/span_events.h"

namespace windlass {
namespace {

SpanExporter::Report ReportTo(const std::function<EventSink&()>& events) {
  return {.exported =
              [events](std::int64_t spans) { events().OnSpansExported(spans); },
          .dropped =
              [events](std::int64_t spans, std::string_view why) {
                events().OnSpansDropped(spans, why);
              }};
}

}  // namespace

class EngineTracing::Subscriber {
 public:
  Subscriber(SpanExporter& exporter, const TracePolicy& policy,
             const std::string& executor, EventSink& events, const Clock& clock)
      : spans_(policy, executor, clock,
               [&exporter](SpanExporter::MakeSpan make) {
                 exporter.Add(std::move(make));
               }),
        all_({&events, &spans_}) {}

  EventSink& events() { return all_; }

 private:
  SpanEvents spans_;
  EventFanOut all_;
};

EngineTracing::EngineTracing(const TracingConfig& config,
                             const std::function<EventSink&()>& events)
    : policy_(config.policy),
      exporter_(config, PostTo(config), ReportTo(events)) {}

EngineTracing::~EngineTracing() { exporter_.Stop(); }

EventSink& EngineTracing::EventsOf(const std::string& executor,
                                   EventSink& events, const Clock& clock) {
  auto made =
      std::make_unique<Subscriber>(exporter_, policy_, executor, events, clock);
  EventSink& all = made->events();
  MutexLock lock(mutex_);
  subscribers_.push_back(std::move(made));
  return all;
}

OnRunsEnded EngineTracing::RunsEnded() {
  return [this](std::span<const EndedRun> runs) {
    for (const EndedRun& run : runs) {
      if (!IsRecorded(*run.info, policy_)) continue;
      exporter_.Add([run, policy = policy_] { return SpanOf(run, policy); });
    }
  };
}

}  // namespace windlass
