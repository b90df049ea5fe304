-- secret_get: the key of the tokens in media links, 32 bytes as hexadecimal.
create or replace function drift.secret_get()
returns text language sql stable security definer set search_path = drift, pg_temp as $$
	select encode(secret, 'hex') from drift.instance
$$;
comment on function drift.secret_get() is 'The key of the tokens in media links, hexadecimal.';
