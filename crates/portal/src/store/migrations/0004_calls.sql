-- Calls that somebody has tapped for are counted apart from those that the portal makes by itself.
ALTER TABLE intervention ADD COLUMN tapped_calls INTEGER NOT NULL DEFAULT 0;
