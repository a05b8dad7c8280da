//! One screen of `--watch`: as much of a look as there is room for, what is wrong first, drawn over the one before. It never
//! scrolls, whatever is in it. A command to be copied is whole or not there: half of one would do something else.

use tailcast_lines::harmless;

use super::{Look, detail, table};

/// What shows the rest.
const REST: &str = ": without --watch, -n 0 shows all";
/// Rows for the command line of one process.
const COMMAND: usize = 2;

/// Of a terminal, in letters.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) width: usize,
    pub(super) rows: usize,
}

/// What puts it on the terminal: from the top and over what was there, so that nothing blinks; what is left of that is cleared.
/// `notice` comes first.
pub(super) fn draw(look: &Look, notice: Option<&str>, size: Size) -> String {
    let mut drawn = "\x1b[H".to_owned();
    for line in lines(look, notice, size) {
        // Cleared before, in all the rows that it takes: behind a letter in the last column it would clear that.
        let below = rows(&line, size.width) - 1;
        drawn += "\x1b[K";
        drawn += &"\x1b[B\x1b[K".repeat(below);
        if below > 0 {
            drawn += &format!("\x1b[{below}A");
        }
        drawn += &line;
        drawn.push('\n');
    }
    drawn + "\x1b[J"
}

/// The lines that there is room for, above the row of the cursor.
fn lines(look: &Look, notice: Option<&str>, size: Size) -> Vec<String> {
    let notice: Vec<_> = notice.map(|words| harmless(words).into_owned()).into_iter().collect();
    let room = size.rows.saturating_sub(1);
    let left = room.saturating_sub(notice.iter().map(|line| rows(line, size.width)).sum());
    let shown = match look {
        Look::All(list) => {
            let mut list = list.clone();
            let mut fewer = |most: usize| {
                list.left_out += list.processes.len().saturating_sub(most) as u64;
                list.processes.truncate(most);
                let shown = table::show(&list, Some(size.width), REST);
                shown.lines().map(|line| cut(line, size.width)).collect()
            };
            fitting(left, size.width, &mut fewer)
        }
        Look::One { process, asked } => {
            let mut process = process.clone();
            process.process.command = cut(&harmless(&process.process.command), COMMAND * size.width);
            let most = process.files.len();
            let mut fewer = |files: usize| -> Vec<String> {
                let shown = detail::show(&process, *asked, files.min(most), REST);
                shown.lines().map(str::to_owned).collect()
            };
            fitting(left, size.width, &mut fewer)
        }
    };
    whole(notice.into_iter().chain(shown).collect(), Size { rows: room, ..size })
}

/// What `fewer` gives of as many as there is room for; each takes a row at least.
fn fitting(room: usize, width: usize, fewer: &mut dyn FnMut(usize) -> Vec<String>) -> Vec<String> {
    let mut most = room;
    loop {
        let lines = fewer(most);
        if most == 0 || lines.iter().map(|line| rows(line, width)).sum::<usize>() <= room {
            return lines;
        }
        most -= 1;
    }
}

/// The first of them, with how many are not there.
fn whole(mut lines: Vec<String>, size: Size) -> Vec<String> {
    let heights: Vec<_> = lines.iter().map(|line| rows(line, size.width)).collect();
    if heights.iter().sum::<usize>() <= size.rows {
        return lines;
    }
    let mut used = 0;
    let leaves_a_row = |height: &&usize| {
        used += **height;
        used < size.rows
    };
    let kept = heights.iter().take_while(leaves_a_row).count();
    let more = lines.len() - kept;
    lines.truncate(kept);
    lines.push(cut(&format!("… {more} more lines{REST}"), size.width));
    lines
}

/// `line` up to the right edge.
pub(super) fn cut(line: &str, width: usize) -> String {
    let mut used = 0;
    let fits = |letter: &char| {
        used += columns(*letter);
        used <= width
    };
    line.chars().take_while(fits).collect()
}

/// How many rows a terminal takes for a line.
fn rows(line: &str, width: usize) -> usize {
    // A letter of two columns does not stand half in a row.
    let wide = line.chars().any(|letter| columns(letter) > 1);
    line.chars().map(columns).sum::<usize>().div_ceil(width.saturating_sub(wide.into()).max(1)).max(1)
}

