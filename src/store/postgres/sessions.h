// The sessions that a store's options ask for.
#pragma once

#include "store/postgres/connection.h"
#include "store/postgres/postgres_store.h"

namespace windlass::postgres {

inline SessionOptions MainSession(const PostgresStoreOptions& options) {
  SessionOptions session;
  session.url = options.url;
  session.schema = options.schema;
  return session;
}

inline SessionOptions ListeningSession(const PostgresStoreOptions& options) {
  SessionOptions session = MainSession(options);
  if (!options.listen_url.empty()) session.url = options.listen_url;
  return session;
}

}  // namespace windlass::postgres
