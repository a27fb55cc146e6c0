//! The blocks of a document, as docutils' `Body` and `Text` states read them.

use super::{
    Certainty, Line, Notes, inline,
    marks::{
        Enumerator, blank_end, bullet, cut, dedented, enumerator, field_marker, indented_end, is_enumerated, is_line,
        is_marked, is_simple_table, is_wider, option_marker, skip_blank,
    },
    tables::is_grid,
};

/// The deepest blocks within each other that are looked at.
const DEEPEST: usize = 20;
/// A line of punctuation that is shorter can be text.
const LEAST_UNDERLINE: usize = 4;

pub(super) struct Blocks<'n> {
    pub(super) notes: &'n mut Notes,
    /// What stands last at the top, with its line.
    last: (Part, usize),
    /// Whether something is to be seen.
    pub(super) is_visible: bool,
    /// A `class` directive that is for what follows it.
    pub(super) waiting_class: Option<usize>,
    pub(super) in_sidebar: bool,
    /// The styles of titles in the order of their levels: overline, if any, and underline.
    styles: Vec<(Option<char>, char)>,
    level: usize,
}

/// What a document consists of, as far as it matters to where a transition may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Nothing,
    Title,
    Body,
    Transition,
}

/// Where in the document a block lies: titles stand at the top only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Top,
    Nested(usize),
}

impl<'n> Blocks<'n> {
    pub(super) fn new(notes: &'n mut Notes) -> Self {
        Self {
            notes,
            last: (Part::Nothing, 1),
            is_visible: false,
            waiting_class: None,
            in_sidebar: false,
            styles: Vec::new(),
            level: 0,
        }
    }

    pub(super) fn document(&mut self, lines: &[Line]) {
        if !self.blocks(lines, Place::Top) {
            return;
        }
        if self.last.0 == Part::Transition {
            self.notes.sure(self.last.1, "transition at the end of the document");
        }
        if let Some(number) = self.waiting_class {
            self.notes.sure(number, "no suitable element following \"class\" directive");
        }
        if !self.is_visible && !lines.iter().all(Line::is_blank) {
            self.notes.sure(1, "nothing of it is to be seen");
        }
    }

    /// Notes what stands at the top.
    pub(super) fn part(&mut self, place: Place, part: Part) {
        if place == Place::Top {
            self.is_visible = true;
            self.waiting_class = None;
            self.last.0 = part;
        }
    }

    fn transition(&mut self, number: usize) {
        let why = match self.last.0 {
            Part::Nothing => "transition at the start of the document",
            Part::Title => "transition at the start of the section",
            Part::Transition => "at least one body element should separate transitions",
            Part::Body => "",
        };
        if !why.is_empty() {
            self.notes.sure(number, why);
        }
        self.part(Place::Top, Part::Transition);
        self.last.1 = number;
    }

    pub(super) fn nested(&mut self, lines: &[Line], place: Place) {
        let depth = match place {
            Place::Top => 0,
            Place::Nested(depth) => depth,
        };
        if depth < DEEPEST {
            self.blocks(lines, Place::Nested(depth + 1));
        }
    }

