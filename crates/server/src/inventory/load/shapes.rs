//! The files of our own format: their names, their columns, and what makes a line another one.

use super::columns::{
    self, CONTRACT, FIBRE, FLOOR, OPERATOR, PBO, PTO, REPROVISIONING, Read, read_contract,
    read_fibre, read_floor, read_operator, read_pbo, read_pto, read_reprovisioning,
};

/// A kind of file.
pub(super) struct Shape {
    /// What it is called, without `.csv`.
    pub(super) name: &'static str,
    /// What the database's side calls its rows.
    pub(super) kind: &'static str,
    pub(super) columns: &'static [&'static str],
    /// Columns that a file must have.
    pub(super) required: &'static [&'static str],
    /// Columns that no two lines may share.
    pub(super) key: &'static [&'static str],
    pub(super) read: Read,
}

/// All of them, in the order in which they are read.
pub(super) static ALL: [Shape; 7] = [
    Shape {
        name: "operators",
        kind: "operator",
        columns: OPERATOR,
        required: &["login", "name", "password_hash"],
        key: &["login"],
        read: read_operator,
    },
    Shape {
        name: "floors",
        kind: "floor",
        columns: FLOOR,
        required: FLOOR,
        key: FLOOR,
        read: read_floor,
    },
    Shape {
        name: "pbos",
        kind: "pbo",
        columns: PBO,
        required: &["site", "building", "staircase", "floor", "pbo"],
        key: &["site", "building", "staircase", "floor", "pbo"],
        read: read_pbo,
    },
    Shape { name: "ptos", kind: "pto", columns: PTO, required: PTO, key: &["pto"], read: read_pto },
    Shape {
        name: "fibres",
        kind: "fibre",
        columns: FIBRE,
        required: columns::FIBRE_REQUIRED,
        key: &["fibre"],
        read: read_fibre,
    },
    Shape {
        name: "contracts",
        kind: "contract",
        columns: CONTRACT,
        required: columns::CONTRACT_REQUIRED,
        key: &["contract"],
        read: read_contract,
    },
    Shape {
        name: "reprovisionings",
        kind: "past",
        columns: REPROVISIONING,
        required: &["contract", "fibre", "reason", "state", "discharge_code", "accepted"],
        key: &["discharge_code"],
        read: read_reprovisioning,
    },
];

/// The one that a file's name begins with: `fibres.csv`, `fibres-75056.csv.gz`.
pub(super) fn of_name(file: &str) -> Option<&'static Shape> {
    let stem = stem(file)?;
    ALL.iter().find(|shape| {
        let rest = stem.strip_prefix(shape.name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_', '.']))
    })
}

/// The one that has all these columns, or most of them.
pub(super) fn of_header(header: &[&str]) -> Option<&'static Shape> {
    let has = |name: &&&str| header.iter().any(|given| given.trim() == **name);
    let fits = |shape: &&Shape| shape.required.iter().filter(has).count() == shape.required.len();
    ALL.iter().filter(fits).max_by_key(|shape| shape.columns.iter().filter(has).count())
}

/// The name nearest to a file's.
pub(super) fn nearest(file: &str) -> String {
    let stem = stem(file).unwrap_or(file);
    let nearest = ALL.iter().min_by_key(|shape| strsim::osa_distance(shape.name, stem));
    nearest.map_or(String::new(), |shape| format!("{}.csv", shape.name))
}

/// A file's name without what says that it is CSV; `None`: it is not.
fn stem(file: &str) -> Option<&str> {
    let unpacked = [".gz", ".zst"].iter().find_map(|end| file.strip_suffix(end)).unwrap_or(file);
    let (stem, end) = unpacked.rsplit_once('.')?;
    end.eq_ignore_ascii_case("csv").then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names_or_their_columns() {
        let name = |file| of_name(file).map(|shape| shape.name);
        assert_eq!(name("fibres.csv"), Some("fibres"));
        assert_eq!(name("fibres-75056.CSV.gz"), Some("fibres"));
        assert_eq!(name("ptos_2026.csv.zst"), Some("ptos"));
        assert_eq!(name("fibre.csv"), None);
        assert_eq!(name("fibres.txt"), None);
        assert_eq!(nearest("fibre.csv"), "fibres.csv");
        let header = |line: &str| of_header(&line.split(';').collect::<Vec<_>>()).map(|s| s.name);
        for shape in &ALL {
            assert_eq!(header(&shape.columns.join(";")), Some(shape.name));
            assert_eq!(header(&shape.required.join(";")), Some(shape.name));
        }
        assert_eq!(header("a;b"), None);
    }

    #[test]
    fn the_schema_has_the_same_columns() {
        let text = include_str!("../../../../../docs/data-format.schema.json");
        let schema: serde_json::Value = serde_json::from_str(text).unwrap();
        let tables = schema["tables"].as_array().unwrap();
        assert_eq!(tables.len(), ALL.len());
        for (table, shape) in tables.iter().zip(&ALL) {
            assert_eq!(table["url"], format!("{}.csv", shape.name));
            let columns = table["tableSchema"]["columns"].as_array().unwrap();
            let names = |columns: &[serde_json::Value]| {
                let names =
                    columns.iter().map(|column| column["name"].as_str().unwrap().to_owned());
                names.collect::<std::collections::BTreeSet<_>>()
            };
            let expected = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(names(columns), expected(shape.columns), "{}", shape.name);
            let required: Vec<_> =
                columns.iter().filter(|column| column["required"] == true).cloned().collect();
            assert_eq!(names(&required), expected(shape.required), "{}", shape.name);
            let key = table["tableSchema"]["primaryKey"].as_array().unwrap();
            assert!(key.iter().map(|name| name.as_str().unwrap()).eq(shape.key.iter().copied()));
        }
    }
}
