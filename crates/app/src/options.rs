//! What flags, environment and files mean together: one struct per kind of work, complete, and right or refused.
//!
//! The end of the way that begins in [`crate::cli`] and [`crate::config`]: whoever holds one of these asks nobody any more.

mod cluster;
mod size;

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use tailcast_agent::Monitor;
use tailcast_agent::dial::{Dialer, HubUrl, Roots, Trust};
use tailcast_hub::SpoolBounds;
use tailcast_hub::access::AccessConfig;
use tailcast_hub::cluster::ClusterKey;
use tailcast_wire::HostName;

use crate::cli;
use crate::config::keys::{self, Key, Value};
use crate::config::{Complaints, Reader, Settings};
use crate::environment::Environment;
use crate::exit::{Exit, Failure, say};

pub(crate) use cluster::ClusterOptions;

/// What `serve` is to do.
#[derive(Debug)]
pub(crate) struct ServeOptions {
    /// Where to listen, unless systemd hands over a socket.
    pub(crate) listen: SocketAddr,
    /// Who may come in, under which path and name; `state_dir` is in it.
    pub(crate) access: AccessConfig,
    /// Where the key of the cluster is. It is in `access` only when the hub is to be started: whoever checks a configuration
    /// may not be allowed to read it.
    pub(crate) key_file: Option<PathBuf>,
    /// What this machine offers; `None` for a hub without an agent of its own.
    pub(crate) agent: Option<Offer>,
    /// How much of what is pushed is kept; `None` for a hub that takes nothing.
    pub(crate) pushed: Option<SpoolBounds>,
    /// The other hubs; `None` for a hub that is alone.
    pub(crate) cluster: Option<ClusterOptions>,
    /// The most connections from one address, where there is such a bound.
    pub(crate) per_address: Option<u64>,
}

/// What a machine offers, and as which host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// The name of the host.
    pub(crate) host: HostName,
    /// Words about the host.
    pub(crate) labels: Vec<(String, String)>,
    /// Absolute files, directories and globs.
    pub(crate) paths: Vec<String>,
    /// Absolute globs of what is not offered all the same.
    pub(crate) exclude: Vec<String>,
    /// Whether the host's processes are shown.
    pub(crate) processes: Monitor,
}

/// What `agent` is to do.
#[derive(Debug)]
pub(crate) struct AgentOptions {
    /// The way to the hub.
    pub(crate) dialer: Dialer,
    /// What this machine offers.
    pub(crate) offer: Offer,
}

impl ServeOptions {
    /// Of `tailcast serve`.
    pub(crate) fn new(flags: &cli::Serve, environment: &Environment) -> Result<Self, Failure> {
        let mut settings = Settings::load(flags.config.file.as_deref(), environment)?;
        settings.flag(&keys::HUB_LISTEN, "--listen", text(flags.listen.as_deref()));
        settings.flag(&keys::HUB_STATE_DIR, "--state-dir", path(flags.state_dir.as_deref())?);
        settings.flag(&keys::HUB_BROKER, "--broker", text(flags.broker.as_deref()));
        settings.flag(&keys::HUB_AGENT, "--no-agent", flags.no_agent.then_some(Value::Switch(false)));
        settings.flag(&keys::HUB_OPEN_LOOPBACK, "--open-loopback", flags.open_loopback.then_some(Value::Switch(true)));
        settings.flag(&keys::AGENT_HOST, "--host", text(flags.host.as_deref()));
        settings.flag(&keys::AGENT_OFFER, "PATH", paths(&flags.offer)?);
        let mut options = Self::of(&settings, environment)?;
        options.access.cluster = cluster_key(options.key_file.as_deref())?;
        Ok(options)
    }

