// A PostgreSQL of a test's own, and the ways it can break.
//
// The work is done by a child, tests/support/postgres_fixture.py, which lives
// as long as the pipe to it: whatever becomes of the test process, the server
// is stopped and its folder deleted. Starting one costs a second or two, most
// of it initdb; under ctest a ready data folder is copied instead. Tests that
// only need a database take a PostgresDatabase, which is much cheaper.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/child_process.h"

namespace windlass::testing {

// Not thread-safe.
class PostgresServer {
 public:
  // By name, as in postgresql.conf. What is not given is small and quick: fsync
  // is off, which loses nothing when PostgreSQL is killed, only when the
  // machine is.
  using Settings = std::map<std::string, std::string>;

  // Returns once the server accepts connections, on a free port of 127.0.0.1
  // and a unix socket. Everyone is the superuser `postgres`; no passwords.
  static absl::StatusOr<std::unique_ptr<PostgresServer>> Start(
      const Settings& settings = {});

  // Stops the server at once and deletes its data.
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // Of the empty database `postgres`; the same for the server's whole life.
  const std::string& url() const { return url_; }
  const std::string& socket_url() const { return socket_url_; }

  // SIGKILL to the server and to all of its processes; returns when they are
  // gone.
  absl::Status Kill() { return Command("kill"); }
  // In order: connections are cut, everything is written.
  absl::Status Stop() { return Command("stop"); }
  // Starts it again on the same data and port; stops it first if it runs.
  absl::Status Restart() { return Command("restart"); }
  // Its processes stand still, connections stay: a host that hangs.
  absl::Status Pause() { return Command("pause"); }
  absl::Status Resume() { return Command("resume"); }

  // Of the postmaster; nothing while the server is down.
  std::optional<pid_t> pid() const { return pid_; }

 private:
  explicit PostgresServer(std::unique_ptr<ChildProcess> keeper);

  absl::Status Command(std::string_view name);
  absl::Status ReadAnswer();

  const std::unique_ptr<ChildProcess> keeper_;
  std::string url_;
  std::string socket_url_;
  std::optional<pid_t> pid_;
};

}  // namespace windlass::testing
