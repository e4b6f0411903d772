//! Several hosts of one PostgreSQL database: all are asked at once, and the first that takes writes is
//! it. Asked one after the other, one that says nothing (its machine has no power, its process hangs)
//! would keep a request from the next until its time is up.

use std::{future::Future, pin::Pin};

use deadpool_postgres::Connect;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::{JoinHandle, JoinSet},
};
use tokio_postgres::{
    Client, Config, Connection, Error, NoTls,
    config::{Host, TargetSessionAttrs},
};
use tokio_postgres_rustls::MakeRustlsConnect;

type Connecting<'h> =
    Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + 'h>>;

/// The hosts of a URL.
pub(super) struct Hosts {
    each: Vec<Config>,
    tls: Option<MakeRustlsConnect>,
}

impl Hosts {
    /// Each by itself. Of several, only the one that takes writes will do, whatever the URL asks for.
    pub(super) fn of(config: &Config, tls: Option<MakeRustlsConnect>) -> Self {
        let hosts = config.get_hosts();
        if hosts.len() < 2 || config.get_hostaddrs().len() > 1 {
            return Self { each: vec![config.clone()], tls };
        }
        let ports = config.get_ports();
        let port = |n: usize| ports.get(n).or(ports.first()).copied();
        let each = hosts.iter().enumerate().map(|(n, host)| alone(config, host, port(n)));
        Self { each: each.collect(), tls }
    }
}

impl Connect for Hosts {
    fn connect(&self, config: &Config) -> Connecting<'_> {
        let config = config.clone();
        Box::pin(async move {
            let mut asked = JoinSet::new();
            for host in self.each.clone() {
                asked.spawn(connect(host, self.tls.clone()));
            }
            let mut failed = None;
            while let Some(answered) = asked.join_next().await {
                match answered {
                    Ok(Ok(connected)) => return Ok(connected),
                    Ok(Err(error)) => failed = Some(error),
                    Err(_) => {}
                }
            }
            match failed {
                Some(error) => Err(error),
                // Without any host, or with a bug in there: the driver says which.
                None => connect(config, self.tls.clone()).await,
            }
        })
    }
}

/// Connects to one host.
async fn connect(
    config: Config,
    tls: Option<MakeRustlsConnect>,
) -> Result<(Client, JoinHandle<()>), Error> {
    match tls {
        None => config.connect(NoTls).await.map(carried),
        Some(tls) => config.connect(tls).await.map(carried),
    }
}

/// A client whose connection is carried on by a task of its own. The pool sees that it is closed; why,
/// each request on it is told.
fn carried<S, T>((client, connection): (Client, Connection<S, T>)) -> (Client, JoinHandle<()>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    (client, tokio::spawn(async { connection.await.unwrap_or_default() }))
}

fn alone(config: &Config, host: &Host, port: Option<u16>) -> Config {
    let mut alone = Config::new();
    match host {
        Host::Tcp(name) => alone.host(name),
        Host::Unix(path) => alone.host_path(path),
    };
    port.map(|port| alone.port(port));
    config.get_user().map(|user| alone.user(user));
    config.get_password().map(|password| alone.password(password));
    config.get_dbname().map(|name| alone.dbname(name));
    config.get_options().map(|options| alone.options(options));
    config.get_application_name().map(|name| alone.application_name(name));
    config.get_connect_timeout().map(|timeout| alone.connect_timeout(*timeout));
    config.get_tcp_user_timeout().map(|timeout| alone.tcp_user_timeout(*timeout));
    config.get_keepalives_interval().map(|interval| alone.keepalives_interval(interval));
    config.get_keepalives_retries().map(|retries| alone.keepalives_retries(retries));
    alone
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .channel_binding(config.get_channel_binding())
        .target_session_attrs(TargetSessionAttrs::ReadWrite);
    alone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_keeps_what_the_url_says() {
        let url =
            "postgres://u:p@a:1,b:2,%2Frun/d?connect_timeout=7&application_name=x&sslmode=disable";
        let Hosts { each, .. } = Hosts::of(&url.parse().unwrap(), None);
        let expected = ["a:1", "b:2"].map(|host| {
            format!(
                "postgres://u:p@{host}/d?connect_timeout=7&application_name=x&sslmode=disable\
                 &target_session_attrs=read-write"
            )
        });
        let expected = expected.map(|url| url.parse::<Config>().unwrap());
        assert_eq!(each[..2], expected);
        assert_eq!(each[2].get_hosts(), [Host::Unix("/run".into())]);
        let one: Config = "postgres://u@a/d".parse().unwrap();
        assert_eq!(Hosts::of(&one, None).each, [one]);
    }
}
