#include "executor/permit_desk.h"

#include <utility>

namespace windlass {

absl::StatusOr<PermitAnswer> PermitDesk::Ask(PermitRequest request) {
  Question mine;
  mine.request = std::move(request);
  std::vector<Question*> questions;
  {
    MutexLock lock(mutex_);
    waiting_.push_back(&mine);
    changed_.wait(mutex_, [&] {
      mutex_.AssertHeld();
      return mine.answered || !asking_;
    });
    if (mine.answered) return mine.answer;
    asking_ = true;
    questions.swap(waiting_);
  }
  Answer(questions);
  MutexLock lock(mutex_);
  asking_ = false;
  for (Question* question : questions) question->answered = true;
  changed_.notify_all();
  return mine.answer;
}

// Nobody else touches the questions meanwhile.
void PermitDesk::Answer(const std::vector<Question*>& questions) {
  std::vector<PermitRequest> requests;
  requests.reserve(questions.size());
  for (const Question* question : questions) {
    requests.push_back(question->request);
  }
  const auto answers = store_.AcquirePermits(requests);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (answers.ok()) {
      questions[i]->answer = (*answers)[i];
    } else {
      questions[i]->answer = answers.status();
    }
  }
}

}  // namespace windlass
