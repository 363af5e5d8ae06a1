// Watching a run from a terminal, or from a pipe.
#pragma once

#include <functional>

#include "cli/globals.h"
#include "cli/live_view.h"
#include "windlass/store.h"

namespace windlass::cli {

enum class Watching : std::uint8_t { kGoOn, kStop };

// Shows the run until it has ended, or until `tick`, called ten times a
// second, says to stop. A terminal gets a live frame, anything else a line per
// task that ends; with --output json nothing is shown. Returns the last
// snapshot.
absl::StatusOr<RunSnapshot> WatchRun(const Globals& globals, Client& client,
                                     RunId run,
                                     const std::function<Watching()>& tick);

// WatchRun() until the end or an interrupt, then the final document or summary;
// returns the exit code.
int FollowRun(const Globals& globals, Client& client, RunId run);

// The JSON document on stdout, or the summary line; the exit code the run's
// state means.
int PrintEnded(const Globals& globals, Client& client,
               const RunSnapshot& snapshot);

// Everything a frame needs of a run.
absl::StatusOr<RunSnapshot> TakeSnapshot(Client& client, RunId run,
                                         const RunSnapshot* previous);

Palette PaletteFor(int fd);

}  // namespace windlass::cli
