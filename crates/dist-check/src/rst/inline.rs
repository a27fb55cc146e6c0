//! Inline markup of one block of text, as docutils' `Inliner` reads it.

use std::{cell::Cell, ops::Range};

use super::{Line, Notes};

/// Checks the text of a block.
pub(super) fn check(lines: &[Line], notes: &mut Notes) {
    let Some(first) = lines.first() else { return };
    let joined = lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
    let mut text = Vec::with_capacity(joined.len());
    let mut chars = joined.chars();
    while let Some(c) = chars.next() {
        // A backslash takes the meaning of what follows it.
        if c == '\\' {
            text.push('\0');
            text.extend(chars.next());
        } else {
            text.push(c);
        }
    }
    let line_feeds = text.iter().enumerate().filter(|(_, c)| **c == '\n').map(|(at, _)| at).collect();
    let first = first.number;
    let mut inline =
        Inline { text, base: 0, at: 0, first, line_feeds, unended: Vec::new(), name: Cell::new((0, 0)), notes };
    inline.run();
}

struct Inline<'n> {
    text: Vec<char>,
    /// Where the text begins that is still to be read.
    base: usize,
    at: usize,
    /// The number of the first line.
    first: usize,
    /// Where lines end.
    line_feeds: Vec<usize>,
    /// The kinds of markup of which no end-string stands in what is left: it is not looked for once more.
    unended: Vec<&'static str>,
    /// The bounds of the simple name that was read last.
    name: Cell<(usize, usize)>,
    notes: &'n mut Notes,
}

