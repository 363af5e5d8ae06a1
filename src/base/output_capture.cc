#include "base/output_capture.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace windlass {

std::string CapturedOutput::Text() const {
  if (truncated_bytes == 0) return head + tail;
  return absl::StrCat(head, "\n... ", truncated_bytes, " bytes left out ...\n",
                      tail);
}

void OutputCapture::Append(std::string_view bytes) {
  total_ += bytes.size();
  std::size_t n = std::min(bytes.size(), head_limit_ - head_.size());
  head_.append(bytes.substr(0, n));
  AppendToTail(bytes.substr(n));
}

void OutputCapture::AppendToTail(std::string_view bytes) {
  if (bytes.size() > tail_limit_) {
    bytes.remove_prefix(bytes.size() - tail_limit_);
  }
  std::size_t n = std::min(bytes.size(), tail_limit_ - tail_.size());
  tail_.append(bytes.substr(0, n));
  bytes.remove_prefix(n);
  while (!bytes.empty()) {
    n = std::min(bytes.size(), tail_limit_ - tail_start_);
    std::copy_n(bytes.begin(), n, tail_.data() + tail_start_);
    tail_start_ = (tail_start_ + n) % tail_limit_;
    bytes.remove_prefix(n);
  }
}

CapturedOutput OutputCapture::Get() const {
  CapturedOutput output;
  output.head = head_;
  output.tail = tail_.substr(tail_start_) + tail_.substr(0, tail_start_);
  output.total_bytes = total_;
  output.truncated_bytes = total_ - head_.size() - tail_.size();
  return output;
}

}  // namespace windlass
