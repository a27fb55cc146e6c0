//! A shell script as a list of simple commands, as far as the rules need it.
//!
//! Knows quotes, comments, line continuations, separators, redirections and here-documents. Expands nothing and
//! never fails: what it does not understand stays a word.

/// How deep brackets are followed, and how many files of a redirection behind one.
const MAX_GROUPS: usize = 16;

/// One simple command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Command {
    /// Words with their quotes removed; assignments in front are words too.
    pub(crate) words: Vec<String>,
    /// Files that its output is redirected to.
    pub(crate) writes_to: Vec<String>,
    /// Line of the script on which it starts, from 0.
    pub(crate) line: usize,
    /// What stands between it and the next command.
    pub(crate) followed_by: Separator,
    /// What stands behind the brackets around it, from the inside, each with the number of the command behind it.
    pub(crate) behind_groups: Vec<(Separator, usize)>,
    /// The text of its here-document or here-string.
    pub(crate) here: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Separator {
    /// `&`, a new line, a bracket, or the end.
    #[default]
    End,
    /// `;`
    Next,
    Pipe,
    And,
    Or,
}

impl Command {
    /// The program that is run, without assignments and wrappers such as `sudo`, `uv run` or `python -m`, and the words behind it.
    pub(crate) fn program(&self) -> Option<(&str, &[String])> {
        let mut at = self.words.iter().position(|word| !is_assignment(word))?;
        loop {
            let rest = &self.words[at..];
            let skipped = match (base_name(rest.first()?), rest.get(1).map(String::as_str)) {
                (
                    "sudo" | "env" | "exec" | "command" | "time" | "nice" | "uvx" | "if" | "then" | "!" | "do" | "else"
                    | "{" | "while",
                    Some(_),
                ) => 1,
                ("uv" | "poetry" | "pdm" | "hatch" | "rye" | "pipenv" | "pipx", Some("run")) => 2,
                ("uv", Some("tool")) if rest.get(2).is_some_and(|word| word == "run") => 3,
                (name, Some("-m")) if name.starts_with("python") => 2,
                _ => 0,
            };
            at += skipped;
            while skipped > 0 && self.words.get(at).is_some_and(|word| word.starts_with('-') || is_assignment(word)) {
                at += 1;
            }
            if skipped == 0 {
                return Some((base_name(&self.words[at]), &self.words[at + 1..]));
            }
        }
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Cuts a script into its commands.
pub(crate) fn commands(script: &str) -> Vec<Command> {
    let mut reader = Reader {
        chars: script.chars().peekable(),
        line: 0,
        commands: Vec::new(),
        command: Command::default(),
        word: None,
        redirect: false,
        here: Vec::new(),
        here_string: false,
        groups: Vec::new(),
        closed: None,
    };
    reader.read();
    reader.commands
}

struct Reader<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
    commands: Vec<Command>,
    command: Command,
    word: Option<String>,
    redirect: bool,
    /// Delimiters of here-documents whose text starts on the next line, with the number of their command.
    here: Vec<(String, usize)>,
    /// Whether the next word is a here-string.
    here_string: bool,
    /// The first command of each bracket that is open.
    groups: Vec<usize>,
    /// The first command of the bracket that was closed last, until what stands behind it is known.
    closed: Option<usize>,
}

impl Reader<'_> {
    fn read(&mut self) {
        while let Some(c) = self.next() {
            match c {
                '\\' => match self.next() {
                    Some('\n') | None => {}
                    Some(escaped) => self.push(escaped),
                },
                '\'' => self.quoted('\''),
                '"' => self.quoted('"'),
                '#' if self.word.is_none() => while self.chars.next_if(|&c| c != '\n').is_some() {},
                '\n' => {
                    self.end_command(Separator::End);
                    self.skip_here_documents();
                }
                '|' if self.chars.next_if_eq(&'|').is_some() => self.end_command(Separator::Or),
                '&' if self.chars.next_if_eq(&'&').is_some() => self.end_command(Separator::And),
                '&' if self.chars.next_if_eq(&'>').is_some() => self.start_redirect(),
                '|' => {
                    self.chars.next_if_eq(&'&');
                    self.end_command(Separator::Pipe);
                }
                '&' if self.redirect => self.push('&'),
                ';' => self.end_command(Separator::Next),
                '&' => self.end_command(Separator::End),
                '(' => {
                    self.end_command(Separator::End);
                    self.groups.push(self.commands.len());
                }
                ')' => {
                    self.end_command(Separator::End);
                    self.closed = self.groups.pop();
                }
                '$' if self.chars.peek() == Some(&'{') => self.braced(),
                '>' => self.start_redirect(),
                '<' if self.chars.next_if_eq(&'<').is_some() => self.here_document(),
                c if c.is_whitespace() => self.end_word(),
                c => self.push(c),
            }
        }
        self.end_command(Separator::End);
    }

