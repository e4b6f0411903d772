//! A password that somebody chooses, where nobody sees it.

use std::io::{self, IsTerminal, Write};

use ereprov_client::Password;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::{
    context::Context,
    failure::Failure,
    output,
    profiles::{line_from_stdin, password_from_stdin},
};

/// The first line of standard input, or what is typed twice at a terminal.
///
/// # Errors
/// There is nobody to be asked, or what is typed is not the same.
pub async fn password(context: &Context) -> Result<Password, Failure> {
    let lang = context.lang;
    if context.password_stdin {
        return password_from_stdin().await;
    }
    if context.no_input || !io::stdin().is_terminal() {
        let none = lang.pick("where is the password?", "où est le mot de passe ?");
        return Err(Failure::usage(none).hint("--password-stdin < password"));
    }
    let first = ask(lang.pick("Password: ", "Mot de passe : ")).await?;
    let second = ask(lang.pick("Again: ", "Encore une fois : ")).await?;
    if first != second {
        let message = lang.pick("these are two passwords", "ce sont deux mots de passe");
        return Err(Failure::usage(message));
    }
    Ok(first)
}

async fn ask(prompt: &str) -> Result<Password, Failure> {
    let failed = |error: io::Error| Failure::usage(error.to_string());
    let unseen = Unseen::begin().map_err(failed)?;
    let mut err = io::stderr().lock();
    write!(err, "{prompt}").and_then(|()| err.flush()).map_err(failed)?;
    drop(err);
    let line = Zeroizing::new(line_from_stdin().await?);
    drop(unseen);
    // The end of the line was not seen either.
    output::aside("");
    Ok(Password::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// What is typed is not seen, until this is dropped: after Ctrl-C, too.
struct Unseen(Termios);

impl Unseen {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut unseen = before.clone();
        unseen.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &unseen)?;
        Ok(Self(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
