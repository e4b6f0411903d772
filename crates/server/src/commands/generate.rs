//! `ereprovd generate`: a network made up, in files that `import` reads.

use std::{fs, io, path::PathBuf};

use serde_json::json;

use super::{
    context::Context,
    output::{self, Failure},
};
use crate::{
    admission::{
        credentials::{LOGIN_RULE, is_login},
        password,
    },
    clock::Entropy,
    generate::{Plan, generate},
};

/// The operators that are made up with the network, where none are named.
const OPERATORS: [&str; 4] = ["oc-essai-1", "oc-essai-2", "oc-essai-3", "oc-essai-4"];

/// How large, and where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder for the files; made where it is not there. None of them may be there yet.
    folder: PathBuf,
    /// Lines (fibres) of the network, such as 10000, 500k or 10M.
    #[arg(long, value_parser = number)]
    lines: u64,
    /// The same seed makes the same files.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Whose the contracts are: an operator that is there already; may be repeated. Without it, four
    /// are made up whose passwords are their logins: keep them where nobody else can ask.
    #[arg(long, value_name = "LOGIN")]
    operator: Vec<String>,
}

fn number(text: &str) -> Result<u64, String> {
    let (digits, times) = match text.strip_suffix(['k', 'K', 'M']) {
        Some(digits) if text.ends_with('M') => (digits, 1_000_000),
        Some(digits) => (digits, 1000),
        None => (text, 1),
    };
    let number = digits.parse::<u32>().ok().map(|number| u64::from(number) * times);
    // As many as there are keys for.
    let fits = number.filter(|number| (1..=2_000_000_000).contains(number));
    fits.ok_or_else(|| "a number, such as 10000, 500k or 10M".to_owned())
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let Args { folder, lines, seed, operator } = args;
    if operator.iter().any(|login| !is_login(login)) {
        return Err(Failure::usage(LOGIN_RULE));
    }
    let is_made_up = operator.is_empty();
    let operators = if is_made_up { OPERATORS.map(str::to_owned).into() } else { operator };
    let plan = Plan { lines, seed, operators };
    let making = tokio::task::spawn_blocking(move || {
        fs::create_dir_all(&folder)?;
        if is_made_up {
            write_operators(&folder.join("operators.csv"), &plan)?;
        }
        generate(&folder, &plan)
    });
    let made = making.await.map_err(anyhow::Error::new)?.map_err(anyhow::Error::new)?;
    if context.json {
        let files = made.iter().map(|(file, lines)| json!({"file": file, "lines": lines}));
        return output::json(&files.collect::<Vec<_>>());
    }
    let rows = made.iter().map(|(file, lines)| vec![(*file).to_owned(), lines.to_string()]);
    output::table(&["FILE", "LINES"], rows.collect(), "nothing")
}

fn write_operators(file: &std::path::Path, plan: &Plan) -> io::Result<()> {
    let mut text = "login;name;password_hash;profile;quota;sessions\n".to_owned();
    for (n, login) in plan.operators.iter().enumerate() {
        // The salt is the seed's, too: these passwords are no secrets.
        let salt = plan.seed.wrapping_mul(31).wrapping_add(n as u64);
        let entropy = Entropy::from_fn(move |bytes| {
            bytes.iter_mut().zip(salt.to_be_bytes().iter().cycle()).for_each(|(b, s)| *b = *s);
        });
        let hash = password::hash(login, &entropy).map_err(io::Error::other)?;
        text.push_str(&format!("{login};OC d'essai {};{hash};OC;;\n", n + 1));
    }
    let mut made = fs::File::create_new(file)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))?;
    io::Write::write_all(&mut made, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn sizes_as_people_write_them() {
        assert_eq!(number("10k"), Ok(10_000));
        assert_eq!(number("10M"), Ok(10_000_000));
        assert_eq!(number("48"), Ok(48));
        for none in ["many", "0", "9G", "4000M", "-1"] {
            assert!(number(none).is_err(), "{none}");
        }
    }
}
