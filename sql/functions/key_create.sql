-- key_create: a new API key.
--
--   i_name   whose it is
--   i_scope  listen, upload or admin
--
-- Returns the key, which is shown this once: only its hash is kept. For the owner, in
-- psql. Writes drift.api_key.
create or replace function drift.key_create(i_name text, i_scope text)
returns text language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_key text := 'drift_' || encode(substr(sha256(uuid_send(gen_random_uuid())
		|| uuid_send(gen_random_uuid())), 1, 24), 'hex');
begin
	insert into drift.api_key (name, scope, hash)
	values (i_name, i_scope, encode(sha256(convert_to(l_key, 'UTF8')), 'hex'));
	return l_key;
end $$;
comment on function drift.key_create(text, text) is 'Makes an API key (listen, upload, admin) and shows it once.';