    /// Of what is configured, without flags.
    pub(crate) fn of(settings: &Settings, environment: &Environment) -> Result<Self, Complaints> {
        let mut reader = Reader::new(settings);
        let listen = reader.judged(&keys::HUB_LISTEN, listen_address);
        let access = access(&mut reader, environment);
        let cluster = cluster::read(&mut reader);
        let agent = match reader.switch(&keys::HUB_AGENT) {
            true => offer(&mut reader).map(Some),
            false => Some(None),
        };
        let pushed = pushed(&mut reader);
        let key_file = reader.path(&keys::CLUSTER_KEY_FILE);
        let per_address = reader.judged(&keys::HUB_CONNECTIONS_PER_ADDRESS, connections);
        let options = (|| {
            let (access, cluster) = (access?, cluster?);
            let (listen, agent, pushed) = (listen?, agent?, pushed?);
            Some(ServeOptions { listen, access, key_file, agent, pushed, cluster, per_address })
        })();
        reader.finish(options)
    }
}

impl AgentOptions {
    /// Of `tailcast agent`.
    pub(crate) fn new(flags: &cli::Agent, environment: &Environment) -> Result<Self, Failure> {
        let mut settings = Settings::load(flags.config.file.as_deref(), environment)?;
        lay_hub_flags(&mut settings, &AGENT_WAY, &flags.hub)?;
        settings.flag(&keys::AGENT_HOST, "--host", text(flags.host.as_deref()));
        settings.flag(&keys::AGENT_OFFER, "PATH", paths(&flags.offer)?);
        let (way, offer) = Self::read(&settings)?;
        Ok(AgentOptions { dialer: way.dialer(environment)?, offer })
    }

    /// Complains about what is configured for an agent, on a machine that is to be one.
    pub(crate) fn judge(settings: &Settings) -> Result<(), Complaints> {
        match settings.get(&keys::AGENT_HUB) {
            Some(_) => Self::read(settings).map(drop),
            None => Ok(()),
        }
    }

    fn read(settings: &Settings) -> Result<(Way, Offer), Complaints> {
        let mut reader = Reader::new(settings);
        let way = way(&mut reader, &AGENT_WAY);
        if settings.get(&keys::AGENT_HUB).is_none() {
            reader.missing(
                &keys::AGENT_HUB,
                "an agent needs a hub: --hub URL, TAILCAST_HUB, or hub = \"URL\" under [agent]",
            );
        }
        let offer = offer(&mut reader);
        reader.finish((|| Some((way?, offer?)))())
    }
}

/// The way to the hub for a command that looks.
pub(crate) fn client(hub: &cli::Hub, config: &cli::ConfigFile, environment: &Environment) -> Result<Dialer, Failure> {
    let mut settings = Settings::load_readable(config.file.as_deref(), environment)?;
    lay_hub_flags(&mut settings, &CLIENT_WAY, hub)?;
    let mut reader = Reader::new(&settings);
    let way = way(&mut reader, &CLIENT_WAY);
    reader.finish(way)?.dialer(environment)
}

/// The directory of the hub's state, for a command that works on it.
pub(crate) fn state_dir(flags: &cli::State, environment: &Environment) -> Result<PathBuf, Failure> {
    let mut settings = Settings::load(flags.config.file.as_deref(), environment)?;
    settings.flag(&keys::HUB_STATE_DIR, "--state-dir", path(flags.state_dir.as_deref())?);
    let mut reader = Reader::new(&settings);
    let dir = read_state_dir(&mut reader, environment);
    Ok(reader.finish(dir)?)
}

/// The key of the cluster that this machine's hub belongs to, for a command that works on its state.
pub(crate) fn cluster(flags: &cli::State, environment: &Environment) -> Result<Option<ClusterKey>, Failure> {
    let settings = Settings::load(flags.config.file.as_deref(), environment)?;
    let mut reader = Reader::new(&settings);
    let key_file = reader.path(&keys::CLUSTER_KEY_FILE);
    let key_file = reader.finish(Some(key_file))?;
    cluster_key(key_file.as_deref())
}

fn cluster_key(file: Option<&Path>) -> Result<Option<ClusterKey>, Failure> {
    file.map(ClusterKey::read).transpose().map_err(Failure::usage)
}

/// The keys that say how a hub is reached.
struct WayKeys {
    hub: &'static Key,
    token_file: &'static Key,
    ca_file: &'static Key,
}

static AGENT_WAY: WayKeys =
    WayKeys { hub: &keys::AGENT_HUB, token_file: &keys::AGENT_TOKEN_FILE, ca_file: &keys::AGENT_CA_FILE };
