-- 010_growth_opus - Opus renditions, too, can be heard while they are made.

alter table drift.growth add kind text not null default 'remux';
alter table drift.growth alter kind drop default;
alter table drift.growth drop constraint growth_pkey;
alter table drift.growth add constraint growth_pkey primary key (track, version, kind);
comment on table drift.growth is 'Artifacts that can be heard while they are made.';
comment on column drift.growth.kind is 'Of the artifact: remux, opus';

-- functions whose arguments are others now
drop function if exists drift.growth_ask(uuid, integer);
drop function if exists drift.growth_card(uuid, integer, text, text);
drop function if exists drift.growth_end(uuid, integer);
drop function if exists drift.growth_fail(uuid, integer);
drop function if exists drift.growth_settled(uuid, integer);
drop function if exists drift.growth_state(uuid, integer);
drop function if exists drift.growth_tell(uuid, integer, text, bigint, integer, integer);
drop function if exists drift.growth_wait(uuid, integer, uuid, bigint);
