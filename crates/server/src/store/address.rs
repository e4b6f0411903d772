//! The URL of a PostgreSQL database, with what it says about TLS. `sslrootcert=FILE`, in libpq's way,
//! asks for it: every connection is encrypted then, and the server's certificate verified, its name
//! too, whatever `sslmode` says. Without it nothing is encrypted, and a mode that demands it is refused.

use std::{fmt, path::PathBuf, sync::Arc};

use tokio_postgres::{Config, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::{ClientConfig, crypto::aws_lc_rs};

use super::error::StoreError;
use ereprov_door::pem::authorities;

/// A URL, taken apart.
pub(super) struct Address {
    pub(super) config: Config,
    authorities: Option<PathBuf>,
}

impl Address {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence that shows nothing of it: it may hold a password.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut kept, mut authorities, mut demands_tls) = (Vec::new(), None, false);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslrootcert", file)) => authorities = Some(PathBuf::from(file)),
                Some(("sslmode", "require" | "verify-ca" | "verify-full")) => demands_tls = true,
                Some(("sslmode", _)) => {}
                _ => kept.push(pair),
            }
        }
        if demands_tls && authorities.is_none() {
            return Err("this sslmode needs sslrootcert=FILE, the server's authorities".to_owned());
        }
        let url =
            if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
        let mut config: Config =
            url.parse().map_err(|_| "not a URL that PostgreSQL knows".to_owned())?;
        config.ssl_mode(if authorities.is_some() { SslMode::Require } else { SslMode::Disable });
        Ok(Self { config, authorities })
    }

    /// What its connections are encrypted with; none: they are not.
    ///
    /// # Errors
    /// The file of the authorities cannot be read, or holds none.
    pub(super) fn tls(&self) -> Result<Option<MakeRustlsConnect>, StoreError> {
        let Some(file) = &self.authorities else { return Ok(None) };
        let wrong = |error: &dyn fmt::Display| {
            StoreError::Unavailable(format!("sslrootcert {error}").into())
        };
        let roots = authorities(file).map_err(|error| wrong(&error))?;
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Some(MakeRustlsConnect::new(config)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_asked_for_by_its_authorities() {
        let plain = Address::parse("postgres://u@h/d?sslmode=prefer&connect_timeout=7").unwrap();
        assert_eq!(plain.config.get_ssl_mode(), SslMode::Disable);
        assert_eq!(plain.config.get_connect_timeout(), Some(&std::time::Duration::from_secs(7)));
        let tls = "postgres://u@h/d?sslmode=verify-full&sslrootcert=/etc/ca.pem";
        let tls = Address::parse(tls).unwrap();
        assert_eq!(tls.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(tls.authorities, Some("/etc/ca.pem".into()));
        for mode in ["require", "verify-ca", "verify-full"] {
            let unsafe_one = Address::parse(&format!("postgres://u:secret@h/d?sslmode={mode}"));
            let said = unsafe_one.err().unwrap();
            assert!(said.contains("sslrootcert") && !said.contains("secret"), "{said}");
        }
        assert!(Address::parse("postgres://u@h/d?unheard=of").is_err());
    }
}
