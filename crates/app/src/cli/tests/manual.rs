//! `docs/commands.md` has every command with every flag, in the words of `--help`, and nothing that there is not.

use super::*;

const MANUAL: &str = include_str!("../../../../../docs/commands.md");
/// Flags that several commands have, described once in the manual.
const SHARED: [&str; 4] = ["hub", "token-file", "ca-file", "config"];

/// The commands that do something, with how they are called.
fn called(command: &clap::Command, before: &str) -> Vec<(String, clap::Command)> {
    let name = format!("{before}{}", command.get_name());
    if command.has_subcommands() {
        return command.get_subcommands().flat_map(|below| called(below, &format!("{name} "))).collect();
    }
    vec![(name, command.clone())]
}

/// What is said of a command: what it does, its own arguments in a table, and which of the shared ones it has.
fn described(command: &clap::Command) -> String {
    let arguments = || command.get_arguments().filter(|argument| argument.get_id() != "help");
    let (shared, own): (Vec<_>, Vec<_>) = arguments().partition(|argument| is_shared(argument));
    let mut text = format!("{}.\n", command.get_about().unwrap_or_default());
    if !own.is_empty() {
        text += "\n| | |\n|---|---|\n";
        text.extend(own.into_iter().map(row));
    }
    let shared: Vec<_> =
        shared.iter().filter_map(|argument| argument.get_long()).map(|long| format!("`--{long}`")).collect();
    if !shared.is_empty() {
        text += &format!("\nAlso {} ([of several commands](#flags-of-several-commands)).\n", shared.join(", "));
    }
    text
}

fn is_shared(argument: &clap::Arg) -> bool {
    argument.get_long().is_some_and(|long| SHARED.contains(&long))
}

/// A row of the table.
fn row(argument: &clap::Arg) -> String {
    let values = argument.get_value_names().filter(|_| argument.get_action().takes_values()).unwrap_or_default();
    let value = values.iter().map(|value| value.as_str()).collect::<Vec<_>>().join(" ");
    let mut names: Vec<String> = argument.get_short().map(|short| format!("-{short}")).into_iter().collect();
    names.extend(argument.get_long().map(|long| format!("--{long}")));
    match names.last_mut() {
        Some(last) if !value.is_empty() => *last = format!("{last} {value}"),
        Some(_) => {}
        None => names.push(value),
    }
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let mut words = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let taken = argument.get_action().takes_values();
    let possible: Vec<_> = argument.get_possible_values().iter().filter(|_| taken).map(possible).collect();
    if !possible.is_empty() {
        words += &format!(": {}", possible.join(", "));
    }
    if let Some(default) = argument.get_default_values().first().filter(|_| taken) {
        words += &format!(" [default: {}]", default.to_string_lossy());
    }
    format!("| {} | {} |\n", names.join(", ").replace('|', "\\|"), words.replace('|', "\\|"))
}

fn possible(value: &clap::builder::PossibleValue) -> String {
    let about = value.get_help().map(|help| format!(" ({})", help.to_string().to_lowercase()));
    format!("`{}`{}", value.get_name(), about.unwrap_or_default())
}

/// The part of the manual under a heading, to the next one of its kind.
fn part(heading: &str) -> Option<&'static str> {
    let (_, rest) = MANUAL.split_once(&format!("\n{heading}\n\n"))?;
    Some(rest.split("\n## ").next().unwrap_or(rest).split("\n### ").next().unwrap_or(rest))
}

#[test]
fn the_manual_has_every_command_and_flag_in_the_words_of_its_help() {
    let commands = called(&Cli::command(), "");
    let mut missing = String::new();
    for (name, command) in &commands {
        let described = described(command);
        let part = part(&format!("### `{name}`")).unwrap_or_default();
        if !part.starts_with(&described) || part.matches("\n| `").count() != described.matches("\n| `").count() {
            missing += &format!("### `{name}`\n\n{described}\n");
        }
    }
    assert!(missing.is_empty(), "docs/commands.md has to say, with no other flag:\n\n{missing}");
    let headings = MANUAL.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'));
    assert_eq!(headings.collect::<Vec<_>>(), commands.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
}

#[test]
fn the_manual_has_the_flags_of_several_commands() {
    let tail = Cli::command().find_subcommand("tail").cloned().expect("a command");
    let rows: String = tail.get_arguments().filter(|argument| is_shared(argument)).map(row).collect();
    let part = part("## Flags of several commands").unwrap_or_default();
    assert!(part.contains(&rows), "docs/commands.md has to say:\n\n{rows}\nand says:\n\n{part}");
}
