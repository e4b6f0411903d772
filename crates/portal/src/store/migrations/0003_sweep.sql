-- What is begun and not sent is forgotten after a day, whenever a list is shown.
CREATE INDEX intervention_draft ON intervention (touched_ms) WHERE draft IS NOT NULL;
