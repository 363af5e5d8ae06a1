// Finds work by hints from a broker; asks the store seldom while they can be
// heard, and as polling does while they cannot.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "source/polling/polling_source.h"
#include "source/rabbitmq/hint_consumer.h"
#include "windlass/task_source.h"

namespace windlass::rabbitmq {

// All are borrowed. A hint only says when to claim: what is claimed, and by
// whom, is the store's to decide, as with polling.
std::unique_ptr<TaskSource> MakeRabbitMqSource(Store& store, Clock& clock,
                                               HintConsumer& consumer,
                                               PollingSourceOptions options);

}  // namespace windlass::rabbitmq
