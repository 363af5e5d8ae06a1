// Who may ask the API: bearer tokens, and without them this machine alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/listen_address.h"
#include "server/router.h"

namespace windlass {

// Tokens and the roles they give. Keeps digests, so that no token can leave
// this process by a log or a core dump.
class AccessTokens {
 public:
  // Reads "ROLE:TOKEN" entries, separated by commas, blanks or line ends; lines
  // that begin with # are remarks. Roles are read, write, admin. Errors name
  // the entry by its number, never by its text.
  static absl::StatusOr<AccessTokens> Parse(std::string_view text);

  bool empty() const { return entries_.empty(); }

  // Takes as long whatever the token is.
  std::optional<Role> RoleOf(std::string_view token) const;

 private:
  struct Entry {
    std::string digest;
    Role role;
  };
  std::vector<Entry> entries_;
};

// Whether only programs of this machine can connect there: 127.0.0.0/8, ::1,
// localhost.
bool IsLoopback(std::string_view host);

// FailedPrecondition when an address that others can reach is to be served
// without tokens.
absl::Status CheckMayListen(const ListenAddress& address,
                            const AccessTokens& tokens);

// With tokens: 401 without a valid one, 403 when its role is not enough.
// Without: refuses what a web site could make a browser of this machine send,
// by its Host (a name that was made to lead here), Origin and Sec-Fetch-Site.
// Routes of Role::kNone are open to everyone, but for such browsers.
Gate MakeGate(AccessTokens tokens);

}  // namespace windlass