impl Inline<'_> {
    fn run(&mut self) {
        while self.at < self.text.len() && !self.notes.is_enough() {
            let begins = self.at == self.base || is_before_start(self.text[self.at - 1]);
            if !begins || !self.markup() {
                self.at += 1;
            }
        }
    }

    fn char(&self, at: usize) -> Option<char> {
        self.text.get(at).copied()
    }

    fn has(&self, at: usize, expected: &str) -> bool {
        expected.chars().enumerate().all(|(offset, c)| self.char(at + offset) == Some(c))
    }

    fn line(&self, at: usize) -> usize {
        self.first + self.line_feeds.partition_point(|line_feed| *line_feed < at)
    }

    fn is_end(&self, at: usize) -> bool {
        self.char(at).is_none_or(|c| {
            c.is_whitespace()
                || c == '\0'
                || is_closer(c)
                || is_delimiter(c)
                || matches!(c, '\\' | '.' | ',' | ';' | '!' | '?')
        })
    }

    fn moved_to(&mut self, at: usize) -> bool {
        (self.at, self.base) = (at, at);
        true
    }

    /// Reads the markup that begins here; whether there is any.
    fn markup(&mut self) -> bool {
        let at = self.at;
        let no_space = |length: usize| self.char(at + length).is_none_or(|c| !c.is_whitespace());
        if self.has(at, "**") && no_space(2) {
            return self.span(2, "**", "strong", true);
        }
        if self.has(at, "*") && !self.has(at, "**") && no_space(1) {
            return self.span(1, "*", "emphasis", true);
        }
        if self.has(at, "``") && no_space(2) {
            return self.span(2, "``", "literal", false);
        }
        if self.has(at, "_`") && no_space(2) {
            let content = at + 2;
            let found = self.span(2, "`", "inline internal target", true);
            if self.at > content {
                let name: String = self.text[content..self.at - 1].iter().filter(|c| **c != '\0').collect();
                self.notes.define(&name.replace('\n', " "));
            }
            return found;
        }
        if self.has(at, "|") && !self.has(at, "||") && no_space(1) {
            return self.substitution();
        }
        self.reference() || self.footnote() || self.backquote()
    }

    /// Whether the markup that ends here stands within a pair of quotes or brackets, and so is none.
    fn is_quoted(&self, start: usize, behind: usize) -> bool {
        if start == self.base {
            return false;
        }
        match (self.char(start - 1), self.char(behind)) {
            (_, None) => true,
            (Some(before), Some(after)) => is_pair(before, after),
            (None, _) => false,
        }
    }

    fn span(&mut self, length: usize, end: &str, what: &'static str, escapes: bool) -> bool {
        let (start, content) = (self.at, self.at + length);
        if self.is_quoted(start, content) {
            return self.moved_to(content);
        }
        let width = end.chars().count();
        let ends = |at: usize| {
            let before = self.text[at - 1];
            self.has(at, end) && !before.is_whitespace() && !(escapes && before == '\0') && self.is_end(at + width)
        };
        match self.behind(content, what).find(|at| ends(*at)) {
            Some(at) => self.moved_to(at + width),
            None => self.unended(start, content, what),
        }
    }

    /// Where the end-string of markup can begin.
    fn behind(&self, content: usize, what: &str) -> Range<usize> {
        if self.unended.contains(&what) { 0..0 } else { content + 1..self.text.len() }
    }

    fn unended(&mut self, start: usize, content: usize, what: &'static str) -> bool {
        if !self.unended.contains(&what) {
            self.unended.push(what);
        }
        let line = self.line(start);
        self.notes.sure(line, format!("inline {what} start-string without end-string"));
        self.moved_to(content)
    }

    fn substitution(&mut self) -> bool {
        let (start, content) = (self.at, self.at + 1);
        if self.is_quoted(start, content) {
            return self.moved_to(content);
        }
        let end = |at: usize| {
            let before = self.text[at - 1];
            if self.char(at) != Some('|') || before.is_whitespace() || before == '\0' {
                return None;
            }
            (0..=2).rev().find(|more| (1..=*more).all(|n| self.char(at + n) == Some('_')) && self.is_end(at + more + 1))
        };
        let what = "substitution_reference";
        let Some((at, more)) = self.behind(content, what).find_map(|at| Some((at, end(at)?))) else {
            return self.unended(start, content, what);
        };
        let name: String = self.text[content..at].iter().collect();
        let line = self.line(start);
        let name = super::squeeze(&name).replace(" \u{1} ", " ");
        self.notes.substitution(&name, line);
        if more == 1 {
            self.notes.reference(&name, line);
        }
        self.moved_to(at + more + 1)
    }

    /// The end of a simple name that begins here.
    fn simple_name(&self, start: usize) -> Option<usize> {
        let is_word = |at: usize| self.char(at).is_some_and(char::is_alphanumeric);
        if !is_word(start) {
            return None;
        }
        // A name that begins within another ends with it.
        let (from, to) = self.name.get();
        if (from..to).contains(&start) {
            return Some(to);
        }
        let mut at = start;
        loop {
            while is_word(at) {
                at += 1;
            }
            if self.char(at).is_some_and(|c| "-._+:".contains(c)) && is_word(at + 1) {
                at += 1;
            } else {
                self.name.set((start, at));
                return Some(at);
            }
        }
    }

    /// `name_` or `name__`
    fn reference(&mut self) -> bool {
        let Some(end) = self.simple_name(self.at) else {
            return false;
        };
        let anonymous = self.has(end, "__") && self.is_end(end + 2);
        let named = self.has(end, "_") && self.is_end(end + 1);
        if named {
            let name: String = self.text[self.at..end].iter().collect();
            let line = self.line(self.at);
            self.notes.reference(&name, line);
            return self.moved_to(end + 1);
        }
        if anonymous {
            let line = self.line(self.at);
            self.notes.anonymous_references.push(line);
            self.moved_to(end + 2);
        }
        anonymous
    }

    /// `[1]_`, `[#name]_`, `[*]_`, `[name]_`
    fn footnote(&mut self) -> bool {
        if !self.has(self.at, "[") {
            return false;
        }
        let label = self.at + 1;
        let end = match self.char(label) {
            Some('*') => Some(label + 1),
            Some('#') => Some(self.simple_name(label + 1).unwrap_or(label + 1)),
            _ => self.simple_name(label),
        };
        match end {
            Some(end) if self.has(end, "]_") && self.is_end(end + 2) => {
                let name: String = self.text[label..end].iter().collect();
                let line = self.line(label);
                self.notes.footnote_reference(&name, line);
                self.moved_to(end + 2)
            }
            _ => false,
        }
    }

    /// `` `text` `` with a role in front of it or behind it, or as a reference.
    fn backquote(&mut self) -> bool {
        let start = self.at;
        let mut open = start;
        let mut role = None;
        if self.has(start, ":") {
            match self.simple_name(start + 1) {
                Some(end) if self.has(end, ":`") => {
                    role = Some(self.text[start + 1..end].iter().collect::<String>());
                    open = end + 1;
                }
                _ => return false,
            }
        }
        let content = open + 1;
        let no_space = self.char(content).is_none_or(|c| !c.is_whitespace());
        if !self.has(open, "`") || self.has(open, "``") || !no_space {
            return false;
        }
        if self.is_quoted(start, content) {
            return self.moved_to(content);
        }
        let end = |at: usize| {
            if self.char(at) != Some('`') {
                return None;
            }
            let before = self.text[at - 1];
            let escaped = at >= 2 && self.text[at - 2] == '\0';
            if (before.is_whitespace() || before == '\0') && !escaped {
                return None;
            }
            let behind_role = match self.simple_name(at + 2).filter(|_| self.has(at + 1, ":")) {
                Some(end) if self.has(end, ":") => Some(end + 1),
                _ => None,
            };
            let ends = [behind_role, Some(at + 1)];
            ends.into_iter().flatten().find_map(|behind| {
                let more = (0..=2).rev().find(|more| {
                    (0..*more).all(|n| self.char(behind + n) == Some('_')) && self.is_end(behind + more)
                })?;
                Some((behind, more))
            })
        };
        let what = "interpreted text or phrase reference";
        let Some((at, (behind, more))) = self.behind(content, what).find_map(|at| Some((at, end(at)?))) else {
            return self.unended(start, content, what);
        };
        let line = self.line(start);
        let trailing = (behind > at + 1).then(|| self.text[at + 2..behind - 1].iter().collect::<String>());
        match (&role, &trailing, more) {
            (Some(_), Some(_), _) | (Some(_), _, 1..) | (_, Some(_), 1..) => {
                self.notes.sure(line, "interpreted text with two roles, or a role and a reference");
            }
            (Some(role), _, _) | (None, Some(role), _) => {
                let text: String = self.text[content..at].iter().filter(|c| **c != '\0').collect();
                self.notes.role(role, &text, line);
            }
            (None, None, 1 | 2) => {
                let text: String = self.text[content..at].iter().collect();
                self.phrase(&text, line, more == 2);
            }
            _ => {}
        }
        self.moved_to(behind + more)
    }

    /// The text of a reference, which may hold its address: `text <address>`.
    fn phrase(&mut self, text: &str, line: usize, anonymous: bool) {
        if let Some(inside) = text.strip_suffix('>')
            && let Some((before, address)) = inside.rsplit_once('<')
            && (before.is_empty() || before.ends_with(char::is_whitespace))
            && address.trim() == address
        {
            if let Some(alias) = address.strip_suffix('_').filter(|alias| !alias.ends_with('\0')) {
                self.notes.reference(&alias.replace('\0', ""), line);
            }
            if !anonymous {
                let name = if before.trim().is_empty() { address } else { before };
                self.notes.imply(&name.replace(['\0', '\n'], " "), &address.split_whitespace().collect::<String>());
            }
            return;
        }
        if anonymous {
            self.notes.anonymous_references.push(line);
        } else {
            self.notes.reference(&text.replace(['\0', '\n'], " "), line);
        }
    }
}

