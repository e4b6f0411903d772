//! The four methods.

use ereprov_domain::reprovisioning::State;
use ereprov_server::reprovisioning::admin;

use super::{
    Database,
    checks::{answered, nothing_is_half_done, state},
    each_call, on_both, start,
};
use crate::harness::{
    MUT, Oi, Put, Setup,
    digest::{Token, keys},
    get, loading, printed, routes, structure,
};

on_both!(what_reads what_logs_in_by_digest what_is_refused what_is_accepted what_is_accepted_under_a_name what_is_replayed);

async fn what_reads(database: Database) {
    let (oi, nth) = start(database, Setup::slow()).await;
    for question in [structure(MUT), routes(MUT), get("ARA-502701")] {
        each_call(database, "a read", async |n, kind| {
            nth.arm(n, kind);
            let reply = oi.ask(&question).await;
            let fired = nth.disarm();
            let after = format!("{fired:?} {kind:?}");
            answered(&oi, &reply, "OK", &after).await;
            nothing_is_half_done(&oi, &after).await;
            oi.ask(&question).await.assert("OK");
            fired
        })
        .await;
    }
}

async fn what_logs_in_by_digest(database: Database) {
    let (_folder, settings) = keys();
    let setup = Setup { config: settings.clone(), ..Setup::noon() };
    let (oi, nth) = start(database, setup).await;
    let on = ["operator", "digest", "oc-demo", "on", "--password-stdin"];
    printed(&oi.administer(&settings, &on, "oc-demo\n"));
    let token = || Token::new("oc-demo", oi.clock.now_ms()).envelope(&structure(MUT));
    each_call(database, "a login by digest", async |n, kind| {
        let first = token();
        nth.arm(n, kind);
        let reply = oi.post(&first, &[]).await;
        let fired = nth.disarm();
        let after = format!("{fired:?} {kind:?}");
        if answered(&oi, &reply, "OK", &after).await {
            oi.post(&first, &[]).await.assert("10000");
        }
        nothing_is_half_done(&oi, &after).await;
        oi.post(&token(), &[]).await.assert("OK");
        fired
    })
    .await;
}

async fn what_is_refused(database: Database) {
    let (oi, nth) = start(database, Setup::slow()).await;
    oi.limit("oc-quota", Some(0), None).await;
    let same = Put::new(MUT, "CTP-1240332-1").body();
    let asked = [
        ("oc-demo", same.clone(), "20015"),
        ("oc-autre", same.clone(), "20019"),
        ("oc-lecture", same.clone(), "20021"),
        ("oc-quota", same.clone(), "20016"),
        ("nobody", same.clone(), "10000"),
        ("oc-demo", same.replace("<conservationPTO>0", "<conservationPTO>2"), "20001"),
        ("oc-demo", get(MUT), "20014"),
    ];
    for (login, question, code) in asked {
        each_call(database, code, async |n, kind| {
            let before = state(&oi).await;
            nth.arm(n, kind);
            let reply = oi.ask_as(login, &question).await;
            let fired = nth.disarm();
            let after = format!("{fired:?} {kind:?}");
            answered(&oi, &reply, code, &after).await;
            nothing_is_half_done(&oi, &after).await;
            assert_eq!(state(&oi).await, before, "{after}");
            oi.ask_as(login, &question).await.assert(code);
            fired
        })
        .await;
    }
}

async fn what_is_accepted(database: Database) {
    accepted(database, false).await;
}

async fn what_is_accepted_under_a_name(database: Database) {
    accepted(database, true).await;
}

async fn accepted(database: Database, named: bool) {
    let (oi, nth) = start(database, Setup::slow()).await;
    let question = Put::new(MUT, "CTP-1240357-1").body();
    each_call(database, "an acceptance", async |n, kind| {
        let name = format!("{kind:?}-{n}");
        let headers: &[(&str, &str)] = if named { &[("idempotency-key", &name)] } else { &[] };
        let before = state(&oi).await;
        nth.arm(n, kind);
        let mut reply = oi.ask_with("oc-demo", &question, headers).await;
        let fired = nth.disarm();
        let after = format!("{fired:?} {kind:?}");
        nothing_is_half_done(&oi, &after).await;
        if !answered(&oi, &reply, "OK", &after).await {
            assert_eq!(state(&oi).await, before, "{after}: KO, and something was kept");
            reply = oi.ask_with("oc-demo", &question, headers).await;
        }
        reply.assert("OK");
        if named {
            let again = oi.ask_with("oc-demo", &question, headers).await;
            assert_eq!(again.assert("OK").text("codeDecharge"), reply.text("codeDecharge"));
        }
        nothing_is_half_done(&oi, &after).await;
        call_off(&oi).await;
        fired
    })
    .await;
}

async fn what_is_replayed(database: Database) {
    let (oi, nth) = start(database, Setup::slow()).await;
    let question = Put::new(MUT, "CTP-1240357-1").body();
    let headers = [("idempotency-key", "the same")];
    let first = oi.ask_with("oc-demo", &question, &headers).await;
    let before = state(&oi).await;
    each_call(database, "a replay", async |n, kind| {
        nth.arm(n, kind);
        let reply = oi.ask_with("oc-demo", &question, &headers).await;
        let fired = nth.disarm();
        let after = format!("{fired:?} {kind:?}");
        if answered(&oi, &reply, "OK", &after).await {
            assert_eq!(reply.text("codeDecharge"), first.text("codeDecharge"), "{after}");
        }
        nothing_is_half_done(&oi, &after).await;
        assert_eq!(state(&oi).await, before, "{after}");
        fired
    })
    .await;
}

/// Calls the running one off, so that the next one may start.
async fn call_off(oi: &Oi) {
    oi.clock.advance_ms(1);
    let id = oi.running_job().await;
    let act = loading(oi.clock.now_ms());
    let ended = admin::cancel(&oi.running.driver, &id, act).await.unwrap();
    assert_eq!(ended, State::Cancelled);
}
