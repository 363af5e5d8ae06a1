#include "server/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

#include "server/gauges.h"

namespace windlass {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

// Of /proc/self/stat; see proc(5).
struct ProcStat {
  double cpu_ticks = 0;
  double threads = 0;
  double start_ticks = 0;  // Since boot.
  double virtual_bytes = 0;
  double resident_pages = 0;
};

std::string ReadProc(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<ProcStat> ReadStat() {
  const std::string text = ReadProc("/proc/self/stat");
  // The program's name, in brackets, may contain anything.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(name_end + 1));
  std::array<std::string, 22> fields;  // From field 3 of the manual on.
  for (std::string& field : fields) {
    if (!(rest >> field)) return std::nullopt;
  }
  const auto field = [&](std::size_t number) {
    return std::strtod(fields[number - 3].c_str(), nullptr);
  };
  return ProcStat{.cpu_ticks = field(14) + field(15),
                  .threads = field(20),
                  .start_ticks = field(22),
                  .virtual_bytes = field(23),
                  .resident_pages = field(24)};
}

// When the machine was booted, in seconds since 1970.
std::optional<double> BootTime() {
  std::istringstream lines(ReadProc("/proc/stat"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("btime ")) {
      return std::strtod(line.c_str() + sizeof("btime"), nullptr);
    }
  }
  return std::nullopt;
}

void Add(std::vector<MetricFamily>& families, const char* name,
         const char* help, double value, MetricType type = MetricType::Gauge) {
  AddSample(families.emplace_back(MakeFamily(name, help, type)), value);
}

void AddStat(std::vector<MetricFamily>& families, const ProcStat& stat) {
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  Add(families, "process_cpu_seconds_total",
      "Processor time used, user and system.", stat.cpu_ticks / ticks,
      MetricType::Counter);
  Add(families, "process_resident_memory_bytes", "Memory in use.",
      stat.resident_pages * page);
  Add(families, "process_virtual_memory_bytes", "Address space in use.",
      stat.virtual_bytes);
  Add(families, "process_threads", "Threads.", stat.threads);
  if (auto boot = BootTime()) {
    Add(families, "process_start_time_seconds",
        "When the process started, in seconds since 1970.",
        *boot + stat.start_ticks / ticks);
  }
}

void AddFiles(std::vector<MetricFamily>& families) {
  std::error_code error;
  std::filesystem::directory_iterator open("/proc/self/fd", error);
  if (!error) {
    const auto count = std::distance(begin(open), end(open));
    // But for the one that was open for counting.
    Add(families, "process_open_fds", "Open file descriptors.",
        static_cast<double>(count - 1));
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    Add(families, "process_max_fds", "How many descriptors may be open.",
        limit.rlim_cur == RLIM_INFINITY
            ? std::numeric_limits<double>::infinity()
            : static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace

std::vector<MetricFamily> CollectProcessMetrics() {
  std::vector<MetricFamily> families;
  if (auto stat = ReadStat()) AddStat(families, *stat);
  AddFiles(families);
  return families;
}

}  // namespace windlass
