-- token_rows: every version that a media link may lead to, for the sweep.
create or replace function drift.token_rows()
returns table (track uuid, version integer, private boolean) language sql stable
security definer set search_path = drift, pg_temp as $$
	select s.track, s.version, t.private from drift.source s
	join drift.track t on t.id = s.track
	where s.state = 'stored' and t.deleted is null
$$;
comment on function drift.token_rows() is 'Every version that a media link may lead to.';
