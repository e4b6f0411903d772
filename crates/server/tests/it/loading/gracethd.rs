//! GraceTHD: a folder of tables and a `GeoPackage` yield the same network, and each broken route is told.

use std::{fs, path::Path};

use rusqlite::Connection;
use tempfile::TempDir;

use super::lines;
use crate::harness::{failed, run};

/// A PM with five positions, a building with a PBO on the second floor and one that hangs on a pole.
const SET: &[(&str, &str)] = &[
    (
        "t_sitetech",
        "st_code;st_nd_code;st_nom;st_typelog;st_ad_code\nSTN;NDN;NRO;NRO;\nSTP;NDP;PM7;SRO;\nSTB;NDB;Immeuble;FTTH;AD-1\n",
    ),
    ("t_ltech", "lt_code;lt_etiquet;lt_st_code\nLTN;Salle;STN\nLTP;Armoire;STP\nLTB;Palier;STB\n"),
    ("t_ltech_patch201", "lt_code;lt_bat;lt_escal;lt_etage\nLTB;;ESCALIER-1;ETAGE-02\n"),
    ("t_baie", "ba_code;ba_lt_code\nBAN;LTN\nBAP;LTP\n"),
    ("t_tiroir", "ti_code;ti_etiquet;ti_ba_code\nTIN;Collecte;BAN\nTIP;Distribution;BAP\n"),
    ("t_zsro", "zs_code;zs_nd_code;zs_refpm\nZS1;NDP;FI-75056-0007\n"),
    (
        "t_adresse",
        "ad_code;ad_nombat;ad_numero;ad_rep;ad_nomvoie;ad_commune\nAD-1;BATIMENT-1;12;bis;rue de l'Été;Paris\nAD-2;;3;;chemin Vert;Paris\n",
    ),
    (
        "t_suf",
        "sf_code;sf_ad_code;sf_escal;sf_etage\nSF1;AD-1;ESCALIER-1;ETAGE-02\nSF2;AD-1;ESCALIER-1;ETAGE-03\nSF3;AD-2;;\nSF4;;;\n",
    ),
    ("t_ptech", "pt_code;pt_etiquet;pt_ad_code\nPT9;Poteau 9;\n"),
    (
        "t_ebp",
        "bp_code;bp_etiquet;bp_codeext;bp_pt_code;bp_lt_code;bp_sf_code;bp_statut;bp_typelog;bp_linecod;bp_oc_code;bp_abddate\n\
        BPB;BE-02;;;LTB;;MCO;PBO;;;\nBPO;PB-9;;PT9;;;MCO;PBO;;;\nBPE;;;PT9;;;MCO;BPE;;;\n\
        BP1;;;;;SF1;REC;PTO;FI-0000-0001;OC1;\nBP2;;;;;SF2;AVP;PTO;FI-0000-0002;;\n\
        BP3;;;;;SF3;TVX;PTO;FI-0000-0003;;\nBP4;;;;;SF4;REC;PTO;FI-0000-0004;;\n\
        BP5;;;;;SF1;;PTO;FI-0000-0005;;\nBP6;;;;LT0;;MCO;PBO;;;\nBP7;;;;;;MCO;PBO;;;\n\
        BP8;;;;;SF1;REC;PTO;FI-0000-0008;;2020-01-01\nBP9;BE-99;;;LT0;;MCO;PBO;;;2019-05-05\n",
    ),
    ("t_cassette", "cs_code;cs_bp_code\nCSB;BPB\nCSO;BPO\nCSE;BPE\nCS1;BP1\nCSX;BP6\n"),
    ("t_cable", "cb_code;cb_etiquet\nCBT;T-1\nCBD;BPI-1 / BE-01-02\nCBR;\n"),
    (
        "t_fibre",
        "fo_code;fo_cb_code;fo_nincab;fo_numtub;fo_nintub;fo_etat;fo_color;fo_reper\n\
        T1;CBT;1;1;1;OK;1;1.1\nT2;CBT;2;1;2;OK;2;1.1\nT3;CBT;3;1;3;OK;3;1.1\nT4;CBT;4;1;4;HS;4;1.1\n\
        T5;CBT;5;1;5;OK;5;1.1\nT6;CBT;6;1;6;OK;6;1.1\nT7;CBT;7;2;1;OK;1;1.2\n\
        D1;CBD;1;1;1;OK;1;1.1\nD2;CBD;2;1;2;OK;12;1.28\nD3;CBD;3;1;3;OK;;\nD4;CBD;4;1;4;OK;4;2\n\
        D5;CBD;5;1;5;OK;1.9;2.9\nD6;CBD;6;1;6;OK;1.9;2.8\nD7;CB0;7;1;7;OK;7;1.1\n\
        R1;CBR;1;1;1;OK;1;1.1\nR2;CBR;2;1;2;OK;1;1.1\nR3;CBR;3;1;3;OK;1;1.1\n\
        T8;CBT;8;2;2;OK;2;1.2\nD8;CBD;8;2;2;OK;3;1.1\nG8;CBR;4;1;4;OK;4;1.4\nR8;CBR;5;1;5;OK;5;1.5\n",
    ),
    ("l_fo_color", "code;libelle\n1.9;Ambre\n"),
    ("l_tube", "code;libelle\n2.8;Ivoire\n"),
    (
        "t_position",
        "ps_code;ps_numero;ps_1;ps_2;ps_cs_code;ps_ti_code;ps_etat;ps_preaff\n\
        P1;1;T1;D1;;TIP;OK;\nP2;2;T2;D2;;TIP;OK;\nP3;3;T3;D3;;TIP;OK;\nP4;4;T4;D4;;TIP;OK;\n\
        P5;5;D5;T5;;TIP;OK;\nP6;6;T6;D6;;TIP;OK;\nP7;7;T7;D7;;TIP;OK;\n\
        B1;1;D1;R1;CSB;;OK;\nB2;2;D2;R2;CSB;;OK;SF2\nB3;3;D3;;CSB;;OK;\nB4;4;D4;;CSB;;OK;\n\
        B5;5;D5;;CSB;;OK;SF3\nB6;6;D6;;CSO;;OK;\nB7;7;D7;;CSE;;OK;\nE1;1;R1;;CS1;;OK;\n\
        N1;1;;T1;;TIN;OK;\nX1;1;R3;;CSX;;OK;\n\
        P8;8;T8;D8;;TIP;OK;\nG1;8;D8;G8;CSB;;OK;\nG2;9;G8;R8;CSB;;OK;\n",
    ),
    // The customer first, or the NRO first; by number, or as they stand.
    (
        "t_ropt",
        "rt_id;rt_code;rt_fo_code;rt_fo_ordr\n1;RT-1;R1;\n2;RT-1;D1;\n3;RT-1;T1;\n\
        4;RT-2;R2;3\n5;RT-2;T2;1\n6;RT-2;D2;2\n7;RT-3;T3;\n8;RT-3;D3;\n9;RT-4;D4;\n10;RT-4;T4;\n\
        11;RT-5;T5;\n12;RT-5;D5;\n13;RT-6;T6;\n14;RT-6;D6;\n\
        15;RT-7;T7;\n16;RT-7;D7;\n17;RT-8;R1;\n18;RT-8;T1;\n19;RT-9;D0;\n20;RT-10;R3;\n\
        21;RT-11;D1;\n22;RT-11;R1;\n23;RT-12;R1;1\n24;RT-12;D1;\n25;RT-13;D3;\n26;RT-13;R3;\n\
        27;RT-14;T1;\n28;RT-14;T1;\n\
        29;RT-15;R8;\n30;RT-15;G8;\n31;RT-15;D8;\n32;RT-15;T8;\n",
    ),
];

