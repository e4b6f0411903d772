-- What a load works on, in tables that only its own connection sees and that end with it. `seq` is the
-- order of the lines over all files; `file` and `line` say where a row stands. Places and boxes (a PBO
-- as a line names it) are numbered as they are met, so that each is looked up once.

CREATE TEMP TABLE stage_place (
  no INTEGER PRIMARY KEY,
  site TEXT NOT NULL,
  building TEXT NOT NULL,
  staircase TEXT NOT NULL,
  floor TEXT NOT NULL
);
CREATE TEMP TABLE stage_box (
  no INTEGER PRIMARY KEY,
  place INTEGER NOT NULL,
  ref TEXT NOT NULL
);
CREATE TEMP TABLE stage_operator (
  seq INTEGER PRIMARY KEY,
  file INTEGER NOT NULL,
  line INTEGER NOT NULL,
  ref TEXT NOT NULL,
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  profile TEXT,
  quota BIGINT,
  sessions BIGINT
);
CREATE TEMP TABLE stage_floor (
  seq INTEGER PRIMARY KEY,
  file INTEGER NOT NULL,
  line INTEGER NOT NULL,
  place INTEGER NOT NULL
);
CREATE TEMP TABLE stage_pbo (
  seq INTEGER PRIMARY KEY,
  file INTEGER NOT NULL,
  line INTEGER NOT NULL,
  place INTEGER NOT NULL,
  ref TEXT NOT NULL,
  location TEXT NOT NULL
);
CREATE TEMP TABLE stage_pto (
  seq INTEGER PRIMARY KEY,
  file INTEGER NOT NULL,
  line INTEGER NOT NULL,
  place INTEGER NOT NULL,
  ref TEXT NOT NULL,
  construction TEXT NOT NULL
);
CREATE TEMP TABLE stage_fibre (
  seq INTEGER PRIMARY KEY,
  file INTEGER NOT NULL,
  line INTEGER NOT NULL,
  box INTEGER NOT NULL,
  ref TEXT NOT NULL,
  pto TEXT,
  pm_ref TEXT NOT NULL,
  pm_position TEXT NOT NULL,
  cable TEXT NOT NULL,
  tube TEXT NOT NULL,
  colour TEXT NOT NULL,
  usage TEXT NOT NULL,
  service TEXT,
  holder TEXT
);
CREATE TEMP TABLE stage_contract (
  seq INTEGER PRIMARY KEY,
  file INTEGER NOT NULL,
  line INTEGER NOT NULL,
  place INTEGER NOT NULL,
  box INTEGER,
  ref TEXT NOT NULL,
  operator TEXT NOT NULL,
  fibre TEXT,
  pm_ref TEXT,
  zone TEXT NOT NULL,
  building_kind TEXT NOT NULL,
  route_kind TEXT NOT NULL,
  existing_socket BOOLEAN NOT NULL,
  opac BOOLEAN NOT NULL,
  order_state TEXT NOT NULL,
  intervention TEXT NOT NULL
);
CREATE TEMP TABLE stage_report (
  seq INTEGER PRIMARY KEY,
  file INTEGER NOT NULL,
  line INTEGER NOT NULL,
  ref TEXT NOT NULL,
  operator TEXT NOT NULL,
  accepted BOOLEAN NOT NULL,
  pto TEXT,
  pbo TEXT,
  pm_ref TEXT,
  pm_position TEXT,
  cable TEXT,
  tube TEXT,
  colour TEXT,
  existing_socket BOOLEAN,
  zone TEXT,
  building_kind TEXT
);
CREATE TEMP TABLE stage_fact (
  seq INTEGER PRIMARY KEY,
  file INTEGER NOT NULL,
  line INTEGER NOT NULL,
  site TEXT,
  pm_ref TEXT,
  zone TEXT,
  building_kind TEXT,
  opac BOOLEAN
);
CREATE TEMP TABLE stage_past (
  seq INTEGER PRIMARY KEY,
  file INTEGER NOT NULL,
  line INTEGER NOT NULL,
  ref TEXT NOT NULL,
  contract TEXT NOT NULL,
  fibre TEXT NOT NULL,
  old_fibre TEXT,
  reason TEXT NOT NULL,
  keep_pto BOOLEAN NOT NULL,
  pto TEXT,
  state TEXT NOT NULL,
  accepted_ms BIGINT NOT NULL,
  ended_ms BIGINT NOT NULL
);