    fn next(&mut self) -> Option<char> {
        let c = self.chars.next()?;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn push(&mut self, c: char) {
        if self.command.words.is_empty() && self.word.is_none() {
            self.command.line = self.line;
        }
        self.word.get_or_insert_default().push(c);
    }

    fn quoted(&mut self, quote: char) {
        if self.command.words.is_empty() && self.word.is_none() {
            self.command.line = self.line;
        }
        self.word.get_or_insert_default();
        while let Some(c) = self.next() {
            if c == quote {
                return;
            }
            let c = if c == '\\' && quote == '"' { self.next().unwrap_or(c) } else { c };
            self.push(c);
        }
    }

    /// `${…}` and the expressions `${{ … }}` stay one word whatever they hold.
    fn braced(&mut self) {
        self.push('$');
        let mut depth = 0_usize;
        while let Some(c) = self.next() {
            self.push(c);
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn start_redirect(&mut self) {
        // `2>` names a descriptor, not a word.
        if self.word.as_deref().is_some_and(|word| word.len() == 1 && word.starts_with(|c: char| c.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        while self.chars.next_if(|&c| matches!(c, '>' | '|')).is_some() {}
        self.redirect = true;
    }

    fn here_document(&mut self) {
        self.end_word();
        if self.chars.next_if_eq(&'<').is_some() {
            self.here_string = true;
            return;
        }
        self.chars.next_if_eq(&'-');
        while self.chars.next_if(|&c| c == ' ').is_some() {}
        let mut delimiter = String::new();
        while let Some(c) = self.chars.next_if(|&c| !c.is_whitespace() && !matches!(c, ';' | '|' | '&' | ')' | '>')) {
            if !matches!(c, '\'' | '"' | '\\') {
                delimiter.push(c);
            }
        }
        if !delimiter.is_empty() {
            self.here.push((delimiter, self.commands.len()));
        }
    }

    fn skip_here_documents(&mut self) {
        for (delimiter, command) in std::mem::take(&mut self.here) {
            let mut text = String::new();
            loop {
                let mut line = String::new();
                let mut more = false;
                while let Some(c) = self.next() {
                    if c == '\n' {
                        more = true;
                        break;
                    }
                    line.push(c);
                }
                if line.trim() == delimiter || !more {
                    break;
                }
                text.push_str(&line);
                text.push('\n');
            }
            if let Some(command) = self.commands.get_mut(command) {
                command.here = Some(text);
            }
        }
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else {
            return;
        };
        if std::mem::take(&mut self.redirect) {
            self.command.writes_to.push(word);
            return;
        }
        let first = self.command.words.iter().all(|word| is_keyword(word));
        match word.as_str() {
            "{" if first => return self.groups.push(self.commands.len()),
            "}" if self.command.words.is_empty() => {
                self.closed = self.groups.pop();
                return;
            }
            _ => {}
        }
        if std::mem::take(&mut self.here_string) {
            self.command.here = Some(word.clone());
        }
        self.command.words.push(word);
    }

    fn end_command(&mut self, separator: Separator) {
        self.end_word();
        self.redirect = false;
        self.here_string = false;
        let mut command = std::mem::take(&mut self.command);
        let closed = self.closed.take();
        if command.words.is_empty()
            && let Some(start) = closed
        {
            if self.groups.len() < MAX_GROUPS {
                let next = self.commands.len();
                command.writes_to.truncate(MAX_GROUPS);
                for inner in &mut self.commands[start..] {
                    inner.behind_groups.push((separator, next));
                    inner.writes_to.extend_from_slice(&command.writes_to);
                }
            }
            return;
        }
        if command.words.is_empty() && command.writes_to.is_empty() {
            return;
        }
        command.followed_by = separator;
        self.commands.push(command);
    }
}

/// Words behind which a command begins.
fn is_keyword(word: &str) -> bool {
    matches!(word, "if" | "then" | "elif" | "else" | "while" | "until" | "do" | "!" | "time")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(script: &str) -> Vec<String> {
        commands(script)
            .into_iter()
            .map(|command| {
                format!(
                    "{}:{} >{} {:?}",
                    command.line,
                    command.words.join("|"),
                    command.writes_to.join("|"),
                    command.followed_by
                )
            })
            .collect()
    }

    #[test]
    fn commands_are_cut_at_separators_outside_quotes() {
        assert_eq!(
            shown("a 'b; c' \"d | e\" && f || g | h; i & (j)\n# twine upload\nk \\\n  l # m\n"),
            ["0:a|b; c|d | e > And", "0:f > Or", "0:g > Pipe", "0:h > Next", "0:i > End", "0:j > End", "2:k|l > End"]
        );
    }

    #[test]
    fn redirections_are_no_words() {
        assert_eq!(
            shown("echo '[]' >out 2>/dev/null; x 2>&1 >> \"a b\" &>c"),
            ["0:echo|[] >out|/dev/null Next", "0:x >&1|a b|c End"]
        );
    }

    #[test]
    fn what_stands_behind_a_bracket_counts_for_all_in_it() {
        for script in ["(a; b) || c", "{ a; b; } || c", "if { a; b; } || c", "( { a; } ; b) >out || c"] {
            let parsed = commands(script);
            let (a, b) = (parsed[0].behind_groups.last(), parsed[1].behind_groups.last());
            assert_eq!((a, b), (Some(&(Separator::Or, 2)), Some(&(Separator::Or, 2))), "{script}");
            assert_eq!(parsed[0].writes_to.len(), usize::from(script.contains('>')), "{script}");
        }
        assert_eq!(commands("a() { b; }\nx=$(c || d)\n)) }").len(), 5);
    }

    #[test]
    fn here_documents_keep_their_text() {
        let parsed = commands("cat <<A | b <<'C'\n1\nA\n2\nC\nd <<< '[]'");
        let texts: Vec<Option<&str>> = parsed.iter().map(|command| command.here.as_deref()).collect();
        assert_eq!(texts, [Some("1\n"), Some("2\n"), Some("[]")]);
    }

    #[test]
    fn here_documents_are_skipped() {
        assert_eq!(
            shown("cat <<'EOF' > f\ntwine upload\nEOF\nb <<< word\nc <<X"),
            ["0:cat >f End", "3:b|word > End", "4:c > End"]
        );
    }

    #[test]
    fn expressions_stay_whole() {
        assert_eq!(shown("a ${{ x || y }} b"), ["0:a|${{ x || y }}|b > End"]);
    }

    #[test]
    fn the_program_is_found_behind_its_wrappers() {
        for (script, expected) in [
            ("twine upload dist/*", "twine"),
            ("A=1 sudo /usr/bin/twine upload", "twine"),
            ("uv run --with x python -m twine upload", "x"),
            ("uv run python -m twine upload", "twine"),
            ("python3.12 -m pip_audit", "pip_audit"),
            ("if ! bandit -r src", "bandit"),
            ("A=1", "none"),
        ] {
            let parsed = commands(script);
            assert_eq!(parsed[0].program().map_or("none", |(name, _)| name), expected, "{script}");
        }
    }
}
