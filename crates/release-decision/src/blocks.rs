//! The block structure of Markdown, as far as it tells code from text (CommonMark 0.31 §3 to §5, GFM §4.10).
//!
//! It does not make a tree: it says of each line whether a renderer shows it as code, as it is, or reads it as text, and which
//! fence is open at the end. HTML blocks are not known: whoever asks has no `<` in text, or wrote it himself.

/// What a line is to a renderer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Nothing, between blocks.
    Blank,
    /// A line of a fenced or an indented code block, the fences among them.
    Code,
    /// Text behind a prefix of this many bytes, which is indentation and marks of quotes and lists.
    Text {
        /// Where the text begins, in bytes.
        start: usize,
        /// Whether it goes on with the paragraph of the line before.
        continues: bool,
        /// Whether it may be part of a table: then a bar parts cells even within a code span.
        table: bool,
        /// Whether it begins a block or not depends on whether there is a table above: it takes a backslash to be text for sure.
        doubtful: bool,
    },
}

/// The lines of a text, and what is needed to end a fence that is open behind the last.
#[derive(Debug)]
pub(crate) struct Blocks {
    pub(crate) lines: Vec<Line>,
    /// The line that closes it.
    pub(crate) closing: Option<String>,
}

/// Reads a text without carriage returns.
pub(crate) fn read(text: &str) -> Blocks {
    let mut state = State { containers: Vec::new(), leaf: Leaf::None };
    let mut lines = Vec::new();
    for line in text.lines() {
        let read = state.line(line);
        if let Line::Text { continues: true, table: true, .. } = read {
            // The row above the delimiters is the head of the table.
            for before in lines.iter_mut().rev() {
                let Line::Text { continues, table, .. } = before else { break };
                *table = true;
                if !*continues {
                    break;
                }
            }
        }
        lines.push(read);
    }
    keep_blank_lines_in_code(text, &mut lines);
    let closing = match &state.leaf {
        Leaf::Fence(fence) => {
            let prefix: String = state.containers.iter().map(Container::prefix).collect();
            Some(format!("{prefix}{}", char::from(fence.mark).to_string().repeat(fence.length)))
        }
        _ => None,
    };
    Blocks { lines, closing }
}

/// Blank lines between lines of code that is only indented are part of it.
fn keep_blank_lines_in_code(text: &str, lines: &mut [Line]) {
    let is_indented: Vec<bool> = text
        .lines()
        .zip(lines.iter())
        .map(|(line, read)| *read == Line::Code && line.starts_with([' ', '\t', '>']))
        .collect();
    let mut last_code = None;
    for at in 0..lines.len() {
        match lines[at] {
            Line::Blank => {}
            Line::Code if is_indented[at] => {
                if let Some(before) = last_code {
                    lines[before..at].fill(Line::Code);
                }
                last_code = Some(at + 1);
            }
            Line::Code | Line::Text { .. } => last_code = None,
        }
    }
}

/// What other blocks may stand in.
#[derive(Clone, Copy, Debug)]
enum Container {
    Quote,
    /// What belongs to it is indented by this many columns. An item that is empty so far ends with a blank line.
    Item {
        indent: usize,
        is_empty: bool,
    },
}

