//! Commands as a page shows them, and what the programs say of themselves.

use std::collections::{BTreeMap, BTreeSet};

use test_support::PROGRAMS;

use super::binary;

/// Other programs that pages show.
const KNOWN: &str = "aws bandit cargo cat cp deploy.sh detect-secrets echo eval export find gh git ls mkdir pip pip-audit printf python \
                     read rm tail terraform timeout unset uv";

/// Where a command stands. Prose may leave out what is needed to run it, and show a choice of names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    Fence,
    Prose,
}

/// What each program and each of its commands takes.
pub(super) struct Programs {
    /// The flags by program and command; the command is empty for the program's own.
    flags: BTreeMap<(String, String), BTreeSet<String>>,
    commands: BTreeMap<String, BTreeSet<String>>,
}

impl Programs {
    /// Asks every program for its help.
    pub(super) fn ask() -> Self {
        let mut known = Self { flags: BTreeMap::new(), commands: BTreeMap::new() };
        for program in PROGRAMS {
            let own = help(program, &[]);
            let commands: BTreeSet<String> = commands_of(&own).map(str::to_owned).collect();
            for command in &commands {
                let text = help(program, &[command]);
                known.flags.insert((program.to_owned(), command.clone()), flags_of(&text));
            }
            known.flags.insert((program.to_owned(), String::new()), flags_of(&own));
            known.commands.insert(program.to_owned(), commands);
        }
        known
    }

    /// What is wrong with a command, if anything is.
    pub(super) fn problem_of(&self, command: &str, place: Where) -> Option<String> {
        let words = words(command);
        let mut words = words.iter().map(String::as_str).skip_while(|word| is_assignment(word)).peekable();
        let program = words.next()?;
        let program = program.rsplit('/').next().unwrap_or(program);
        let Some(commands) = self.commands.get(program) else {
            let known = KNOWN.split_whitespace().any(|known| known == program);
            return (place == Where::Fence && !known).then(|| format!("`{program}` is no known program"));
        };
        let mut flags = self.flags.get(&(program.to_owned(), String::new()))?;
        let mut shown = program.to_owned();
        if let Some(word) = words.peek().copied().filter(|word| flag_of(word).is_none()) {
            match self.flags.get(&(program.to_owned(), word.to_owned())) {
                Some(found) => {
                    flags = found;
                    shown = format!("{program} {word}");
                }
                // Prose may speak of a choice of them.
                None if place == Where::Fence || word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') => {
                    return Some(format!("`{program}` has no command `{word}` (it has {commands:?})"));
                }
                None => {}
            }
        }
        let unknown = words.filter_map(flag_of).find(|flag| !flags.contains(*flag));
        if let Some(flag) = unknown {
            return Some(format!("`{shown}` has no {flag}"));
        }
        None
    }
}

fn help(program: &str, command: &[&str]) -> String {
    binary(program).run().args(command).arg("--help").output().expect_success().stdout
}

/// The names below `Commands:`.
fn commands_of(help: &str) -> impl Iterator<Item = &str> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
}

/// The flags at the beginning of the lines that describe them.
fn flags_of(help: &str) -> BTreeSet<String> {
    let mut flags = BTreeSet::new();
    for line in help.lines() {
        let mut words =
            line.split([' ', ',', '=', '[']).filter(|word| !word.is_empty()).take_while(|w| w.starts_with('-'));
        flags.extend(words.by_ref().map(|word| word.trim_end_matches("...").to_owned()));
    }
    flags
}

/// The flag in a word such as `--days=7`.
fn flag_of(word: &str) -> Option<&str> {
    let flag = word.split_once('=').map_or(word, |(flag, _)| flag);
    let named = flag.strip_prefix('-')?;
    (named.starts_with('-') || named.starts_with(|c: char| c.is_ascii_alphabetic())).then_some(flag)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

/// The simple commands of a block, each with its line from 0. Knows quotes, comments, continued lines and what stands between
/// commands; a page needs no more.
pub(super) fn split(block: &str) -> Vec<(usize, String)> {
    let mut commands = Vec::new();
    let (mut command, mut start, mut line) = (String::new(), 0, 0);
    let mut quote = None;
    let mut signs = block.chars().peekable();
    let mut finish = |command: &mut String, start: usize| {
        let text = std::mem::take(command);
        if !text.trim().is_empty() {
            commands.push((start, text.trim().to_owned()));
        }
    };
    while let Some(sign) = signs.next() {
        if command.trim().is_empty() {
            start = line;
        }
        line += usize::from(sign == '\n');
        match (quote, sign) {
            (None, '\\') if signs.peek() == Some(&'\n') => {
                signs.next();
                line += 1;
                command.push(' ');
            }
            (None, '#') if command.is_empty() || command.ends_with(char::is_whitespace) => {
                while signs.next_if(|sign| *sign != '\n').is_some() {}
            }
            (None, '\'' | '"') => {
                quote = Some(sign);
                command.push(sign);
            }
            (Some(open), _) if open == sign => {
                quote = None;
                command.push(sign);
            }
            (None, '\n' | ';' | '|' | '&') if !command.ends_with('>') => finish(&mut command, start),
            _ => command.push(sign),
        }
    }
    finish(&mut command, start);
    commands
}

/// The words of a simple command, without quotes and without where its output goes.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for sign in command.chars() {
        let last = words.len() - 1;
        match (quote, sign) {
            (None, '\'' | '"') => quote = Some(sign),
            (Some(open), _) if open == sign => quote = None,
            (None, sign) if sign.is_whitespace() => words.push(String::new()),
            _ => words[last].push(sign),
        }
    }
    words.into_iter().filter(|word| !word.is_empty()).take_while(|word| !word.starts_with(['>', '<'])).collect()
}

#[test]
fn a_block_is_split_into_its_commands() {
    let block =
        "A=1 first --x 'a; b' | second # no | command\n# third\nfourth \\\n  --y > file && fifth; sixth \"# 7\"\n";
    assert_eq!(
        split(block),
        [
            (0, "A=1 first --x 'a; b'".to_owned()),
            (0, "second".to_owned()),
            (2, "fourth    --y > file".to_owned()),
            (3, "fifth".to_owned()),
            (3, "sixth \"# 7\"".to_owned()),
        ]
    );
    assert_eq!(words("a 'b c' --d=\"e f\" > g"), ["a", "b c", "--d=e f"]);
}

#[test]
fn what_a_program_does_not_have_is_named() {
    let programs = Programs::ask();
    for good in [
        "publish-pypi publish dist/* --dry-run",
        "DEBUG=true integration-orchestrator security-workflow -v",
        "workflow-monitoring stats --days=7",
        "update-findings export --to sarif",
        "detect-changes --format json",
    ] {
        assert_eq!(programs.problem_of(good, Where::Fence), None, "{good}");
    }
    for bad in [
        "publish-pypi publish --no-such-flag",
        "publish-pypi no-such-command",
        "detect-changes --days=7",
        "no-such-program",
    ] {
        assert!(programs.problem_of(bad, Where::Fence).is_some(), "{bad}");
    }
}
