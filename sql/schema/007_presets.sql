-- 007_presets - how the Opus rendition is to sound.

insert into drift.setting_definition
	(name, label, help, kind, choices, fallback, minimum, maximum, step, position)
values
	('preset', 'Sound', 'For low data (Opus): adaptive fits itself to the track.', 'choice',
	 '[{"value": "none", "label": "As recorded"}, {"value": "adaptive", "label": "Adaptive"},
	   {"value": "gentle", "label": "Gentle"}, {"value": "warm", "label": "Warm"},
	   {"value": "bright", "label": "Bright"}, {"value": "punchy", "label": "Punchy"}]',
	 'none', null, null, null, 4),
	('intensity', 'How much of it', '0 is as recorded, 1 is all there is.', 'number', '[]',
	 '0.5', 0, 1, 0.05, 5);
