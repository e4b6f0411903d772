//! Why something has failed, in English and in French: the causes that the libraries below name.

use std::{error::Error, io};

use ereprov_client::{BadText, BadValue, Broken, Mistrust, NoAnswer, SetupError, Why};
use ereprov_wire::xml::XmlError;

use crate::lang::Both;

impl From<&io::Error> for Both {
    fn from(error: &io::Error) -> Self {
        use io::ErrorKind as K;
        let known = match error.kind() {
            K::NotFound => "il n'existe pas",
            K::PermissionDenied => "l'accès est refusé",
            K::AlreadyExists => "il existe déjà",
            K::IsADirectory => "c'est un dossier",
            K::NotADirectory => "un élément du chemin n'est pas un dossier",
            K::ReadOnlyFilesystem => "il est en lecture seule",
            K::StorageFull | K::QuotaExceeded => "il n'y a plus de place sur le disque",
            K::AddrInUse => "l'adresse est déjà utilisée",
            K::AddrNotAvailable => "cette machine n'a pas cette adresse",
            K::InvalidData => "il n'est pas en UTF-8",
            _ => return error.to_string().into(),
        };
        Self::new(error.to_string(), known)
    }
}

impl From<&toml::de::Error> for Both {
    /// What is wrong with a file is in its author's words; where, is in everybody's.
    fn from(error: &toml::de::Error) -> Self {
        error.to_string().into()
    }
}

impl From<&BadValue> for Both {
    fn from(bad: &BadValue) -> Self {
        let field = bad.field;
        let french = match &bad.problem {
            None => format!("{field} est obligatoire"),
            Some(text @ BadText::TooLong { .. }) => format!("{field} a {text}"),
            Some(text @ BadText::Forbidden { .. }) => format!("{field} a un {text}"),
        };
        Self::new(bad.to_string(), french)
    }
}

impl From<&NoAnswer> for Both {
    fn from(error: &NoAnswer) -> Self {
        let french = match error {
            NoAnswer::Empty => "la réponse est vide".to_owned(),
            NoAnswer::Xml(XmlError::TooBig(_)) => {
                "la réponse est plus grande ou plus profonde que ce qui est lu".to_owned()
            }
            NoAnswer::Xml(error) => format!("la réponse n'est pas du XML de SOAP : {error}"),
            NoAnswer::NoEnvelope => "la réponse n'est pas une enveloppe SOAP".to_owned(),
            NoAnswer::NoBody => "l'enveloppe de la réponse est vide".to_owned(),
            NoAnswer::OtherMethod(method) => format!("la réponse est celle de {method}"),
            NoAnswer::NeitherOkNorKo => "la réponse ne dit ni OK ni KO".to_owned(),
        };
        Self::new(error.to_string(), french)
    }
}

impl From<&Broken> for Both {
    fn from(broken: &Broken) -> Self {
        let french = match broken.why {
            Why::UnknownName => "le nom de l'hôte est introuvable",
            Why::Refused => "personne n'écoute à cette adresse",
            Why::Unreachable => "aucun chemin ne mène à cette machine",
            Why::TimedOut => "pas de connexion à temps",
            Why::Ended => "l'autre côté, ou un intermédiaire, a fermé la connexion",
            Why::Proxy => "le proxy n'a pas établi la connexion",
            Why::TheirCertificate(Mistrust::Expired) => "le certificat du service est expiré",
            Why::TheirCertificate(Mistrust::NotYet) => {
                "le certificat du service n'est pas encore valable, ou l'horloge d'ici est fausse"
            }
            Why::TheirCertificate(Mistrust::OtherName) => {
                "le certificat du service est pour un autre nom"
            }
            Why::TheirCertificate(Mistrust::UnknownAuthority) => {
                "le certificat du service vient d'une autorité inconnue"
            }
            Why::OwnCertificate => "le service veut un certificat client, ou un autre",
            Why::Tls => "les deux côtés ne s'accordent pas sur le TLS",
            // What cannot be told apart is told as it is, and in English.
            _ => &broken.detail,
        };
        Self::new(broken.detail.clone(), french)
    }
}

impl From<&SetupError> for Both {
    fn from(error: &SetupError) -> Self {
        let french = match error {
            SetupError::Url => "l'URL du service n'est pas une URL HTTP".to_owned(),
            SetupError::Header(name) => format!("l'en-tête {name} ne peut pas être envoyé"),
            SetupError::Unusable { what, cause } => {
                let what = match *what {
                    "the client certificate" => "le certificat client",
                    "the proxy" => "le proxy",
                    "the authority" => "l'autorité",
                    "the TLS of the machine" => "le TLS de cette machine",
                    other => other,
                };
                format!("{what} ne peut pas être utilisé : {}", chain(cause))
            }
            SetupError::NoAuthority => {
                "l'autorité ne peut pas être utilisée : pas de certificat en PEM".to_owned()
            }
            SetupError::Folder(error) => {
                let why = Self::from(error);
                let why = why.say(crate::lang::Lang::Fr);
                format!("le dossier commun aux processus ne peut pas être utilisé : {why}")
            }
        };
        Self::new(chain(error), french)
    }
}

/// An error with what is below it, each thing said once.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(error) = below {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text.push_str(&format!(": {said}"));
        }
        below = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    #[test]
    fn nothing_is_said_twice() {
        let refused = io::Error::from(io::ErrorKind::PermissionDenied);
        let error = SetupError::Folder(refused);
        let said = "the folder of what processes share cannot be used: permission denied";
        assert_eq!(chain(&error), said);
        let french = Both::from(&error);
        assert!(french.say(Lang::Fr).ends_with("utilisé : l'accès est refusé"));
    }
}
