-- What a query can check of the whole schema.
begin;
select plan(7);

select is_empty($$
	select c.oid::regclass from pg_class c
	where c.relnamespace = 'drift'::regnamespace and c.relkind in ('r', 'p', 'v')
		and obj_description(c.oid, 'pg_class') is null
$$, 'every table and view has a comment');

select is_empty($$
	select p.oid::regprocedure from pg_proc p
	where p.pronamespace = 'drift'::regnamespace and obj_description(p.oid, 'pg_proc') is null
$$, 'every function has a comment');

select is_empty($$
	select p.oid::regprocedure from pg_proc p
	where p.pronamespace = 'drift'::regnamespace and not exists (
		select from unnest(p.proconfig) o where o like 'search_path=drift, pg_temp')
$$, 'every function pins its search path');

select is_empty($$
	select k.conrelid::regclass, k.conname from pg_constraint k
	where k.connamespace = 'drift'::regnamespace and k.contype = 'f' and k.conparentid = 0
		and not exists (select from pg_index i where i.indrelid = k.conrelid
			and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)
$$, 'every foreign key has an index');

select is_empty($$
	select p.oid::regprocedure from pg_proc p, unnest(p.proacl) a
	where p.pronamespace = 'drift'::regnamespace and a::text like '=%'
$$, 'the public may call nothing');

select is_empty($$
	select c.oid::regclass, r.rolname from pg_class c, pg_roles r
	where c.relnamespace = 'drift'::regnamespace and c.relkind in ('r', 'p', 'v')
		and r.rolname in ('drift_web', 'drift_worker')
		and has_table_privilege(r.oid, c.oid, 'select, insert, update, delete')
$$, 'the roles have no right on any table');

select is_empty($$
	select p.oid::regprocedure from pg_proc p
	where p.pronamespace = 'drift'::regnamespace
		and p.proname in ('key_create', 'purge', 'upload_forget', 'upload_owned')
		and (has_function_privilege('drift_web', p.oid, 'execute')
			or has_function_privilege('drift_worker', p.oid, 'execute'))
$$, 'what is the owner''s stays the owner''s');

select * from finish();
rollback;
