// result_stores_bench URL BYTES REPEATS
//
// Moves results of this size into a result store and back, one at a time, and
// prints one JSON line per way of doing so: `store` is the store alone,
// `identity` with checksum, `zstd` compressed as well. bench/results.py runs it
// beside curl on the same server.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "base/random.h"
#include "results/result_io.h"
#include "windlass/clock.h"
#include "windlass/engine.h"

namespace windlass {
namespace {

// Half of it repeats itself, so that zstd has something to do.
std::string MakeBlock() {
  std::string block(std::size_t{1} << 20, '\0');
  Random random(42);
  for (std::size_t i = 0; i < block.size(); ++i) {
    block[i] = static_cast<char>(i % 512 < 256 ? random() : i % 64);
  }
  return block;
}

class RepeatedSource : public ByteSource {
 public:
  RepeatedSource(const std::string& block, std::int64_t size)
      : block_(block), left_(static_cast<std::size_t>(size)) {}
  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    const std::size_t at = offset_ % block_.size();
    const std::size_t n = std::min({buffer.size(), left_, block_.size() - at});
    std::copy_n(block_.data() + at, n, buffer.data());
    offset_ += n;
    left_ -= n;
    return n;
  }

 private:
  const std::string& block_;
  std::size_t left_;
  std::size_t offset_ = 0;
};

absl::Status Drain(ByteSource& source) {
  std::vector<char> buffer(std::size_t{256} << 10);
  for (;;) {
    absl::StatusOr<std::size_t> n = source.Read(buffer);
    if (!n.ok() || *n == 0) return n.status();
  }
}

double CpuSeconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Cost {
  double seconds = 0;
  double cpu = 0;
};

Cost Measure(const std::function<absl::Status()>& work) {
  const auto began = std::chrono::steady_clock::now();
  const double cpu = CpuSeconds();
  absl::Status done = work();
  if (!done.ok()) {
    std::cerr << done << '\n';
    std::exit(1);
  }
  return {
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began)
          .count(),
      CpuSeconds() - cpu};
}

class Bench {
 public:
  Bench(ResultStore& store, std::int64_t size, int repeats)
      : store_(store), size_(size), repeats_(repeats) {}

  void Run(const std::string& way) {
    std::vector<ResultEnvelope> written;
    const Cost put = Measure([&] { return PutAll(way, written); });
    const Cost get = Measure([&] { return GetAll(way, written); });
    for (const ResultEnvelope& one : written) (void)store_.Delete(one.uri);
    Print(way, "put", put);
    Print(way, "get", get);
  }

 private:
  absl::Status PutAll(const std::string& way,
                      std::vector<ResultEnvelope>& written) {
    const std::string run = "bench/" + RandomToken(8) + "/";
    for (int i = 0; i < repeats_; ++i) {
      RepeatedSource source(block_, size_);
      auto one = Put(way, run + std::to_string(i), source);
      if (!one.ok()) return one.status();
      written.push_back(*std::move(one));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<ResultEnvelope> Put(const std::string& way, std::string key,
                                     ByteSource& source) {
    if (way == "store") {
      PutOptions options;
      options.size = size_;
      auto put = store_.Put(key, source, options);
      if (!put.ok()) return put.status();
      ResultEnvelope envelope;
      envelope.uri = put->uri;
      return envelope;
    }
    WriteOptions options;
    options.key = std::move(key);
    options.maximum_inline_bytes = 0;
    options.compression = way == "zstd" ? WriteOptions::Compression::kZstd
                                        : WriteOptions::Compression::kNone;
    return ResultIo(store_).WriteStream(source, "application/octet-stream",
                                        options);
  }

  absl::Status GetAll(const std::string& way,
                      const std::vector<ResultEnvelope>& written) {
    ResultIo io(store_);
    for (const ResultEnvelope& one : written) {
      auto source = way == "store" ? store_.Get(one.uri, {}) : io.Open(one);
      if (!source.ok()) return source.status();
      absl::Status drained = Drain(**source);
      if (!drained.ok()) return drained;
    }
    return absl::OkStatus();
  }

  void Print(const std::string& way, const char* direction, const Cost& cost) {
    const double mib = static_cast<double>(size_) * repeats_ / (1 << 20);
    std::cout << FormatJson(
                     JsonObject{{"way", way},
                                {"direction", direction},
                                {"mib_per_second", mib / cost.seconds},
                                {"ms_each", cost.seconds * 1000 / repeats_},
                                {"cpu_ms_per_mib", cost.cpu * 1000 / mib}})
              << '\n';
  }

  ResultStore& store_;
  const std::int64_t size_;
  const int repeats_;
  const std::string block_ = MakeBlock();
};

int Main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: result_stores_bench URL BYTES REPEATS\n";
    return 2;
  }
  EngineConfig config;
  config.results = argv[1];
  Engine engine(config);
  absl::StatusOr<ResultStore*> store = engine.results();
  if (!store.ok()) {
    std::cerr << store.status() << '\n';
    return 1;
  }
  Bench bench(**store, std::atoll(argv[2]), std::atoi(argv[3]));
  for (const char* way : {"store", "identity", "zstd"}) bench.Run(way);
  return 0;
}

}  // namespace
}  // namespace windlass

int main(int argc, char** argv) { return windlass::Main(argc, argv); }
