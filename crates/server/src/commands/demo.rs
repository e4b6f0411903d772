//! `ereprovd demo`: the service on the demo network, with nothing to configure.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use super::{
    context::{Context, act, open, parts},
    output::{self, Failure},
    serve::{stop, until_signalled},
};
use crate::{
    demo,
    inventory::load::load,
    run::{self, Running},
    telemetry::log,
};

/// Where the demo runs.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to listen; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR:PORT")]
    listen: SocketAddr,
    /// Keep the data here and use it again; without it, a temporary folder that goes with the demo.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Start over: the demo's data in --data-dir is made anew.
    #[arg(long, requires = "data_dir")]
    reset: bool,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    if context.config.is_some() {
        return Err(Failure::usage("the demo has its own configuration")
            .hint("without --config and EREPROV_CONFIG it starts; `ereprovd serve` runs the service with yours"));
    }
    let temporary;
    let folder = match &args.data_dir {
        Some(folder) => folder.as_path(),
        None => {
            temporary = tempfile::Builder::new()
                .prefix("ereprov-demo-")
                .tempdir()
                .map_err(anyhow::Error::new)?;
            temporary.path()
        }
    };
    let demo = demo::configure(folder, args.listen)?;
    let config = &demo.config;
    let claim = run::claim(config)?;
    demo.write()?;
    if args.reset {
        demo.forget()?;
    }
    let _log = log::start(config.telemetry.log_format, config.telemetry.log_level);
    let store = open(config).await?;
    load(&store, &demo::files(), &config.profiles()?, act("demo", "", "")).await?;
    let running = run::start(config, claim, store, parts())
        .await
        .map_err(|error| Failure::from(error).hint("`--listen 127.0.0.1:0` takes any free port"))?;
    output::line(&greeting(&running, &demo.file, args.data_dir.is_some()))?;
    until_signalled().await?;
    stop(running).await
}

/// What a newcomer needs, and nothing that does not work when pasted.
fn greeting(running: &Running, config: &Path, kept: bool) -> String {
    let url = &running.service.public_url;
    let program = std::env::current_exe().unwrap_or_else(|_| "ereprovd".into());
    let (program, config) = (program.display(), config.display());
    let telemetry = running
        .telemetry
        .map_or(String::new(), |address| format!("\n  metrics   http://{address}/metrics"));
    format!(
        "e-Reprov FTTH 2.0, demo network

  service   {url}
  WSDL      {url}?wsdl
  login     oc-demo / oc-demo
  contract  MUT56816520160316162024{telemetry}

Try it (`| xmllint --format -` behind it makes the answer easier to read):

  curl -s -u oc-demo:oc-demo -H 'Content-Type: text/xml; charset=utf-8' {url} -d \
'<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
<e:getSiteStructure xmlns:e=\"http://sfr.fr/hermes/eReprov/\">\
<referenceContrat>MUT56816520160316162024</referenceContrat>\
</e:getSiteStructure></s:Body></s:Envelope>'

  {program} --config {config} operator list

More contracts and fibres, and what comes of asking for them: docs/demo-network.md
Ctrl-C stops it{}.",
        if kept { "; the data stays" } else { ", and its data goes (--data-dir DIR keeps it)" }
    )
}
