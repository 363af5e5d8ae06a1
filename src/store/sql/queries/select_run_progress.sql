SELECT definition, state, paused, progress FROM run WHERE id = ?1