static CLIENT_WAY: WayKeys =
    WayKeys { hub: &keys::CLIENT_HUB, token_file: &keys::CLIENT_TOKEN_FILE, ca_file: &keys::CLIENT_CA_FILE };

/// How a hub is reached, before the token's file is read.
struct Way {
    hub: HubUrl,
    roots: Roots,
    token_file: Option<PathBuf>,
}

impl Way {
    fn dialer(self, environment: &Environment) -> Result<Dialer, Failure> {
        let proxy = environment.proxy_to(&self.hub)?;
        let dialer = Dialer::new(self.hub, Trust::new(self.roots)).through(proxy);
        match token(self.token_file.as_deref(), environment)? {
            Some(token) => Ok(dialer.with_token(&token).map_err(|error| Failure::usage(&error))?),
            None => Ok(dialer),
        }
    }
}

/// The permission of those who are neither the file's owner nor in its group.
const READ_BY_OTHERS: u32 = 0o004;

/// The token: out of its file, or of `TAILCAST_TOKEN` when no file is named. Never out of a flag, which `ps` shows to all.
fn token(file: Option<&Path>, environment: &Environment) -> Result<Option<String>, Failure> {
    let Some(file) = file else {
        return Ok(environment.get("TAILCAST_TOKEN").map(str::to_owned));
    };
    let unreadable = |error| Failure::new(Exit::Usage, anyhow::anyhow!("the token's file {}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    if std::fs::metadata(file).is_ok_and(|meta| meta.permissions().mode() & READ_BY_OTHERS != 0) {
        let file = file.display();
        say(&format!(
            "the token's file {file} can be read by every user of this machine; chmod 600 keeps it from them"
        ));
    }
    Ok(Some(text.trim().to_owned()))
}

fn lay_hub_flags(settings: &mut Settings, way: &WayKeys, hub: &cli::Hub) -> Result<(), Failure> {
    settings.flag(way.hub, "--hub", text(hub.url.as_deref()));
    settings.flag(way.token_file, "--token-file", path(hub.token_file.as_deref())?);
    settings.flag(way.ca_file, "--ca-file", path(hub.ca_file.as_deref())?);
    Ok(())
}

fn way(reader: &mut Reader<'_>, way: &WayKeys) -> Option<Way> {
    let roots = reader.path(way.ca_file).map_or(Roots::System, Roots::File);
    let token_file = reader.path(way.token_file);
    Some(Way { hub: reader.parsed(way.hub)?, roots, token_file })
}

fn access(reader: &mut Reader<'_>, environment: &Environment) -> Option<AccessConfig> {
    let public_url = reader.parsed(&keys::HUB_PUBLIC_URL);
    let base_path = reader.judged(&keys::HUB_BASE_PATH, base_path);
    let trusted_proxies = reader.list(&keys::HUB_TRUSTED_PROXIES, network);
    let proxy_user_header = reader.parsed(&keys::HUB_PROXY_USER_HEADER);
    let open_loopback = reader.switch(&keys::HUB_OPEN_LOOPBACK);
    let state_dir = read_state_dir(reader, environment)?;
    let base_path = base_path?;
    Some(AccessConfig {
        open_loopback,
        public_url,
        base_path,
        trusted_proxies,
        proxy_user_header,
        ..AccessConfig::new(state_dir)
    })
}

/// No log at all is a hub that takes nothing.
fn pushed(reader: &mut Reader<'_>) -> Option<Option<SpoolBounds>> {
    let logs = reader.judged(&keys::PUSH_LOGS, |text| {
        text.parse()
            .map_err(|_| format!("`{text}` is no number of logs: write it like \"1000\", or \"0\" to take none"))
    });
    let log = reader.judged(&keys::PUSH_LOG_SIZE, at_least_a_mebibyte);
    let total = reader.judged(&keys::PUSH_TOTAL_SIZE, at_least_a_mebibyte);
    let bounds = SpoolBounds { logs: logs?, log: log?, total: total? };
    Some((bounds.logs > 0).then_some(bounds))
}

fn connections(text: &str) -> Result<u64, String> {
    let bound = text.parse().ok().filter(|bound| *bound > 0);
    bound.ok_or_else(|| format!("`{text}` is no number of connections: write it like \"500\""))
}

fn at_least_a_mebibyte(text: &str) -> Result<u64, String> {
    let bytes = size::size(text)?;
    if bytes >= 1 << 20 { Ok(bytes) } else { Err(format!("`{text}` is too little: write \"1 MiB\" or more")) }
}

fn read_state_dir(reader: &mut Reader<'_>, environment: &Environment) -> Option<PathBuf> {
    if let Some(set) = reader.path(&keys::HUB_STATE_DIR) {
        return Some(set);
    }
    let found = environment.state_dir();
    if found.is_none() {
        reader.missing(&keys::HUB_STATE_DIR, "there is no home directory to keep state in: give --state-dir DIR");
    }
    found
}

fn offer(reader: &mut Reader<'_>) -> Option<Offer> {
    let host = match reader.text(&keys::AGENT_HOST) {
        Some(_) => reader.parsed(&keys::AGENT_HOST),
        None => host_name(reader),
    };
    let labels = reader.pairs(&keys::AGENT_LABELS);
    let paths = reader.list(&keys::AGENT_OFFER, absolute);
    let exclude = reader.list(&keys::AGENT_EXCLUDE, absolute);
    let processes = match (reader.switch(&keys::AGENT_PROCESSES), reader.switch(&keys::AGENT_PROCESSES_HISTORY)) {
        (false, _) => Monitor::Off,
        (true, false) => Monitor::Asked,
        (true, true) => Monitor::Always,
    };
    Some(Offer { host: host?, labels, paths, exclude, processes })
}

/// The machine's own name, up to its first dot.
fn host_name(reader: &mut Reader<'_>) -> Option<HostName> {
    let system = rustix::system::uname();
    let name = system.nodename().to_string_lossy();
    let short = name.split('.').next().unwrap_or_default();
    let host = short.parse();
    host.map_err(|error| reader.missing(&keys::AGENT_HOST, &format!("{error}; give this machine a name by --host")))
        .ok()
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    // A bare port would mean either loopback or the world; the difference is worth being written.
    text.parse()
        .map_err(|_| format!("`{text}` is no address with a port: write 127.0.0.1:8514, 0.0.0.0:8514 or [::]:8514"))
}

fn base_path(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._~-".contains(&byte));
    match text.trim_end_matches('/') {
        "" => Ok("/".to_owned()),
        path if path.starts_with('/') && plain && !path.contains("//") => Ok(path.to_owned()),
        _ => Err(format!("`{text}` is no base path: write `/`, or `/tailcast` to live under that")),
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let single = || text.parse().map(|ip: std::net::IpAddr| IpNet::from(ip));
    text.parse().or_else(|_| single()).map_err(|_| format!("`{text}` is no network: write 10.0.0.0/8 or 127.0.0.1"))
}

fn absolute(text: &str) -> Result<String, String> {
    match text.starts_with('/') {
        true => Ok(text.to_owned()),
        false => Err(format!("`{text}` is relative; write it from / on")),
    }
}

fn text(flag: Option<&str>) -> Option<Value> {
    flag.map(|text| Value::Text(text.to_owned()))
}

/// A path of the command line, from the working directory on.
fn path(flag: Option<&Path>) -> Result<Option<Value>, Failure> {
    flag.map(|path| from_here(path).map(Value::Text)).transpose()
}

/// The paths of the command line; none at all leaves what is configured.
fn paths(arguments: &[PathBuf]) -> Result<Option<Value>, Failure> {
    let paths = arguments.iter().map(|path| from_here(path)).collect::<Result<Vec<_>, _>>()?;
    Ok((!paths.is_empty()).then_some(Value::List(paths)))
}

fn from_here(path: &Path) -> Result<String, Failure> {
    let absolute =
        std::path::absolute(path).map_err(|error| Failure::usage(format_args!("{}: {error}", path.display())))?;
    let text = absolute.into_os_string().into_string();
    text.map_err(|path| Failure::usage(format_args!("{}: a path must be UTF-8 text here", path.display())))
}

#[cfg(test)]
mod tests;
