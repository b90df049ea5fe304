-- key_check: is the key with this hash good for what is asked?
--
--   i_hash   SHA-256 of the key, hexadecimal
--   i_scope  listen < upload < admin
--
-- Returns the key's id. DR401: no such key; DR403: its scope is too small.
-- Writes drift.api_key (last use, once a minute).
create or replace function drift.key_check(i_hash text, i_scope text)
returns bigint language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_order constant text[] := array['listen', 'upload', 'admin'];
	l_key drift.api_key;
begin
	select * into l_key from drift.api_key where hash = i_hash;
	if not found then
		raise exception 'no such key' using errcode = 'DR401';
	end if;
	if array_position(l_order, l_key.scope) < coalesce(array_position(l_order, i_scope), 4) then
		raise exception 'the key may not do this' using errcode = 'DR403';
	end if;
	if l_key.used is null or l_key.used < now() - interval '1 minute' then
		update drift.api_key set used = now() where id = l_key.id;
	end if;
	return l_key.id;
end $$;
comment on function drift.key_check(text, text) is 'Checks a key''s hash and scope; returns its id.';
