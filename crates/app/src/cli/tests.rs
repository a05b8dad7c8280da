//! Laws of the table of commands and flags itself, and of what excludes what.

use clap::CommandFactory;

use super::*;

mod manual;

fn parsed(words: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(words.split_whitespace())
}

/// Every command with all below it.
fn every_command(command: &clap::Command) -> Vec<clap::Command> {
    let below = command.get_subcommands().flat_map(every_command);
    std::iter::once(command.clone()).chain(below).collect()
}

#[test]
fn the_table_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_flag_and_command_says_what_it_does() {
    for command in every_command(&Cli::command()) {
        assert!(command.get_about().is_some(), "`{}` has no word about it", command.get_name());
        for argument in command.get_arguments() {
            let words = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!words.is_empty(), "{} {} has no word about it", command.get_name(), argument.get_id());
            assert!(!words.ends_with('.'), "{} {} ends in a full stop", command.get_name(), argument.get_id());
        }
    }
}

#[test]
fn the_words_of_the_manual_are_understood() {
    for words in [
        "tailcast serve",
        "tailcast serve /var/log /srv/*.log --listen 127.0.0.1:0 --config f --state-dir d --broker embedded --host a --open-loopback",
        "tailcast serve --no-agent",
        "tailcast agent --hub https://hub --token-file t --host web1 --config f /var/log",
        "tailcast tail web1:/a web2:/b -n 0 -f --grep x --grep y --exclude z -i --level warn --complete --json",
        "tailcast tail web1:/a --from 15m -F --cursor-file c --live",
        "tailcast tail web1:/a --no-follow",
        "tailcast tail web1:/a --level warning",
        "tailcast tail web1:/a --level WARN",
        "tailcast ls",
        "tailcast ls web*:* --json --hub http://hub:8514",
        "tailcast config check --config f",
        "tailcast token add --agent web1 --agent db* --name web --state-dir d",
        "tailcast token add --viewer grafana",
        "tailcast token list",
        "tailcast token add --push ci:* --expires 90d",
        "tailcast token remove web1",
        "tailcast token remove --id AAAAAAAAAAAAAAAAAAAAAA",
        "tailcast password",
        "tailcast cluster-key",
    ] {
        assert!(parsed(words).is_ok(), "{words}: {}", parsed(words).unwrap_err());
    }
}

#[test]
fn what_cannot_both_be_meant_is_refused() {
    for words in [
        "tailcast",
        "tailcast tail",
        "tailcast tail web1:/a -f --no-follow",
        "tailcast tail web1:/a --complete --live",
        "tailcast tail web1:/a --from 15m -n 3",
        "tailcast tail web1:/a --no-follow --cursor-file c",
        "tailcast tail web1:/a --level loud",
        "tailcast serve --no-agent /var/log",
        "tailcast token",
        "tailcast token add",
        "tailcast token add --viewer a --agent b",
        "tailcast token add --viewer a --name b",
    ] {
        assert!(parsed(words).is_err(), "{words} was understood");
    }
}

#[test]
fn a_token_for_no_host_is_refused() {
    for nothing in ["", " "] {
        let error = Cli::try_parse_from(["tailcast", "token", "add", "--agent", nothing]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ValueValidation, "{nothing:?}");
    }
}