fn is_before_start(c: char) -> bool {
    c.is_whitespace() || is_opener(c) || is_delimiter(c)
}

fn is_opener(c: char) -> bool {
    "\"'(<[{".contains(c)
        || is_quote(c)
        || matches!(c, '\u{2045}' | '\u{3008}' | '\u{300a}' | '\u{300c}' | '\u{300e}' | '\u{ff08}')
}

fn is_closer(c: char) -> bool {
    "\"')>]}".contains(c)
        || is_quote(c)
        || matches!(c, '\u{2046}' | '\u{3009}' | '\u{300b}' | '\u{300d}' | '\u{300f}' | '\u{ff09}')
}

/// Quotation marks open in one language and close in another.
fn is_quote(c: char) -> bool {
    matches!(c, '\u{ab}' | '\u{bb}' | '\u{2018}'..='\u{201f}' | '\u{2039}' | '\u{203a}')
}

fn is_delimiter(c: char) -> bool {
    "-/:".contains(c)
        || matches!(c, '\u{a1}' | '\u{b7}' | '\u{bf}' | '\u{2010}'..='\u{2017}' | '\u{2020}'..='\u{2027}' | '\u{2030}'..='\u{2038}')
        || matches!(c, '\u{203b}'..='\u{203e}' | '\u{2041}'..='\u{2043}' | '\u{2047}'..='\u{2051}' | '\u{3001}'..='\u{3003}')
        || matches!(c, '\u{ff01}'..='\u{ff03}' | '\u{ff0c}'..='\u{ff0f}' | '\u{ff1a}' | '\u{ff1b}' | '\u{ff1f}')
}

fn is_pair(before: char, after: char) -> bool {
    const PAIRS: [(char, char); 6] = [('"', '"'), ('\'', '\''), ('(', ')'), ('<', '>'), ('[', ']'), ('{', '}')];
    PAIRS.contains(&(before, after)) || is_quote(before) && is_quote(after)
}
