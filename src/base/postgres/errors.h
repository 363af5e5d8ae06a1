// PostgreSQL's errors as ours, in one place.
#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace windlass::postgres {

// By SQLSTATE, never by text: what another transaction caused is Aborted and
// worth another try at once; a server that is gone, starting, out of
// connections or read-only is Unavailable and worth one later; a full disk is
// ResourceExhausted.
absl::Status StatusFromResult(const PGresult* result, std::string_view what);

// The connection itself failed: refused, broken, or never made.
absl::Status StatusFromConnection(PGconn* connection, std::string_view what);

// InvalidArgument for what libpq cannot parse. Tells what is wrong with it,
// which is `whose`, and quotes nothing of it, as it may hold a password.
absl::Status CheckUrl(const std::string& url, std::string_view whose);

}  // namespace windlass::postgres
