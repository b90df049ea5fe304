-- grants - who may call what. Two roles, functions only; the owner does the rest.
--
-- Where the owner may not create roles (a shared host), the programs run as the
-- owner and this says so.

do $$
declare
	l_role text;
	l_function text;
	l_web constant text[] := array['key_check', 'secret_get', 'track_get', 'sound_get', 'manifest',
		'track_list', 'track_plain', 'track_card', 'collection', 'feed', 'queue_state', 'track_manage',
		'track_update', 'track_delete', 'cover_get', 'cover_chosen', 'cover_set', 'status', 'play_post',
		'upload_create', 'upload_get', 'upload_take', 'upload_received', 'upload_state',
		'upload_publish', 'upload_fail', 'upload_delete', 'upload_set_length', 'upload_metadata',
		'upload_of_track', 'upload_leave', 'upload_create_part', 'upload_join', 'upload_parts',
		'upload_probed', 'upload_tail', 'upload_reach', 'listener_note', 'growing_get', 'manifest_growing',
		'growth_ask', 'growth_source', 'growth_state', 'growth_tell', 'growth_wait', 'growth_settled', 'growth_publish', 'growth_end', 'growth_fail',
		'regenerate', 'backfill',
		'setting_state', 'setting_values', 'setting_form', 'setting_change'];
	l_worker constant text[] := array['secret_get', 'job_claim', 'job_progress', 'job_done',
		'job_fail', 'job_release', 'job_wait_seconds', 'job_counts', 'job_failures',
		'artifact_publish', 'source_measured', 'backfill', 'upload_expire', 'upload_live',
		'growth_state', 'growth_tell', 'growth_end', 'version_live', 'version_files', 'version_drop', 'token_rows', 'play_prepare'];
begin
	revoke all on all functions in schema drift from public;
	foreach l_role in array array['drift_web', 'drift_worker'] loop
		if not exists (select from pg_roles where rolname = l_role) then
			begin
				execute format('create role %I login', l_role);
			exception
			when duplicate_object or unique_violation then
				null; -- another migration was quicker
			when insufficient_privilege then
				raise warning 'role % cannot be created here: let the programs connect as %',
					l_role, current_user;
				continue;
			end;
		end if;
		execute format('grant usage on schema drift to %I', l_role);
		for l_function in
			select p.oid::regprocedure::text from pg_proc p
			where p.pronamespace = 'drift'::regnamespace
				and p.proname = any (case l_role when 'drift_web' then l_web else l_worker end)
		loop
			execute format('grant execute on function %s to %I', l_function, l_role);
		end loop;
	end loop;
end $$;
