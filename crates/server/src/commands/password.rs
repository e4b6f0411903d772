//! Passwords at the keyboard: made up and shown once, or read from standard input.

use std::io::BufRead;

use ereprov_wire::security::Password;
use serde_json::json;

use super::{
    context::{Context, parts},
    output::{self, Failure},
};
use crate::{admission::password, calendar};

/// Where a password comes from; never an argument, which others can read.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Source {
    /// Read the password from the first line of standard input.
    #[arg(long)]
    password_stdin: bool,
}

/// A password that was chosen.
pub struct Chosen {
    /// What is kept of it.
    pub hash: String,
    /// It itself.
    pub password: Password,
    is_generated: bool,
}

impl Chosen {
    /// It itself, where this program made it up.
    pub fn generated(&self) -> Option<&str> {
        self.is_generated.then(|| self.password.expose())
    }
}

/// The password on standard input, where it is there.
///
/// # Errors
/// It cannot be read.
pub fn read(source: Source) -> Result<Option<Password>, Failure> {
    if !source.password_stdin {
        return Ok(None);
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(anyhow::Error::new)?;
    Ok(Some(Password::new(line.trim_end_matches(['\r', '\n']).to_owned())))
}

/// Makes a password up, or reads it.
///
/// # Errors
/// It is too short or too long.
pub fn choose(source: Source) -> Result<Chosen, Failure> {
    let entropy = parts().entropy;
    let given = read(source)?;
    let is_generated = given.is_none();
    let password = given.unwrap_or_else(|| Password::new(password::generate(&entropy)));
    let hash = password::hash(password.expose(), &entropy);
    let hash = hash.map_err(|bad| Failure::usage(bad.to_string()))?;
    Ok(Chosen { hash, password, is_generated })
}

/// Shows a password that is in force by now, this once, and until when the old one is too.
pub fn tell(
    context: &Context,
    login: &str,
    generated: Option<&str>,
    old_until_ms: Option<i64>,
) -> Result<(), Failure> {
    let old_until = old_until_ms.map(calendar::iso);
    let mut text = match generated {
        _ if context.json => {
            json!({"login": login, "password": generated, "old_password_until": old_until})
                .to_string()
        }
        None => format!("{login}: the password is set"),
        Some(password) => format!(
            "login     {login}\npassword  {password}\n\n\
             The password is not kept and is not shown again."
        ),
    };
    if let Some(until) = old_until.filter(|_| !context.json) {
        text.push_str(&format!("\nThe old password is accepted until {until}."));
    }
    output::must_line(&text).map_err(|error| {
        let lost = format!("{login} has a new password, which could not be shown");
        Failure::from(anyhow::Error::new(error).context(lost))
            .hint("`ereprovd operator passwd` sets another one")
    })
}
