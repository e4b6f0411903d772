-- Where an operator is told what became of its re-provisionings: a webhook, whose secret is sealed with
-- a key that is not in here, and a folder. The row is also the worker's lease: one at a time delivers to
-- an address. Programs before this step tell nobody.
CREATE TABLE notify_target (
  operator_id INTEGER NOT NULL REFERENCES operator (id),
  channel TEXT NOT NULL,
  address TEXT NOT NULL,
  secret TEXT,
  all_ends BOOLEAN NOT NULL,
  changed_ms BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  due_ms BIGINT NOT NULL,
  last_error TEXT,
  lease_token TEXT,
  lease_until_ms BIGINT NOT NULL,
  PRIMARY KEY (operator_id, channel)
);

-- What is to be told, written with the end that it tells of. `facts` is what was true then, as JSON.
CREATE TABLE notification (
  reprovisioning_id TEXT NOT NULL REFERENCES reprovisioning (id),
  channel TEXT NOT NULL,
  operator_id INTEGER NOT NULL REFERENCES operator (id),
  contract_id INTEGER NOT NULL,
  number BIGINT NOT NULL,
  facts TEXT NOT NULL,
  state TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  due_ms BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  last_error TEXT,
  delivered_ms BIGINT,
  PRIMARY KEY (reprovisioning_id, channel)
);
CREATE INDEX notification_waiting ON notification (operator_id, channel, created_ms)
  WHERE state = 'waiting';
CREATE INDEX notification_by_contract ON notification (contract_id, channel, number);
CREATE INDEX notification_by_time ON notification (created_ms);

-- What has ended since a time.
CREATE INDEX reprovisioning_by_end ON reprovisioning (ended_ms) WHERE ended_ms IS NOT NULL;
