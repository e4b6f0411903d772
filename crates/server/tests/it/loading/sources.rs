//! Where the bytes come from makes no difference.

use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

use super::lines;
use crate::harness::{failed, printed, run, run_with_input};

const FLOORS: &str = "floor;staircase;site;building\n1;É;S;\"B \"\"1\"\"\"\n";

#[test]
fn packed_in_latin_1_with_a_mark_or_on_standard_input_it_is_the_same() {
    let latin = encoding(FLOORS);
    let marked = [b"\xef\xbb\xbf", FLOORS.replace('\n', "\r\n").as_bytes()].concat();
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(FLOORS.as_bytes()).unwrap();
    for (name, bytes) in [
        ("floors.csv", latin),
        ("floors.csv", marked),
        ("floors-75056.csv.gz", gz.finish().unwrap()),
    ] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("oi.toml"), "").unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
        let config = folder.path().join("oi.toml");
        let file = folder.path().join(name);
        printed(&run(&["--config", config.to_str().unwrap(), "import", file.to_str().unwrap()]));
        assert_eq!(place(&folder), ["S|B \"1\"|É|1"]);
    }
}

#[test]
fn standard_input_says_by_its_columns_what_it_is() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("oi.toml");
    fs::write(&config, "").unwrap();
    let arguments = ["--config", config.to_str().unwrap(), "import", "-"];
    printed(&run_with_input(&arguments, FLOORS));
    assert_eq!(place(&folder), ["S|B \"1\"|É|1"]);
    let told = run_with_input(&arguments, "a;b\n1;2\n");
    assert!(String::from_utf8_lossy(&told.stdout).contains("no kind of file has these columns"));
    failed(&told, 7);
}

fn place(folder: &TempDir) -> Vec<String> {
    let query = "SELECT site.ref || '|' || building || '|' || staircase || '|' || floor
                 FROM floor JOIN site ON site.id = site_id";
    lines(folder, query)
}

/// Latin-1, which every character here is in.
fn encoding(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}
