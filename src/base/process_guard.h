// Makes sure that no child outlives us, whatever becomes of us: SIGKILL, a
// crash, the OOM killer.
//
// PR_SET_PDEATHSIG cannot do it: posix_spawn cannot set it, it is bound to one
// thread of the parent, and grandchildren do not inherit it. Instead a second,
// tiny process waits on a pidfd of this one. When we are gone it kills every
// registered process group, everything that carries our marker in its
// environment, and all their descendants; then it exits.
//
// The guard is forked from us and executes nothing, so it works in any program
// that links Windlass. Start it early, while the process is small. It holds no
// descriptor of ours, shares one page table of registered groups with us, and
// is in a process group of its own, out of reach of the terminal's Ctrl-C.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace windlass {

// The name of the environment variable every guarded child gets.
inline constexpr char kAttemptMarker[] = "WINDLASS_PROCESS_MARKER";

// Thread-safe. Must outlive its registrations. Destroying it ends the guard
// process and kills nothing.
class ProcessGuard {
 public:
  // At most this many groups at a time.
  static constexpr std::size_t kCapacity = 4096;

  static absl::StatusOr<std::unique_ptr<ProcessGuard>> Start();
  ~ProcessGuard();
  ProcessGuard(const ProcessGuard&) = delete;
  ProcessGuard& operator=(const ProcessGuard&) = delete;

  // Keeps one group registered for as long as it lives. End it before the
  // group's leader is reaped: until then its number cannot be reused.
  class Registration {
   public:
    Registration() = default;
    explicit Registration(std::atomic<pid_t>* slot) : slot_(slot) {}
    ~Registration() { Reset(); }
    Registration(Registration&& other) noexcept
        : slot_(std::exchange(other.slot_, nullptr)) {}
    Registration& operator=(Registration&& other) noexcept {
      std::swap(slot_, other.slot_);
      return *this;
    }
    void Reset() {
      if (slot_ != nullptr) std::exchange(slot_, nullptr)->store(0);
    }

   private:
    std::atomic<pid_t>* slot_ = nullptr;
  };

  // ResourceExhausted when kCapacity groups are registered. A few nanoseconds.
  absl::StatusOr<Registration> Register(pid_t group);

  // A value for kAttemptMarker, unique on this machine. A child that has it is
  // found even if we die before we could register it.
  std::string NewMarker();

  // The guard process; for tests and for diagnostics.
  pid_t pid() const { return pid_; }

 private:
  struct Shared;

  ProcessGuard(Shared* shared, std::string token)
      : shared_(shared), token_(std::move(token)) {}

  Shared* const shared_;     // mapped; also seen by the guard process
  const std::string token_;  // begins every marker of ours
  std::atomic<std::uint64_t> markers_ = 0;
  pid_t pid_ = -1;  // constant after Start()
};

}  // namespace windlass
