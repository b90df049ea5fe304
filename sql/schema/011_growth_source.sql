-- 011_growth_source - what has to be known of a source to make Opus of it while it arrives.

-- functions whose columns or arguments are others now
drop function if exists drift.growth_source(uuid, integer);
drop function if exists drift.manifest_growing(uuid, text, text);
