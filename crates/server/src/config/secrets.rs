//! Files that hold a secret, and who else may read them.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use super::Config;

/// Permissions by which others than its owner read a file: its group, and everybody.
const OTHERS_READ: u32 = 0o044;

impl Config {
    /// A sentence for each file that holds a secret and can be read by others than its owner. What is
    /// not there is said elsewhere.
    pub(super) fn exposed(&self) -> Vec<String> {
        let key = Some(("tls.key_file", "the certificate's key", Path::new(&self.tls.key)));
        let own = self.file.as_deref().filter(|_| self.password_in_file);
        let own = own.map(|file| ("the configuration", "the database's password", file));
        let exposed = [key, own].into_iter().flatten().filter(|(_, _, file)| is_exposed(file));
        let said = exposed.map(|(name, secret, file)| {
            let file = file.display();
            format!("{name}: others than its owner may read {file}, which holds {secret}")
        });
        said.collect()
    }
}

fn is_exposed(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|facts| facts.mode() & OTHERS_READ != 0)
}

/// Whether the text of a configuration file gives the database's URL with a password in it.
pub(super) fn holds_password(text: &str) -> bool {
    let table: Option<toml::Table> = text.parse().ok();
    let url = table.as_ref().and_then(|table| table.get("database")?.get("url")?.as_str());
    let Some((_, rest)) = url.and_then(|url| url.split_once("://")) else { return false };
    let user = rest.rsplit_once('@').map(|(user, _)| user);
    let in_query = rest.split(['?', '&']).skip(1).any(|pair| pair.starts_with("password="));
    in_query || user.is_some_and(|user| user.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_seen_in_either_place() {
        let holds = |url: &str| holds_password(&format!("[database]\nurl = \"{url}\"\n"));
        assert!(holds("postgres://u:secret@h:5432/d"));
        assert!(holds("postgresql://u@h/d?connect_timeout=1&password=secret"));
        for none in ["postgres://u@h:5432/d", "postgres://h:5432/d", "sqlite:/var/lib/e.db"] {
            assert!(!holds(none), "{none}");
        }
        assert!(!holds_password("[server]\nlisten = \"127.0.0.1:1\""));
    }
}
