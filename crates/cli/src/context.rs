//! What every command needs: how to print, and a client of the profile's service.

use std::{
    fmt, fs,
    io::{self, IsTerminal},
    sync::{Arc, Mutex, PoisonError},
};

use ereprov_client::{
    Answered, Client, Endpoint, Exchange, Login, Operation, Password, Said, SoapVersion, Usage,
};

use crate::{
    exit,
    failure::Failure,
    lang::Lang,
    output::{self, Format, Page, printable_lines},
    profiles::{self, Home, Platform, Profile, Security, Soap},
    secrets,
    timeouts::Timeouts,
    words,
};

/// How a command was called, whichever it is.
pub struct Context {
    /// In which language people are spoken to.
    pub lang: Lang,
    /// How answers are printed.
    pub format: Format,
    /// Whether colours are shown.
    pub colours: bool,
    /// Whether nobody is there to be asked.
    pub no_input: bool,
    /// Whether exchanges are shown.
    pub trace: bool,
    /// The profile that was named.
    pub profile: Option<String>,
    /// Whether the password comes on standard input.
    pub password_stdin: bool,
    /// How long a call may take.
    pub timeouts: Timeouts,
}

/// A client of a profile's service.
pub struct Session<'c> {
    /// The client.
    pub client: Client,
    /// The profile.
    pub profile: Profile,
    context: &'c Context,
    name: String,
    answers: Arc<Mutex<Vec<(Operation, String)>>>,
}

impl Context {
    /// Whether people read what is printed.
    pub fn is_for_people(&self) -> bool {
        self.format == Format::Table
    }

    /// A label: in words for people, as it is in JSON and CSV for programs.
    pub fn label<T: fmt::Display>(
        &self,
        said: &Said<T>,
        words: impl Fn(Lang, &Said<T>) -> String,
    ) -> String {
        if self.is_for_people() { words(self.lang, said) } else { words::token(said) }
    }

    /// The named profile, or the default one, with its name.
    ///
    /// # Errors
    /// There is none.
    pub fn profile(&self) -> Result<(String, Profile), Failure> {
        let home = home()?;
        let mut all = home.load()?;
        let Some(name) = self.profile.clone().or(all.default) else {
            let none = self.lang.pick("no profile is chosen", "aucun profil n'est choisi");
            return Err(Failure::usage(none).hint(
                "ereprov profile add NAME --url URL --login LOGIN --password-stdin < password",
            ));
        };
        match all.profiles.remove(&name) {
            Some(profile) => Ok((name, profile)),
            None => Err(no_such_profile(self.lang, &name)),
        }
    }

    /// A client of the profile's service.
    ///
    /// # Errors
    /// There is no profile, no password, or they cannot be used.
    pub async fn open(&self) -> Result<Session<'_>, Failure> {
        let (name, profile, endpoint) = self.endpoint().await?;
        self.session(name, profile, endpoint)
    }

    /// The same for what sends no login: no password is looked for.
    ///
    /// # Errors
    /// There is no profile, or it cannot be used.
    pub fn open_without_login(&self) -> Result<Session<'_>, Failure> {
        let (name, profile) = self.profile()?;
        self.try_out(&name, &profile)
    }

    /// A client without a password, which shows whether a profile can be used.
    ///
    /// # Errors
    /// It cannot.
    pub fn try_out(&self, name: &str, profile: &Profile) -> Result<Session<'_>, Failure> {
        let endpoint = self.endpoint_of(profile, Password::new(String::new()))?;
        self.session(name.to_owned(), profile.clone(), endpoint)
    }

    /// The profile's service with its login, and the profile with its name.
    ///
    /// # Errors
    /// There is no profile, no password, or they cannot be used.
    pub async fn endpoint(&self) -> Result<(String, Profile, Endpoint), Failure> {
        let (name, profile) = self.profile()?;
        let password = self.password(&home()?, &name, &profile).await?;
        let endpoint = self.endpoint_of(&profile, password)?;
        Ok((name, profile, endpoint))
    }

    fn session(
        &self,
        name: String,
        profile: Profile,
        endpoint: Endpoint,
    ) -> Result<Session<'_>, Failure> {
        let answers = Arc::new(Mutex::new(Vec::new()));
        let (kept, traces) = (Arc::clone(&answers), self.trace);
        let endpoint = endpoint.observer(move |exchange| {
            if traces {
                output::aside(&traced(exchange));
            }
            if exchange.status.is_some() {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push((exchange.operation, exchange.received.clone()));
            }
        });
        let client = Client::new(endpoint, &home()?.state);
        let client = client.map_err(|error| Failure::of_setup(self.lang, &error))?;
        Ok(Session { client, profile, context: self, name, answers })
    }

    async fn password(
        &self,
        home: &Home,
        name: &str,
        profile: &Profile,
    ) -> Result<Password, Failure> {
        if self.password_stdin {
            return profiles::password_from_stdin().await;
        }
        match (&profile.password_command, &profile.password_file) {
            (Some(command), _) => secrets::password_of(self.lang, command).await,
            (None, Some(file)) => profiles::read_password(file),
            (None, None) => profiles::read_password(&home.secret(name)),
        }
    }

    fn endpoint_of(&self, profile: &Profile, password: Password) -> Result<Endpoint, Failure> {
        let login = profile.login.clone();
        let login = match profile.security {
            Security::Basic => Login::Basic(login, password),
            Security::UsernameToken => Login::UsernameToken(login, password),
            Security::PasswordDigest => Login::PasswordDigest(login, password),
        };
        let soap = match profile.soap {
            Soap::V11 => SoapVersion::V11,
            Soap::V12 => SoapVersion::V12,
        };
        let (connect, call) = self.timeouts.or(profile.timeouts()).read(self.lang)?;
        let mut endpoint =
            Endpoint::new(&profile.url).login(login).soap(soap).timeouts(connect, call);
        if let Some(file) = &profile.authority {
            endpoint = endpoint.authority(fs::read(file).map_err(|e| profiles::about(file, &e))?);
        }
        if let Some(file) = &profile.certificate {
            endpoint = endpoint.certificate(profiles::read_private(file)?);
        }
        if let Some(file) = &profile.headers {
            for (name, value) in secrets::headers(self.lang, file)? {
                endpoint = endpoint.header(&name, &value);
            }
        }
        if let Some(proxy) = &profile.proxy {
            endpoint = endpoint.proxy(proxy);
        }
        if let Some(quota) = profile.quota {
            endpoint = endpoint.quota_per_month(quota);
        }
        Ok(endpoint)
    }
}