const MISTAKES: &[&str] = &[
    "t_ropt.csv:16 column rt_code: route RT-7: none of its fibres is joined or ends in a PBO",
    "t_ropt.csv:19 column rt_fo_code value \"T1\": route RT-8: no position joins it to R1, which is before \
     it on the route; by t_position, D1 lies between them",
    "t_ropt.csv:20 column rt_fo_code value \"D0\": route RT-9: no such fibre in t_fibre",
    "t_ropt.csv:21 column bp_code value \"BP6\": route RT-10: its PBO is refused",
    "t_ropt.csv:22 column rt_code: route RT-11: none of its fibres is joined in a drawer of a PM",
    "t_ropt.csv:24 column rt_fo_ordr: route RT-12: some of its fibres have a number",
    "t_ropt.csv:27 column rt_fo_code value \"R3\": route RT-13: no position joins it to D3, which is \
     before it on the route; add the position",
    "t_ropt.csv:29 column rt_fo_code value \"T1\": route RT-14: stands on the route twice",
    "t_ebp.csv:8 column bp_sf_code value \"SF4\": this dwelling has no address",
    "t_ebp.csv:9 column bp_statut: says how far a socket is built",
    "t_ebp.csv:10 column bp_lt_code value \"LT0\": no such room in t_ltech",
    "t_ebp.csv:11 column bp_sf_code: where it is is not said",
];

