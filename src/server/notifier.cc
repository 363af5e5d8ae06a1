#include "server/notifier.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/concat.h"
#include "base/sha256.h"
#include "base/utf8.h"

namespace windlass {
namespace {

constexpr Duration kBetweenWants = std::chrono::hours(1);
constexpr int kBatch = 100;
// Longer than a send may take.
constexpr Duration kHold = std::chrono::minutes(2);
constexpr Duration kFirstWait = std::chrono::seconds(5);
constexpr Duration kLongestWait = std::chrono::minutes(10);
constexpr Duration kGiveUpAfter = std::chrono::hours(24);
constexpr std::size_t kLines = 20;
constexpr std::size_t kLineBytes = 300;

std::string Text(const JsonObject& object, std::string_view name) {
  const Json* value = object.if_contains(name);
  if (value == nullptr) return "";
  return value->is_string() ? std::string(value->as_string())
                            : FormatJson(*value);
}

std::string Joined(const JsonObject& object, std::string_view name) {
  std::string all;
  const Json* list = object.if_contains(name);
  if (list == nullptr || !list->is_array()) return all;
  for (const Json& one : list->as_array()) {
    if (!all.empty()) all += ", ";
    if (one.is_string()) all += std::string_view(one.as_string());
  }
  return all;
}

std::string AboutRun(const JsonObject& body) {
  std::string line = Concat("run ", Text(body, "run_id"), " of ",
                            Text(body, "workflow"), " failed");
  const std::string tasks = Joined(body, "failed_tasks");
  if (!tasks.empty()) line += ": " + tasks;
  const std::string reason = Text(body, "reason");
  if (!reason.empty()) line += Concat(" (", reason, ")");
  return line;
}

std::string AboutDeadLetter(const JsonObject& body) {
  std::string line =
      Concat("task ", Text(body, "task"), " of run ", Text(body, "run_id"),
             " of ", Text(body, "workflow"), " is a dead letter");
  const Json* error = body.if_contains("error");
  if (error == nullptr || !error->is_object()) return line;
  return Concat(line, ": ", Text(error->as_object(), "type"), ": ",
                Text(error->as_object(), "message"));
}

// For people, in one line.
std::string Line(const JsonObject& body) {
  const std::string event = Text(body, "event");
  std::string line;
  if (event == notice_event::kRunFailed) {
    line = AboutRun(body);
  } else if (event == notice_event::kDeadLetter) {
    line = AboutDeadLetter(body);
  } else {
    line = Concat("executor ", Text(body, "executor"),
                  " is lost; others take over its ", Text(body, "tasks"),
                  " tasks");
  }
  std::replace(line.begin(), line.end(), '\n', ' ');
  return Utf8Head(line, kLineBytes);
}

std::string LinesOf(const std::vector<Notice>& notices) {
  std::string text;
  for (std::size_t i = 0; i < std::min(kLines, notices.size()); ++i) {
    if (i > 0) text += "\n";
    text += Line(notices[i].body);
  }
  if (notices.size() > kLines) {
    text += Concat("\nand ", notices.size() - kLines, " more");
  }
  return text;
}

std::string NameOf(const Notice& notice, const Notifier::Options& options) {
  return Concat(options.identity, "-", notice.id);
}

JsonObject Described(const Notice& notice, const Notifier::Options& options) {
  JsonObject described{{"id", NameOf(notice, options)},
                       {"at", FormatTimestamp(notice.at)}};
  for (const auto& [name, value] : notice.body) described[name] = value;
  const Json* run = notice.body.if_contains("run_id");
  if (run != nullptr && run->is_string() && !options.public_url.empty()) {
    described["url"] = Concat(options.public_url, "/#/runs/",
                              std::string_view(run->as_string()));
  }
  return described;
}

std::vector<std::int64_t> Ids(const std::vector<Notice>& notices) {
  std::vector<std::int64_t> ids;
  ids.reserve(notices.size());
  for (const Notice& notice : notices) ids.push_back(notice.id);
  return ids;
}

// Twice as long after every try.
Duration WaitAfter(const std::vector<Notice>& notices) {
  int tries = 1;
  for (const Notice& notice : notices) tries = std::max(tries, notice.tries);
  return std::min(kLongestWait, kFirstWait * (1 << std::min(tries - 1, 10)));
}

}  // namespace

NoticeMessage MakeNoticeMessage(const std::vector<Notice>& notices,
                                const Notifier::Options& options,
                                Timestamp now) {
  JsonArray described;
  std::string names;
  for (const Notice& notice : notices) {
    described.emplace_back(Described(notice, options));
    names += Concat(NameOf(notice, options), " ");
  }
  NoticeMessage message;
  message.id = Concat("windlass-", Sha256Hex(names).substr(0, 32));
  message.body = FormatJson(JsonObject{{"type", "windlass.notices"},
                                       {"timestamp", FormatTimestamp(now)},
                                       {"text", LinesOf(notices)},
                                       {"notices", std::move(described)}});
  return message;
}

Notifier::Notifier(NoticeStore& store, Clock& clock, Logger log, Send send,
                   Options options)
    : ThreadService("wl-notifier"),
      store_(store),
      clock_(clock),
      log_(std::move(log)),
      send_(std::move(send)),
      options_(std::move(options)) {}

void Notifier::Run(std::stop_token stop) {
  next_want_ = clock_.Steady();
  while (!stop.stop_requested()) {
    KeepWanting();
    if (!Turn(stop)) clock_.SleepFor(options_.poll, stop);
  }
}

void Notifier::KeepWanting() {
  if (clock_.Steady() < next_want_) return;
  const absl::Status status = store_.WantNotices(kWanted);
  Note(status, "cannot ask the store for notices");
  if (status.ok()) next_want_ = clock_.Steady() + kBetweenWants;
}

void Notifier::Note(const absl::Status& status, std::string_view what) {
  if (status.ok()) return;
  log_.Warn(what, {{"error", std::string(status.message())}});
}

bool Notifier::Turn(const std::stop_token& stop) {
  auto taken = store_.TakeNotices(kBatch, kHold);
  if (!taken.ok()) {
    Note(taken.status(), "cannot take notices");
    return false;
  }
  if (taken->empty()) return false;
  const std::vector<Notice> notices = Choose(*std::move(taken));
  if (!notices.empty()) Tell(notices, stop);
  return true;
}

std::vector<Notice> Notifier::Choose(std::vector<Notice> taken) {
  const Timestamp oldest = clock_.Now() - kGiveUpAfter;
  std::vector<Notice> chosen;
  std::vector<std::int64_t> dropped;
  int given_up = 0;
  for (Notice& notice : taken) {
    const bool asked_for = options_.events.contains(Text(notice.body, "event"));
    if (asked_for && notice.at >= oldest) {
      chosen.push_back(std::move(notice));
      continue;
    }
    if (asked_for) ++given_up;
    dropped.push_back(notice.id);
  }
  if (given_up > 0) {
    log_.Error("gave up notices nobody took for a day",
               {{"notices", given_up}});
  }
  if (!dropped.empty()) {
    Note(store_.DropNotices(dropped), "cannot drop notices");
  }
  return chosen;
}

void Notifier::Tell(const std::vector<Notice>& notices,
                    const std::stop_token& stop) {
  const absl::Status sent =
      send_(MakeNoticeMessage(notices, options_, clock_.Now()), stop);
  const std::vector<std::int64_t> ids = Ids(notices);
  if (sent.ok()) {
    log_.Info("sent notices", {{"notices", notices.size()}});
    return Note(store_.DropNotices(ids),
                "cannot drop notices that were sent; they are sent again");
  }
  const bool stopped = stop.stop_requested();
  const Duration wait = stopped ? Duration::zero() : WaitAfter(notices);
  if (!stopped) {
    log_.Warn("notices were not taken", {{"notices", notices.size()},
                                         {"error", std::string(sent.message())},
                                         {"again_in", FormatDuration(wait)}});
  }
  Note(store_.ReturnNotices(ids, wait), "cannot give notices back");
}

}  // namespace windlass
