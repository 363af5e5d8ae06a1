#include <poll.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/postgres/names.h"
#include "base/random.h"
#include "store/postgres/diagnosis/checks.h"
#include "store/postgres/sessions.h"

namespace windlass::postgres {
namespace {

using Level = Finding::Level;

constexpr int kEchoes = 7;

// A pooler may have handed the session to someone else meanwhile.
constexpr int kPoolerTries = 4;

// How long a ring may take to be heard.
constexpr Duration kHearing = std::chrono::seconds(3);

std::string Given(const char* text) { return text == nullptr ? "" : text; }

bool IsLoopback(const Endpoint& endpoint) {
  return endpoint.host.starts_with('/') || endpoint.host.starts_with('@') ||
         endpoint.address.starts_with("127.") || endpoint.address == "::1" ||
         (endpoint.address.empty() && endpoint.host == "localhost");
}

absl::StatusOr<Echo> HearEcho(Inquiry& inquiry) {
  const Timestamp before = inquiry.clock().Now();
  const Duration began = inquiry.clock().Steady();
  auto result = inquiry.connection().Run(
      "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS "
      "now");
  if (!result.ok()) return result.status();
  const Duration round_trip = inquiry.clock().Steady() - began;
  const Timestamp server =
      sql::FromMicros(Answer(*std::move(result)).Int("now"));
  return Echo{round_trip, server - (before + round_trip / 2)};
}

absl::StatusOr<std::vector<Echo>> HearEchoes(Inquiry& inquiry) {
  std::vector<Echo> echoes;
  for (int i = 0; i < kEchoes; ++i) {
    auto echo = HearEcho(inquiry);
    if (!echo.ok()) return echo.status();
    echoes.push_back(*echo);
  }
  return echoes;
}

absl::StatusOr<std::string> ServerProcess(Connection& connection,
                                          const std::string& before) {
  auto result =
      connection.Run(absl::StrCat(before, "SELECT pg_backend_pid() AS pid"));
  if (!result.ok()) return result.status();
  return Answer(*std::move(result)).Text("pid");
}

// Whether a transaction of one session of ours runs in the server's process of
// another that is still there. A pooler that pools sessions never does that;
// one that pools transactions takes the one that was used last.
absl::StatusOr<bool> SharesProcesses(Connection& one, Connection& other) {
  for (int i = 0; i < kPoolerTries; ++i) {
    const auto first = ServerProcess(one, "");
    if (!first.ok()) return first.status();
    const auto second = ServerProcess(other, "");
    if (!second.ok()) return second.status();
    if (*first == *second) return true;
  }
  return false;
}

constexpr char kDirect[] =
    "name a direct connection for LISTEN in the store's URL, "
    "windlass_listen_url=postgres%3A%2F%2F..., or live with polling";

Finding Deaf(const std::string& detail, std::string advice = kDirect) {
  return {Level::kWarning, "wake-ups",
          absl::StrCat(detail, "; executors poll for work"), std::move(advice)};
}

// Until the session has heard `text` on any channel.
bool Hears(Connection& connection, const std::string& text, const Clock& clock,
           Duration deadline) {
  PGconn* const handle = connection.handle();
  while (clock.Steady() < deadline) {
    if (PQconsumeInput(handle) == 0) return false;
    while (PGnotify* heard = PQnotifies(handle)) {
      const bool ours = text == heard->extra;
      PQfreemem(heard);
      if (ours) return true;
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.Steady());
    pollfd fd{PQsocket(handle), POLLIN, 0};
    poll(&fd, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
  }
  return false;
}

}  // namespace

Endpoint EndpointOf(PGconn* connection) {
  Endpoint endpoint{Given(PQhost(connection)), Given(PQhostaddr(connection)),
                    Given(PQport(connection)), Given(PQdb(connection)),
                    Given(PQuser(connection)), ""};
  if (PQsslInUse(connection) != 0) {
    endpoint.encryption = Given(PQsslAttribute(connection, "protocol"));
  } else if (PQgssEncInUse(connection) != 0) {
    endpoint.encryption = "GSSAPI";
  }
  return endpoint;
}

Finding CheckEncryption(const Endpoint& endpoint) {
  const std::string place =
      absl::StrCat(endpoint.host, ":", endpoint.port, ", database ",
                   endpoint.database, ", role ", endpoint.role);
  if (!endpoint.encryption.empty()) {
    return {Level::kOk, "connection",
            absl::StrCat(place, ", ", endpoint.encryption), ""};
  }
  if (IsLoopback(endpoint)) {
    return {Level::kOk, "connection", absl::StrCat(place, ", on this machine"),
            ""};
  }
  return {Level::kWarning, "connection", absl::StrCat(place, ", not encrypted"),
          "add sslmode=verify-full to the store's URL (sslmode=require where "
          "the server's certificate cannot be verified)"};
}

absl::StatusOr<Finding> CheckConnection(const Examined& examined) {
  return CheckEncryption(EndpointOf(examined.inquiry.connection().handle()));
}

Finding CheckRoundTrip(std::span<const Echo> echoes, Duration limit) {
  std::vector<Duration> times;
  for (const Echo& echo : echoes) times.push_back(echo.round_trip);
  const auto middle =
      times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  std::string detail =
      absl::StrCat(FormatDuration(*middle), " for a round trip");
  if (*middle <= limit) return {Level::kOk, "latency", std::move(detail), ""};
  return {Level::kWarning, "latency", std::move(detail),
          "run executors near the server: a chain of tasks takes a round trip "
          "for each"};
}

Finding CheckClockSkew(std::span<const Echo> echoes, Duration limit) {
  // The quickest answer leaves the least doubt.
  const Echo& best = *std::min_element(
      echoes.begin(), echoes.end(),
      [](const Echo& a, const Echo& b) { return a.round_trip < b.round_trip; });
  const Duration doubt = best.round_trip / 2;
  const Duration distance =
      best.skew < Duration::zero() ? -best.skew : best.skew;
  if (distance <= limit + doubt) {
    return {Level::kOk, "clock skew",
            absl::StrCat("within ", FormatDuration(distance + doubt),
                         " of the server's clock"),
            ""};
  }
  return {
      Level::kWarning, "clock skew",
      absl::StrCat("this machine's clock is ", FormatDuration(distance),
                   best.skew > Duration::zero() ? " behind" : " ahead of",
                   " the server's"),
      "run a time service such as chrony on both: leases go by the server's "
      "clock and are safe, but logs cannot be matched to the store"};
}

absl::StatusOr<Finding> CheckLatency(const Examined& examined) {
  const auto echoes = HearEchoes(examined.inquiry);
  if (!echoes.ok()) return echoes.status();
  return CheckRoundTrip(*echoes, examined.limits.round_trip);
}

absl::StatusOr<Finding> CheckServerClock(const Examined& examined) {
  const auto echoes = HearEchoes(examined.inquiry);
  if (!echoes.ok()) return echoes.status();
  return CheckClockSkew(*echoes, examined.limits.clock_skew);
}

absl::StatusOr<Finding> CheckPooler(const Examined& examined) {
  constexpr char kCheck[] = "pooler";
  Connection& one = examined.inquiry.connection();
  if (!one.pooled()) return Finding{Level::kOk, kCheck, "none", ""};
  auto other = Inquiry::Open(MainSession(examined.options), examined.limits);
  if (!other.ok()) {
    return Finding{
        Level::kWarning, kCheck,
        absl::StrCat("it has no second session for us: ",
                     other.status().message()),
        "raise its pool size (PgBouncer: default_pool_size), or pool "
        "transactions (pool_mode = transaction)"};
  }
  const auto shares = SharesProcesses(one, (*other)->connection());
  if (!shares.ok()) return shares.status();
  if (*shares) {
    return Finding{Level::kOk, kCheck, "one that pools transactions", ""};
  }
  return Finding{Level::kOk, kCheck,
                 "one that seems to pool sessions; an executor keeps up to "
                 "nine",
                 ""};
}

absl::StatusOr<Finding> CheckWakeUps(const Examined& examined) {
  auto listener =
      Inquiry::Open(ListeningSession(examined.options), examined.limits);
  if (!listener.ok()) {
    return Deaf(absl::StrCat("the session for LISTEN cannot be opened: ",
                             listener.status().message()));
  }
  if ((*listener)->connection().pooled()) {
    return Deaf("LISTEN would go through a pooler");
  }
  const std::string text = RandomToken(16);
  const std::string channel = absl::StrCat("windlass_doctor_", text);
  auto status = (*listener)->Tell("LISTEN " + QuotedName(channel));
  if (!status.ok()) return status;
  // Where others ring, which may be another way to the server.
  status = examined.inquiry.Tell(absl::StrCat(
      "SELECT pg_notify(", QuotedText(channel), ", ", QuotedText(text), ")"));
  if (!status.ok()) return status;
  const Clock& clock = examined.inquiry.clock();
  if (Hears((*listener)->connection(), text, clock,
            clock.Steady() + kHearing)) {
    return Finding{Level::kOk, "wake-ups", "LISTEN hears what is rung", ""};
  }
  if (examined.options.listen_url.empty()) {
    return Deaf("LISTEN does not hear what is rung");
  }
  return Deaf("LISTEN does not hear what is rung at the store's URL",
              "see that windlass_listen_url names the same server and database "
              "as the store's URL");
}

}  // namespace windlass::postgres
