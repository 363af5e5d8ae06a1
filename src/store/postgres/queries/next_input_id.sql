SELECT nextval('input_id_seq')
