//! Reports of orders (CR CMD): contracts of the network that is there, and what they get wrong.

use std::{fs, io::Write, path::PathBuf};

use ereprov_domain::order::{BuildingKind, Zone};
use ereprov_server::{
    inventory::load::{
        Encoding, Format, LoadError, Opening, Options, Outcome, Told, open_as, run as load_from,
    },
    store::admin_acts::Act,
};
use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

use super::lines;
use crate::harness::{Oi, Put, Role, Setup, failed, fibre, import_demo, loading, printed, run};

const NAME: &str = "FIBA_DEMO_ACCES_CRCMD_V13_20261123_01.csv";
/// In another order than the protocol's, and with a column that is not its.
const HEAD: &str = "EtatCrCommandePrise;ReferenceCommandePriseInterneOC;ReferencePrestationPrise;\
                    ReferencePm;ReferencePBO;LocalisationPBO;ReferencePrise;PriseExistante;OC 1;\
                    NomModulePm N°1;PositionModulePm N°1;ReferenceCablePBO N°1;InformationTubePBO N°1;\
                    InformationFibrePBO N°1;ConnecteurPriseCouleur N°1;OC 2;InformationTubePBO N°2;\
                    InformationFibrePBO N°2;Prix\n";

/// A line of an order in the building of DEMO-ZMD.
fn line(contract: &str, pbo: &str, socket: &str, block: &str) -> String {
    format!("OK;INT-1;{contract};FI-75056-1001;{pbo};Bât 1, hall;{socket};N;{block}\n")
}

/// A line of which the rest is empty.
fn padded(begin: &str) -> String {
    format!("{begin}{}\n", ";".repeat(HEAD.matches(';').count() - begin.matches(';').count()))
}

/// A block of one route.
fn block(colour: &str) -> String {
    format!(";;;;BLEU;{colour};Rouge;;;;")
}

fn told() -> Told {
    Told {
        operators: vec![(Some("DEMO".to_owned()), "oc-demo".to_owned())],
        zone: Some(Zone::Zmd),
        building_kind: Some(BuildingKind::Collective),
        facts: None,
    }
}

async fn load(
    oi: &Oi,
    files: &[(&str, String)],
    facts: Option<&str>,
    told: Told,
) -> Result<Outcome, LoadError> {
    let folder = TempDir::new().unwrap();
    let mut paths = Vec::<PathBuf>::new();
    for (name, text) in files {
        paths.push(folder.path().join(name));
        fs::write(folder.path().join(name), format!("{HEAD}{text}")).unwrap();
    }
    let facts = facts.map(|text| {
        let path = folder.path().join("facts.csv");
        fs::write(&path, text).unwrap();
        path
    });
    let opening = Opening {
        format: Format::Auto,
        encoding: Encoding::Auto,
        spool_in: folder.path().to_owned(),
        told: Told { facts, ..told },
    };
    let opened = open_as(&paths, &opening).unwrap();
    assert_eq!(opened.format, Format::CrCmd);
    let acts = oi.number("SELECT COUNT(*) FROM admin_act").await;
    let act = Act { id: format!("load {acts}"), ..loading(oi.clock.now_ms()) };
    let as_of_ms = opened.as_of_ms.unwrap_or_default();
    let options = Options { as_of_ms, served: true, ..Options::default() };
    let profiles = &oi.running.service.profiles;
    load_from(oi.store(), opened.source, options, profiles, act, &mut ()).await
}

/// What is there of a contract, in a line.
async fn contract(oi: &Oi, reference: &str) -> String {
    let query = format!(
        "SELECT operator.login || ' ' || COALESCE(fibre.ref, 'none') || ' ' || site.ref || ' '
           || COALESCE(pbo.ref, 'none') || ' ' || COALESCE(contract.pm_ref, 'none') || ' '
           || contract.zone || ' ' || contract.building_kind || ' ' || contract.route_kind || ' '
           || contract.order_state || CASE WHEN contract.existing_socket THEN ' existing' ELSE '' END
           || CASE WHEN contract.opac THEN ' opac' ELSE '' END
         FROM contract JOIN operator ON operator.id = contract.operator_id
         JOIN floor ON floor.id = contract.floor_id JOIN site ON site.id = floor.site_id
         LEFT JOIN fibre ON fibre.id = contract.fibre_id LEFT JOIN pbo ON pbo.id = contract.pbo_id
         WHERE contract.ref = '{reference}'"
    );
    oi.lines(&query).await.join("\n")
}

