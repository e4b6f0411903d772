//! TLS of the service's own address. The certificate and its key are files, which are read again when
//! they change; what cannot be read leaves what was there in force.

use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
    },
    server::TlsStream,
};
use tokio_util::sync::CancellationToken;

use crate::{
    fingerprint::Fingerprint,
    pem::{PemError, authorities, certificates},
};

/// Between two looks whether a file has changed.
const LOOK: Duration = Duration::from_secs(2);

/// What callers must present, where the authorities of their certificates are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificates {
    /// A certificate.
    Required,
    /// A certificate, or none: the logins of single operators may demand one.
    Optional,
}

/// The files, each in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The certificate, and those between it and its authority.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The authorities of callers' certificates; none: callers are not asked for any.
    pub client_ca: Option<PathBuf>,
    /// Whether a caller without a certificate is turned away, where their authorities are named.
    pub client_certificates: ClientCertificates,
}

/// What a listener speaks TLS with.
pub struct Tls {
    files: Files,
    /// Of the files, before they were read for the first time.
    stamps: Stamps,
    current: RwLock<TlsAcceptor>,
}

/// What tells a changed file from the same one: its time and its number, for each.
type Stamps = Vec<Option<[i64; 3]>>;

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// One is missing, or holds something else; the key is another certificate's.
    pub fn load(files: Files) -> Result<Self, PemError> {
        let stamps = stamps(&files);
        let acceptor = read(&files)?;
        Ok(Self { files, stamps, current: RwLock::new(acceptor) })
    }

    /// Greets a caller, in time.
    pub(crate) async fn accept<S>(&self, stream: S, limit: Duration) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let acceptor = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        let greeted = tokio::time::timeout(limit, acceptor.accept(stream)).await;
        greeted.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Reads the files again whenever one has changed, until told to stop. Connections that are open
    /// go on with what they began with.
    pub async fn watch(self: Arc<Self>, stop: CancellationToken) {
        let mut known = self.stamps.clone();
        while stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let stamps = stamps(&self.files);
            if stamps == known {
                continue;
            }
            match read(&self.files) {
                Ok(acceptor) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = acceptor;
                    let certificate = self.files.certificate.display();
                    tracing::info!(%certificate, "certificate read again");
                }
                // Half of a change, perhaps: the next look sees the rest.
                Err(error) => tracing::error!(%error, "the certificate in force stays the old one"),
            }
            known = stamps;
        }
    }
}

fn stamps(files: &Files) -> Stamps {
    let stamp = |path: &Path| {
        let facts = path.metadata().ok()?;
        Some([facts.mtime(), facts.mtime_nsec(), facts.ino().cast_signed()])
    };
    let Files { certificate, key, client_ca, .. } = files;
    [certificate, key].into_iter().chain(client_ca).map(|path| stamp(path)).collect()
}

/// The certificate that a caller presented, by itself or on the session that it resumes.
pub(crate) fn presented<S>(stream: &TlsStream<S>) -> Option<Fingerprint> {
    let chain = stream.get_ref().1.peer_certificates()?;
    chain.first().map(|leaf| Fingerprint::of(leaf))
}

fn read(files: &Files) -> Result<TlsAcceptor, PemError> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|_| PemError::new(&files.key, &"a private key in PEM is expected"))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| PemError::new(&files.certificate, &error))?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let roots = authorities(path)?;
            let provider = Arc::new(aws_lc_rs::default_provider());
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            let verifier = match files.client_certificates {
                ClientCertificates::Required => verifier,
                ClientCertificates::Optional => verifier.allow_unauthenticated(),
            };
            builder.with_client_cert_verifier(
                verifier.build().map_err(|error| PemError::new(path, &error))?,
            )
        }
    };
    let mut config =
        builder.with_single_cert(chain, key).map_err(|error| PemError::new(&files.key, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A certificate and its key, written into a folder.
    fn install(folder: &Path) -> Files {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new([]).unwrap().self_signed(&key).unwrap();
        let files = Files {
            certificate: folder.join("certificate.pem"),
            key: folder.join("key.pem"),
            client_ca: None,
            client_certificates: ClientCertificates::Required,
        };
        fs::write(&files.certificate, certificate.pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }

    #[tokio::test]
    async fn files_that_change_before_the_watch_begins_are_read_again_too() {
        let folder = tempfile::tempdir().unwrap();
        let tls = Arc::new(Tls::load(install(folder.path())).unwrap());
        let config = || Arc::clone(tls.current.read().unwrap().config());
        let first = config();
        install(folder.path());
        let stop = CancellationToken::new();
        let watching = tokio::spawn(Arc::clone(&tls).watch(stop.clone()));
        let reading = async {
            while Arc::ptr_eq(&config(), &first) {
                tokio::time::sleep(LOOK / 20).await;
            }
        };
        tokio::time::timeout(5 * LOOK, reading).await.expect("the new certificate is read");
        stop.cancel();
        watching.await.unwrap();
    }
}
