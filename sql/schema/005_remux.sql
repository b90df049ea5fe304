-- 005_remux - sources with pictures, and the fragmented MP4 that is made of a source.

alter table drift.source add video text;
comment on column drift.source.video is 'Codec of its moving pictures; null: there are none';

alter table drift.job drop constraint job_kind,
	add constraint job_kind check (kind in ('opus', 'waveform', 'remux'));

-- functions whose arguments or columns are others now
drop function if exists drift.upload_publish(uuid, integer, text, bigint, bigint, text, text, text,
	text, integer, integer, integer, boolean, bigint, integer, integer, jsonb, text, text);
drop function if exists drift.job_claim(text, integer, integer);
drop function if exists drift.track_get(uuid);
