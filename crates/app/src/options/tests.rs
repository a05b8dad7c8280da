//! What files, environment and flags mean together.

use std::fs;

use tempfile::TempDir;

use super::*;

fn serve(words: &str, environment: &Environment) -> Result<ServeOptions, Failure> {
    let cli = cli::parse(["tailcast", "serve"].into_iter().chain(words.split_whitespace()).map(Into::into))?;
    match cli.command {
        cli::Command::Serve(flags) => ServeOptions::new(&flags, environment),
        other => panic!("{other:?} is not serve"),
    }
}

fn agent(words: &str, environment: &Environment) -> Result<AgentOptions, Failure> {
    let cli = cli::parse(["tailcast", "agent"].into_iter().chain(words.split_whitespace()).map(Into::into))?;
    match cli.command {
        cli::Command::Agent(flags) => AgentOptions::new(&flags, environment),
        other => panic!("{other:?} is not agent"),
    }
}

fn home() -> Environment {
    Environment::from([("HOME", "/home/me"), ("STATE_DIRECTORY", "/var/lib/tailcast")])
}

#[test]
fn with_nothing_said_a_hub_is_closed_and_on_loopback() {
    let options = serve("--host here", &home()).unwrap();
    assert_eq!(options.listen, "127.0.0.1:8514".parse().unwrap());
    assert_eq!(options.access.state_dir, Path::new("/var/lib/tailcast"));
    assert!(!options.access.open_loopback);
    assert_eq!(options.access.base_path, "/");
    assert_eq!(options.agent.unwrap().paths, ["/var/log"]);
}

#[test]
fn flags_lie_over_the_environment_and_that_over_files() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("hub.toml");
    fs::write(&file, "[hub]\nlisten = \"127.0.0.1:1\"\nbase_path = \"/one/\"\nopen_loopback = true\n").unwrap();
    let environment = Environment::from([
        ("TAILCAST_LISTEN", "127.0.0.1:2"),
        ("TAILCAST_HUB__BASE_PATH", "/two"),
        ("STATE_DIRECTORY", "/s"),
    ]);
    let options = serve(&format!("--config {} --listen 127.0.0.1:3 --no-agent", file.display()), &environment).unwrap();
    assert_eq!(options.listen.port(), 3);
    assert_eq!(options.access.base_path, "/two");
    assert!(options.access.open_loopback);
    assert!(options.agent.is_none());
}

#[test]
fn what_cannot_be_is_refused_with_the_place_and_what_to_write() {
    for (words, complaint) in [
        ("--listen 8514", "--listen: hub.listen: `8514` is no address with a port: write 127.0.0.1:8514"),
        ("--listen localhost:8514", "write 127.0.0.1:8514"),
        ("--broker redis://r", "`tailcast cluster-key > FILE` makes one"),
        ("--broker redis://r", "cluster.peer_url"),
        ("--broker redis://:secret@r", "hub.broker_password_file"),
        ("--broker kafka://r", "`kafka://r` is no broker"),
        ("--host a/b", "--host: agent.host: `a/b` cannot be the name of a host"),
    ] {
        let failure = serve(words, &home()).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(failure.to_string().contains(complaint), "{words}: {failure}");
    }
}

#[test]
fn a_relative_path_on_the_command_line_is_meant_from_here() {
    let options = serve("logs/*.log --host here", &home()).unwrap();
    let here = std::env::current_dir().unwrap().join("logs/*.log");
    assert_eq!(options.agent.unwrap().paths, [here.to_str().unwrap()]);
}

#[test]
fn an_agent_without_a_hub_is_told_how_to_name_one() {
    let failure = agent("--host here", &home()).unwrap_err();
    assert!(failure.to_string().contains("--hub URL"), "{failure}");
}

#[test]
fn an_agents_token_is_read_out_of_its_file_and_shown_nowhere() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("token");
    fs::write(&file, "tailcast_secret\n").unwrap();
    let options =
        agent(&format!("--hub https://hub/base --token-file {} --host here", file.display()), &home()).unwrap();
    assert_eq!(options.dialer.hub().to_string(), "https://hub/base");
    assert_eq!(options.dialer.authorization().unwrap().as_bytes(), b"Bearer tailcast_secret");
    assert!(!format!("{options:?}").contains("secret"));
}

#[test]
fn processes_are_counted_while_nobody_looks_only_where_they_are_shown_and_that_is_wanted() {
    for (shown, history, meant) in
        [("true", "false", Monitor::Asked), ("true", "true", Monitor::Always), ("false", "true", Monitor::Off)]
    {
        let environment = Environment::from([
            ("STATE_DIRECTORY", "/s"),
            ("TAILCAST_AGENT__PROCESSES", shown),
            ("TAILCAST_AGENT__PROCESSES_HISTORY", history),
        ]);
        assert_eq!(serve("--host here", &environment).unwrap().agent.unwrap().processes, meant);
    }
    assert_eq!(serve("--host here", &home()).unwrap().agent.unwrap().processes, Monitor::Asked);
}

#[test]
fn a_network_may_be_one_address() {
    assert_eq!(network("127.0.0.1").unwrap().to_string(), "127.0.0.1/32");
    assert_eq!(network("10.0.0.0/8").unwrap().to_string(), "10.0.0.0/8");
    assert!(network("10.0.0.0/40").is_err());
}

#[test]
fn a_base_path_is_plain_and_has_no_slash_behind() {
    assert_eq!(base_path("/").unwrap(), "/");
    assert_eq!(base_path("/a/b/").unwrap(), "/a/b");
    for wrong in ["a", "/a b", "/a//b", "https://x/y", "/ä"] {
        assert!(base_path(wrong).is_err(), "{wrong} was taken for a base path");
    }
}
