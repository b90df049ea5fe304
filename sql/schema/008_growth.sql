-- 008_growth - fragmented MP4s that can be heard while they are made, of sources that may
-- still be arriving.

-- lost in a crash, as are the processes that it tells of
create unlogged table drift.growth (
	track uuid not null,
	version integer not null,
	codec text,
	delay bigint,
	width integer,
	height integer,
	seen timestamptz not null default '-infinity',
	asked timestamptz not null default '-infinity',
	constraint growth_pkey primary key (track, version),
	constraint growth_source foreign key (track, version)
		references drift.source on delete cascade
);
comment on table drift.growth is 'Fragmented MP4s that can be heard while they are made.';
comment on column drift.growth.codec is 'As a MIME type has it; null: nothing of it is made yet';
comment on column drift.growth.delay is 'Samples before the first one heard';
comment on column drift.growth.width is 'Of moving pictures; null: there are none';
comment on column drift.growth.seen is 'When who makes it last said so';
comment on column drift.growth.asked is 'When somebody last asked for it';

alter table drift.upload add rewritten boolean not null default false;
comment on column drift.upload.rewritten is
	'Bytes that had arrived may have been overwritten: what was heard of them proves nothing';

-- functions whose arguments are others now
drop function if exists drift.upload_take(uuid, bigint, bigint);
drop function if exists drift.manifest_growing(uuid, text);
