-- 005_player - settings of the player, and tracks by artist and album.

alter table drift.setting_definition add column hidden boolean not null default false;
comment on column drift.setting_definition.hidden is
	'In no menu: an administrator sets its fallback, for all listeners';
insert into drift.setting_definition (name, label, help, kind, choices, fallback, minimum, maximum, step,
	position, hidden) values
	('normalisation', 'Loudness', 'Plays every track equally loud, or every album.', 'choice',
	 '[{"value": "off", "label": "As recorded"}, {"value": "track", "label": "Even, by track"},
	   {"value": "album", "label": "Even, by album"}]', 'off', null, null, null, 3, false),
	('windowShare', 'Window engine', 'Percentage of listeners who get it; the others play by the browser''s own element.',
	 'number', '[]', '100', 0, 100, 1, 100, true);

create index track_by_artist on drift.track (artist, album, created)
	where version > 0 and deleted is null and not private;
create index track_by_album on drift.track (album, created)
	where version > 0 and deleted is null and not private;
