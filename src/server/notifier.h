// Tells operators what a store has noted for them: runs that failed, dead
// letters, executors that died.
#pragma once

#include <functional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/service.h"
#include "windlass/clock.h"
#include "windlass/notice.h"

namespace windlass {

// What is sent: some notices in one message.
struct NoticeMessage {
  // The same whenever the same notices are sent again.
  std::string id;
  // {"type": "windlass.notices", "timestamp", "text" (for people, a line for
  // each notice), "notices": [{"id", "at", "event", ..., "url"}]}.
  std::string body;
};

// Every notice is told at least once: what was not taken is sent again, later
// each time, for a day. Of many servers over one store each tells a part, and
// what one dies with another tells. Notices that nobody asked for are dropped.
class Notifier : public ThreadService {
 public:
  // Ok when the message has been taken. Soon after `stop` it returns.
  using Send =
      std::function<absl::Status(const NoticeMessage&, std::stop_token stop)>;

  // What it asks the store for, again and again. A server that is away for
  // longer misses what happens then.
  static constexpr Duration kWanted = std::chrono::hours(24 * 7);

  struct Options {
    std::set<std::string, std::less<>> events;  // The ones to tell of.
    std::string public_url;  // Of the page; empty: notices have no url.
    std::string identity;    // Of the store.
    Duration poll = std::chrono::seconds(1);
  };

  // `store` and `clock` are borrowed.
  Notifier(NoticeStore& store, Clock& clock, Logger log, Send send,
           Options options);
  ~Notifier() override { Stop(); }

 protected:
  void Run(std::stop_token stop) override;

 private:
  void KeepWanting();
  // Whether there was anything.
  bool Turn(const std::stop_token& stop);
  // What is to be told of them.
  std::vector<Notice> Choose(std::vector<Notice> taken);
  void Tell(const std::vector<Notice>& notices, const std::stop_token& stop);
  void Note(const absl::Status& status, std::string_view what);

  NoticeStore& store_;
  Clock& clock_;
  const Logger log_;
  const Send send_;
  const Options options_;
  Duration next_want_{0};
};

// Exposed for the tests.
NoticeMessage MakeNoticeMessage(const std::vector<Notice>& notices,
                                const Notifier::Options& options,
                                Timestamp now);

}  // namespace windlass
