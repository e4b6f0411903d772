//! PasswordDigest, opened for an operator of the demo as `ereprovd operator digest` opens it.

use std::path::Path;

use ereprov_server::{
    admission::keyring::{self, Keyring, Owner},
    clock::Entropy,
    store::{
        Store,
        operators::{self, Change},
    },
};

/// A new file of keys in a folder, and the settings that name it.
pub fn keys(folder: &Path) -> String {
    let file = folder.join("keys");
    keyring::add_key(&file, &Entropy::system()).unwrap();
    format!("[login]\nsecret_key_file = \"{}\"\n", file.display())
}

/// Opens it for an operator whose password is its login, with the keys of that folder.
pub async fn open(store: &Store, folder: &Path, login: &str) {
    let keyring = Keyring::load(&folder.join("keys")).unwrap();
    let opened = store.write("test.digest", (keyring, login.to_owned()), |tx, (keyring, login)| {
        Box::pin(async move {
            let operator = operators::find(tx, login).await?.expect("an operator of the demo");
            let owner = Owner { login, password_hash: &operator.password_hash };
            let sealed = keyring.seal(login, owner, &Entropy::system());
            operators::change(tx, login, &Change::Digest(Some(sealed)), 0).await
        })
    });
    opened.await.unwrap();
}
