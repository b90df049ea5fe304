-- 006_manage - private tracks are listed for who may change them.

create index track_private on drift.track (created) where private;