async fn started(on_postgres: bool) -> Oi {
    let setup = Setup::noon();
    let setup = if on_postgres { setup.on_postgres().await } else { setup };
    setup.start().await
}

macro_rules! on_both {
    ($($name:ident)*) => {$(
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                super::$name(super::started(false).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                super::$name(super::started(true).await).await;
            }
        }
    )*};
}

on_both! {
    orders_become_contracts what_a_line_gets_wrong_is_told what_no_report_says
    the_service_wins_over_a_report_of_its_day
}

async fn orders_become_contracts(oi: Oi) {
    // Two routes are filled in; the second is the one of the operator that the file is for.
    let several = "FREE;;;;Bleu;Rouge;Rouge;DEMO;Bleu;Vert;";
    let text = [
        line("ROR-1", "BE-01", "CTP-6000102-1", &block("orange")),
        padded("OK;;ROV-1;FI-75056-1003;BE-02"),
        padded("KO;INT-4"),
        padded("KO;;DEMO-LENT"),
        line("ROR-2", "BE-01", "", several).replace("-1001", "-1003"),
        // Without a PBO, by its socket; without colours, by its position.
        line("ROR-3", "", "CTP-6000403-1", &block("Vert")).replace("-1001", "-1004"),
        line("ROR-4", "BE-01", "", ";Etage 1;2;;;;;;;;").replace("-1001", "-1005"),
    ];
    let files = [(NAME, text.concat())];
    let outcome = load(&oi, &files, None, told()).await.unwrap();
    assert_eq!(outcome.mistakes, [], "{outcome:?}");
    let expected = "oc-demo CTP-6000102-1 SC-600001 BE-01 FI-75056-1001 zmd collective real open";
    assert_eq!(contract(&oi, "ROR-1").await, expected);
    let expected = "oc-demo CTP-6000303-1 SC-600003 BE-01 FI-75056-1003 zmd collective real open";
    assert_eq!(contract(&oi, "ROR-2").await, expected);
    let expected = "oc-demo none SC-600003 BE-02 FI-75056-1003 zmd collective virtual open";
    assert_eq!(contract(&oi, "ROV-1").await, expected);
    for (reference, fibre) in [("ROR-3", "CTP-6000403-1"), ("ROR-4", "CTP-6000502-1")] {
        let there = contract(&oi, reference).await;
        assert!(there.starts_with(&format!("oc-demo {fibre} ")), "{there}");
    }
    let cancelled = contract(&oi, "DEMO-LENT").await;
    assert!(cancelled.ends_with("real cancelled"), "{cancelled}");
    let held = oi.fibre("CTP-6000102-1").await;
    assert_eq!((held.contract_ref.as_deref(), held.usage.as_str()), (Some("ROR-1"), "occupied"));
    for expected in ["read as CR CMD", "column Prix: not known", "2 lines say KO"] {
        let told = outcome.notes.iter().any(|note| note.contains(expected));
        assert!(told, "{expected} in {:?}", outcome.notes);
    }
    let socket = outcome.differences.iter().filter(|it| it.code == "socket").count();
    assert_eq!(socket, 0, "{:?}", outcome.differences);

    let again = load(&oi, &files, None, told()).await.unwrap();
    assert!(again.is_empty(), "{:?}", again.found);

    // The service serves it.
    oi.ask(&Put::new("ROR-1", "CTP-6000101-1").body()).await.assert("20015");
    oi.ask(&Put::new("ROR-1", "CTP-6000103-1").body()).await.assert("OK");
}

