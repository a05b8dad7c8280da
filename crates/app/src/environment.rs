//! What the environment says, read once and handed on: nothing else in the program looks at it, so a test can say
//! what it says.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

use tailcast_agent::dial::{HubUrl, NoProxy, ProxyUrl, Scheme};

use crate::exit::Failure;

/// Variables and their values. Those that are not text are left out: none of ours can be meant by them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// As it is now.
    pub(crate) fn of_this_process() -> Self {
        let pairs =
            env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Environment(pairs.collect())
    }

    /// The value of `name`; one that is set to nothing is not set.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// All that begins with `TAILCAST_`, by name.
    pub(crate) fn ours(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(name, value)| name.starts_with("TAILCAST_") && !value.is_empty())
    }

    /// The proxy through which `hub` is reached, by the variables that curl reads. `HTTP_PROXY` in capitals is not one of
    /// them: a CGI program's client can set it.
    pub(crate) fn proxy_to(&self, hub: &HubUrl) -> Result<Option<ProxyUrl>, Failure> {
        let names: &[&str] = match hub.scheme() {
            Scheme::Https => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
            Scheme::Http => &["http_proxy", "all_proxy", "ALL_PROXY"],
        };
        let direct = self.get("no_proxy").or(self.get("NO_PROXY")).map(NoProxy::parse).unwrap_or_default();
        let Some((name, value)) = names.iter().find_map(|name| Some((name, self.get(name)?))) else {
            return Ok(None);
        };
        if direct.covers(hub) {
            return Ok(None);
        }
        value.parse().map(Some).map_err(|error| Failure::usage(format_args!("{name}: {error}")))
    }

    /// Where a service keeps its state: systemd's `StateDirectory=`, else the system's place for root and the user's
    /// own for others (XDG Base Directory Specification).
    pub(crate) fn state_dir(&self) -> Option<PathBuf> {
        if let Some(first) = self.get("STATE_DIRECTORY").and_then(|list| list.split(':').next()) {
            return Some(PathBuf::from(first));
        }
        if rustix::process::geteuid().is_root() {
            return Some(PathBuf::from("/var/lib/tailcast"));
        }
        let own = self.get("XDG_STATE_HOME").map(PathBuf::from);
        own.or_else(|| Some(PathBuf::from(self.get("HOME")?).join(".local/state"))).map(|dir| dir.join("tailcast"))
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Environment(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_is_reached_through_the_proxy_of_its_scheme_unless_it_is_near() {
        let environment = Environment::from([
            ("HTTPS_PROXY", "http://secure:3128"),
            ("http_proxy", "plain:3128"),
            ("HTTP_PROXY", "http://forged:1"),
            ("NO_PROXY", "near.example"),
        ]);
        let proxy = |hub: &str| environment.proxy_to(&hub.parse().unwrap()).unwrap().map(|proxy| format!("{proxy:?}"));
        assert_eq!(proxy("https://far.example").as_deref(), Some("secure:3128"));
        assert_eq!(proxy("http://far.example").as_deref(), Some("plain:3128"));
        assert_eq!(proxy("https://near.example"), None);
        assert_eq!(proxy("http://127.0.0.1:8514"), None);
    }

    #[test]
    fn a_variable_set_to_nothing_is_not_set() {
        let environment = Environment::from([("TAILCAST_HUB", ""), ("TAILCAST_LISTEN", "[::]:1")]);
        assert_eq!(environment.get("TAILCAST_HUB"), None);
        assert_eq!(environment.ours().collect::<Vec<_>>(), [("TAILCAST_LISTEN", "[::]:1")]);
    }
}
