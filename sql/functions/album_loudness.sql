-- album_loudness: how loud a track's album is, LUFS.
--
-- An album is the tracks of one title by one artist (ALBUMARTIST where the tags have it).
-- Their blocks are gated together (ITU-R BS.1770-4), to a tenth of a LU. Null: the track has no
-- album, some of it is not measured yet, or all of it is silent.
create or replace function drift.album_loudness(i_track uuid)
returns double precision language sql stable security definer
set search_path = drift, pg_temp as $$
	with part as (
		select t.id, t.album, s.blocks,
			coalesce(nullif(drift.tag_text(s.tags, 'ALBUMARTIST'), ''), t.artist) as artist
		from drift.track me
		join drift.track t on lower(t.album) = lower(me.album) and t.album <> ''
			and t.deleted is null
		join drift.source s on s.track = t.id and s.version = t.version
		where me.id = i_track and me.album <> ''
	), album as (
		select p.blocks from part p
		join part me on me.id = i_track and lower(me.artist) = lower(p.artist)
	), level as (
		select b.step, sum(b.count) as count,
			power(10, (-70 + (b.step - 0.5) / 10) / 10)::double precision as power
		from album, unnest(album.blocks) with ordinality as b (count, step)
		group by b.step
	), gate as (
		select sum(count * power) / nullif(sum(count), 0) / 10 as power from level
	)
	select 10 * log(sum(l.count * l.power) / nullif(sum(l.count), 0))
	from level l, gate
	where l.power >= gate.power
		and not exists (select from album where blocks is null)
$$;
comment on function drift.album_loudness(uuid) is
	'Loudness of a track''s album, LUFS; null: none, or not all of it measured.';
