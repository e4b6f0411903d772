//! `ereprov portal`: the portal itself, until a signal stops it.

use std::{future::Future, net::SocketAddr, path::PathBuf};

use ereprov_door::tls::{ClientCertificates, Files};
use ereprov_portal::{Door, Pace, Service, Settings, StartError, serve};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};
use tracing_subscriber::filter::LevelFilter;

use super::{
    Place,
    file::{Colours, File},
};
use crate::{
    context::{Context, home},
    exit,
    failure::Failure,
    lang::{Both, Lang},
    output::{self, Format},
};

/// How the portal is served.
#[derive(Debug, clap::Args)]
pub struct Serving {
    /// Where to listen. Beyond this machine it takes TLS, here or at a proxy. [default: 127.0.0.1:8090]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Under which address technicians reach it: `https://fibre.oc.example`
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// The operator, as its people call it; without it, the profile's login.
    #[arg(long, value_name = "NAME")]
    company: Option<String>,
    /// The hotline's telephone number.
    #[arg(long, value_name = "NUMBER")]
    hotline: Option<String>,
    /// Whom technicians write to when the operator itself has to act: an e-mail address.
    #[arg(long, value_name = "ADDRESS")]
    contact: Option<String>,
    /// In which order fibres and tubes lie in a cable. [default: sfr]
    #[arg(long, value_enum)]
    colours: Option<Colours>,
    /// The certificate of its own TLS, and those between it and its authority (PEM); read again when it
    /// changes.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// The certificate's key (PEM).
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// Runs the command.
pub async fn run(context: &Context, args: Serving) -> Result<(), Failure> {
    let lang = context.lang;
    let (file, data_folder) = args.place.read()?;
    let usual = SocketAddr::from(([127, 0, 0, 1], 8090));
    let wanted = args.listen.or(file.listen).unwrap_or(usual);
    let tls = files(&args, &file)?;
    let said = args.public_url.clone().or_else(|| file.public_url.clone());
    let proxies = file.proxies()?;
    check(lang, wanted, said.as_deref(), tls.is_some())?;
    if tls.is_none() && !wanted.ip().is_loopback() && proxies.trusted.texts().next().is_none() {
        return Err(no_proxy(lang, wanted));
    }
    let (_, profile, endpoint) = context.endpoint().await?;
    let service = Service::new(endpoint, &home()?.state);
    let service = service.map_err(|error| Failure::of_setup(lang, &error))?;

    let listener = TcpListener::bind(wanted).await.map_err(|error| {
        let message = lang.pick(
            format!("{wanted} cannot be listened on"),
            format!("impossible d'écouter sur {wanted}"),
        );
        Failure::new(exit::FAILED, message).cause(&error)
    })?;
    let bound = listener.local_addr().map_err(|e| Failure::new(exit::FAILED, e.to_string()))?;
    let public_url = said.unwrap_or_else(|| format!("http://{bound}"));
    let colours = args.colours.or(file.colours);
    let settings = Settings {
        public_url: public_url.clone(),
        data_folder,
        company: args.company.or_else(|| file.company.clone()).unwrap_or(profile.login),
        hotline: args.hotline.or_else(|| file.hotline.clone()),
        contact: args.contact.or_else(|| file.contact.clone()),
        colour_order: colours.map(Into::into).unwrap_or_default(),
        sign_in: file.sign_in()?,
        door: Door { tls, proxies },
        journal_lasts: file.journal_lasts()?,
        shares_interventions: file.shares_interventions(),
        pace: Pace::default(),
    };
    start_log(context.format);
    let ready = lang.pick(
        format!("the portal is at {public_url} (it listens on {bound})"),
        format!("le portail est à l'adresse {public_url} (il écoute sur {bound})"),
    );
    let stop = stopped(lang, ready)?;
    serve(settings, service, listener, stop).await.map_err(|error| of_start(lang, &error))
}

/// The files of its own TLS: those of the arguments, or else those of the file.
fn files(args: &Serving, file: &File) -> Result<Option<Files>, Failure> {
    let given = (args.certificate.clone(), args.key.clone());
    let given =
        if given.0.is_some() { given } else { (file.certificate.clone(), file.key.clone()) };
    match given {
        (Some(certificate), Some(key)) => Ok(Some(Files {
            certificate,
            key,
            client_ca: None,
            client_certificates: ClientCertificates::Optional,
        })),
        (None, None) => Ok(None),
        _ => Err(Failure::usage(Both::new(
            "a certificate needs its key, and a key its certificate",
            "un certificat demande sa clé, et une clé son certificat",
        ))),
    }
}

/// Passwords, sessions and discharge codes cross no network that others can read.
fn check(lang: Lang, listen: SocketAddr, url: Option<&str>, tls: bool) -> Result<(), Failure> {
    let is_https = url.is_some_and(|url| url.to_ascii_lowercase().starts_with("https://"));
    if tls && !is_https {
        let message = lang.pick(
            "with a certificate, --public-url is an https address",
            "avec un certificat, --public-url est une adresse https",
        );
        return Err(Failure::usage(message).hint("--public-url https://fibre.oc.example"));
    }
    if is_https || listen.ip().is_loopback() {
        return Ok(());
    }
    let message = lang.pick(
        format!("{listen} is reached from other machines, and there is no TLS"),
        format!("{listen} s'atteint depuis d'autres machines, et il n'y a pas de TLS"),
    );
    Err(Failure::usage(message)
        .hint(lang.pick(
            "--certificate FILE --key FILE --public-url https://fibre.oc.example",
            "--certificate FICHIER --key FICHIER --public-url https://fibre.oc.example",
        ))
        .hint(lang.pick(
            "behind a proxy that has TLS: --public-url https://fibre.oc.example",
            "derrière un proxy qui a le TLS : --public-url https://fibre.oc.example",
        )))
}

/// Without TLS of its own it speaks to proxies that it knows.
fn no_proxy(lang: Lang, listen: SocketAddr) -> Failure {
    let message = lang.pick(
        format!("{listen} is reached from other machines: which proxy has the TLS?"),
        format!("{listen} s'atteint depuis d'autres machines : quel proxy a le TLS ?"),
    );
    Failure::usage(message)
        .hint(lang.pick(
            "trusted_proxies = [\"ADDRESS\"] in the file of --config; nobody else is answered",
            "trusted_proxies = [\"ADRESSE\"] dans le fichier de --config ; personne d'autre n'a de réponse",
        ))
        .hint(lang.pick("or --certificate FILE --key FILE", "ou --certificate FICHIER --key FICHIER"))
}

/// Says that it is ready, once it is asked, which is when it is; ends at the first Ctrl-C or SIGTERM. At the
/// second one the program ends, whatever it does.
fn stopped(
    lang: Lang,
    ready: String,
) -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let failed = |error: std::io::Error| Failure::new(exit::FAILED, error.to_string());
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    Ok(async move {
        output::aside(&ready);
        either(&mut interrupt, &mut terminate).await;
        output::aside(lang.pick(
            "stopping: what has begun is finished; a second signal cuts it off",
            "arrêt : ce qui a commencé se termine ; un second signal l'interrompt",
        ));
        tokio::spawn(async move {
            either(&mut interrupt, &mut terminate).await;
            std::process::exit(exit::INTERRUPTED.into());
        });
    })
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

/// A line for whoever runs it, on standard error: what failed, and who was refused by the provider.
fn start_log(format: Format) {
    let builder = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::INFO)
        .with_target(false)
        .with_writer(std::io::stderr);
    // A log that was started before stays.
    let _ = match format {
        Format::Json => builder.json().flatten_event(true).try_init(),
        _ => builder.with_ansi(false).try_init(),
    };
}

fn of_start(lang: Lang, error: &StartError) -> Failure {
    let exit = if matches!(error, StartError::Store(_)) { exit::FAILED } else { exit::USAGE };
    let message = lang.pick("the portal does not start", "le portail ne démarre pas");
    Failure::new(exit, message).cause(error)
}
