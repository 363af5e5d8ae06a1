SELECT id, params, labels, base_dir FROM input WHERE id = ?1
