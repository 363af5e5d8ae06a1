// Changes of runs and tasks, as they are seen by looking: one look a second at
// the store serves all who listen, and nobody looks when nobody listens.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "base/service.h"
#include "windlass/clock.h"
#include "windlass/json.h"
#include "windlass/store.h"

namespace windlass {

// Costs the store at most four calls a second, however many listen: two lists
// of runs, and two questions about single ones in turn. What changes twice
// between two looks is one event, or none. Thread-safe.
class EventFeed : public ThreadService {
 public:
  static constexpr Duration kLook = std::chrono::seconds(1);
  // Goes on looking for who comes back.
  static constexpr Duration kLinger = std::chrono::seconds(15);
  // So many events can be asked for again.
  static constexpr std::size_t kKept = 2000;
  // Runs that are watched: the newest, and the newest that have not ended.
  static constexpr int kRuns = 500;

  // Both are borrowed.
  EventFeed(Store& store, Clock& clock, int maximum_listeners);
  ~EventFeed() override { Stop(); }

  class Listener;
  // Everything after the event `last_id`; without one from the first text on
  // that the listener is given. With a run only what happens to it, and where
  // its tasks stand. Unavailable when too many listen.
  absl::StatusOr<std::unique_ptr<Listener>> Listen(std::optional<RunId> run,
                                                   std::string_view last_id);

 protected:
  void Run(std::stop_token stop) override;

 private:
  struct Event {
    std::int64_t number = 0;
    RunId run;
    bool is_of_task = false;
    std::string text;  // As it is sent.
  };
  // A run with its tasks, for those who listen to it alone.
  struct Watched {
    std::shared_ptr<const RunInfo> info;
    std::optional<RunProgressRecord> seen;
    int listeners = 0;
  };
  struct Place {
    std::int64_t after = 0;
    bool is_known = false;
  };

  void Look();
  void Compare(const std::vector<RunRecord>& newest,
               const std::vector<RunRecord>& running);
  void AskAboutOne(const std::vector<RunRecord>& running);
  void AskAboutTasks();
  void NoteRun(const RunRecord& run);
  void NoteTasks(RunId id, const RunProgressRecord& progress);
  void Publish(RunId run, std::string_view kind, const Json& data);
  Place PlaceOfLocked(std::string_view last_id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string IdOf(std::int64_t number) const;
  void Leave(std::optional<RunId> run);

  Store& store_;
  Clock& clock_;
  const int maximum_listeners_;
  const std::string epoch_;  // Tells this feed's events from others'.

  // Of the thread that looks alone.
  std::map<RunId, RunState> states_;
  bool is_first_look_ = true;
  RunId last_asked_;
  RunId last_watched_;

  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Event> events_ ABSL_GUARDED_BY(mutex_);
  std::int64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
  // Events up to this one may have others missing between them.
  std::int64_t gap_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<RunId, Watched> watched_ ABSL_GUARDED_BY(mutex_);
  int listeners_ ABSL_GUARDED_BY(mutex_) = 0;
  // Changes are noticed: there is something to compare with.
  bool is_watching_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

// Must not outlive its feed. Not thread-safe.
class EventFeed::Listener {
 public:
  // EventFeed::Listen() makes them.
  Listener(EventFeed& feed, std::optional<RunId> run, Place place);
  ~Listener() { feed_.Leave(run_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // What has happened, as text/event-stream; waits for at most half a second,
  // then nothing. Now and then a comment, by which a connection that is gone is
  // noticed. OutOfRange once the feed has stopped.
  absl::StatusOr<std::string> Next();

 private:
  EventFeed& feed_;
  const std::optional<RunId> run_;
  std::int64_t after_;
  std::string greeting_;
  Duration quiet_since_;
};

}  // namespace windlass