/// How wide a letter is at most: from the first of CJK on two columns. What is narrower after all leaves room.
fn columns(letter: char) -> usize {
    match letter {
        '\t' => 8,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'.. => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SIZE: Size = Size { width: 80, rows: 24 };

    fn process(pid: u32, command: &str, found: usize) -> Value {
        let finding = json!({"pattern": "at_limit", "cause": null, "words": "20 of 20 ".repeat(30), "advice": "raise it ".repeat(30)});
        json!({
            "pid": pid, "start": 1, "parent": 1, "name": "x", "command": command, "memory": 2048, "threads": 1, "state": "S",
            "slopes": {}, "findings": vec![finding; found], "fds": 20, "soft": 20, "hard": 4096,
        })
    }

    fn all(processes: &[Value]) -> Look {
        let hidden = json!({"words": "not to be seen ".repeat(20), "capabilities": []});
        Look::All(
            serde_json::from_value(json!({"processes": processes, "left_out": 0, "unseen": [hidden], "found": []}))
                .unwrap(),
        )
    }

    fn one(files: u32, command: &str) -> Look {
        let close = "ss -Kt src '[2001:db8:aaaa:bbbb:cccc:dddd:eeee:1]' sport = 30000 dst '[2001:db8:aaaa:bbbb:cccc:dddd:eeee:2]' dport = 6379";
        let file = |fd: u32| {
            let socket = json!({"protocol": "tcp", "state": "CLOSE_WAIT", "local": "a", "remote": "b", "received": 0, "unsent": 0, "close": close});
            json!({"fd": fd, "kind": "socket", "target": "", "deleted": false, "others": [], "socket": socket})
        };
        let mut detail = process(7, command, 1);
        let more = json!({
            "files": (0..files).map(file).collect::<Vec<_>>(), "files_total": 5000, "kinds": {"socket": files}, "peers": [], "listeners": [],
            "deleted": {"files": 0, "bytes": 0}, "logs": [], "commands": [], "unseen": [],
        });
        detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Look::One { process: serde_json::from_value(detail).unwrap(), asked: 7 }
    }

    fn used(lines: &[String], width: usize) -> usize {
        lines.iter().map(|line| rows(line, width)).sum()
    }

    #[test]
    fn nothing_takes_more_rows_than_there_are_and_what_is_wrong_comes_first() {
        let many = |found| (0..200).map(|pid| process(pid, &"long ".repeat(900), found)).collect::<Vec<_>>();
        let wide: Vec<_> = (0..200).map(|pid| process(pid, &"日志".repeat(900), 0)).collect();
        for (what, look) in [
            ("a list", all(&many(0))),
            ("what is wrong with each", all(&many(2))),
            ("wide letters", all(&wide)),
            ("one", one(300, "short")),
            ("one with a long command", one(300, &"日志\u{202e}".repeat(900))),
        ] {
            for size in [SIZE, Size { width: 200, rows: 60 }, Size { width: 20, rows: 5 }, Size { width: 1, rows: 1 }] {
                for notice in [None, Some("this is old")] {
                    let lines = lines(&look, notice, size);
                    let room = size.rows - 1;
                    assert!(used(&lines, size.width) <= room.max(1), "{what} in {room}: {lines:#?}");
                    assert!(size.rows < 24 || used(&lines, size.width) + 3 > room, "{what} leaves room: {lines:#?}");
                    assert!(notice.is_none() || size.rows < 3 || lines[0] == "this is old", "{lines:#?}");
                }
            }
        }
        let lines = lines(&one(300, "short"), None, SIZE);
        assert!(
            lines[0].starts_with("x, pid 7") && lines.iter().any(|line| line.starts_with("at limit: ")),
            "{lines:#?}"
        );
    }

    #[test]
    fn a_command_to_be_copied_is_never_half_of_one() {
        let whole = |size| {
            let lines = lines(&one(300, "short"), None, size);
            let command = lines.iter().find(|line| line.contains("ss -Kt ")).cloned();
            command.is_none_or(|command| command.ends_with(" dport = 6379"))
        };
        for rows in 1..40 {
            assert!(whole(Size { rows, ..SIZE }), "{rows}");
        }
        let lines = lines(&one(300, "short"), None, Size { rows: 40, ..SIZE });
        assert!(lines.iter().any(|line| line.ends_with(" dport = 6379")), "{lines:#?}");
        assert!(
            lines.iter().any(|line| line.ends_with(" of 5000 files: without --watch, -n 0 shows all")),
            "{lines:#?}"
        );
    }

    #[test]
    fn a_line_of_several_rows_is_cleared_in_all_of_them_before_it_is_drawn() {
        let drawn = draw(&one(0, &"c".repeat(100)), None, SIZE);
        let command = format!("\n\x1b[K\x1b[B\x1b[K\x1b[1A{}\n", "c".repeat(100));
        assert!(
            drawn.starts_with("\x1b[H\x1b[Kx, pid 7") && drawn.contains(&command) && drawn.ends_with("\x1b[J"),
            "{drawn:?}"
        );
    }

    #[test]
    fn letters_of_two_columns_count_as_two() {
        assert_eq!(
            (cut("ab日志", 5), cut("日志", 4), cut("→ …", 3)),
            ("ab日".to_owned(), "日志".to_owned(), "→ …".to_owned())
        );
        assert_eq!(
            [rows("", 80), rows(&"a".repeat(80), 80), rows(&"a".repeat(81), 80), rows(&"日".repeat(40), 80)],
            [1, 1, 2, 2]
        );
    }
}