async fn what_a_line_gets_wrong_is_told(oi: Oi) {
    let text = [
        line("W-1", "BE-01", "", &block("Jade")),
        line("W-2", "BE-77", "", &block("Orange")),
        line("W-3", "BE-01", "CTP-6000103-1", &block("Orange")),
        padded("OK;;W-4;;BE-01"),
        padded("OK;;W-5"),
        padded("DONE;;W-6"),
        padded("OK"),
        line("W-8", "BE-01", "", "FREE;;;;Bleu;Rouge;;BOUY;Bleu;Vert;"),
        line("W-9", "BE-01", "", &block("Orange")).replace(";N;", ";peut-être;"),
        line("ARA-502701", "BE-01", "", &block("Vert")),
        line("W-11", "BE-01", "", &block("Gris")),
        line("W-12", "BE-01", "", &block("Vert")),
        line("W-12", "BE-01", "", &block("Vert")),
        "OK;;W-13;FI-75056-1001;BE-01;;;\n".to_owned(),
    ];
    let outcome = load(&oi, &[(NAME, text.concat())], None, told()).await.unwrap();
    let expected = [
        "2 column ReferencePBO value \"BE-01\": no fibre of this PBO and PM has the tube",
        "3 column ReferencePBO value \"BE-77\": no fibre of this PBO and PM has the tube",
        "4 column ReferencePrise value \"CTP-6000103-1\": this socket has the fibre CTP-6000103-1",
        "5 column ReferencePBO value \"BE-01\": ",
        "6 column ReferencePBO: missing: an order without a fibre has a PBO",
        "7 column EtatCrCommandePrise value \"DONE\": OK or KO",
        "8 column ReferencePrestationPrise: missing",
        "9 column OC 1 value \"FREE\": 2 routes are filled in, and 0 of them have DEMO for their OC",
        "10 column PriseExistante value \"peut-être\": O or N",
        "12 column InformationFibrePBO value \"CTP-6000105-1\": the contract VOISIN-600001 has",
        "14 value \"W-12\": the same ReferencePrestationPrise as line 13",
        "15: 8 values, 19 columns",
    ];
    let mistakes: Vec<_> = outcome.mistakes.iter().map(ToString::to_string).collect();
    assert_eq!(mistakes.len(), expected.len(), "{mistakes:#?}");
    for (mistake, expected) in mistakes.iter().zip(expected) {
        assert!(mistake.starts_with(&format!("{NAME}:{expected}")), "{mistake}\nnot {expected}");
    }
    assert!(mistakes[3].contains("PBOs have this name"), "{}", mistakes[3]);
    assert_eq!(oi.number("SELECT COUNT(*) FROM contract WHERE ref LIKE 'W-%'").await, 1);
    // Whose order has ended is not opened again by a report of before.
    let ended = contract(&oi, "ARA-502701").await;
    assert!(ended.contains("CTP-2392754-1") && ended.contains(" done"), "{ended}");
    // Somebody else's operator.
    let files = [(NAME.replace("DEMO", "BOUY"), line("W-20", "BE-01", "", &block("Orange")))];
    let files = files.each_ref().map(|(name, text)| (name.as_str(), text.clone()));
    let outcome = load(&oi, &files, None, told()).await.unwrap();
    let mistake = outcome.mistakes[0].to_string();
    assert!(
        mistake.contains("value \"BOUY\": no operator has this login; say --operator"),
        "{mistake}"
    );
}

async fn what_no_report_says(oi: Oi) {
    let nothing = Told { zone: None, building_kind: None, ..told() };
    let text = [
        line("F-1", "BE-01", "", &block("Orange")),
        line("F-2", "BE-01", "", &block("Vert")).replace("-1001", "-1002"),
        line("F-3", "BE-01", "", &block("Vert")).replace("-1001", "-1003"),
        line("F-4", "BE-01", "", &block("Vert")).replace("-1001", "-1004"),
    ];
    let facts = "pm;zone;building_kind;site;opac\n\
                 FI-75056-1001;ztd;collective;;\n\
                 ;zmd;house;SC-600001;\n\
                 FI-75056-1002;zmd;collective;;yes\n\
                 FI-75056-1003;ztd;;;\n\
                 FI-75056-1003;ztd;;;\n\
                 FI-75056-1005;paris;;;\n\
                 FI-75056-1005;;;SC-1;\n";
    let outcome = load(&oi, &[(NAME, text.concat())], Some(facts), nothing).await.unwrap();
    // The site's word before the PM's.
    assert!(contract(&oi, "F-1").await.contains("zmd house"), "{}", contract(&oi, "F-1").await);
    assert!(contract(&oi, "F-2").await.ends_with("zmd collective real open opac"));
    let mistakes: Vec<_> = outcome.mistakes.iter().map(ToString::to_string).collect();
    for (mistake, expected) in mistakes.iter().zip([
        &format!("{NAME}:4: a report does not say the kind of building; say --building-kind"),
        &format!("{NAME}:5: a report does not say the zone; say --zone"),
        "facts.csv:6 column pm value \"FI-75056-1003\": a line before it",
        "facts.csv:7 column zone value \"paris\": ztd or zmd",
        "facts.csv:8 column site: a line is about a site or about a PM",
    ]) {
        assert!(mistake.starts_with(expected), "{mistake}\nbut expected {expected}");
    }
    assert_eq!(mistakes.len(), 5, "{mistakes:#?}");
}

