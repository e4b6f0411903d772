//! The command line: arguments in, exit code out.

use std::{env, io, io::IsTerminal, process::ExitCode};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{
    commands::{
        completions, doctor, explain, follow, man, portal, profile, reprovision, routes, status,
        structure,
    },
    context::Context,
    exit,
    failure::Failure,
    french,
    lang::Lang,
    output::{self, Format},
    timeouts::{self, Timeouts},
};

/// The commercial operator's command line, for any e-Reprov FTTH 2.0 service.
#[derive(Debug, Parser)]
#[command(name = "ereprov", version, after_help = exit::HELP, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    everywhere: Everywhere,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
struct Everywhere {
    /// The profile to use; without it, the default one.
    #[arg(short, long, global = true, value_name = "NAME", env = "EREPROV_PROFILE")]
    profile: Option<String>,
    /// How to print: a table for people, JSON or CSV for programs, or the service's own XML.
    #[arg(short, long, global = true, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Format,
    /// Language of what people read; without it, the locale's.
    #[arg(long, global = true, value_enum)]
    lang: Option<Lang>,
    /// Never colours; `NO_COLOR`, a pipe and `TERM=dumb` do the same.
    #[arg(long, global = true)]
    no_color: bool,
    /// Never ask anything: fail where something would have to be asked.
    #[arg(long, global = true)]
    no_input: bool,
    /// Show every question and answer on standard error, the password masked.
    #[arg(long, global = true)]
    trace: bool,
    /// Read the password from the first line of standard input instead of its file.
    #[arg(long, global = true)]
    password_stdin: bool,
    /// Seconds that a connection may take, 1 to 120; without it, 10, or half of --timeout if that is less.
    /// `profile add` keeps it.
    #[arg(long, global = true, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=timeouts::CONNECT_MAX_S))]
    connect_timeout: Option<u64>,
    /// Seconds that a whole call may take, its connection included, 1 to 600; without it, 60. `profile add` keeps
    /// it.
    #[arg(long, global = true, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=timeouts::CALL_MAX_S))]
    timeout: Option<u64>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show a contract's site: floors, PBOs, sockets (getSiteStructure; one call).
    Structure(structure::Args),
    /// Show the fibres of a floor or of a PBO, and which of them the rules allow (getRoSite; one call).
    Routes(routes::Args),
    /// Ask for another fibre (putReprovisionning).
    ///
    /// After a timeout or a cut connection it finds out what became of the request before anything is
    /// sent again, and says so where it cannot (exit code 8).
    Reprovision(reprovision::Args),
    /// Show where a contract's re-provisioning stands (getReprovisionning; one call).
    Status(status::Args),
    /// Follow a re-provisioning to its end, in at most four calls.
    Follow(follow::Args),
    /// Explain a code of §4; works offline.
    Explain(explain::Args),
    /// Check the way to the service: DNS, TLS, clock, WSDL, login and quota; one call at the most.
    Doctor(doctor::Args),
    /// Serve the technicians' portal: from a contract to its new fibre, on their phones.
    ///
    /// It runs until Ctrl-C or SIGTERM; what has begun is finished then. Technicians are added with
    /// `ereprov portal technician add`, or sign in with the operator's OpenID Connect (docs/portal.md).
    Portal(portal::Args),
    /// Services and logins.
    #[command(subcommand)]
    Profile(profile::Command),
    /// Print the completions for a shell.
    ///
    /// For bash, for example: `ereprov completions bash > /etc/bash_completion.d/ereprov`
    Completions(completions::Args),
    /// Write the manual pages into a folder.
    Man(man::Args),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let lang = Lang::of_arguments(env::args_os().skip(1), |name| env::var(name).ok());
    let matches = french::speak(lang, Cli::command()).try_get_matches();
    let read = matches.and_then(|matches| Cli::from_arg_matches(&matches));
    let Cli { everywhere, command } = match read {
        Ok(cli) => cli,
        Err(error) => match lang.pick(None, french::refusal(&error)) {
            Some(failure) => return failure.report(lang, Format::Table),
            None => error.exit(),
        },
    };
    let context = everywhere.context();
    let serves = matches!(&command, Command::Portal(args) if args.serves());
    let mut builder = if serves {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::new(exit::FAILED, error.to_string());
            return failure.report(context.lang, context.format);
        }
    };
    let outcome = runtime.block_on(async {
        if serves {
            // It listens for signals itself, and finishes what has begun.
            return run(&context, command).await;
        }
        tokio::select! {
            // Ctrl-C is listened for before anything begins.
            biased;
            _ = tokio::signal::ctrl_c() => Err(interrupted(&context)),
            outcome = run(&context, command) => outcome,
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(context.lang, context.format),
    }
}

async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    if context.format == Format::Xml && command.shows_what_is_not_the_service_s() {
        return Err(output::no_xml(context.lang));
    }
    match command {
        Command::Structure(args) => structure::run(context, &args).await,
        Command::Routes(args) => routes::run(context, &args).await,
        Command::Reprovision(args) => reprovision::run(context, &args).await,
        Command::Status(args) => status::run(context, &args).await,
        Command::Follow(args) => follow::run(context, &args).await,
        Command::Explain(args) => explain::run(context, &args),
        Command::Doctor(args) => doctor::run(context, &args).await,
        Command::Portal(args) => portal::run(context, args).await,
        Command::Profile(command) => profile::run(context, command).await,
        Command::Completions(args) => completions::run(context, &args),
        Command::Man(args) => man::run(context, &args),
    }
}

impl Command {
    /// Whether it prints something that no single answer of the service says: there is no XML of it.
    fn shows_what_is_not_the_service_s(&self) -> bool {
        match self {
            Self::Status(args) => args.is_about_this_machine(),
            Self::Explain(_) | Self::Doctor(_) => true,
            Self::Profile(command) => command.prints(),
            Self::Portal(args) => args.prints(),
            _ => false,
        }
    }
}

fn interrupted(context: &Context) -> Failure {
    let message = context.lang.pick("interrupted", "interrompu");
    Failure::new(exit::INTERRUPTED, message).hint(context.lang.pick(
        "`ereprov status` shows a request whose outcome is unknown",
        "`ereprov status` montre une demande dont l'issue est inconnue",
    ))
}

impl Everywhere {
    fn context(self) -> Context {
        let set = |name: &str| env::var(name).ok();
        let is_plain = self.no_color
            || env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || set("TERM").is_some_and(|term| term == "dumb")
            || !io::stdout().is_terminal();
        Context {
            lang: self.lang.unwrap_or_else(|| Lang::of_locale(set)),
            format: self.output,
            colours: !is_plain,
            no_input: self.no_input,
            trace: self.trace,
            profile: self.profile,
            password_stdin: self.password_stdin,
            timeouts: Timeouts { connect_s: self.connect_timeout, call_s: self.timeout },
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_hold_together() {
        super::Cli::command().debug_assert();
    }
}
