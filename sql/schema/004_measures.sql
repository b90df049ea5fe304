-- 004_measures - what is measured of a source's sound, beyond its loudness.

alter table drift.source
	add blocks integer[],
	add spectrum real[],
	add silence_start bigint,
	add silence_end bigint;
comment on column drift.source.sha256 is 'Of the file, hexadecimal';
comment on column drift.source.blocks is
	'Blocks of 0.4 s by loudness, each tenth of a LU from -70 LUFS on: for the album''s; null: not measured';
comment on column drift.source.spectrum is
	'Mean power by thirds of an octave, 20 Hz to 20 kHz, dB to a sine of full scale; null: not measured';
comment on column drift.source.silence_start is
	'Samples below -60 dBFS before the first sound; all of them where there is none';
comment on column drift.source.silence_end is 'Likewise after the last one';

alter table drift.artifact drop constraint artifact_kind,
	add constraint artifact_kind check (kind ~ '^[a-z_]{1,32}$');

create index track_album on drift.track (lower(album)) where album <> '';

-- functions whose arguments are others now
drop function if exists drift.source_measured(uuid, integer, double precision, double precision,
	double precision);
