-- source_rate: bytes of a source that arrives that are one second of sound: as its head
-- states, else a guess that is rather too many.
create or replace function drift.source_rate(s drift.source, i_length bigint)
returns double precision language sql immutable set search_path = drift, pg_temp as $$
	select coalesce(
		i_length * s.sample_rate / nullif(s.samples, 0)::double precision,
		case when not s.lossless then 40000 end,
		s.sample_rate * s.channels * greatest(s.bits, 8) / 8,
		176400)
$$;
comment on function drift.source_rate(drift.source, bigint) is
	'Bytes of an arriving source that are one second.';
