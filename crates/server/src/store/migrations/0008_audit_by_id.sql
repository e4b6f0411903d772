-- Requests are named by the time they came at (UUID version 7): the index of their names is one by time.
-- Programs before this step list the audit without an index; they do nothing else with it.
DROP INDEX audit_by_time;
