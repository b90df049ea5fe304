-- 001_catalogue - tracks, their sources and artifacts, jobs, uploads, keys,
-- settings and plays.

comment on schema drift is 'Drift: an audio streaming backend. Programs call functions only.';
comment on table drift.migration is 'Files of sql/schema that were applied; written by sql/migrate.';
comment on column drift.migration.name is 'File name without .sql';
comment on column drift.migration.applied is 'When';

create table drift.instance (
	one boolean constraint instance_pkey primary key default true
		constraint instance_one check (one),
	secret bytea not null constraint instance_secret check (length(secret) = 32)
);
comment on table drift.instance is 'What is true of this installation; one row.';
comment on column drift.instance.secret is 'Key of the tokens in media links; 32 bytes';
insert into drift.instance (secret)
values (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

create table drift.api_key (
	id bigint generated always as identity constraint api_key_pkey primary key,
	name text not null,
	scope text not null constraint api_key_scope check (scope in ('listen', 'upload', 'admin')),
	hash text not null constraint api_key_hash unique
		constraint api_key_hash_form check (hash ~ '^[0-9a-f]{64}$'),
	created timestamptz not null default now(),
	used timestamptz
);
comment on table drift.api_key is 'Keys of API users; the key itself is stored nowhere.';
comment on column drift.api_key.scope is 'listen < upload < admin';
comment on column drift.api_key.hash is 'SHA-256 of the key, hexadecimal';
comment on column drift.api_key.used is 'Last use, to the minute';

create table drift.track (
	id uuid constraint track_pkey primary key default gen_random_uuid(),
	version integer not null default 0 constraint track_version check (version >= 0),
	private boolean not null default false,
	title text not null default '',
	artist text not null default '',
	album text not null default '',
	created timestamptz not null default now(),
	changed timestamptz not null default now(),
	deleted timestamptz,
	-- cut as drift.track_query cuts: of "AC/DC" PostgreSQL's parser would make one word
	words tsvector generated always as (to_tsvector('simple',
		regexp_replace(title || ' ' || artist || ' ' || album, '[^[:alnum:]]+', ' ', 'g'))) stored
);
create index track_listed on drift.track (created desc, id desc)
	where version > 0 and deleted is null and not private;
-- uploads are rare: what a search finds must not wait for a vacuum
create index track_words on drift.track using gin (words) with (fastupdate = off);
comment on table drift.track is 'One identity for one recording; replacing its audio makes a new version.';
comment on column drift.track.version is 'The version that is played; 0 while the first upload is not finished';
comment on column drift.track.private is 'Listening needs a key';
comment on column drift.track.words is 'Of title, artist and album, for the search';
comment on column drift.track.deleted is 'Removed then; the row goes with its last version''s files';

create table drift.source (
	track uuid not null constraint source_track references drift.track on delete cascade,
	version integer not null constraint source_version check (version > 0),
	state text not null default 'receiving' constraint source_state
		check (state in ('receiving', 'storing', 'stored', 'failed')),
	name text,
	bytes bigint,
	mtime_us bigint,
	sha256 text,
	mime text,
	container text,
	codec text,
	sample_rate integer,
	channels integer,
	bits integer,
	lossless boolean,
	samples bigint,
	samples48 bigint generated always as
		((samples * 48000 + sample_rate - 1) / sample_rate) stored,
	delay integer,
	padding integer,
	tags jsonb not null default '{}',
	cover_name text,
	cover_mime text,
	loudness double precision,
	loudness_range double precision,
	true_peak double precision,
	error text,
	created timestamptz not null default now(),
	superseded timestamptz,
	constraint source_pkey primary key (track, version),
	constraint source_facts check (state <> 'stored' or (name is not null and bytes > 0
		and mtime_us > 0 and sample_rate > 0 and channels > 0 and samples >= 0))
);
comment on table drift.source is 'An uploaded file and what its content says; one row a version.';
comment on column drift.source.name is 'File in the version''s folder';
comment on column drift.source.mtime_us is 'Modification time of the file, microseconds since 1970';
comment on column drift.source.sample_rate is 'Hz';
comment on column drift.source.samples is 'Length as heard, per channel, at sample_rate';
comment on column drift.source.samples48 is 'Length at 48,000 Hz, rounded up';
comment on column drift.source.delay is 'Samples the decoder gives before the first heard one';
comment on column drift.source.padding is 'Samples after the last heard one';
comment on column drift.source.tags is 'Vorbis comment names to texts';
comment on column drift.source.loudness is 'EBU R128 integrated, LUFS; null: not measured, or silence';
comment on column drift.source.loudness_range is 'LU';
comment on column drift.source.true_peak is 'dBTP';
comment on column drift.source.superseded is 'A newer version, or none, is played since';

create table drift.artifact (
	track uuid not null,
	version integer not null,
	kind text not null constraint artifact_kind check (kind in ('opus', 'seekidx', 'waveform')),
	name text not null,
	bytes bigint not null constraint artifact_bytes check (bytes > 0),
	mime text not null,
	mtime_us bigint not null,
	meta jsonb not null default '{}',
	created timestamptz not null default now(),
	constraint artifact_pkey primary key (track, version, kind),
	constraint artifact_source foreign key (track, version)
		references drift.source on delete cascade
);
comment on table drift.artifact is 'Files derived from a version''s source.';
comment on column drift.artifact.name is 'File in the version''s folder';
comment on column drift.artifact.mtime_us is 'Modification time of the file, microseconds since 1970';
comment on column drift.artifact.meta is 'What it was made with';

create table drift.job (
	id bigint generated always as identity constraint job_pkey primary key,
	track uuid not null,
	version integer not null,
	kind text not null constraint job_kind check (kind in ('opus', 'waveform')),
	state text not null default 'queued' constraint job_state
		check (state in ('queued', 'running', 'done', 'failed')),
	priority integer not null default 0,
	progress double precision not null default 0
		constraint job_progress check (progress between 0 and 1),
	attempts integer not null default 0,
	attempts_max integer not null default 3,
	due timestamptz not null default now(),
	lease timestamptz,
	worker text,
	error text,
	created timestamptz not null default now(),
	changed timestamptz not null default now(),
	constraint job_once unique (track, version, kind),
	constraint job_source foreign key (track, version)
		references drift.source on delete cascade,
	constraint job_running check (state <> 'running' or (lease is not null and worker is not null))
);
create index job_waiting on drift.job (priority desc, due, id) where state in ('queued', 'running');
create index job_failed on drift.job (changed) where state = 'failed';
comment on table drift.job is 'One artifact to be made of one version; taken with a lease.';
comment on column drift.job.priority is 'Higher ones first';
comment on column drift.job.progress is '0 to 1';
comment on column drift.job.attempts is 'Begun so often';
comment on column drift.job.attempts_max is 'Then it is failed; as the last worker''s configuration has it';
comment on column drift.job.due is 'Not before';
comment on column drift.job.lease is 'Whose worker has said nothing until then has lost it';

create table drift.upload (
	id uuid constraint upload_pkey primary key default gen_random_uuid(),
	key bigint constraint upload_key references drift.api_key on delete set null,
	track uuid not null,
	version integer not null,
	name text not null default '',
	metadata jsonb not null default '{}',
	length bigint constraint upload_length check (length >= 0),
	received int8multirange not null default '{}',
	writer integer not null default 0,
	state text not null default 'receiving' constraint upload_state
		check (state in ('receiving', 'storing', 'stored', 'failed')),
	error text,
	created timestamptz not null default now(),
	keep interval not null default interval '48 hours',
	expires timestamptz not null,
	constraint upload_source foreign key (track, version)
		references drift.source on delete cascade
);
create index upload_expires on drift.upload (expires);
create index upload_of on drift.upload (track, version);
create index upload_by on drift.upload (key);
comment on table drift.upload is 'A transfer that becomes a source.';
comment on column drift.upload.length is 'Bytes in all; null while the sender has not said';
comment on column drift.upload.received is 'Bytes that are on disk';
comment on column drift.upload.keep is 'Unfinished, it is kept that long after the last byte';
comment on column drift.upload.writer is 'Number of the request that may write; an older one is out';

create table drift.setting_definition (
	name text constraint setting_definition_pkey primary key
		constraint setting_definition_name check (name ~ '^[A-Za-z][A-Za-z0-9]{0,63}$'),
	label text not null,
	help text not null default '',
	kind text not null constraint setting_definition_kind check (kind in ('choice', 'number')),
	choices jsonb not null default '[]',
	fallback text not null,
	minimum double precision,
	maximum double precision,
	step double precision,
	position integer not null,
	constraint setting_definition_choices check (kind = 'number' or (
		not jsonb_path_exists(choices, '$[*].value ? (!(@ like_regex "^[A-Za-z0-9._-]{1,64}$"))')
		and jsonb_path_exists(choices, '$[*].value ? (@ == $v)', jsonb_build_object('v', fallback)))),
	constraint setting_definition_number check (kind = 'choice' or fallback ~ '^-?\d{1,9}(\.\d{1,9})?$')
);
comment on table drift.setting_definition is 'The listener''s settings: a row is an entry in the menu and a cookie.';
comment on column drift.setting_definition.name is 'Of the cookie and of the page''s data attribute too';
comment on column drift.setting_definition.choices is '[{"value", "label"}], of a choice';
comment on column drift.setting_definition.fallback is 'The value of who has chosen nothing';
comment on column drift.setting_definition.position is 'Order in the menu';
insert into drift.setting_definition (name, label, help, kind, choices, fallback, position) values
	('streamQuality', 'Streaming quality', 'Opus uses about a quarter of the data.', 'choice',
	 '[{"value": "lossless", "label": "Lossless"}, {"value": "opus", "label": "Low data (Opus)"}]',
	 'lossless', 1),
	('theme', 'Dark mode', '', 'choice',
	 '[{"value": "auto", "label": "As the system"}, {"value": "light", "label": "Light"},
	   {"value": "dark", "label": "Dark"}]',
	 'auto', 2);

create table drift.play (
	track uuid not null constraint play_track references drift.track on delete cascade,
	kind text not null constraint play_kind check (kind in ('play', 'share')),
	listener text not null,
	rendition text not null,
	at timestamptz not null default now(),
	slot timestamptz not null
) partition by range (slot);
comment on table drift.play is 'Plays and shares, by month; a listener counts once a slot.';
comment on column drift.play.listener is 'A hash that changes daily; no address is kept';
comment on column drift.play.slot is 'Start of the half hour';
create table drift.play_default partition of drift.play default;
comment on table drift.play_default is 'Plays of months that have no partition of their own.';
create unique index play_once on drift.play (track, kind, listener, slot);

create table drift.play_count (
	track uuid constraint play_count_pkey primary key
		constraint play_count_track references drift.track on delete cascade,
	plays bigint not null default 0,
	shares bigint not null default 0
);
comment on table drift.play_count is 'Sums of drift.play, whatever the rendition.';
