// What of an executor's capacity its attempts have reserved.
#pragma once

#include <cstdint>
#include <string>

#include "windlass/workflow.h"

namespace windlass {

// Pure arithmetic, on whole bytes and thousandths of a processor, so that what
// was reserved and released in any order leaves nothing over.
class ResourceBudget {
 public:
  // 0: no limit.
  explicit ResourceBudget(const ResourceSpec& capacity)
      : capacity_(Rounded(capacity)) {}

  bool limited() const { return capacity_.memory > 0 || capacity_.cpu > 0; }

  // With all of the capacity free.
  bool CanEverFit(const ResourceSpec& demand) const;
  // Now.
  bool Fits(const ResourceSpec& demand) const;

  void Reserve(const ResourceSpec& demand);
  void Release(const ResourceSpec& demand);
  ResourceSpec reserved() const;

  // For people, of what can never fit.
  std::string WhyNever(const ResourceSpec& demand) const;

 private:
  struct Amount {
    std::int64_t memory = 0;  // Bytes.
    std::int64_t cpu = 0;     // Thousandths.
  };
  static Amount Rounded(const ResourceSpec& spec);
  bool Holds(const Amount& used, const ResourceSpec& demand) const;

  const Amount capacity_;
  Amount reserved_;
};

}  // namespace windlass