-- The keys that what was staged has, or will have. `fresh`: it hangs on a site that nobody can see yet.
CREATE TEMP TABLE new_site (id INTEGER PRIMARY KEY, ref TEXT NOT NULL);
CREATE TEMP TABLE new_floor (
  id INTEGER PRIMARY KEY,
  site_id INTEGER NOT NULL,
  building TEXT NOT NULL,
  staircase TEXT NOT NULL,
  floor TEXT NOT NULL,
  fresh BOOLEAN NOT NULL
);
CREATE TEMP TABLE new_pbo (
  id INTEGER PRIMARY KEY,
  floor_id INTEGER NOT NULL,
  ref TEXT NOT NULL,
  location TEXT NOT NULL,
  fresh BOOLEAN NOT NULL
);
CREATE TEMP TABLE key_place (no INTEGER PRIMARY KEY, floor_id INTEGER, fresh BOOLEAN NOT NULL);
CREATE TEMP TABLE key_box (
  no INTEGER PRIMARY KEY,
  floor_id INTEGER,
  pbo_id INTEGER,
  fresh BOOLEAN NOT NULL
);
CREATE TEMP TABLE key_operator (seq INTEGER PRIMARY KEY, id INTEGER NOT NULL, is_new BOOLEAN NOT NULL);
CREATE TEMP TABLE key_pto (
  seq INTEGER PRIMARY KEY,
  id INTEGER NOT NULL,
  is_new BOOLEAN NOT NULL,
  floor_id INTEGER NOT NULL,
  fresh BOOLEAN NOT NULL
);
CREATE TEMP TABLE key_fibre (
  seq INTEGER PRIMARY KEY,
  id INTEGER NOT NULL,
  is_new BOOLEAN NOT NULL,
  pbo_id INTEGER,
  pto_id INTEGER,
  holder_id INTEGER,
  fresh BOOLEAN NOT NULL
);
CREATE TEMP TABLE key_contract (
  seq INTEGER PRIMARY KEY,
  id INTEGER NOT NULL,
  is_new BOOLEAN NOT NULL,
  operator_id INTEGER,
  floor_id INTEGER,
  pbo_id INTEGER,
  pm_ref TEXT,
  fibre_id INTEGER,
  keeps_route BOOLEAN NOT NULL
);
CREATE TEMP TABLE new_past (
  seq INTEGER PRIMARY KEY,
  contract_id INTEGER,
  fibre_id INTEGER,
  old_fibre_id INTEGER,
  operator_id INTEGER,
  number BIGINT,
  fresh BOOLEAN NOT NULL
);

-- Where reports of orders lead: PBOs of the names they give (once for each
-- PM that they have fibres of), fibres that look as they say, and what was
-- chosen of them. `number`: how many there were to choose from.
CREATE TEMP TABLE met_pbo (
  id INTEGER NOT NULL,
  ref TEXT NOT NULL,
  pm_ref TEXT,
  floor_id INTEGER NOT NULL
);
CREATE TEMP TABLE met_route (
  seq INTEGER NOT NULL,
  fibre_id INTEGER NOT NULL,
  on_socket INTEGER NOT NULL,
  at_position INTEGER NOT NULL,
  in_cable INTEGER NOT NULL
);
CREATE TEMP TABLE report_found (
  seq INTEGER PRIMARY KEY,
  fibre_id INTEGER,
  pbo_id INTEGER,
  floor_id INTEGER,
  number BIGINT NOT NULL
);

-- What the service is at, and what it did after the time that the files speak of.
CREATE TEMP TABLE busy_contract (id INTEGER PRIMARY KEY);
CREATE TEMP TABLE busy_fibre (id INTEGER PRIMARY KEY);
CREATE TEMP TABLE busy_pto (id INTEGER PRIMARY KEY);
CREATE TEMP TABLE touched_contract (id INTEGER PRIMARY KEY);
CREATE TEMP TABLE touched_fibre (id INTEGER PRIMARY KEY);

-- Rows that are there and change, with what they are changed from. They have no key on purpose: SQLite
-- then reads them from one end to the other and finds each row by its own.
CREATE TEMP TABLE change_pbo (id INTEGER NOT NULL, floor_id INTEGER NOT NULL, location TEXT NOT NULL);
CREATE TEMP TABLE change_pto (id INTEGER NOT NULL, floor_id INTEGER NOT NULL, construction TEXT NOT NULL);
CREATE TEMP TABLE change_contract (
  id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  fibre_id INTEGER,
  old_fibre_id INTEGER,
  seen_fibre_id INTEGER,
  route_kind TEXT NOT NULL
);
CREATE TEMP TABLE change_fibre (
  id INTEGER NOT NULL,
  pbo_id INTEGER NOT NULL,
  pto_id INTEGER,
  pm_ref TEXT NOT NULL,
  pm_position TEXT NOT NULL,
  cable TEXT NOT NULL,
  tube TEXT NOT NULL,
  colour TEXT NOT NULL,
  usage TEXT NOT NULL,
  out_of_service BOOLEAN NOT NULL,
  contract_id INTEGER,
  seen_pto_id INTEGER,
  seen_usage TEXT NOT NULL,
  seen_out_of_service BOOLEAN NOT NULL,
  seen_contract_id INTEGER
);

-- What is absent from files that are the whole of their kind.
CREATE TEMP TABLE gone_contract (id INTEGER PRIMARY KEY, removed BOOLEAN NOT NULL);
CREATE TEMP TABLE gone_fibre (id INTEGER PRIMARY KEY, removed BOOLEAN NOT NULL);
CREATE TEMP TABLE gone_pto (id INTEGER PRIMARY KEY);
CREATE TEMP TABLE gone_pbo (id INTEGER PRIMARY KEY);
CREATE TEMP TABLE gone_floor (id INTEGER PRIMARY KEY);
CREATE TEMP TABLE moved_pbo (id INTEGER NOT NULL, floor_id INTEGER NOT NULL, seq INTEGER NOT NULL);

-- Lines that cannot be loaded; and what differs and is left as it is, for somebody to look at.
CREATE TEMP TABLE problem (
  kind TEXT NOT NULL,
  seq INTEGER NOT NULL,
  file INTEGER NOT NULL,
  line INTEGER NOT NULL,
  code TEXT NOT NULL,
  value TEXT NOT NULL,
  other_file INTEGER,
  other TEXT
);
CREATE TEMP TABLE difference (
  kind TEXT NOT NULL,
  file INTEGER,
  line INTEGER,
  code TEXT NOT NULL,
  ref TEXT NOT NULL,
  ours TEXT,
  theirs TEXT
);

-- What the service changed between the look at it and the last transaction: left as it is.
CREATE TEMP TABLE late_contract (id INTEGER PRIMARY KEY);
CREATE TEMP TABLE late_fibre (id INTEGER PRIMARY KEY);
