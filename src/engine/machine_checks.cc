#include "engine/machine_checks.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/file.h"

namespace windlass {
namespace {

namespace fs = std::filesystem;

using Level = Finding::Level;

constexpr double kGiB = 1024.0 * 1024 * 1024;
constexpr double kFewInodes = 10'000;

// What the process needs itself, and what a running task may take: pipes to its
// child, its log, a result.
constexpr rlim_t kOwnFiles = 64;
constexpr rlim_t kFilesPerSlot = 12;
constexpr rlim_t kOwnProcesses = 64;
constexpr rlim_t kProcessesPerSlot = 8;

// Clocks differ by that much without anyone having set them.
constexpr Duration kClockTolerance = std::chrono::seconds(5);
// Before this program was written.
constexpr Timestamp kEarliest =
    std::chrono::sys_days(std::chrono::year(2026) / std::chrono::January / 1);

Finding Ok(const std::string& check, std::string detail) {
  return {Level::kOk, check, std::move(detail), ""};
}

// `folder`, or what it would be made in.
fs::path NearestExisting(const std::string& folder) {
  std::error_code error;
  fs::path path = fs::absolute(folder.empty() ? "." : folder, error);
  while (!fs::exists(path, error) && path.has_relative_path()) {
    path = path.parent_path();
  }
  return path;
}

// A probe, because rights alone do not tell of read-only disks and quotas.
absl::Status TryToWrite(const fs::path& folder) {
  auto probe = MakeTempDir((folder / "windlass-doctor-").string());
  if (!probe.ok()) return probe.status();
  auto written =
      WriteFileAtomically((fs::path(*probe) / "probe").string(), "windlass");
  auto removed = RemoveTree(*probe);
  return written.ok() ? removed : written;
}

struct NetworkDisk {
  unsigned long type;
  const char* name;
};
// From statfs(2).
constexpr std::array<NetworkDisk, 7> kNetworkDisks = {{{0x6969, "NFS"},
                                                       {0x517b, "SMB"},
                                                       {0xff534d42, "CIFS"},
                                                       {0xfe534d42, "SMB2"},
                                                       {0x00c36400, "Ceph"},
                                                       {0x65735546, "FUSE"},
                                                       {0x5346414f, "AFS"}}};

Finding CheckLimit(const std::string& check, int resource, rlim_t needed,
                   const std::string& flag) {
  rlimit limit{};
  if (getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) {
    return {Level::kWarning, check, "the limit cannot be read", ""};
  }
  if (limit.rlim_cur == RLIM_INFINITY) return Ok(check, "no limit");
  std::string detail = absl::StrCat("limit ", limit.rlim_cur);
  if (limit.rlim_cur >= needed) return Ok(check, detail);
  return {Level::kWarning, check,
          absl::StrCat(detail, ", ", needed, " may be needed"),
          absl::StrCat("raise it (ulimit ", flag, " ", needed,
                       "), or use fewer slots")};
}

bool OnPath(const std::string& program) {
  const char* path = std::getenv("PATH");
  for (absl::string_view folder :
       absl::StrSplit(path == nullptr ? "" : path, ':')) {
    fs::path candidate = fs::path(std::string(folder)) / program;
    if (access(candidate.c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace

Finding CheckFolder(const std::string& check, const std::string& folder) {
  const fs::path place = NearestExisting(folder);
  if (auto status = TryToWrite(place); !status.ok()) {
    return {Level::kProblem, check, std::string(status.message()),
            "make it writable for this user, or choose another folder"};
  }
  struct statvfs disk {};
  if (statvfs(place.c_str(), &disk) != 0) {
    return {Level::kWarning, check,
            absl::StrCat("cannot look at ", place.string()), ""};
  }
  const double free = static_cast<double>(disk.f_bavail) *
                      static_cast<double>(disk.f_frsize) / kGiB;
  std::string detail =
      absl::StrFormat("writable, %.1f GiB free at %s", free, place.string());
  if (free < 0.1) {
    return {Level::kProblem, check, detail, "free space before tasks fail"};
  }
  if (free < 1) return {Level::kWarning, check, detail, "free some space"};
  // Some file systems have no fixed number of inodes, and say 0.
  if (disk.f_files > 0 && static_cast<double>(disk.f_favail) < kFewInodes) {
    return {Level::kWarning, check,
            absl::StrCat(detail, ", but for only ", disk.f_favail, " files"),
            "delete files: the disk is almost out of inodes"};
  }
  return Ok(check, detail);
}

Finding CheckIsLocalDisk(const std::string& check, const std::string& folder) {
  const fs::path place = NearestExisting(folder);
  struct statfs disk {};
  if (statfs(place.c_str(), &disk) != 0) {
    return {Level::kWarning, check,
            absl::StrCat("cannot look at ", place.string()), ""};
  }
  const auto type = static_cast<unsigned long>(disk.f_type) & 0xffffffffUL;
  const auto* network =
      std::find_if(kNetworkDisks.begin(), kNetworkDisks.end(),
                   [&](const NetworkDisk& one) { return one.type == type; });
  if (network == kNetworkDisks.end()) {
    return Ok(check, absl::StrCat("local, at ", place.string()));
  }
  return {Level::kWarning, check,
          absl::StrCat(place.string(), " is on ", network->name),
          "SQLite's locks do not work there: move the store to a local disk"};
}

Finding CheckOpenFiles(int slots) {
  const rlim_t needed = kOwnFiles + kFilesPerSlot * static_cast<rlim_t>(slots);
  return CheckLimit("open files", RLIMIT_NOFILE, std::max<rlim_t>(needed, 1024),
                    "-n");
}

Finding CheckProcesses(int slots) {
  const rlim_t needed =
      kOwnProcesses + kProcessesPerSlot * static_cast<rlim_t>(slots);
  return CheckLimit("processes", RLIMIT_NPROC, needed, "-u");
}

Finding CheckProgram(const std::string& program, const std::string& needed_by) {
  if (OnPath(program)) return Ok(program, "found");
  return {Level::kWarning, program, "not on PATH",
          absl::StrCat("install it if you use ", needed_by)};
}

Finding CheckTimeZones() {
  absl::TimeZone zone;
  // One from each half of the world, so that a cut-down copy is noticed.
  for (const char* name : {"Europe/Berlin", "America/New_York"}) {
    if (!absl::LoadTimeZone(name, &zone)) {
      return {Level::kWarning, "time zones", absl::StrCat("no data for ", name),
              "install tzdata if schedules name a time zone"};
    }
  }
  return Ok("time zones", "found");
}

Finding CheckClock(Timestamp now, Timestamp latest) {
  if (now < kEarliest) {
    return {Level::kProblem, "clock",
            absl::StrCat("it shows ", FormatTimestamp(now)),
            "set it, and run a time service such as chrony"};
  }
  if (latest > now + kClockTolerance) {
    return {Level::kWarning, "clock",
            absl::StrCat("it is ", FormatDuration(latest - now),
                         " behind the latest entry of the store"),
            "it was set back, or another machine's is ahead; run a time "
            "service such as chrony on all of them"};
  }
  return Ok("clock", FormatTimestamp(now));
}

Finding CheckSecretsFolder(const std::string& folder) {
  struct stat info {};
  if (stat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) ||
      access(folder.c_str(), R_OK | X_OK) != 0) {
    return {Level::kProblem, "secrets",
            absl::StrCat(folder, " is no folder this user may read"),
            "name the folder of secrets with --secrets-dir"};
  }
  if ((info.st_mode & S_IROTH) != 0) {
    return {Level::kWarning, "secrets",
            absl::StrCat("everyone may read ", folder),
            absl::StrCat("chmod o-rwx ", folder)};
  }
  return Ok("secrets", folder);
}

}  // namespace windlass
