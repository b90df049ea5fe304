-- 028_artists - a track of several artists is found under each.

-- "Alpha; Beta" reads as two; what lies beyond 600 characters fits into no index
alter table drift.track add column artists text[]
	generated always as (string_to_array(left(artist, 600), '; ')) stored;
comment on column drift.track.artists is 'Each of the artists by itself';

drop index drift.track_by_artist;
create index track_by_artist on drift.track using gin (artists) with (fastupdate = off)
	where version > 0 and deleted is null and not private;
comment on column drift.source.tags is
	'Vorbis comment names to texts, or to arrays of texts where a name has several';