impl Container {
    fn prefix(&self) -> String {
        match self {
            Self::Quote => "> ".to_owned(),
            Self::Item { indent, .. } => " ".repeat(*indent),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fence {
    mark: u8,
    length: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaf {
    None,
    Paragraph,
    /// A paragraph with a line that may part a table's head from its rows. What begins a block behind it depends on whether it is
    /// one, so that nothing may.
    Table,
    Fence(Fence),
}

struct State {
    containers: Vec<Container>,
    leaf: Leaf,
}

impl State {
    fn line(&mut self, line: &str) -> Line {
        let mut at = Cursor { line: line.as_bytes(), at: 0, column: 0, tab_left: 0 };
        let matched = self.containers.iter().take_while(|container| at.goes_on(**container)).count();
        let all = matched == self.containers.len();

        if let Leaf::Fence(fence) = self.leaf {
            if all {
                if at.closes(fence) {
                    self.leaf = Leaf::None;
                }
                return Line::Code;
            }
            self.leaf = Leaf::None;
        }

        let mut containers: Vec<Container> = self.containers[..matched].to_vec();
        let in_paragraph = matches!(self.leaf, Leaf::Paragraph);
        if self.leaf == Leaf::Table && !at.is_blank() {
            return at.row();
        }
        let mut began = false;
        let (leaf, read) = loop {
            // A paragraph that this line has not left yet, be it by laziness.
            let goes_on = in_paragraph && !began;
            if at.is_blank() {
                break (Leaf::None, Line::Blank);
            }
            let indent = at.indent();
            if indent >= 4 {
                if goes_on {
                    break (Leaf::Paragraph, at.text(true));
                }
                break (Leaf::None, Line::Code);
            }
            let is_paragraph = goes_on && all;
            if at.quote() {
                containers.push(Container::Quote);
            } else if at.is_heading() {
                break (Leaf::None, at.text(false));
            } else if let Some(fence) = at.fence() {
                break (Leaf::Fence(fence), Line::Code);
            } else if (is_paragraph && at.is_underline()) || at.is_rule() {
                break (Leaf::None, at.text(false));
            } else if let Some(item) = at.item(is_paragraph) {
                containers.push(item);
            } else if is_paragraph && at.is_delimiters() {
                // Only a table by itself is one: in a list or a quote the delimiters become text.
                if containers.is_empty() {
                    break (
                        Leaf::Table,
                        Line::Text { start: at.behind_spaces().at, continues: true, table: true, doubtful: false },
                    );
                }
                break (
                    Leaf::Paragraph,
                    Line::Text { start: at.behind_spaces().at, continues: false, table: false, doubtful: true },
                );
            } else {
                break (Leaf::Paragraph, at.text(goes_on));
            }
            began = true;
        };
        let is_lazy = !all && !began && in_paragraph && leaf == Leaf::Paragraph;
        if is_lazy {
            self.leaf = Leaf::Paragraph;
            return match read {
                Line::Text { start, .. } => Line::Text { start, continues: false, table: false, doubtful: false },
                other => other,
            };
        }
        let filled = containers.len().saturating_sub(usize::from(read == Line::Blank));
        for container in &mut containers[..filled] {
            if let Container::Item { is_empty, .. } = container {
                *is_empty = false;
            }
        }
        self.containers = containers;
        self.leaf = leaf;
        read
    }
}

/// A place in a line. A tab reaches to the next column that four divides, and may be used up in parts.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
    column: usize,
    /// Columns of the tab at `at` that are not used up, where it was begun.
    tab_left: usize,
}

impl Cursor<'_> {
    fn rest(&self) -> &[u8] {
        &self.line[self.at..]
    }

    fn is_blank(&self) -> bool {
        self.rest().iter().all(|b| matches!(b, b' ' | b'\t'))
    }

    /// Columns of white space from here on.
    fn indent(&self) -> usize {
        let mut copy = *self;
        copy.skip_spaces();
        copy.column - self.column
    }

    fn skip_spaces(&mut self) {
        while self.skip_column() {}
    }

    /// Goes one column of white space ahead.
    fn skip_column(&mut self) -> bool {
        match self.line.get(self.at) {
            Some(b' ') => {
                self.at += 1;
                self.column += 1;
                true
            }
            Some(b'\t') => {
                if self.tab_left == 0 {
                    self.tab_left = 4 - self.column % 4;
                }
                self.tab_left -= 1;
                self.column += 1;
                if self.tab_left == 0 {
                    self.at += 1;
                }
                true
            }
            _ => false,
        }
    }

    fn skip_columns(&mut self, columns: usize) {
        for _ in 0..columns {
            self.skip_column();
        }
    }

    fn skip_mark(&mut self, length: usize) {
        self.skip_spaces();
        self.at += length;
        self.column += length;
    }

    /// Whether the line goes on with a container, and behind its prefix then.
    fn goes_on(&mut self, container: Container) -> bool {
        match container {
            Container::Quote => self.indent() <= 3 && self.quote(),
            Container::Item { indent, is_empty } => {
                if self.indent() >= indent {
                    self.skip_columns(indent);
                    return true;
                }
                let goes_on = self.is_blank() && !is_empty;
                if goes_on {
                    self.skip_spaces();
                }
                goes_on
            }
        }
    }

    /// Goes behind the mark of a quote.
    fn quote(&mut self) -> bool {
        let mut ahead = *self;
        ahead.skip_spaces();
        if ahead.rest().first() != Some(&b'>') {
            return false;
        }
        ahead.skip_mark(1);
        ahead.skip_column();
        *self = ahead;
        true
    }

    fn behind_spaces(&self) -> Self {
        let mut ahead = *self;
        ahead.skip_spaces();
        ahead
    }

    fn text(&self, continues: bool) -> Line {
        Line::Text { start: self.behind_spaces().at, continues, table: false, doubtful: false }
    }

    /// A line behind the delimiters of what may be a table.
    fn row(self) -> Line {
        let mut ahead = self;
        let begins_a_block = self.quote_ahead()
            || self.is_heading()
            || self.fence().is_some()
            || self.is_underline()
            || self.is_rule()
            || self.is_delimiters()
            || ahead.item(false).is_some();
        Line::Text { start: self.behind_spaces().at, continues: true, table: true, doubtful: begins_a_block }
    }

    fn quote_ahead(&self) -> bool {
        self.behind_spaces().rest().first() == Some(&b'>')
    }

    fn is_heading(&self) -> bool {
        let ahead = self.behind_spaces();
        let marks = run(ahead.rest(), b'#');
        (1..=6).contains(&marks) && matches!(ahead.rest().get(marks), None | Some(b' ' | b'\t'))
    }

    fn fence(&self) -> Option<Fence> {
        let ahead = self.behind_spaces();
        let mark = *ahead.rest().first().filter(|b| matches!(b, b'`' | b'~'))?;
        let length = run(ahead.rest(), mark);
        let info = &ahead.rest()[length..];
        (length >= 3 && (mark == b'~' || !info.contains(&b'`'))).then_some(Fence { mark, length })
    }

    fn closes(&self, fence: Fence) -> bool {
        let ahead = self.behind_spaces();
        let length = run(ahead.rest(), fence.mark);
        self.indent() <= 3 && length >= fence.length && ahead.rest()[length..].iter().all(|b| matches!(b, b' ' | b'\t'))
    }

    /// Whether the line makes a heading of the paragraph above.
    fn is_underline(&self) -> bool {
        let ahead = self.behind_spaces();
        ahead.rest().first().filter(|b| matches!(b, b'=' | b'-')).is_some_and(|mark| {
            let length = run(ahead.rest(), *mark);
            ahead.rest()[length..].iter().all(|b| matches!(b, b' ' | b'\t'))
        })
    }

    fn is_rule(&self) -> bool {
        let ahead = self.behind_spaces();
        ahead.rest().first().filter(|b| matches!(b, b'*' | b'-' | b'_')).is_some_and(|mark| {
            ahead.rest().iter().all(|b| b == mark || matches!(b, b' ' | b'\t'))
                && ahead.rest().iter().filter(|b| *b == mark).nth(2).is_some()
        })
    }

    /// Whether the line may part a table's head from its rows.
    fn is_delimiters(&self) -> bool {
        let rest = self.rest();
        rest.contains(&b'-') && rest.iter().all(|b| matches!(b, b'|' | b':' | b'-' | b' ' | b'\t'))
    }

    /// Goes behind the mark of a list item. One that interrupts a paragraph begins with 1 and is not empty.
    fn item(&mut self, interrupts: bool) -> Option<Container> {
        let outer = self.indent();
        let mut ahead = self.behind_spaces();
        let rest = ahead.rest();
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let width = match rest.get(digits)? {
            b'-' | b'+' | b'*' if digits == 0 => 1,
            b'.' | b')' if (1..=9).contains(&digits) => {
                let is_one =
                    rest[..digits].iter().rev().enumerate().all(|(n, b)| *b == if n == 0 { b'1' } else { b'0' });
                if interrupts && !is_one {
                    return None;
                }
                digits + 1
            }
            _ => return None,
        };
        ahead.skip_mark(width);
        if !matches!(ahead.rest().first(), None | Some(b' ' | b'\t')) {
            return None;
        }
        let is_empty = ahead.is_blank();
        if interrupts && is_empty {
            return None;
        }
        let spaces = ahead.indent();
        let padding = if is_empty || spaces >= 5 { 1 } else { spaces };
        ahead.skip_columns(padding);
        *self = ahead;
        Some(Container::Item { indent: outer + width + padding, is_empty: true })
    }
}

/// How often a byte stands at the beginning.
fn run(bytes: &[u8], mark: u8) -> usize {
    bytes.iter().take_while(|b| **b == mark).count()
}