impl Session<'_> {
    /// Prints what a call has brought, and beside it what it has cost.
    pub fn print<T>(&self, answered: &Answered<T>, page: &Page) -> Result<(), Failure> {
        if self.context.format == Format::Xml {
            self.print_raw(None)?;
        } else {
            page.print(self.context)?;
        }
        self.tell_usage(&answered.usage);
        let count = answered.departures.len();
        if count > 0 && self.context.format == Format::Table {
            output::aside(&self.context.lang.pick(
                format!(
                    "the answer departs from the WSDL in {count} places (--output json lists them)"
                ),
                format!(
                    "la réponse s'écarte du WSDL en {count} endroits (--output json les donne)"
                ),
            ));
        }
        Ok(())
    }

    /// Prints the last answer as it came, of one method where one is named; nothing where there is none.
    pub fn print_raw(&self, operation: Option<Operation>) -> Result<(), Failure> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = |of: Operation| operation.is_none_or(|operation| operation == of);
        match answers.iter().rev().find(|(of, _)| wanted(*of)) {
            Some((_, answer)) => output::raw(answer),
            None => Ok(()),
        }
    }

    /// Says how much of the quota is used: to people always, to programs where they are to be warned.
    pub fn tell_usage(&self, usage: &Usage) {
        let lang = self.context.lang;
        if let Some(warning) = words::reached(lang, usage) {
            output::aside(&warning);
        } else if self.context.format == Format::Table {
            output::aside(&words::used(lang, usage));
        }
    }

    /// A failed call: with `--output xml`, the answer is printed all the same.
    pub fn failed(&self, error: &ereprov_client::Error, contract: &str) -> Failure {
        if self.context.format == Format::Xml && matches!(error, ereprov_client::Error::Ko(_)) {
            // What cannot be printed is told by the failure that follows.
            let _ = self.print_raw(None);
        }
        Failure::of(self.context.lang, error, Some(contract))
    }

    /// Asks, where the profile leads to real lines.
    ///
    /// # Errors
    /// The answer is no, or there is nobody to ask.
    pub async fn confirm(&self, what: &str) -> Result<(), Failure> {
        if self.profile.platform == Platform::Pack {
            return Ok(());
        }
        let lang = self.context.lang;
        let is_alone = self.context.no_input || self.context.password_stdin;
        if is_alone || !io::stdin().is_terminal() {
            let name = &self.name;
            let message = lang.pick(
                format!("the profile {name} leads to PROD, and nobody is there to be asked"),
                format!("le profil {name} mène à la PROD, et il n'y a personne à qui demander"),
            );
            return Err(Failure::usage(message).hint(lang.pick(
                "--yes says that it is meant; nothing was sent",
                "--yes dit que c'est voulu ; rien n'a été envoyé",
            )));
        }
        output::aside(&lang.pick(
            format!("{what}\nThis is PROD. Type yes to send it:"),
            format!("{what}\nC'est la PROD. Tapez oui pour envoyer :"),
        ));
        let line = profiles::line_from_stdin().await?;
        if matches!(line.trim().to_lowercase().as_str(), "yes" | "oui") {
            return Ok(());
        }
        Err(Failure::new(exit::FAILED, lang.pick("nothing was sent", "rien n'a été envoyé")))
    }
}

/// Where profiles and state are kept.
///
/// # Errors
/// The environment does not say.
pub fn home() -> Result<Home, Failure> {
    Home::of(|name| std::env::var(name).ok())
}

/// Nobody knows that profile.
pub fn no_such_profile(lang: Lang, name: &str) -> Failure {
    let message =
        lang.pick(format!("there is no profile {name}"), format!("il n'y a pas de profil {name}"));
    Failure::usage(message).hint("ereprov profile list")
}

/// An exchange as `--trace` shows it; passwords were masked before it came here.
fn traced(exchange: &Exchange) -> String {
    let mut text = format!("> POST {}\n", exchange.operation);
    for (name, value) in &exchange.sent_headers {
        text.push_str(&format!("> {name}: {value}\n"));
    }
    text.push_str(&format!("{}\n", exchange.sent));
    if let Some(status) = exchange.status {
        text.push_str(&format!("< HTTP {status} ({} ms)\n", exchange.took.as_millis()));
    }
    for (name, value) in &exchange.received_headers {
        text.push_str(&format!("< {name}: {value}\n"));
    }
    text.push_str(&exchange.received);
    printable_lines(&text)
}
