#include "server/event_feed.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/concat.h"
#include "base/random.h"
#include "model/documents.h"

namespace windlass {
namespace {

constexpr Duration kPatience = std::chrono::milliseconds(500);
constexpr Duration kHeartbeat = std::chrono::seconds(5);
// What a browser waits before it comes back, in milliseconds.
constexpr int kReconnect = 2000;

Json TaskChange(RunId run, const TaskSpec& task, const NodeProgress& now) {
  JsonObject data{{"run_id", FormatRunId(run)},
                  {"id", task.id},
                  {"state", Name(now.state)}};
  if (now.items >= 0) {
    data["items"] = now.items;
    data["succeeded"] = now.succeeded;
    data["failed"] = now.failed;
    data["skipped"] = now.skipped;
    data["cancelled"] = now.cancelled;
  }
  return data;
}

bool IsSame(const NodeProgress& a, const NodeProgress& b) {
  return a.state == b.state && a.items == b.items &&
         a.succeeded == b.succeeded && a.failed == b.failed &&
         a.skipped == b.skipped && a.cancelled == b.cancelled;
}

// The first after `last`, round about; end() of none.
template <typename Map>
auto NextAfter(Map& map, RunId last) {
  auto found = map.upper_bound(last);
  return found == map.end() ? map.begin() : found;
}

}  // namespace

EventFeed::EventFeed(Store& store, Clock& clock, int maximum_listeners)
    : ThreadService("wl-events"),
      store_(store),
      clock_(clock),
      maximum_listeners_(maximum_listeners),
      epoch_(RandomToken(6)) {}

std::string EventFeed::IdOf(std::int64_t number) const {
  return Concat(epoch_, "-", number);
}

EventFeed::Place EventFeed::PlaceOfLocked(std::string_view last_id) const {
  std::int64_t number = -1;
  const std::size_t dash = std::min(last_id.find('-'), last_id.size());
  if (last_id.substr(0, dash) == epoch_ && dash < last_id.size()) {
    std::from_chars(last_id.data() + dash + 1, last_id.data() + last_id.size(),
                    number);
  }
  const std::int64_t first =
      last_number_ - static_cast<std::int64_t>(events_.size());
  const bool is_known =
      number >= std::max(first, gap_) && number <= last_number_;
  return {.after = is_known ? number : last_number_, .is_known = is_known};
}

absl::StatusOr<std::unique_ptr<EventFeed::Listener>> EventFeed::Listen(
    std::optional<RunId> run, std::string_view last_id) {
  std::shared_ptr<const RunInfo> info;
  if (run) {
    auto found = store_.GetRunInfo(*run);
    if (!found.ok()) return found.status();
    info = *std::move(found);
  }
  MutexLock lock(mutex_);
  if (stopped_) return absl::UnavailableError("the server is stopping");
  if (listeners_ >= maximum_listeners_) {
    return absl::UnavailableError(Concat("there are ", maximum_listeners_,
                                         " listeners already; try again"));
  }
  ++listeners_;
  if (run) {
    Watched& watched = watched_[*run];
    watched.info = std::move(info);
    watched.seen.reset();  // The newcomer is told of each task once.
    ++watched.listeners;
  }
  changed_.notify_all();
  // Whoever asks for no event in particular has just read what there is.
  Place place = PlaceOfLocked(last_id);
  place.is_known = place.is_known || last_id.empty();
  return std::make_unique<Listener>(*this, run, place);
}

void EventFeed::Leave(std::optional<RunId> run) {
  MutexLock lock(mutex_);
  --listeners_;
  if (!run) return;
  auto found = watched_.find(*run);
  if (--found->second.listeners == 0) watched_.erase(found);
}

void EventFeed::Run(std::stop_token stop) {
  Duration wanted_at{0};
  while (!stop.stop_requested()) {
    {
      MutexLock lock(mutex_);
      const bool lingers =
          is_watching_ && clock_.Steady() - wanted_at < kLinger;
      if (listeners_ == 0 && !lingers) {
        // What happens from here on is not seen.
        is_first_look_ = true;
        is_watching_ = false;
        states_.clear();
        gap_ = last_number_ + 1;
        ++last_number_;
        events_.clear();
        changed_.wait(mutex_, stop, [this] {
          mutex_.AssertHeld();
          return listeners_ > 0;
        });
      }
      if (listeners_ > 0) wanted_at = clock_.Steady();
    }
    if (stop.stop_requested()) break;
    Look();
    clock_.SleepFor(kLook, stop);
  }
  MutexLock lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

void EventFeed::Look() {
  RunFilter filter;
  filter.limit = kRuns;
  auto newest = store_.ListRuns(filter);
  filter.state = RunState::kRunning;
  auto running = store_.ListRuns(filter);
  // A store that does not answer is asked again; nothing is lost by that.
  if (!newest.ok() || !running.ok()) return;
  Compare(*newest, *running);
  AskAboutOne(*running);
  AskAboutTasks();
  is_first_look_ = false;
  MutexLock lock(mutex_);
  is_watching_ = true;
  changed_.notify_all();
}

void EventFeed::Compare(const std::vector<RunRecord>& newest,
                        const std::vector<RunRecord>& running) {
  for (const auto* list : {&newest, &running}) {
    for (const RunRecord& run : *list) NoteRun(run);
  }
  if (newest.empty()) return;
  // Those that have ended and are old cannot change but by a retry, which makes
  // them running.
  std::erase_if(states_, [&newest](const auto& entry) {
    return IsFinal(entry.second) && entry.first < newest.back().id;
  });
}

// Of those that are in neither list any more one is asked for at each look.
void EventFeed::AskAboutOne(const std::vector<RunRecord>& running) {
  std::map<RunId, RunState> missing;
  for (const auto& [id, state] : states_) {
    if (!IsFinal(state)) missing.emplace(id, state);
  }
  for (const RunRecord& run : running) missing.erase(run.id);
  if (missing.empty()) return;
  last_asked_ = NextAfter(missing, last_asked_)->first;
  auto run = store_.GetRun(last_asked_);
  if (run.ok()) NoteRun(*run);
  if (absl::IsNotFound(run.status())) states_.erase(last_asked_);
}

void EventFeed::AskAboutTasks() {
  {
    MutexLock lock(mutex_);
    if (watched_.empty()) return;
    last_watched_ = NextAfter(watched_, last_watched_)->first;
  }
  auto progress = store_.GetProgress(last_watched_);
  if (progress.ok()) NoteTasks(last_watched_, *progress);
}

void EventFeed::NoteRun(const RunRecord& run) {
  auto [found, is_new] = states_.try_emplace(run.id, run.state);
  if (!is_new && found->second == run.state) return;
  found->second = run.state;
  if (!is_first_look_) Publish(run.id, "run", RunSummary(run));
}

void EventFeed::NoteTasks(RunId id, const RunProgressRecord& progress) {
  std::vector<Json> changes;
  {
    MutexLock lock(mutex_);
    auto found = watched_.find(id);
    if (found == watched_.end()) return;
    Watched& watched = found->second;
    const auto& tasks = watched.info->workflow->tasks;
    for (std::size_t i = 0; i < progress.nodes.size() && i < tasks.size();
         ++i) {
      const NodeProgress& now = progress.nodes[i];
      if (watched.seen && IsSame(watched.seen->nodes[i], now)) continue;
      changes.push_back(TaskChange(id, tasks[i], now));
    }
    watched.seen = progress;
  }
  for (const Json& change : changes) Publish(id, "task", change);
}

void EventFeed::Publish(RunId run, std::string_view kind, const Json& data) {
  MutexLock lock(mutex_);
  Event& event = events_.emplace_back();
  event.number = ++last_number_;
  event.run = run;
  event.is_of_task = kind == "task";
  event.text = Concat("id: ", IdOf(event.number), "\nevent: ", kind,
                      "\ndata: ", FormatJson(data), "\n\n");
  if (events_.size() > kKept) events_.pop_front();
  changed_.notify_all();
}

EventFeed::Listener::Listener(EventFeed& feed, std::optional<RunId> run,
                              Place place)
    : feed_(feed),
      run_(run),
      after_(place.after),
      greeting_(Concat("retry: ", kReconnect, "\n")),
      quiet_since_(feed.clock_.Steady()) {
  if (!place.is_known) {
    greeting_ +=
        Concat("id: ", feed.IdOf(after_), "\nevent: reset\ndata: {}\n");
  }
  greeting_ += "\n";
}

absl::StatusOr<std::string> EventFeed::Listener::Next() {
  MutexLock lock(feed_.mutex_);
  feed_.changed_.wait_for(feed_.mutex_, kPatience, [this] {
    feed_.mutex_.AssertHeld();
    return feed_.stopped_ ||
           (feed_.is_watching_ &&
            (!greeting_.empty() || feed_.last_number_ > after_));
  });
  if (feed_.stopped_) return absl::OutOfRangeError("the server stops");
  if (!feed_.is_watching_) return std::string();
  std::string text = std::exchange(greeting_, {});
  for (const Event& event : feed_.events_) {
    if (event.number <= after_) continue;
    if (run_ ? event.run == *run_ : !event.is_of_task) text += event.text;
  }
  after_ = feed_.last_number_;
  const Duration now = feed_.clock_.Steady();
  if (text.empty() && now - quiet_since_ >= kHeartbeat) text = ":\n\n";
  if (!text.empty()) quiet_since_ = now;
  return text;
}

}  // namespace windlass