fn write_folder(folder: &Path) {
    fs::create_dir(folder).unwrap();
    for (table, text) in SET {
        fs::write(folder.join(format!("{table}.csv")), text).unwrap();
    }
    fs::write(folder.join("t_conduite.csv"), "cd_code\n").unwrap();
}

/// The same as QGIS would keep it: with keys, numbers as numbers, and geometry that nobody reads.
fn write_package(file: &Path) {
    let package = Connection::open(file).unwrap();
    for (table, text) in SET {
        let mut rows = text.lines();
        let names: Vec<_> = rows.next().unwrap().split(';').collect();
        let kind = |name: &&str| match *name {
            "rt_id" | "rt_fo_ordr" | "fo_nintub" | "fo_numtub" | "ps_numero" => "INTEGER",
            _ => "TEXT",
        };
        let columns: Vec<_> = names.iter().map(|name| format!("{name} {}", kind(name))).collect();
        let made = format!(
            "CREATE TABLE {table} (fid INTEGER PRIMARY KEY, {}, geom BLOB)",
            columns.join(", ")
        );
        package.execute_batch(&made).unwrap();
        // Keys as the lines of the files are numbered, so that messages can be compared.
        for (line, row) in (2_i64..).zip(rows) {
            let marks: Vec<_> = (2..names.len() + 2).map(|n| format!("NULLIF(?{n}, '')")).collect();
            let text = format!("INSERT INTO {table} VALUES (?1, {}, x'4750')", marks.join(", "));
            let mut insert = package.prepare(&text).unwrap();
            insert.raw_bind_parameter(1, line).unwrap();
            for (index, value) in row.split(';').enumerate() {
                insert.raw_bind_parameter(index + 2, value).unwrap();
            }
            insert.raw_execute().unwrap();
        }
    }
}

fn there(folder: &TempDir) -> Vec<String> {
    lines(
        folder,
        "SELECT fibre.ref || '|' || site.ref || '|' || building || '|' || staircase || '|' || floor
           || '|' || pbo.ref || '|' || location || '|' || COALESCE(pto.ref, '') || '|' || pm_ref || '|'
           || pm_position || '|' || cable || '|' || tube || '|' || colour || '|' || usage || '|'
           || out_of_service
         FROM fibre JOIN pbo ON pbo.id = pbo_id JOIN floor ON floor.id = pbo.floor_id
         JOIN site ON site.id = site_id LEFT JOIN pto ON pto.id = pto_id ORDER BY fibre.ref",
    )
}

fn import(folder: &TempDir, what: &str, more: &[&str]) -> std::process::Output {
    let config = folder.path().join("oi.toml");
    fs::write(&config, "").unwrap();
    let what = folder.path().join(what);
    let arguments = ["--config", config.to_str().unwrap(), "import", what.to_str().unwrap()];
    run(&[&arguments, more].concat())
}

