//! Secrets that stand elsewhere than in a file of the profile's own: what a command prints, which may ask a
//! keyring or a password manager, and a file of headers.

use std::{
    io::Read,
    path::Path,
    process::{Command, Stdio},
    thread,
};

use ereprov_client::Password;
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    lang::{Both, Lang},
    profiles::{about, no_text, read_private},
};

/// Bytes that a command may print: an entry of a password manager has more lines than the first one.
const PRINTED_BYTES_MAX: usize = 64 * 1024;

/// A header and its value.
pub type Header = (String, Zeroizing<String>);

/// The password on the first line that a command prints. Its words are told apart as a shell does, and nothing
/// in them is replaced. It is waited for on a thread of its own, so that Ctrl-C is heard: it may ask a person.
///
/// # Errors
/// It cannot be run, says that it failed, or prints no password.
pub async fn password_of(lang: Lang, command: &str) -> Result<Password, Failure> {
    let failed = |cause: Both| {
        let message = lang.pick(
            "the password command brings no password",
            "la commande du mot de passe n'en donne pas",
        );
        Failure::usage(message).cause(cause).hint("ereprov profile show")
    };
    let words = shlex::split(command).filter(|words| !words.is_empty());
    let Some(words) = words else {
        let why = Both::new("its words cannot be told apart", "ses mots ne se distinguent pas");
        return Err(failed(why));
    };
    let (tell, told) = tokio::sync::oneshot::channel();
    thread::spawn(move || {
        // Whoever has been interrupted meanwhile does not listen any more.
        let _ = tell.send(first_line(&words));
    });
    let gone = |_| Err(Both::new("interrupted", "interrompue"));
    let line = told.await.unwrap_or_else(gone).map_err(failed)?;
    if line.is_empty() {
        return Err(failed(Both::new("it printed nothing", "elle n'a rien affiché")));
    }
    Ok(Password::new(line.to_string()))
}

fn first_line(words: &[String]) -> Result<Zeroizing<String>, Both> {
    let (program, arguments) = words.split_first().expect("there is a word");
    let about = |why: Both| {
        let said = |lang| format!("{program}: {}", why.say(lang));
        Both::new(said(Lang::En), said(Lang::Fr))
    };
    // What goes wrong with it, it says on standard error itself.
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| about((&error).into()))?;
    let mut printed = Zeroizing::new(String::new());
    let read = match child.stdout.take() {
        Some(output) => output.take(PRINTED_BYTES_MAX as u64 + 1).read_to_string(&mut printed),
        None => Ok(0),
    };
    if printed.len() > PRINTED_BYTES_MAX || read.is_err() {
        // It may go on for ever.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| about((&error).into()))?;
    read.map_err(|error| about((&error).into()))?;
    if printed.len() > PRINTED_BYTES_MAX {
        return Err(about(format!("> {PRINTED_BYTES_MAX} B").into()));
    }
    if !status.success() {
        let french = match status.code() {
            Some(code) => format!("code de sortie {code}"),
            None => "un signal l'a arrêtée".to_owned(),
        };
        return Err(about(Both::new(status.to_string(), french)));
    }
    Ok(Zeroizing::new(printed.lines().next().unwrap_or_default().to_owned()))
}

/// The headers of a file that nobody else may read: one a line, as HTTP writes them. Empty lines, and those that
/// begin with `#`, are none.
///
/// # Errors
/// It cannot be read, others can read it, or a line is no header.
pub fn headers(lang: Lang, file: &Path) -> Result<Vec<Header>, Failure> {
    let text = String::from_utf8(read_private(file)?).map(Zeroizing::new);
    let text = text.map_err(|_| about(file, no_text()))?;
    let lines = text.lines().map(str::trim).enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(index, line)| match line.split_once(':') {
            Some((name, value)) => {
                Ok((name.trim().to_owned(), Zeroizing::new(value.trim().to_owned())))
            }
            None => {
                let number = index + 1;
                Err(about(
                    file,
                    lang.pick(
                        format!("line {number} is no header: `Name: value`"),
                        format!("la ligne {number} n'est pas un en-tête : `Nom: valeur`"),
                    ),
                ))
            }
        })
        .collect()
}
