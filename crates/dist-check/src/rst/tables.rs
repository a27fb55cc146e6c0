//! Tables: whether docutils would find their cells, and what is in these, as far as it can be told.

use super::{
    Certainty, Line,
    blocks::{Blocks, Place},
    marks::{blank_end, dedented, is_simple_table},
};

/// Whether a line begins a table with borders on all sides.
pub(super) fn is_grid(text: &str) -> bool {
    text.len() >= 5
        && text.starts_with("+-")
        && text.ends_with("-+")
        && text.bytes().all(|byte| matches!(byte, b'+' | b'-'))
}

fn is_bottom(text: &str) -> bool {
    text.starts_with('+') && text.ends_with('+') && text.bytes().all(|byte| matches!(byte, b'+' | b'-' | b'='))
}

/// Where a simple table ends, and whether its borders are of one length.
fn simple_end(lines: &[Line]) -> Option<(usize, bool)> {
    let is_border = |text: &str| text.starts_with('=') && text.bytes().all(|byte| matches!(byte, b'=' | b' '));
    let top = lines[0].text.len();
    let mut found = 0;
    for (at, line) in lines.iter().enumerate().skip(1) {
        if !is_border(&line.text) {
            continue;
        }
        if line.text.len() != top {
            return Some((at + 1, false));
        }
        found += 1;
        if found == 2 || lines.get(at + 1).is_none_or(Line::is_blank) {
            return Some((at + 1, true));
        }
    }
    None
}

/// Where a table at the beginning of these lines ends, if there is one.
pub(super) fn table_end(lines: &[Line]) -> Option<usize> {
    let first = lines.first()?;
    if is_grid(&first.text) {
        Some(blank_end(lines, 0))
    } else if is_simple_table(&first.text) {
        simple_end(lines).map(|(end, _)| end)
    } else {
        None
    }
}

impl Blocks<'_> {
    pub(super) fn grid_table(&mut self, lines: &[Line], at: usize, place: Place) -> usize {
        let end = blank_end(lines, at);
        let block = &lines[at..end];
        let width = block[0].text.len();
        let is_framed = |line: &Line| line.text.starts_with(['+', '|']) && line.text.ends_with(['+', '|']);
        let fits = |line: &Line| !line.text.is_ascii() || line.text.len() == width;
        if !block.iter().all(|line| is_framed(line) && fits(line))
            || !block.last().is_some_and(|line| is_bottom(&line.text))
        {
            self.notes.sure(block[0].number, "malformed table");
            return end;
        }
        let bars: Vec<usize> = block[0].text.match_indices('+').map(|(at, _)| at).collect();
        let mut row: Vec<Vec<Line>> = Vec::new();
        for line in block {
            if line.text.starts_with("+-") || line.text.starts_with("+=") {
                self.cells(std::mem::take(&mut row), place);
                continue;
            }
            let chars: Vec<char> = line.text.chars().collect();
            let is_regular = line.text.is_ascii() && bars.iter().all(|bar| chars.get(*bar) == Some(&'|'));
            let texts: Vec<String> = if is_regular {
                bars.windows(2).map(|pair| chars[pair[0] + 1..pair[1]].iter().collect()).collect()
            } else {
                line.text.trim_matches(['|', '+']).split(" | ").map(str::to_owned).collect()
            };
            row.resize_with(row.len().max(texts.len()), Vec::new);
            for (cell, text) in row.iter_mut().zip(texts) {
                cell.push(Line { number: line.number, text: text.trim_end().to_owned() });
            }
        }
        end
    }

    /// Reads a simple table; none if it has no end.
    pub(super) fn simple_table(&mut self, lines: &[Line], at: usize, place: Place) -> Option<usize> {
        let number = lines[at].number;
        let Some((length, matches)) = simple_end(&lines[at..]) else {
            self.notes.sure(number, "malformed table: no bottom table border found");
            return None;
        };
        let end = at + length;
        if !matches {
            self.notes.sure(number, "malformed table: bottom border or header rule does not match top border");
            return Some(end);
        }
        if lines.get(end).is_some_and(|line| !line.is_blank()) {
            self.notes.sure(lines[end].number, "blank line required after table");
        }
        let columns = columns(&lines[at].text);
        let mut row: Vec<Vec<Line>> = Vec::new();
        for index in at + 1..end {
            let line = &lines[index];
            let begins_row = !line.text.starts_with(' ') || line.is_blank();
            if line.is_blank() || line.text.starts_with('=') || begins_row {
                self.cells(std::mem::take(&mut row), place);
            }
            let is_rule = |text: &str| !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'-' | b' '));
            if line.is_blank() || line.text.starts_with('=') {
                continue;
            }
            if is_rule(&line.text) {
                let starts: Vec<usize> = columns.iter().map(|(start, _)| *start).collect();
                let ends: Vec<usize> = columns.iter().map(|(_, end)| *end).collect();
                let spans = self::columns(&line.text);
                let aligned = spans.iter().all(|(start, end)| starts.contains(start) && ends.contains(end));
                let is_whole = spans.last().map(|span| span.1) == ends.last().copied();
                if !aligned || !is_whole || spans.first().map(|span| span.0) != Some(0) {
                    self.notes.sure(number, "malformed table: column span alignment problem");
                }
                continue;
            }
            let is_spanned =
                lines[index + 1..end].iter().find(|line| !line.is_blank()).is_some_and(|line| is_rule(&line.text));
            let chars: Vec<char> = line.text.chars().collect();
            let slice = |start: usize, end: usize| -> String { chars.iter().take(end).skip(start).collect() };
            if is_spanned || !line.text.is_ascii() {
                row.resize_with(row.len().max(1), Vec::new);
                row[0].push(line.clone());
                continue;
            }
            row.resize_with(columns.len(), Vec::new);
            for (position, (start, end)) in columns.iter().enumerate() {
                let next = columns.get(position + 1).map(|(start, _)| *start);
                if let Some(next) = next
                    && !slice(*end, next).trim().is_empty()
                {
                    // A row without a first cell goes on with the one above.
                    let unsure = line.is_indented();
                    self.notes.add(
                        if unsure { Certainty::Unsure } else { Certainty::Likely },
                        number,
                        format!("malformed table: text in column margin in line {}", line.number),
                    );
                }
                let text = slice(*start, next.unwrap_or(usize::MAX));
                row[position].push(Line { number: line.number, text: text.trim_end().to_owned() });
            }
        }
        self.cells(row, place);
        Some(end)
    }

    /// The cells of a row, whose lines can be cut otherwise than docutils does.
    fn cells(&mut self, row: Vec<Vec<Line>>, place: Place) {
        self.notes.begin_soft();
        for cell in row {
            self.nested(&dedented(&cell), place);
        }
        self.notes.end_soft();
    }
}

/// Where the columns of a border begin and end.
fn columns(border: &str) -> Vec<(usize, usize)> {
    let mut columns = Vec::new();
    let mut start = None;
    for (at, byte) in border.bytes().chain(std::iter::once(b' ')).enumerate() {
        match (byte, start) {
            (b' ', Some(begun)) => {
                columns.push((begun, at));
                start = None;
            }
            (b' ', None) | (_, Some(_)) => {}
            (_, None) => start = Some(at),
        }
    }
    columns
}
