-- 003_pieces - uploads whose bytes come in any order and by several requests at once, and
-- who listens to them meanwhile.

alter table drift.upload
	add kind text not null default 'single' constraint upload_kind
		check (kind in ('single', 'part', 'joined')),
	add parts uuid[] constraint upload_parts check ((kind = 'joined') = (parts is not null)),
	add active timestamptz not null default now(),
	add probe_at bigint not null default 65536,
	add tail_probed boolean not null default false,
	alter track drop not null,
	alter version drop not null,
	add constraint upload_of_track check ((kind = 'part') = (track is null)
		and (track is null) = (version is null));
comment on column drift.upload.track is 'That it becomes a version of; null: it is a part of a joined one';
comment on column drift.upload.kind is 'part: a partial upload of tus; joined: a final one';
comment on column drift.upload.parts is 'Of a joined one, in order';
comment on column drift.upload.active is 'When bytes last came';
comment on column drift.upload.probe_at is 'Bytes from 0 on with which its head is looked at next';
comment on column drift.upload.tail_probed is 'Its head was looked at since its end is there';
comment on column drift.upload.writer is 'Number given to a request last';

create table drift.upload_writer (
	upload uuid not null constraint upload_writer_upload references drift.upload on delete cascade,
	writer integer not null,
	bytes int8range not null constraint upload_writer_bytes check (not isempty(bytes)),
	constraint upload_writer_pkey primary key (upload, writer)
);
comment on table drift.upload_writer is
	'Requests that may write to a transfer; no two of them the same bytes.';
comment on column drift.upload_writer.bytes is 'That it may write, without an end if it may all that follow';

-- lost in a crash, and said again by the next request
create unlogged table drift.listener (
	track uuid not null,
	version integer not null,
	listener text not null,
	at bigint not null constraint listener_at check (at >= 0),
	noted timestamptz not null default now(),
	constraint listener_pkey primary key (track, version, listener),
	constraint listener_source foreign key (track, version)
		references drift.source on delete cascade
);
comment on table drift.listener is 'Who hears a source that is still arriving, and where.';
comment on column drift.listener.listener is 'A hash that changes daily; no address is kept';
comment on column drift.listener.at is 'Byte of the source that it needs next';

-- functions whose arguments or columns are others now
drop function if exists drift.upload_get(uuid);
drop function if exists drift.upload_take(uuid);
drop function if exists drift.upload_received(uuid, integer, bigint, bigint);
