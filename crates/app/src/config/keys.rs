//! The one table of keys: what can be configured, of which kind each is, and what holds when nobody says anything.
//! `docs/configuration.md` describes them, in this order; a test holds the two together.

use std::fmt;

/// One thing that can be configured.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// `section.key`.
    pub(crate) name: &'static str,
    /// What may be written.
    pub(crate) kind: Kind,
    /// What holds otherwise.
    pub(crate) default: Default,
    /// A short variable beside `TAILCAST_SECTION__KEY`.
    pub(crate) variable: Option<&'static str>,
}

/// What may be written for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `"text"`
    Text,
    /// `500` or `"64 MiB"`; text from then on.
    Amount,
    /// `true` or `false`
    Switch,
    /// `["text", …]`
    List,
    /// `{ name = "text", … }`
    Pairs,
}

/// What holds when nothing is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Default {
    /// Nothing.
    Unset,
    /// Found out when it is needed, in these words.
    Found(&'static str),
    /// This text.
    Text(&'static str),
    /// This switch.
    Switch(bool),
    /// These.
    List(&'static [&'static str]),
}

/// A value as it was written, not yet judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// For [`Kind::Text`] and [`Kind::Amount`].
    Text(String),
    /// For [`Kind::Switch`].
    Switch(bool),
    /// For [`Kind::List`].
    List(Vec<String>),
    /// For [`Kind::Pairs`].
    Pairs(Vec<(String, String)>),
}

macro_rules! keys {
    ($($constant:ident = $name:literal, $kind:ident, $default:expr $(, $variable:literal)?;)*) => {
        $(
            #[doc = concat!("`", $name, "`")]
            pub(crate) static $constant: Key = Key {
                name: $name,
                kind: Kind::$kind,
                default: $default,
                variable: keys!(@variable $($variable)?),
            };
        )*
        /// All of them, section by section.
        pub(crate) static KEYS: &[&Key] = &[$(&$constant),*];
    };
    (@variable) => { None };
    (@variable $variable:literal) => { Some($variable) };
}

keys! {
    HUB_LISTEN = "hub.listen", Text, Default::Text("127.0.0.1:8514"), "TAILCAST_LISTEN";
    HUB_BASE_PATH = "hub.base_path", Text, Default::Text("/");
    HUB_PUBLIC_URL = "hub.public_url", Text, Default::Unset;
    HUB_TRUSTED_PROXIES = "hub.trusted_proxies", List, Default::List(&[]);
    HUB_PROXY_USER_HEADER = "hub.proxy_user_header", Text, Default::Unset;
    HUB_CONNECTIONS_PER_ADDRESS = "hub.connections_per_address", Amount, Default::Unset;
    HUB_OPEN_LOOPBACK = "hub.open_loopback", Switch, Default::Switch(false);
    HUB_STATE_DIR = "hub.state_dir", Text, Default::Found("/var/lib/tailcast for root, else ~/.local/state/tailcast"), "TAILCAST_STATE_DIR";
    HUB_BROKER = "hub.broker", Text, Default::Text("embedded");
    HUB_BROKER_PASSWORD_FILE = "hub.broker_password_file", Text, Default::Unset;
    HUB_AGENT = "hub.agent", Switch, Default::Switch(true);
    CLUSTER_NAME = "cluster.name", Text, Default::Text("tailcast");
    CLUSTER_KEY_FILE = "cluster.key_file", Text, Default::Unset;
    CLUSTER_PEER_URL = "cluster.peer_url", Text, Default::Unset;
    CLUSTER_CA_FILE = "cluster.ca_file", Text, Default::Unset;
    PUSH_LOGS = "push.logs", Amount, Default::Text("1000");
    PUSH_LOG_SIZE = "push.log_size", Amount, Default::Text("64 MiB");
    PUSH_TOTAL_SIZE = "push.total_size", Amount, Default::Text("4 GiB");
    AGENT_HUB = "agent.hub", Text, Default::Unset, "TAILCAST_HUB";
    AGENT_HOST = "agent.host", Text, Default::Found("this machine's host name");
    AGENT_TOKEN_FILE = "agent.token_file", Text, Default::Unset, "TAILCAST_TOKEN_FILE";
    AGENT_CA_FILE = "agent.ca_file", Text, Default::Unset, "TAILCAST_CA_FILE";
    AGENT_LABELS = "agent.labels", Pairs, Default::Unset;
    AGENT_OFFER = "agent.offer", List, Default::List(&["/var/log"]);
    AGENT_EXCLUDE = "agent.exclude", List, Default::List(&[]);
    AGENT_PROCESSES = "agent.processes", Switch, Default::Switch(true);
    AGENT_PROCESSES_HISTORY = "agent.processes_history", Switch, Default::Switch(false);
    CLIENT_HUB = "client.hub", Text, Default::Text("http://127.0.0.1:8514"), "TAILCAST_HUB";
    CLIENT_TOKEN_FILE = "client.token_file", Text, Default::Unset, "TAILCAST_TOKEN_FILE";
    CLIENT_CA_FILE = "client.ca_file", Text, Default::Unset, "TAILCAST_CA_FILE";
}

/// The key of this name.
pub(crate) fn named(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name).copied()
}

impl Key {
    /// `(section, key)`.
    pub(crate) fn parts(&self) -> (&'static str, &'static str) {
        self.name.split_once('.').unwrap_or(("", self.name))
    }

    /// `TAILCAST_SECTION__KEY`.
    pub(crate) fn long_variable(&self) -> String {
        let (section, key) = self.parts();
        format!("TAILCAST_{}__{}", section.to_ascii_uppercase(), key.to_ascii_uppercase())
    }
}

impl Kind {
    /// How it is written in a file, for a complaint.
    pub(crate) const fn form(self) -> &'static str {
        match self {
            Kind::Text => "text in quotes: \"…\"",
            Kind::Amount => "a number, or text in quotes: \"…\"",
            Kind::Switch => "true or false",
            Kind::List => "a list: [\"…\", \"…\"]",
            Kind::Pairs => "names with texts: { name = \"…\" }",
        }
    }
}

impl Default {
    /// The value, where it is known before it is needed.
    pub(crate) fn value(self) -> Option<Value> {
        match self {
            Default::Unset | Default::Found(_) => None,
            Default::Text(text) => Some(Value::Text(text.to_owned())),
            Default::Switch(on) => Some(Value::Switch(on)),
            Default::List(list) => Some(Value::List(list.iter().map(|text| (*text).to_owned()).collect())),
        }
    }
}

impl fmt::Display for Value {
    /// As it is written in TOML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        match self {
            Value::Text(text) => f.write_str(&quoted(text)),
            Value::Switch(on) => write!(f, "{on}"),
            Value::List(list) => {
                let items: Vec<_> = list.iter().map(|text| quoted(text)).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Value::Pairs(pairs) => {
                let items: Vec<_> = pairs.iter().map(|(name, text)| format!("{name} = {}", quoted(text))).collect();
                write!(f, "{{ {} }}", items.join(", "))
            }
        }
    }
}
