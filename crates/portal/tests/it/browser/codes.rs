//! Each of the 26 codes, and one that no table has, as the technician sees them.

use ereprov_client::CodeErreur;
use tempfile::tempdir;

use super::{Kind, css, flow::signed_in};
use crate::{
    answers::Answers,
    harness::{Oi, Portal, still},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_code_has_a_page_without_barriers() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let answers = Answers::before(oi.running.address.port()).await;
    let portal = Portal::before(&answers.url, folder.path(), still()).await;
    let phone = signed_in(&portal, &Kind::default(), "auto");
    let known = CodeErreur::ALL.iter().map(|code| code.number().to_string());
    for (number, code) in known.chain(["99999".to_owned()]).enumerate() {
        answers.ko("getRoSite", &code, "libellé de l'OI");
        let place = "bat=B&esc=E&etage=E";
        phone.goto(&format!("{}/c/CODE-{number}/fibres?motif=broken_fibre&{place}", portal.url));
        phone.tap(&css("details.details summary"));
        phone.sees("libellé de l'OI");
        // What is half under the bar would be told to be too small.
        let _: serde_json::Value = phone.evaluate("scrollTo(0, document.body.scrollHeight)");
        phone.is_sound();
        let bar: String = phone.text("footer.bas");
        assert!(bar.contains("Hotline"), "{code}: {bar}");
        if number % 3 == 0 {
            phone.screenshot(&format!("auto-9-code-{code}"));
        }
    }
}