#[test]
fn routes_that_are_whole_are_loaded_and_the_others_told() {
    let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write_folder(&first.path().join("set"));
    write_package(&second.path().join("set.gpkg"));
    let in_building = "AD-1|BATIMENT-1|ESCALIER-1|ETAGE-02|BE-02|\
                       12 bis rue de l'Été, Paris, Palier, ETAGE-02";
    let pm = "FI-75056-0007|Distribution -";
    let cable = "BPI-1 / BE-01-02";
    let expected = [
        format!("RT-1|{in_building}|FI-0000-0001|{pm} 1|{cable}|Rouge|Rouge|occupied|0"),
        format!("RT-15|{in_building}||{pm} 8|{cable}|Rouge|Vert|occupied|0"),
        format!(
            "RT-2|{in_building}|FI-0000-0002|{pm} 2|{cable}|Jaune, 2 bagues noires|Rose|available|0"
        ),
        format!("RT-3|{in_building}||{pm} 3|{cable}|n° 1|n° 3|available|0"),
        format!("RT-4|{in_building}||{pm} 4|{cable}|Sous-faisceau bleu|Jaune|occupied|1"),
        format!("RT-5|{in_building}|FI-0000-0003|{pm} 5|{cable}|n° 1|Ambre|reserved|0"),
        format!("RT-6|PT9|-|-|-|PB-9|Poteau 9||{pm} 6|{cable}|Ivoire|Ambre|available|0"),
    ];
    for (folder, what) in [(&first, "set"), (&second, "set.gpkg")] {
        let output = import(folder, what, &[]);
        let (said, told) = (String::from_utf8(output.stdout.clone()).unwrap(), failed(&output, 7));
        assert!(told.contains("read as GraceTHD"), "{told}");
        assert!(
            told.contains("15 routes, of which 7 lead from a PM to a PBO and 8 break"),
            "{told}"
        );
        assert!(told.contains("put them right in the set"), "{told}");
        let in_package = |mistake: &str| mistake.replace(".csv:", ":").replace("t_", "set.gpkg t_");
        for mistake in MISTAKES {
            let begin = mistake.split(' ').next().unwrap();
            let named = if what == "set" { (*begin).to_owned() } else { in_package(begin) };
            let expected = mistake.replacen(begin, &named, 1);
            assert!(said.contains(&expected), "{expected} is not in {said}");
        }
        assert!(told.contains(&format!("{} lines are refused", MISTAKES.len())), "{told}");
        assert_eq!(there(folder), expected, "{what}");
        let sockets = "SELECT pto.ref || ' ' || site.ref || ' ' || building || ' ' || construction
                       FROM pto JOIN floor ON floor.id = floor_id JOIN site ON site.id = site_id
                       ORDER BY pto.ref";
        let expected = [
            "FI-0000-0001 AD-1 BATIMENT-1 built",
            "FI-0000-0002 AD-1 BATIMENT-1 to_build",
            "FI-0000-0003 AD-2 - being_built",
        ];
        assert_eq!(lines(folder, sockets), expected);
        // What was refused is told again; nothing changes.
        let again = import(folder, what, &[]);
        let said = String::from_utf8(again.stdout.clone()).unwrap();
        failed(&again, 7);
        assert!(said.contains("loaded: nothing new"), "{said}");
    }
    let told = fs::read_to_string(first.path().join("set/rejects/mistakes.txt")).unwrap();
    assert_eq!(told.lines().count(), MISTAKES.len(), "{told}");
}

#[test]
fn a_set_that_lacks_a_table_or_a_column_is_told() {
    let folder = TempDir::new().unwrap();
    write_folder(&folder.path().join("set"));
    fs::remove_file(folder.path().join("set/t_cassette.csv")).unwrap();
    let told = failed(&import(&folder, "set", &[]), 1);
    assert!(told.contains("set lacks t_cassette, without which no route leads anywhere"), "{told}");
    fs::write(folder.path().join("set/t_cassette.csv"), "cs_code;cs_bp_cod\n").unwrap();
    let output = import(&folder, "set", &["--dry-run"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let expected = "t_cassette.csv:1 column cs_bp_code: this column is missing; is it cs_bp_cod?";
    assert!(said.contains(expected), "{said}");
    let warned = failed(&output, 7);
    assert!(
        warned.contains("not read, for nothing here is made of them: t_conduite.csv"),
        "{warned}"
    );
    fs::write(folder.path().join("set/t_cassette.csv"), "cs_code;cs_bp_code\nCSB;BPB\nCSB;BPO\n")
        .unwrap();
    let output = import(&folder, "set", &["--dry-run"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    failed(&output, 7);
    let expected = "t_cassette.csv:3 column cs_code value \"CSB\": the same cs_code as line 2";
    assert!(said.contains(expected), "{said}");
    let empty = TempDir::new().unwrap();
    let package = Connection::open(empty.path().join("other.gpkg")).unwrap();
    package.execute_batch("CREATE TABLE t_fibre (fo_code TEXT)").unwrap();
    drop(package);
    let told = failed(&import(&empty, "other.gpkg", &[]), 1);
    assert!(told.contains("other.gpkg lacks t_ropt, t_cable"), "{told}");
}
