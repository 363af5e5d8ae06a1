#include "cli/notify_flags.h"

#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/public_url.h"
#include "server/notice_senders.h"
#include "server/webhook.h"

namespace windlass::cli {
namespace {

using Events = std::set<std::string, std::less<>>;

absl::Status ExpectedEvents(const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(
      "--notify-on: ", what,
      "expected run_failed, dead_letter or executor_lost, with commas "
      "between"));
}

absl::StatusOr<Events> ReadEvents(const std::string& text) {
  static const Events kKnown = {std::string(notice_event::kRunFailed),
                                std::string(notice_event::kDeadLetter),
                                std::string(notice_event::kExecutorLost)};
  Events events;
  for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    std::string event(absl::StripAsciiWhitespace(part));
    if (!kKnown.contains(event)) {
      return ExpectedEvents(absl::StrCat("'", event, "': "));
    }
    events.insert(std::move(event));
  }
  if (events.empty()) return ExpectedEvents("");
  return events;
}

absl::Status CheckUrl(std::string_view url) {
  const bool is_http =
      url.starts_with("https://") || url.starts_with("http://");
  if (is_http && url.find_first_of("# \t\r\n") == std::string_view::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "--notify-url: expected a URL without fragment and blanks, as "
      "https://hooks.example.org/windlass");
}

}  // namespace

void NotifyFlags::AddTo(CLI::App& command_line) {
  AddSetting(command_line, "--notify-url", url,
             "Post failures there, as JSON with a text");
  AddSetting(command_line, "--notify-secret", secret,
             "whsec_... to sign them with; in the environment, since other "
             "users see flags");
  AddSetting(command_line, "--notify-command", command,
             "Shell command that is given failures on standard input instead");
  AddSetting(command_line, "--notify-on", on, "Of what to tell");
  AddSetting(command_line, "--public-url", public_url,
             "Where people reach the page, for links to runs");
}

absl::Status NotifyFlags::Check() const {
  if (!url.empty() && !command.empty()) {
    return absl::InvalidArgumentError(
        "--notify-url and --notify-command: expected one of them");
  }
  if (auto events = ReadEvents(on); !events.ok()) return events.status();
  if (auto read = ReadPublicUrl(public_url); !read.ok()) return read.status();
  if (!url.empty()) {
    if (auto status = CheckUrl(url); !status.ok()) return status;
  }
  if (secret.empty()) return absl::OkStatus();
  const absl::Status checked = CheckWebhookSecret(secret);
  if (checked.ok()) return checked;
  return absl::InvalidArgumentError(
      absl::StrCat("--notify-secret: ", checked.message()));
}

absl::StatusOr<std::unique_ptr<Notifier>> MakeNotifier(const NotifyFlags& flags,
                                                       Engine& engine,
                                                       Clock& clock,
                                                       const Logger& log) {
  if (flags.url.empty() && flags.command.empty()) return nullptr;
  auto notices = engine.notices();
  if (!notices.ok()) return notices.status();
  if (*notices == nullptr) {
    return absl::UnimplementedError("this store keeps no notices");
  }
  // Whatever fails once the server says that it has started is told.
  if (auto status = (*notices)->WantNotices(Notifier::kWanted); !status.ok()) {
    return status;
  }
  auto store = engine.store();
  if (!store.ok()) return store.status();
  auto identity = (*store)->Identity();
  if (!identity.ok()) return identity.status();
  Notifier::Options options;
  options.events = *ReadEvents(flags.on);
  options.public_url = *ReadPublicUrl(flags.public_url);
  options.identity = *std::move(identity);
  Notifier::Send send = flags.url.empty()
                            ? SendByCommand(flags.command)
                            : SendByWebhook(flags.url, flags.secret);
  return std::make_unique<Notifier>(**notices, clock, log, std::move(send),
                                    std::move(options));
}

}  // namespace windlass::cli
