//! What PostgreSQL's catalogue says of the tables of the network, and the words that say it again.

use std::sync::OnceLock;

use crate::store::{StoreError, Tx, statement::Statement};

/// The tables that a load fills.
macro_rules! tables {
    () => {
        "t AS (SELECT c.oid, c.relname, c.relnamespace FROM pg_class c
               WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind = 'r'
                 AND c.relname IN ('site', 'floor', 'pbo', 'pto', 'contract', 'fibre',
                                   'reprovisioning'))"
    };
}

/// How many of them there are.
const TABLES: usize = 7;

/// A statement that SQLite is never asked.
macro_rules! asked {
    ($name:literal, $text:expr) => {
        Statement {
            name: $name,
            sqlite: "SELECT 1",
            postgres: concat!("WITH ", tables!(), $text),
            columns: OnceLock::new(),
        }
    };
}

static EMPTY: Statement = Statement {
    name: "load.first_empty",
    sqlite: "SELECT 1",
    postgres: "SELECT NOT (EXISTS (SELECT 1 FROM site) OR EXISTS (SELECT 1 FROM floor)
         OR EXISTS (SELECT 1 FROM pbo) OR EXISTS (SELECT 1 FROM pto)
         OR EXISTS (SELECT 1 FROM contract) OR EXISTS (SELECT 1 FROM fibre)
         OR EXISTS (SELECT 1 FROM reprovisioning)) AS empty",
    columns: OnceLock::new(),
};

/// All there is to say of the tables: what they are, their columns, what holds them together, their
/// indexes, and whatever else depends on them.
static PICTURE: Statement = asked!(
    "load.first_picture",
    " SELECT CAST(ROW('table', t.relname, c.relowner, c.relacl, c.reloptions, c.reltablespace,
         c.relpersistence, c.relreplident, c.relrowsecurity, c.relforcerowsecurity, c.relam,
         obj_description(t.oid, 'pg_class')) AS TEXT) AS line
       FROM t JOIN pg_class c ON c.oid = t.oid
       UNION ALL
       SELECT CAST(ROW('column', t.relname,
         ROW_NUMBER() OVER (PARTITION BY t.oid ORDER BY a.attnum), a.attname,
         format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attcollation, a.attstorage,
         a.attcompression, a.attstattarget, a.attoptions, a.attacl, a.attidentity, a.attgenerated,
         pg_get_expr(d.adbin, d.adrelid), col_description(t.oid, a.attnum)) AS TEXT)
       FROM t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
       LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
       UNION ALL
       SELECT CAST(ROW('constraint', CAST(c.conrelid AS regclass), c.conname,
         pg_get_constraintdef(c.oid), c.convalidated,
         obj_description(c.oid, 'pg_constraint')) AS TEXT)
       FROM pg_constraint c
       WHERE c.conrelid IN (SELECT oid FROM t) OR c.confrelid IN (SELECT oid FROM t)
       UNION ALL
       SELECT CAST(ROW('index', pg_get_indexdef(i.indexrelid), i.indisclustered, i.indisreplident,
         i.indisvalid, i.indimmediate, x.reloptions, x.reltablespace,
         obj_description(i.indexrelid, 'pg_class')) AS TEXT)
       FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
       WHERE i.indrelid IN (SELECT oid FROM t)
       UNION ALL
       SELECT CAST(ROW('depends', t.relname,
         pg_describe_object(d.classid, d.objid, d.objsubid)) AS TEXT)
       FROM t JOIN pg_depend d ON d.refobjid = t.oid
         AND d.refclassid = CAST('pg_class' AS regclass)
       WHERE d.classid NOT IN (CAST('pg_class' AS regclass), CAST('pg_type' AS regclass),
           CAST('pg_attrdef' AS regclass), CAST('pg_constraint' AS regclass))
         AND NOT EXISTS (SELECT 1 FROM pg_trigger g WHERE d.classid = CAST('pg_trigger' AS regclass)
                         AND g.oid = d.objid AND g.tgisinternal)
       ORDER BY line"
);

