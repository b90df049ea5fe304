-- feed: a podcast feed (RSS 2.0) of the newest public tracks, of an artist, of an album, or of all.
--
--   i_artist, i_album  as in collection_tracks
--   i_site   scheme, host, and what precedes /cgi-bin/ in URLs
--   i_self   URL of the feed itself
--
-- An enclosure is the Opus rendition, or the file as uploaded where that is what any
-- podcast program plays (MP3, AAC), or where there is no Opus. Its length is exact. The feed's
-- picture is that of its newest track that has one.
create or replace function drift.feed(i_artist text, i_album text, i_site text, i_self text)
returns text language sql stable security definer set search_path = drift, pg_temp as $$
	with shown as (
		select t.*, s.samples, s.sample_rate, e.*, i_site || '/cgi-bin/stream.fcgi/' || t.id || '/cover?v=' || t.version
			|| '-' || s.cover_name as picture
		from drift.track t
		join drift.source s on s.track = t.id and s.version = t.version
		left join drift.artifact o on o.track = t.id and o.version = t.version and o.kind = 'opus'
			and not (s.codec in ('mp3', 'aac'))
		cross join lateral (select case when o.name is null then 'lossless' else 'opus' end as format,
			coalesce(o.bytes, s.bytes) as bytes,
			case when o.name is null then s.mime else 'audio/ogg' end as mime) e
		where t.version > 0 and t.deleted is null and not t.private
			and (coalesce(i_artist, '') = '' or t.artists @> string_to_array(left(i_artist, 600), '; '))
			and (coalesce(i_album, '') = '' or t.album = i_album)
		order by t.created desc, t.id desc limit 300)
	select '<?xml version="1.0" encoding="UTF-8"?>' || E'\n' || xmlserialize(document xmlelement(name rss,
		xmlattributes('2.0' as version, 'http://www.w3.org/2005/Atom' as "xmlns:atom",
			'http://www.itunes.com/dtds/podcast-1.0.dtd' as "xmlns:itunes"),
		xmlelement(name channel,
			xmlelement(name title, drift.xml_text(coalesce(nullif(i_album, ''), nullif(i_artist, ''), 'Drift'))),
			xmlelement(name link, i_site || '/'),
			xmlelement(name description, drift.xml_text('The newest tracks'
				|| coalesce(' by ' || nullif(i_artist, ''), '') || '.')),
			xmlelement(name "atom:link", xmlattributes(i_self as href, 'self' as rel,
				'application/rss+xml' as type)),
			xmlelement(name "itunes:author", drift.xml_text(coalesce(nullif(i_artist, ''), 'Drift'))),
			xmlelement(name "itunes:explicit", 'false'),
			(select xmlelement(name "itunes:image", xmlattributes(i.picture as href)) from shown i
				where i.picture is not null order by i.created desc, i.id desc limit 1),
			(select xmlagg(xmlelement(name item,
				xmlelement(name title, drift.xml_text(i.title)),
				xmlelement(name guid, xmlattributes('false' as "isPermaLink"), i.id),
				xmlelement(name link, i_site || '/?track=' || i.id),
				xmlelement(name "pubDate", to_char(i.created at time zone 'UTC',
					'Dy, DD Mon YYYY HH24:MI:SS "+0000"')),
				xmlelement(name description, drift.xml_text(concat_ws(' · ', i.title,
					nullif(i.artist, ''), nullif(i.album, '')))),
				xmlelement(name "itunes:author", drift.xml_text(i.artist)),
				xmlelement(name "itunes:duration", ceil(i.samples::numeric / i.sample_rate)::bigint),
				case when i.picture is not null then
					xmlelement(name "itunes:image", xmlattributes(i.picture as href)) end,
				xmlelement(name enclosure, xmlattributes(
					i_site || '/cgi-bin/stream.fcgi/' || i.id || '?format=' || i.format as url,
					i.bytes as length, i.mime as type))) order by i.created desc, i.id desc)
			from shown i))) as text)
$$;
comment on function drift.feed(text, text, text, text) is 'A podcast feed of the newest public tracks, as XML.';