    /// Whether all of them were read: could be told apart, before enough was wrong.
    fn blocks(&mut self, lines: &[Line], place: Place) -> bool {
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            if self.notes.is_enough() {
                return false;
            }
            if line.is_blank() {
                at += 1;
                continue;
            }
            match self.block(lines, at, place) {
                Some(next) => at = next.max(at + 1),
                // What follows cannot be told apart any more.
                None => return false,
            }
        }
        true
    }

    /// Reads the block that begins here; returns where the next one does.
    fn block(&mut self, lines: &[Line], at: usize, place: Place) -> Option<usize> {
        let text = lines[at].text.as_str();
        if text == ".." || text.starts_with(".. ") {
            return Some(self.explicit(lines, at, place));
        }
        if text == "__" || text.starts_with("__ ") {
            return Some(self.anonymous(lines, at));
        }
        let begins_line = is_line(text) && text != ">>>" && text != "|" && bullet(text).is_none();
        if begins_line && let Some(next) = self.line(lines, at, place) {
            return Some(next);
        }
        self.part(place, Part::Body);
        if lines[at].is_indented() {
            let end = indented_end(lines, at);
            self.nested(&dedented(&lines[at..end]), place);
            self.expect_blank(lines, end, "block quote");
            return Some(end);
        }
        if bullet(text).is_some() {
            return Some(self.bullets(lines, at, place));
        }
        if let Some(enumerator) = enumerator(text) {
            match is_enumerated(&enumerator, lines.get(at + 1)) {
                Some(true) => return Some(self.enumerated(lines, at, enumerator, place)),
                Some(false) => {}
                None => {
                    let message = "a list that is counted in letters; only docutils can judge what follows";
                    self.notes.add(Certainty::Unsure, lines[at].number, message);
                    return None;
                }
            }
        }
        if field_marker(text).is_some() {
            return Some(self.fields(lines, at, place));
        }
        if begins_option(lines, at) {
            return Some(self.options(lines, at, place));
        }
        if text.starts_with(">>> ") || text == ">>>" {
            return Some(blank_end(lines, at));
        }
        if text.starts_with("| ") || text == "|" {
            return Some(self.line_block(lines, at));
        }
        if is_grid(text) {
            return Some(self.grid_table(lines, at, place));
        }
        if is_simple_table(text) {
            return self.simple_table(lines, at, place);
        }
        Some(self.text(lines, at, place))
    }

    /// A block ends with a blank line, unless the text ends there.
    pub(super) fn expect_blank(&mut self, lines: &[Line], end: usize, what: &str) {
        if let Some(next) = lines.get(end)
            && !lines[end - 1].is_blank()
        {
            self.notes.sure(next.number, format!("{what} ends without a blank line; unexpected unindent"));
        }
    }

    /// Options of a command and what they do.
    fn options(&mut self, lines: &[Line], mut at: usize, place: Place) -> usize {
        loop {
            let width = option_marker(&lines[at].text).unwrap_or_default();
            let end = indented_end(lines, at + 1);
            let first = lines[at].text.chars().skip(width).collect::<String>();
            let mut content = vec![Line { number: lines[at].number, text: first.trim_start().to_owned() }];
            content.extend(dedented(&lines[at + 1..end]));
            self.nested(&content, place);
            let next = skip_blank(lines, end);
            if begins_option(lines, next) {
                at = next;
                continue;
            }
            self.expect_blank(lines, end, "option list");
            return end;
        }
    }

    /// Lines that keep their breaks; each may go on in indented lines.
    fn line_block(&mut self, lines: &[Line], mut at: usize) -> usize {
        while let Some(line) = lines.get(at).filter(|line| line.text == "|" || line.text.starts_with("| ")) {
            let more = lines[at + 1..].iter().take_while(|line| line.is_indented() && !line.is_blank()).count();
            let mut content = vec![cut(line, 2)];
            content.extend(lines[at + 1..=at + more].iter().map(|line| cut(line, line.indent())));
            inline::check(&content, self.notes);
            at += 1 + more;
        }
        if let Some(next) = lines.get(at).filter(|line| !line.is_blank()) {
            self.notes.sure(next.number, "line block ends without a blank line");
        }
        at
    }

    fn bullets(&mut self, lines: &[Line], mut at: usize, place: Place) -> usize {
        let sign = bullet(&lines[at].text).map(|(sign, _)| sign);
        loop {
            let (_, indent) = bullet(&lines[at].text).unwrap_or_default();
            let end = self.item(lines, at, indent, place);
            let next = skip_blank(lines, end);
            if lines.get(next).is_some_and(|line| bullet(&line.text).map(|(sign, _)| sign) == sign) {
                at = next;
                continue;
            }
            self.expect_blank(lines, end, "bullet list");
            return end;
        }
    }

    /// An item of a list whose text begins at `indent`; returns where it ends, blank lines included.
    fn item(&mut self, lines: &[Line], at: usize, indent: usize, place: Place) -> usize {
        let first = lines[at].text.chars().skip(indent).collect::<String>();
        let end = if first.is_empty() {
            indented_end(lines, at + 1)
        } else {
            let belongs = |line: &Line| line.is_blank() || line.indent() >= indent;
            at + 1 + lines[at + 1..].iter().take_while(|line| belongs(line)).count()
        };
        let mut content = vec![Line { number: lines[at].number, text: first.clone() }];
        if first.is_empty() {
            content.extend(dedented(&lines[at + 1..end]));
        } else {
            content.extend(lines[at + 1..end].iter().map(|line| cut(line, indent)));
        }
        self.nested(&content, place);
        end
    }

    fn enumerated(&mut self, lines: &[Line], mut at: usize, first: Enumerator, place: Place) -> usize {
        let mut last = first;
        loop {
            let end = self.item(lines, at, last.width, place);
            let next = skip_blank(lines, end);
            let following = lines.get(next).and_then(|line| enumerator(&line.text));
            if let Some(following) = following {
                let continues = match (last.ordinal, following.ordinal) {
                    (None, None) => true,
                    (Some(last), Some(next)) => next == last + 1,
                    _ => false,
                };
                let same = (following.open, following.close) == (first.open, first.close);
                if continues && same && is_enumerated(&following, lines.get(next + 1)) == Some(true) {
                    (at, last) = (next, following);
                    continue;
                }
            }
            self.expect_blank(lines, end, "enumerated list");
            return end;
        }
    }

    fn fields(&mut self, lines: &[Line], mut at: usize, place: Place) -> usize {
        loop {
            let indent = field_marker(&lines[at].text).unwrap_or_default();
            let end = indented_end(lines, at + 1);
            let first = lines[at].text.chars().skip(indent).collect::<String>();
            let mut content = vec![Line { number: lines[at].number, text: first.trim_start().to_owned() }];
            content.extend(dedented(&lines[at + 1..end]));
            self.nested(&content, place);
            let next = skip_blank(lines, end);
            if lines.get(next).is_some_and(|line| field_marker(&line.text).is_some()) {
                at = next;
                continue;
            }
            self.expect_blank(lines, end, "field list");
            return end;
        }
    }

    /// A line of punctuation: a transition or the overline of a title. None if it is text after all.
    fn line(&mut self, lines: &[Line], at: usize, place: Place) -> Option<usize> {
        let over = lines[at].text.as_str();
        let number = lines[at].number;
        let short = over.len() < LEAST_UNDERLINE;
        if place != Place::Top {
            if short || over == "::" {
                return None;
            }
            self.notes.add(Certainty::Likely, number, "unexpected section title or transition");
            return Some(at + 1);
        }
        let Some(title) = lines.get(at + 1).filter(|line| !line.is_blank()) else {
            if short {
                return None;
            }
            self.transition(number);
            return Some(at + 1);
        };
        if short && !lines.get(at + 2).is_some_and(|under| under.text == over && title.text.len() <= over.len()) {
            return None;
        }
        if is_line(&title.text) {
            self.notes.sure(number, "invalid section title or transition marker");
            return Some(at + 2);
        }
        match lines.get(at + 2).map(|line| line.text.as_str()) {
            None => {
                self.notes.sure(number, "incomplete section title");
                Some(at + 2)
            }
            Some(under) if !is_line(under) => {
                self.notes.sure(number, "missing matching underline for section title overline");
                Some(at + 3)
            }
            Some(under) if under != over => {
                self.notes.sure(number, "title overline and underline mismatch");
                Some(at + 3)
            }
            Some(under) => {
                if let Some(certainty) = is_wider(&title.text, over) {
                    self.notes.add(certainty, number, "title overline too short");
                }
                let sign = under.chars().next().unwrap_or_default();
                self.section((Some(sign), sign), number);
                let title = Line { number: title.number, text: title.text.trim_start().to_owned() };
                self.title(&title);
                inline::check(&[title], self.notes);
                Some(at + 3)
            }
        }
    }

    fn title(&mut self, title: &Line) {
        self.part(Place::Top, Part::Title);
        self.notes.imply(&title.text, &format!("line {}", title.number));
    }

    fn section(&mut self, style: (Option<char>, char), number: usize) {
        match self.styles.iter().position(|known| *known == style) {
            Some(position) if position <= self.level => self.level = position + 1,
            None if self.styles.len() == self.level => {
                self.styles.push(style);
                self.level += 1;
            }
            _ => self.notes.sure(number, "inconsistent title style: a level is left out"),
        }
    }

    /// A paragraph, a title with its underline, or a definition.
    fn text(&mut self, lines: &[Line], at: usize, place: Place) -> usize {
        let first = &lines[at];
        if let Some(next) = lines.get(at + 1).filter(|line| !line.is_blank()) {
            if is_line(&next.text) && !next.is_indented() {
                let wider = is_wider(&first.text, &next.text);
                if wider.is_none() || next.text.len() >= LEAST_UNDERLINE {
                    return self.underlined(lines, at, wider, place);
                }
            } else if next.is_indented() {
                return self.definitions(lines, at, place);
            }
        }
        let mut end = at + 1;
        while lines.get(end).is_some_and(|line| !line.is_blank() && !line.is_indented()) {
            end += 1;
        }
        inline::check(&lines[at..end], self.notes);
        if let Some(next) = lines.get(end).filter(|line| line.is_indented()) {
            self.notes.sure(next.number, "unexpected indentation");
            return end;
        }
        if lines[end - 1].text.ends_with("::") && !lines[end - 1].text.ends_with("\\::") {
            return self.literal(lines, end);
        }
        end
    }

    fn underlined(&mut self, lines: &[Line], at: usize, wider: Option<Certainty>, place: Place) -> usize {
        let (title, under) = (&lines[at], &lines[at + 1]);
        if let Some(certainty) = wider {
            self.notes.add(certainty, under.number, "title underline too short");
        }
        if place == Place::Top {
            let sign = under.text.chars().next().unwrap_or_default();
            self.section((None, sign), title.number);
            self.title(title);
        } else {
            self.notes.add(Certainty::Likely, under.number, "unexpected section title");
        }
        inline::check(std::slice::from_ref(title), self.notes);
        at + 2
    }

    fn definitions(&mut self, lines: &[Line], mut at: usize, place: Place) -> usize {
        loop {
            inline::check(&lines[at..=at], self.notes);
            let end = indented_end(lines, at + 1);
            self.nested(&dedented(&lines[at + 1..end]), place);
            let next = skip_blank(lines, end);
            let goes_on = lines.get(next).is_some_and(|line| !line.is_indented() && !is_marked(&line.text))
                && lines.get(next + 1).is_some_and(|line| !line.is_blank() && line.is_indented());
            if goes_on {
                at = next;
                continue;
            }
            self.expect_blank(lines, end, "definition list");
            return end;
        }
    }

    /// The literal block that `::` announced.
    fn literal(&mut self, lines: &[Line], at: usize) -> usize {
        let begins = skip_blank(lines, at);
        let Some(line) = lines.get(begins) else {
            let last = lines.get(at - 1).map_or(1, |line| line.number);
            self.notes.sure(last, "literal block expected; none found");
            return begins;
        };
        if line.is_indented() {
            let end = indented_end(lines, begins);
            self.expect_blank(lines, end, "literal block");
            return end;
        }
        let Some(sign) = line.text.chars().next().filter(char::is_ascii_punctuation) else {
            self.notes.sure(line.number, "literal block expected; none found");
            return begins;
        };
        let mut end = begins;
        while let Some(line) = lines.get(end).filter(|line| !line.is_blank()) {
            if !line.text.starts_with(sign) {
                self.notes.sure(line.number, "inconsistent literal block quoting");
                return end;
            }
            end += 1;
        }
        end
    }
}

/// Whether an option list's item begins here: a line of options with what they do behind them or below.
fn begins_option(lines: &[Line], at: usize) -> bool {
    let Some(line) = lines.get(at) else { return false };
    let has_more = || lines.get(skip_blank(lines, at + 1)).is_some_and(|line| line.is_indented() && !line.is_blank());
    option_marker(&line.text).is_some_and(|width| line.text.len() > width || has_more())
}
