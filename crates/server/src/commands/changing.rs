//! Changes to an operator, and the act that keeps them.

use super::{context::act, output::Failure};
use crate::store::{
    Store, StoreError, Tx,
    admin_acts::{self, Act},
    operators::{self, Change, Operator},
};

/// The operator with this login.
pub async fn find(store: &Store, login: &str) -> Result<Operator, Failure> {
    let found = store
        .read("operator.find", login.to_owned(), |tx, login| Box::pin(operators::find(tx, login)));
    found.await?.ok_or_else(|| unknown(login))
}

fn unknown(login: &str) -> Failure {
    Failure::unknown(format!("no operator has the login {login}"))
        .hint("`ereprovd operator list` shows them")
}

/// What changes about an operator, and who changes it.
struct Changing {
    login: String,
    changes: Vec<Change>,
    act: Act,
}

/// What a change comes to.
enum Changed {
    To(Box<Operator>),
    Unknown,
    NameTaken(String),
}

/// Makes changes to an operator, all or none; the operator as it is then.
pub async fn change(
    store: &Store,
    login: &str,
    changes: Vec<Change>,
    action: &str,
    what: &str,
) -> Result<Operator, Failure> {
    let changing = Changing { login: login.to_owned(), changes, act: act(action, login, what) };
    let changed =
        store.write("operator.change", changing, |tx, changing| Box::pin(apply(tx, changing)));
    match changed.await? {
        Changed::To(operator) => Ok(*operator),
        Changed::Unknown => Err(unknown(login)),
        Changed::NameTaken(name) => Err(name_taken(&name)),
    }
}

/// A name is one operator's.
pub fn name_taken(name: &str) -> Failure {
    Failure::refused(format!("another operator is called {name}"))
}

/// Each change is one statement of its own: what somebody else changes meanwhile stays.
async fn apply(tx: &mut Tx<'_>, changing: &Changing) -> Result<Changed, StoreError> {
    let Changing { login, changes, act } = changing;
    for change in changes {
        if let Change::Name(name) = change
            && operators::is_named(tx, name, login).await?
        {
            return Ok(Changed::NameTaken(name.clone()));
        }
        operators::change(tx, login, change, act.at_ms).await?;
    }
    let Some(operator) = operators::find(tx, login).await? else { return Ok(Changed::Unknown) };
    admin_acts::record(tx, act).await?;
    Ok(Changed::To(Box::new(operator)))
}