async fn the_service_wins_over_a_report_of_its_day(oi: Oi) {
    let (route, free) = (fibre("DEMO-ZMD", Role::Current), fibre("DEMO-ZMD", Role::Free));
    oi.ask(&Put::new("DEMO-ZMD", &free).body()).await.assert("OK");
    oi.advance(0).await;
    oi.advance(30).await;
    oi.advance(60).await;
    assert_eq!(oi.state("DEMO-ZMD").await, "Terminé");
    // The file says the route of before, and its name, that it is of this day.
    let files = [(NAME, line("DEMO-ZMD", "BE-01", &route, &block("Bleu")))];
    let outcome = load(&oi, &files, None, told()).await.unwrap();
    assert!(outcome.is_empty() && outcome.refused == 0, "{outcome:?}");
    let said =
        outcome.differences.iter().any(|it| it.reference == "DEMO-ZMD" && it.code == "later");
    assert!(said, "{:?}", outcome.differences);
    assert_eq!(oi.fibre(&free).await.contract_ref.as_deref(), Some("DEMO-ZMD"));
}

#[test]
fn a_file_is_known_by_its_columns_and_its_name_says_for_whom() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("oi.toml");
    fs::write(&config, include_str!("../../../demo/demo.toml")).unwrap();
    import_demo(&config);
    let import = |file: &str, more: &[&str]| {
        let file = folder.path().join(file);
        let arguments = ["--config", config.to_str().unwrap(), "import", file.to_str().unwrap()];
        run(&[&arguments, more].concat())
    };
    let text = format!("{HEAD}{}", line("ROR-1", "BE-01", "", &block("Orange")));
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let mut gz = GzEncoder::new(
        fs::File::create(folder.path().join("cr.csv.gz")).unwrap(),
        Compression::fast(),
    );
    gz.write_all(&latin).unwrap();
    gz.finish().unwrap();
    let said = failed(&import("cr.csv.gz", &[]), 1);
    assert!(said.contains("the name does not say for which operator it is"), "{said}");
    let whole = failed(&import("cr.csv.gz", &["--operator", "oc-demo", "--whole"]), 2);
    assert!(whole.contains("never all the contracts"), "{whole}");
    let facts = ["--zone", "zmd", "--building-kind", "collective"];
    let output =
        import("cr.csv.gz", &[&["--operator", "oc-demo", "--dry-run"], &facts[..]].concat());
    let warned = String::from_utf8_lossy(&output.stderr).into_owned();
    let expected = "cr.csv.gz: not called as in OI_OC_ACCES_CRCMD_V13_20261123_01.csv";
    assert!(warned.contains(expected), "{warned}");
    assert!(
        printed(&output).contains("it would be: 1 fibre changed, 1 contract added"),
        "{}",
        printed(&output)
    );

    let named = format!("{NAME}.gz");
    fs::rename(folder.path().join("cr.csv.gz"), folder.path().join(&named)).unwrap();
    let output = import(&named, &[&["--operator", "demo=oc-demo"], &facts[..]].concat());
    let warned = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!warned.contains("not called as"), "{warned}");
    assert!(printed(&output).contains("1 contract added"), "{}", printed(&output));
    let route = "SELECT fibre.ref FROM contract JOIN fibre ON fibre.id = fibre_id
                 WHERE contract.ref = 'ROR-1'";
    assert_eq!(lines(&folder, route), ["CTP-6000102-1"]);
    // What is refused is written down with the head of its file, to be loaded again.
    let wrong = format!("{HEAD}{}", line("ROR-2", "BE-01", "", &block("Jade")));
    fs::write(folder.path().join(NAME), wrong).unwrap();
    let all = [&["--operator", "DEMO=oc-demo"], &facts[..]].concat();
    failed(&import(NAME, &all), 7);
    let rejected = folder.path().join("rejects").join(NAME);
    let right = fs::read_to_string(&rejected).unwrap().replace("Jade", "Vert");
    fs::write(&rejected, right).unwrap();
    let said = printed(&import(&format!("rejects/{NAME}"), &all));
    assert!(said.contains("1 contract added"), "{said}");
    // A folder of them, with the facts among them.
    let inbox = folder.path().join("inbox");
    fs::create_dir(&inbox).unwrap();
    let text = format!("{HEAD}{}", line("ROR-3", "BE-02", "", &block("Noir")));
    fs::write(inbox.join(NAME), text).unwrap();
    let facts = inbox.join("facts.csv");
    fs::write(&facts, "pm;zone;building_kind\nFI-75056-1001;zmd;collective\n").unwrap();
    let told = ["--operator", "DEMO=oc-demo", "--facts", facts.to_str().unwrap()];
    let said = printed(&import("inbox", &told));
    assert!(said.contains("1 contract added"), "{said}");
}
