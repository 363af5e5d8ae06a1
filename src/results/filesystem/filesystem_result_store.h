// Results as plain files in a folder: the default, beside the SQLite database.
//
// The object with key "r42/report/7" is the file ROOT/r42/report/7, and its uri
// is "file:r42/report/7": relative, so the folder can be moved with its
// database. An object is written under ROOT/~incoming ("~" is in no key),
// synchronised to disk, and then moved to its name, which never replaces an
// object that is there already. What a crash leaves in ~incoming is removed
// when a store is opened a day later.
//
// Several processes may have the same folder open. Because an object is a file,
// its key cannot also be a folder of other keys: writing "a/b" where "a" is an
// object is FailedPrecondition. A full disk is ResourceExhausted and leaves
// nothing behind. LocalPath() knows every object; look at the envelope's
// encoding before handing the path to a program.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "windlass/result_store.h"

namespace windlass {

// Makes the folder when it is not there. Errors name the path.
absl::StatusOr<std::unique_ptr<ResultStore>> OpenFilesystemResultStore(
    std::string root);

}  // namespace windlass
