-- 009_growth_failed - sources of which no fragmented MP4 can be made while they arrive.

alter table drift.growth add failed boolean not null default false;
comment on column drift.growth.failed is 'None can be made while the source arrives';

-- a function whose columns are others now
drop function if exists drift.growth_ask(uuid, integer);
