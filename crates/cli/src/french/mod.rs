//! The help texts in French: those that clap has, replaced one by one. What is wrong with arguments, too.

mod portal;
mod refusal;
mod texts;

use std::fmt::Write;

use clap::{
    Arg, ArgAction, Command,
    builder::{PossibleValue, StyledStr},
};
pub use refusal::refusal;

use crate::lang::Lang;

/// English and French.
type Pair = (&'static str, &'static str);

/// The same command, whose help speaks a language; what the table does not have stays English.
pub fn speak(lang: Lang, mut command: Command) -> Command {
    match lang {
        Lang::En => command,
        Lang::Fr => {
            // Its own help, and the options that hold everywhere, are there once it is built.
            command.build();
            translate(command)
        }
    }
}

fn translate(mut command: Command) -> Command {
    const LAYOUT: &str =
        "{before-help}{about-with-newline}\nUtilisation: {usage}\n\n{all-args}{after-help}";
    if let Some(about) = command.get_about().and_then(french) {
        command = command.about(about);
    }
    if let Some(about) = command.get_long_about().and_then(french) {
        command = command.long_about(about);
    }
    if let Some(after) = command.get_after_help().and_then(french) {
        command = command.after_help(after);
    }
    command
        .help_template(LAYOUT)
        .subcommand_help_heading("Commandes")
        .subcommand_value_name("COMMANDE")
        .mut_args(argument)
        .mut_subcommands(translate)
}

fn argument(mut arg: Arg) -> Arg {
    let names = arg.get_value_names().unwrap_or_default();
    let names: Option<Vec<_>> = names.iter().map(|name| find(&value_names(), name)).collect();
    if let Some(names) = names.filter(|names| arg.get_action().takes_values() && !names.is_empty())
    {
        arg = arg.value_names(names);
    }
    if let Some(heading) = arg.get_help_heading().and_then(|text| find(&all_texts(), text)) {
        arg = arg.help_heading(heading);
    }
    let Some(short) = arg.get_help().map(or_english) else { return arg };
    let long = arg.get_long_help().map_or_else(|| short.clone(), or_english);
    let is_list = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    let values = if is_list { arg.get_possible_values() } else { Vec::new() };
    let about = about(&arg);
    let short = [&[short + &brief(&values)], &about[..]].concat().join(" ");
    let long = [&[long + &listed(&values)], &about[..]].concat().join("\n\n");
    // clap says these in English.
    let arg = arg.hide_possible_values(true).hide_default_value(true).hide_env(true);
    arg.help(short).long_help(long)
}

/// Its default value, and the variable that it is taken from.
fn about(arg: &Arg) -> Vec<String> {
    let mut about = Vec::new();
    if let Some(variable) = arg.get_env() {
        let variable = variable.to_string_lossy();
        about.push(format!("[env\u{a0}: {variable}]"));
    }
    let defaults: Vec<_> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if arg.get_action().takes_values() && !defaults.is_empty() {
        about.push(format!("[par défaut\u{a0}: {}]", defaults.join(", ")));
    }
    about
}

fn brief(values: &[PossibleValue]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let names: Vec<_> = values.iter().map(PossibleValue::get_name).collect();
    format!(" [valeurs possibles\u{a0}: {}]", names.join(", "))
}

/// The values, each with what it means, where that is said.
fn listed(values: &[PossibleValue]) -> String {
    if values.iter().all(|value| value.get_help().is_none()) {
        return brief(values).replacen(' ', "\n\n", 1);
    }
    let mut text = "\n\nValeurs possibles\u{a0}:".to_owned();
    for value in values {
        let help = value.get_help().map(or_english).unwrap_or_default();
        // A text is always written to.
        let _ = write!(text, "\n- {}\u{a0}: {help}", value.get_name());
    }
    text
}

/// Every sentence.
fn all_texts() -> Vec<Pair> {
    [texts::TEXTS, portal::TEXTS].concat()
}

/// Every name of a value.
fn value_names() -> Vec<Pair> {
    [texts::VALUE_NAMES, portal::VALUE_NAMES].concat()
}

fn find(table: &[(&str, &'static str)], english: &str) -> Option<&'static str> {
    table.iter().find_map(|(known, french)| (*known == english).then_some(*french))
}

fn french(english: &StyledStr) -> Option<String> {
    find(&all_texts(), &english.to_string()).map(held_together)
}

/// No line ends before a sign that French sets apart by a blank.
fn held_together(french: &str) -> String {
    const APART: [(&str, &str); 4] =
        [(" :", "\u{a0}:"), (" ;", "\u{a0};"), (" »", "\u{a0}»"), ("« ", "«\u{a0}")];
    APART.iter().fold(french.to_owned(), |text, (blank, held)| text.replace(blank, held))
}

fn or_english(english: &StyledStr) -> String {
    french(english).unwrap_or_else(|| english.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    /// Every text of a command and of those below it.
    fn collect(command: &Command, texts: &mut BTreeSet<String>, names: &mut BTreeSet<String>) {
        let abouts = [command.get_about(), command.get_long_about(), command.get_after_help()];
        texts.extend(abouts.into_iter().flatten().map(ToString::to_string));
        for arg in command.get_arguments() {
            let helps = [arg.get_help(), arg.get_long_help()];
            texts.extend(helps.into_iter().flatten().map(ToString::to_string));
            texts.extend(arg.get_help_heading().map(str::to_owned));
            if !arg.get_action().takes_values() {
                continue;
            }
            let values = arg.get_possible_values();
            texts.extend(values.iter().filter_map(|value| Some(value.get_help()?.to_string())));
            names.extend(arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string));
        }
        for below in command.get_subcommands() {
            collect(below, texts, names);
        }
    }

    #[test]
    fn every_text_has_its_french_and_none_is_left_over() {
        let mut command = Cli::command();
        command.build();
        let (mut texts, mut names) = (BTreeSet::new(), BTreeSet::new());
        collect(&command, &mut texts, &mut names);
        let known: BTreeSet<_> =
            all_texts().iter().map(|(english, _)| (*english).to_owned()).collect();
        assert_eq!(texts.difference(&known).collect::<Vec<_>>(), [""; 0], "without French");
        assert_eq!(known.difference(&texts).collect::<Vec<_>>(), [""; 0], "said nowhere");
        assert_eq!(all_texts().len(), known.len(), "a text stands twice");
        let known: BTreeSet<_> = value_names().iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(names.symmetric_difference(&known).collect::<Vec<_>>(), [""; 0]);
    }

    #[test]
    fn no_french_is_much_longer_than_its_english() {
        for (english, french) in all_texts() {
            let [long, short] = [french, english].map(|text| text.chars().count());
            assert!(long <= short * 3 / 2 + 12, "{long} for {short}: {french}");
            assert_eq!(french.ends_with('.'), english.ends_with('.'), "{french}");
        }
    }
}
