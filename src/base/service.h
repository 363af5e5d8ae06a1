// Things that run in the background, with a start and an end.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"

namespace windlass {

// Start() and Stop() may each be called any number of times, in any order and
// from any thread except the service's own. A service that was stopped stays
// stopped: a later Start() does nothing.
class Service {
 public:
  virtual ~Service() = default;

  virtual void Start() = 0;

  // Returns when nothing of the service runs any more.
  virtual void Stop() = 0;
};

// A service that is one thread. A subclass says what it does in Run() and calls
// Stop() in its own destructor: the base's would be too late, the thread would
// run in a half-destroyed object (asserted).
class ThreadService : public Service {
 public:
  // The name shows up in debuggers and `top`; the kernel keeps 15 characters.
  explicit ThreadService(std::string_view name) : name_(name) {}
  ~ThreadService() override;
  ThreadService(const ThreadService&) = delete;
  ThreadService& operator=(const ThreadService&) = delete;

  void Start() override;
  void Stop() override;

 protected:
  // Returns soon after `stop` is requested; may return earlier.
  virtual void Run(std::stop_token stop) = 0;

 private:
  const std::string name_;
  Mutex mutex_;  // also held while joining, so that every Stop() waits
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::jthread thread_ ABSL_GUARDED_BY(mutex_);
};

// Starts a thread of that name.
std::jthread StartThread(std::string_view name,
                         std::function<void(std::stop_token)> body);

// Starts services in the order they were added and stops them in reverse, so
// that each may use those added before it for as long as it runs. Borrows its
// services; stops them when destroyed. Add() before the first Start().
class ServiceGroup : public Service {
 public:
  ServiceGroup() = default;
  ~ServiceGroup() override { StopAll(); }
  ServiceGroup(const ServiceGroup&) = delete;
  ServiceGroup& operator=(const ServiceGroup&) = delete;

  void Add(Service& service) { services_.push_back(&service); }
  void Start() override;
  void Stop() override { StopAll(); }

 private:
  void StopAll();

  std::vector<Service*> services_;  // constant once started
};

}  // namespace windlass
