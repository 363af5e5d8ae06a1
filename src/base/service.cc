#include "base/service.h"

#include <pthread.h>

#include <cassert>
#include <utility>

namespace windlass {

std::jthread StartThread(std::string_view name,
                         std::function<void(std::stop_token)> body) {
  constexpr std::size_t kNameLength = 15;
  return std::jthread([name = std::string(name.substr(0, kNameLength)),
                       body = std::move(body)](std::stop_token stop) {
    pthread_setname_np(pthread_self(), name.c_str());
    body(std::move(stop));
  });
}

ThreadService::~ThreadService() {
  MutexLock lock(mutex_);
  assert(!thread_.joinable() && "a subclass must Stop() in its destructor");
}

void ThreadService::Start() {
  MutexLock lock(mutex_);
  if (stopped_ || thread_.joinable()) return;
  thread_ = StartThread(name_,
                        [this](std::stop_token stop) { Run(std::move(stop)); });
}

void ThreadService::Stop() {
  MutexLock lock(mutex_);
  stopped_ = true;
  if (!thread_.joinable()) return;
  assert(thread_.get_id() != std::this_thread::get_id());
  thread_.request_stop();
  thread_.join();
}

void ServiceGroup::Start() {
  for (Service* service : services_) service->Start();
}

void ServiceGroup::StopAll() {
  for (auto it = services_.rbegin(); it != services_.rend(); ++it) {
    (*it)->Stop();
  }
}

}  // namespace windlass
