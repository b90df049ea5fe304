-- 006_claim - a claim tells how urgent it is.

-- functions whose columns are others now
drop function if exists drift.job_claim(text, integer, integer);