static HOME: Statement = asked!(
    "load.first_home",
    " SELECT format('%I', current_schema()) AS home, format('%I', t.relname) AS name,
        current_setting('search_path') AS path
      FROM t ORDER BY t.relname"
);
static MAKE: Statement = asked!(
    "load.first_make",
    " SELECT format('CREATE TABLE ereprov_load.%I (LIKE %I.%I INCLUDING COMMENTS
         INCLUDING COMPRESSION INCLUDING CONSTRAINTS INCLUDING DEFAULTS INCLUDING GENERATED
         INCLUDING IDENTITY INCLUDING STORAGE)', t.relname, current_schema(), t.relname) AS text
      FROM t ORDER BY t.relname"
);
/// Keys first, since references need them.
static KEYS: Statement = asked!(
    "load.first_keys",
    " SELECT format('%I', k.relname) AS name, k.text FROM (
        SELECT 1 AS turn, t.relname, c.conname AS name,
          format('ALTER TABLE ereprov_load.%I ADD CONSTRAINT %I %s', t.relname, c.conname,
            pg_get_constraintdef(c.oid)) AS text
        FROM t JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype IN ('p', 'u', 'x')
        UNION ALL
        SELECT 2, t.relname, x.relname,
          format('CREATE %sINDEX %I ON ereprov_load.%I %s',
            CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, x.relname, t.relname,
            substr(pg_get_indexdef(x.oid), strpos(pg_get_indexdef(x.oid), ' USING ') + 1))
        FROM t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class x ON x.oid = i.indexrelid
        WHERE NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conrelid = t.oid
                          AND c.conindid = x.oid AND c.contype IN ('p', 'u', 'x'))) k
      ORDER BY k.turn, k.relname, k.name"
);
/// Those to tables that others use last: they are locked from then on.
static REFERENCES: Statement = asked!(
    "load.first_references",
    " SELECT format('ALTER TABLE ereprov_load.%I ADD CONSTRAINT %I %s', t.relname, c.conname,
        pg_get_constraintdef(c.oid)) AS text
      FROM t JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype = 'f'
      ORDER BY c.confrelid NOT IN (SELECT oid FROM t), t.relname, c.conname"
);
/// References of other tables to these.
static FROM_OUTSIDE: Statement = asked!(
    "load.first_from_outside",
    " SELECT format('ALTER TABLE %I.%I DROP CONSTRAINT %I', n.nspname, o.relname, c.conname) AS leave,
        format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', n.nspname, o.relname, c.conname,
          pg_get_constraintdef(c.oid)) AS text
      FROM pg_constraint c JOIN pg_class o ON o.oid = c.conrelid
      JOIN pg_namespace n ON n.oid = o.relnamespace
      WHERE c.contype = 'f' AND c.confrelid IN (SELECT oid FROM t)
        AND c.conrelid NOT IN (SELECT oid FROM t)
      ORDER BY o.relname, c.conname"
);
/// The tables, those that refer to them, and those that they refer to.
static LOCKED: Statement = asked!(
    "load.first_locked",
    " SELECT format('%I.%I', n.nspname, l.relname) AS text
      FROM (SELECT oid FROM t
            UNION SELECT c.conrelid FROM pg_constraint c
              WHERE c.contype = 'f' AND c.confrelid IN (SELECT oid FROM t)
            UNION SELECT c.confrelid FROM pg_constraint c
              WHERE c.contype = 'f' AND c.conrelid IN (SELECT oid FROM t)) a
      JOIN pg_class l ON l.oid = a.oid JOIN pg_namespace n ON n.oid = l.relnamespace
      ORDER BY text"
);

/// What it takes to make the tables once more, beside those that are there, and to put them in their place.
/// All of it is read from the catalogue, so that the migrations stay the only ones to say what it is.
#[derive(Debug)]
pub(in crate::store::load) struct Plan {
    /// The schema that they live in, as SQL writes it.
    pub(super) home: String,
    /// Where names without a schema are looked up.
    pub(super) path: String,
    /// Their names, as SQL writes them.
    pub(super) tables: Vec<String>,
    /// Makes the tables, without keys.
    pub(super) make: Vec<String>,
    /// Gives each its keys and indexes.
    pub(super) keys: Vec<(String, String)>,
    /// Gives them their references.
    pub(super) references: Vec<String>,
    /// Lets other tables go that refer to them.
    pub(super) leave: Vec<String>,
    /// Has them refer to the new ones.
    pub(super) rejoin: Vec<String>,
    /// Everything that is locked to exchange them.
    pub(super) locked: Vec<String>,
}

impl Plan {
    /// Reads it; none where the tables are not all in one place.
    pub(super) async fn read(tx: &mut Tx<'_>) -> Result<Option<Self>, StoreError> {
        let homes =
            tx.all(&HOME, &[], |row| Ok((row.text("home")?, row.text("path")?, row.text("name")?)));
        let homes = homes.await?;
        let Some((home, path, _)) = homes.first().filter(|_| homes.len() == TABLES) else {
            return Ok(None);
        };
        let keys = tx.all(&KEYS, &[], |row| Ok((row.text("name")?, row.text("text")?))).await?;
        let outside = tx.all(&FROM_OUTSIDE, &[], |row| Ok((row.text("leave")?, row.text("text")?)));
        let (leave, rejoin) = outside.await?.into_iter().unzip();
        Ok(Some(Self {
            home: home.clone(),
            path: path.clone(),
            tables: homes.iter().map(|(_, _, name)| name.clone()).collect(),
            make: texts(tx, &MAKE).await?,
            keys,
            references: texts(tx, &REFERENCES).await?,
            leave,
            rejoin,
            locked: texts(tx, &LOCKED).await?,
        }))
    }
}

/// All there is to say of the tables, line by line.
pub(super) async fn picture(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    tx.all(&PICTURE, &[], |row| row.text("line")).await
}

/// Whether none of them has a row.
pub(super) async fn empty(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    Ok(tx.first(&EMPTY, &[], |row| row.bool("empty")).await?.unwrap_or_default())
}

async fn texts(tx: &mut Tx<'_>, statement: &Statement) -> Result<Vec<String>, StoreError> {
    tx.all(statement, &[], |row| row.text("text")).await
}
