-- 008_covers - what was said of a track by hand, and small pictures.

alter table drift.track add column by_hand text[] not null default '{}';
comment on column drift.track.by_hand is
	'Of title, artist, album, cover: those that were set by hand, which no file''s tags change any more';

alter table drift.source add column cover_small text;
comment on column drift.source.cover_small is
	'File name of the cover made small for lists; null: there is none';
