//! Why the portal or its accounts cannot be used, in English and in French.

use ereprov_portal::{
    BadOpenId, BadPassword, BadSettings, BadUrl, NoAccount, StartError, StoreError,
};

use crate::{
    lang::{Both, Lang},
    why::chain,
};

/// The database cannot be used.
pub(super) fn no_database() -> Both {
    Both::new(
        "the portal's database cannot be used",
        "la base de données du portail ne peut pas être utilisée",
    )
}

impl From<&StoreError> for Both {
    fn from(error: &StoreError) -> Self {
        let french = match error {
            StoreError::Folder { folder, cause } => {
                let folder = folder.display();
                let why = Self::from(cause);
                let why = why.say(Lang::Fr);
                format!("le dossier de données {folder} ne peut pas être utilisé : {why}")
            }
            StoreError::Newer { found, known } => format!(
                "la base de données est d'une version plus récente : étape {found}, {known} sont connues"
            ),
            StoreError::Taken => "un autre portail tourne sur ce dossier de données".to_owned(),
            StoreError::Unreadable(cause) => format!("ce qui a été écrit est illisible : {cause}"),
            StoreError::CutOff => "le travail sur la base de données a été interrompu".to_owned(),
            _ => chain(error),
        };
        Self::new(chain(error), french)
    }
}

impl From<&NoAccount> for Both {
    fn from(error: &NoAccount) -> Self {
        let french = match error {
            NoAccount::BadLogin => "un identifiant est de 1 à 64 parmi : a-z, 0-9, . _ @ + -",
            NoAccount::BadName => "un nom a de 1 à 100 caractères",
            NoAccount::BadPassword(BadPassword::TooShort) => {
                "un mot de passe a 12 caractères au moins"
            }
            NoAccount::BadPassword(BadPassword::TooLong) => "le mot de passe est trop long",
            NoAccount::BadPassword(BadPassword::IsTheLogin) => {
                "un mot de passe n'est pas l'identifiant"
            }
            _ => return chain(error).into(),
        };
        Self::new(chain(error), french)
    }
}

impl From<&StartError> for Both {
    fn from(error: &StartError) -> Self {
        let french = match error {
            StartError::Store(below) => {
                let (what, why) = (no_database(), Self::from(below));
                format!("{} : {}", what.say(Lang::Fr), why.say(Lang::Fr))
            }
            StartError::Settings(settings) => of_settings(settings),
            // The file's name and what TLS says of it.
            _ => chain(error),
        };
        Self::new(chain(error), french)
    }
}

fn of_settings(settings: &BadSettings) -> String {
    match settings {
        BadSettings::Url(BadUrl::NotAnOrigin(url)) => format!(
            "{url:?} n'est pas une adresse comme https://fibre.oc.example : un schéma, un hôte, pas de chemin"
        ),
        BadSettings::Url(BadUrl::Plain(url)) => format!(
            "{url} est en HTTP simple : au-delà de cette machine, le portail ne s'atteint que par https"
        ),
        BadSettings::OpenId(why) => format!(
            "OpenID Connect : {}",
            match why {
                BadOpenId::NotHttps(url) => format!("{url} n'est pas une adresse https"),
                BadOpenId::EmptySecret => "le secret du client est vide".to_owned(),
                BadOpenId::Authority(_) => "son autorité ne peut pas être utilisée".to_owned(),
                other => chain(other),
            }
        ),
        BadSettings::Nobody => {
            "ni les comptes ni OpenID Connect ne laissent entrer personne".to_owned()
        }
        other => chain(other),
    }
}
