//! Puts whose outcome is not known: written down before they are sent, forgotten once they are known, so
//! that not even the end of the process lets one be sent twice.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::PathBuf,
};

use ereprov_domain::{
    reason::Reason,
    refs::{ContractRef, FibreRef, PtoRef},
};
use serde::{Deserialize, Serialize};

use super::{Folder, file_name, open_private};
use crate::methods::put::Put;

/// A put that was sent, or was about to be, and whose outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled {
    /// What was asked.
    pub put: Put,
    /// The request's name, which it keeps however often it is sent.
    pub key: String,
    /// When it was first sent, in milliseconds since 1970-01-01 UTC.
    pub sent_ms: i64,
}

/// As it stands in its file.
#[derive(Serialize, Deserialize)]
struct Record {
    contract: String,
    fibre: String,
    pto: Option<String>,
    keep_pto: bool,
    reason: String,
    key: String,
    sent_ms: i64,
}

/// The longest record, in bytes; a longer file is none of ours.
const RECORD_BYTES_MAX: u64 = 16 * 1024;

/// Writes a put down; once it is there, not even a power cut takes it away.
pub(crate) fn keep(folder: &Folder, unsettled: &Unsettled) -> io::Result<()> {
    let Unsettled { put, key, sent_ms } = unsettled;
    let record = Record {
        contract: put.contract.as_str().to_owned(),
        fibre: put.fibre.as_str().to_owned(),
        pto: put.pto.as_ref().map(|pto| pto.as_str().to_owned()),
        keep_pto: put.keep_pto,
        reason: put.reason.as_str().to_owned(),
        key: key.clone(),
        sent_ms: *sent_ms,
    };
    let path = path(folder, put.contract.as_str());
    let new = path.with_extension("new");
    let mut file = open_private(&new, OpenOptions::new().create(true).truncate(true))?;
    file.write_all(&serde_json::to_vec(&record)?)?;
    file.sync_all()?;
    fs::rename(&new, &path)?;
    sync(folder)
}

/// Forgets a put whose outcome is known.
pub(crate) fn forget(folder: &Folder, contract: &ContractRef) -> io::Result<()> {
    match fs::remove_file(path(folder, contract.as_str())) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The put of a contract whose outcome is not known.
pub(crate) fn find(folder: &Folder, contract: &ContractRef) -> io::Result<Option<Unsettled>> {
    match read(&path(folder, contract.as_str())) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// All of them.
pub(crate) fn all(folder: &Folder) -> io::Result<Vec<Unsettled>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder.path())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "put") {
            match read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => found.push(other?),
            }
        }
    }
    found.sort_by_key(|unsettled| unsettled.sent_ms);
    Ok(found)
}

fn path(folder: &Folder, contract: &str) -> PathBuf {
    folder.join(&format!("{}.put", file_name(contract)))
}

fn read(path: &PathBuf) -> io::Result<Unsettled> {
    let broken = || {
        let said = format!("{} is no request that was written down", path.display());
        io::Error::new(io::ErrorKind::InvalidData, said)
    };
    let file = File::open(path)?;
    if file.metadata()?.len() > RECORD_BYTES_MAX {
        return Err(broken());
    }
    let record: Record = serde_json::from_reader(file).map_err(|_| broken())?;
    let put = Put {
        contract: ContractRef::new(record.contract),
        fibre: FibreRef::new(record.fibre),
        pto: record.pto.map(PtoRef::new),
        keep_pto: record.keep_pto,
        reason: Reason::parse(&record.reason).ok_or_else(broken)?,
    };
    Ok(Unsettled { put, key: record.key, sent_ms: record.sent_ms })
}

/// A renamed file is there for good once its folder is.
fn sync(folder: &Folder) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder.path())?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_until_it_is_forgotten() {
        let all_of_them = tempfile::tempdir().unwrap();
        let folder = Folder::open(all_of_them.path(), "oi.example", "oc").unwrap();
        let put = Put {
            contract: ContractRef::new("MUT/1 é"),
            fibre: FibreRef::new("CTP-1"),
            pto: Some(PtoRef::new("PTO \"1\"")),
            keep_pto: true,
            reason: Reason::CivilWorks,
        };
        let one = Unsettled { put, key: "k".into(), sent_ms: 2 };
        let put = Put { contract: ContractRef::new("B"), pto: None, ..one.put.clone() };
        let other = Unsettled { put, sent_ms: 1, ..one.clone() };
        keep(&folder, &one).unwrap();
        keep(&folder, &other).unwrap();
        assert_eq!(find(&folder, &one.put.contract).unwrap(), Some(one.clone()));
        assert_eq!(all(&folder).unwrap(), [other.clone(), one.clone()]);
        forget(&folder, &one.put.contract).unwrap();
        forget(&folder, &one.put.contract).unwrap();
        assert_eq!(find(&folder, &one.put.contract).unwrap(), None);
        fs::write(path(&folder, "C"), "{").unwrap();
        let broken = find(&folder, &ContractRef::new("C")).unwrap_err();
        assert_eq!(broken.kind(), io::ErrorKind::InvalidData);
    }
}
