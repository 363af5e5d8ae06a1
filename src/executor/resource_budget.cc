#include "executor/resource_budget.h"

#include <cmath>

#include "base/concat.h"

namespace windlass {
namespace {

constexpr double kParts = 1000;

double Mebibytes(std::int64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

}  // namespace

ResourceBudget::Amount ResourceBudget::Rounded(const ResourceSpec& spec) {
  return {.memory = spec.memory_bytes, .cpu = std::llround(spec.cpu * kParts)};
}

bool ResourceBudget::Holds(const Amount& used,
                           const ResourceSpec& demand) const {
  const Amount more = Rounded(demand);
  // Differences, for sums may not fit.
  return (capacity_.memory == 0 ||
          more.memory <= capacity_.memory - used.memory) &&
         (capacity_.cpu == 0 || more.cpu <= capacity_.cpu - used.cpu);
}

bool ResourceBudget::CanEverFit(const ResourceSpec& demand) const {
  return Holds({}, demand);
}

bool ResourceBudget::Fits(const ResourceSpec& demand) const {
  return Holds(reserved_, demand);
}

void ResourceBudget::Reserve(const ResourceSpec& demand) {
  const Amount more = Rounded(demand);
  reserved_.memory += more.memory;
  reserved_.cpu += more.cpu;
}

void ResourceBudget::Release(const ResourceSpec& demand) {
  const Amount less = Rounded(demand);
  reserved_.memory -= less.memory;
  reserved_.cpu -= less.cpu;
}

ResourceSpec ResourceBudget::reserved() const {
  return {.memory_bytes = reserved_.memory,
          .cpu = static_cast<double>(reserved_.cpu) / kParts};
}

std::string ResourceBudget::WhyNever(const ResourceSpec& demand) const {
  std::string why;
  if (capacity_.memory > 0 && demand.memory_bytes > capacity_.memory) {
    why = Concat("it asks for ", Mebibytes(demand.memory_bytes),
                 " MiB of memory, and the executor has ",
                 Mebibytes(capacity_.memory), " MiB");
  }
  if (capacity_.cpu > 0 && Rounded(demand).cpu > capacity_.cpu) {
    why += Concat(why.empty() ? "it asks for " : "; for ", demand.cpu,
                  " processors, and the executor has ",
                  static_cast<double>(capacity_.cpu) / kParts);
  }
  return why;
}

}  // namespace windlass
