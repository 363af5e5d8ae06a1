#include "results/remote/object_download.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <future>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace windlass {
namespace {

absl::Status BecameAnother() {
  return absl::DataLossError(
      "the object was replaced while it was read; read it again");
}

// Takes the end of the answer too, so that the connection stays usable.
void ReadEnd(ObjectBody& body) {
  char end = 0;
  (void)body.content->Read(std::span<char>(&end, 1));
  body.content.reset();
}

// All of a body; `bytes` becomes as large as that.
absl::Status ReadBody(ObjectBody& body, std::string& bytes) {
  bytes.resize(static_cast<std::size_t>(body.size));
  for (std::size_t read = 0; read < bytes.size();) {
    absl::StatusOr<std::size_t> n =
        body.content->Read(std::span(bytes.data() + read, bytes.size() - read));
    if (!n.ok()) return n.status();
    if (*n == 0) return absl::UnavailableError("the object's end is missing");
    read += *n;
  }
  ReadEnd(body);
  return absl::OkStatus();
}

// One request after another until all is read.
class ResumingSource : public ByteSource {
 public:
  ResumingSource(OpenObject open, ObjectBody first, std::int64_t offset,
                 const RetryOptions& retry, std::stop_token stop, Clock& clock)
      : open_(std::move(open)),
        body_(std::move(first)),
        etag_(body_.etag),
        offset_(offset),
        end_(offset + body_.size),
        retry_(retry),
        stop_(std::move(stop)),
        clock_(clock) {}

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    Retries retries(retry_, clock_);
    while (offset_ < end_ && !buffer.empty()) {
      absl::StatusOr<std::size_t> n = ReadSome(buffer);
      if (n.ok() || !retries.Again(n.status())) return n;
      body_.content.reset();
    }
    return 0;
  }

 private:
  absl::StatusOr<std::size_t> ReadSome(std::span<char> buffer) {
    if (body_.content == nullptr) {
      absl::Status resumed = Resume();
      if (!resumed.ok()) return resumed;
    }
    const auto left = static_cast<std::size_t>(end_ - offset_);
    absl::StatusOr<std::size_t> n =
        body_.content->Read(buffer.first(std::min(buffer.size(), left)));
    if (!n.ok()) return n;
    if (*n == 0) return absl::UnavailableError("the object's end is missing");
    offset_ += static_cast<std::int64_t>(*n);
    if (offset_ == end_) ReadEnd(body_);
    return n;
  }

  absl::Status Resume() {
    absl::StatusOr<ObjectBody> again =
        open_({.offset = offset_, .length = end_ - offset_}, stop_);
    if (!again.ok()) return again.status();
    if (again->etag != etag_ || again->size != end_ - offset_) {
      return BecameAnother();
    }
    body_ = *std::move(again);
    return absl::OkStatus();
  }

  const OpenObject open_;
  ObjectBody body_;  // Without content: to be resumed.
  const std::string etag_;
  std::int64_t offset_;
  const std::int64_t end_;
  const RetryOptions retry_;
  const std::stop_token stop_;
  Clock& clock_;
};

// Several ranges at once, each read whole by a thread of its own; handed on in
// order.
class ParallelSource : public ByteSource {
 public:
  // `first` is what has been asked for already: everything from `offset`.
  ParallelSource(OpenObject open, const ObjectBody& first, std::int64_t offset,
                 const DownloadOptions& options, Clock& clock)
      : open_(std::move(open)),
        etag_(first.etag),
        next_(offset),
        end_(offset + first.size),
        options_(options),
        clock_(clock) {
    while (Ask()) {
    }
  }
  ~ParallelSource() override { stop_.request_stop(); }
  ParallelSource(const ParallelSource&) = delete;
  ParallelSource& operator=(const ParallelSource&) = delete;

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    if (!failed_.ok()) return failed_;
    if (taken_ == part_.size() && !parts_.empty()) {
      absl::StatusOr<std::string> part = parts_.front().get();
      parts_.pop_front();
      if (!part.ok()) return failed_ = part.status();
      spare_.push_back(std::move(part_));
      part_ = *std::move(part);
      taken_ = 0;
      Ask();
    }
    const std::size_t n = std::min(buffer.size(), part_.size() - taken_);
    std::memcpy(buffer.data(), part_.data() + taken_, n);
    taken_ += n;
    return n;
  }

 private:
  // For the next range; false when there is none, or enough are under way.
  bool Ask() {
    const auto under_way = static_cast<int>(parts_.size());
    if (next_ >= end_ || under_way >= options_.parallel) return false;
    const ByteRange range{
        .offset = next_,
        .length = std::min(options_.range_bytes, end_ - next_)};
    next_ += *range.length;
    std::string bytes;
    if (spare_.empty()) {
      bytes.reserve(static_cast<std::size_t>(*range.length));
    } else {
      bytes = std::move(spare_.back());
      spare_.pop_back();
    }
    parts_.push_back(std::async(
        std::launch::async, [this, range, room = std::move(bytes)]() mutable {
          return ReadRange(range, std::move(room));
        }));
    return true;
  }

  absl::StatusOr<std::string> ReadRange(const ByteRange& range,
                                        std::string bytes) const {
    const absl::Status read = WithRetries(
        options_.retry, clock_, [&] { return ReadRangeOnce(range, bytes); });
    if (!read.ok()) return read;
    return bytes;
  }

  absl::Status ReadRangeOnce(const ByteRange& range, std::string& bytes) const {
    absl::StatusOr<ObjectBody> body = open_(range, stop_.get_token());
    if (!body.ok()) return body.status();
    if (body->etag != etag_ || body->size != *range.length) {
      return BecameAnother();
    }
    return ReadBody(*body, bytes);
  }

  const OpenObject open_;
  const std::string etag_;
  std::int64_t next_;  // Where the next range begins.
  const std::int64_t end_;
  const DownloadOptions options_;
  Clock& clock_;
  std::stop_source stop_;
  std::string part_;  // Being handed on, from taken_.
  // Memory of parts that were handed on. All of it is got on the reader's
  // thread: the allocator keeps what others free, a share for each.
  std::vector<std::string> spare_;
  std::size_t taken_ = 0;
  absl::Status failed_;
  // Last, so that the threads end before what they use goes.
  std::deque<std::future<absl::StatusOr<std::string>>> parts_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> DownloadObject(
    OpenObject open, const ByteRange& range, const DownloadOptions& options,
    Clock& clock) {
  if (range.offset < 0 || range.length.value_or(0) < 0) {
    return absl::InvalidArgumentError(
        "offset and length of a range cannot be negative");
  }
  absl::StatusOr<ObjectBody> first =
      WithRetries(options.retry, clock, [&] { return open(range, {}); });
  if (!first.ok()) return first.status();
  if (options.parallel > 1 && first->size > 2 * options.range_bytes) {
    first->content.reset();
    return std::make_unique<ParallelSource>(std::move(open), *first,
                                            range.offset, options, clock);
  }
  return std::make_unique<ResumingSource>(std::move(open), *std::move(first),
                                          range.offset, options.retry,
                                          std::stop_token(), clock);
}

}  // namespace windlass
