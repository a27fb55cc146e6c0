//! The blocks of a document, as docutils' `Body` and `Text` states read them.

use super::{
    Certainty, Line, Notes, inline,
    marks::{
        Enumerator, blank_end, bullet, cut, dedented, directive, enumerator, explicit_target, field_marker,
        indented_end, is_enumerated, is_line, is_marked, is_option, is_simple_table, is_wider, option_list_end,
        options, simple_table_end, skip_blank,
    },
    words,
};
use crate::data;

/// The deepest blocks within each other that are looked at.
const DEEPEST: usize = 20;
/// A line of punctuation that is shorter can be text.
const LEAST_UNDERLINE: usize = 4;

pub(super) struct Blocks<'n> {
    notes: &'n mut Notes,
    /// The styles of titles in the order of their levels: overline, if any, and underline.
    styles: Vec<(Option<char>, char)>,
    level: usize,
}

/// Where in the document a block lies: titles stand at the top only.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Nested(usize),
}

impl<'n> Blocks<'n> {
    pub(super) fn new(notes: &'n mut Notes) -> Self {
        Self { notes, styles: Vec::new(), level: 0 }
    }

    pub(super) fn document(&mut self, lines: &[Line]) {
        self.blocks(lines, Place::Top);
    }

    fn nested(&mut self, lines: &[Line], place: Place) {
        let depth = match place {
            Place::Top => 0,
            Place::Nested(depth) => depth,
        };
        if depth < DEEPEST {
            self.blocks(lines, Place::Nested(depth + 1));
        }
    }

    fn blocks(&mut self, lines: &[Line], place: Place) {
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            if line.is_blank() {
                at += 1;
                continue;
            }
            match self.block(lines, at, place) {
                Some(next) => at = next.max(at + 1),
                // What follows cannot be told apart any more.
                None => return,
            }
        }
    }

    /// Reads the block that begins here; returns where the next one does.
    fn block(&mut self, lines: &[Line], at: usize, place: Place) -> Option<usize> {
        let text = lines[at].text.as_str();
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
        if is_option(text) {
            return Some(option_list_end(lines, at));
        }
        if text.starts_with(">>> ") || text == ">>>" || text.starts_with("| ") || text == "|" {
            return Some(blank_end(lines, at));
        }
        if text.starts_with("+-") && text.ends_with("-+") && text.chars().all(|c| matches!(c, '+' | '-')) {
            return Some(blank_end(lines, at));
        }
        if is_simple_table(text) {
            let end = simple_table_end(lines, at);
            if end.is_none() {
                let message = "a table whose end cannot be found; only docutils can judge what follows";
                self.notes.add(Certainty::Unsure, lines[at].number, message);
            }
            return end;
        }
        if text == ".." || text.starts_with(".. ") {
            return Some(self.explicit(lines, at, place));
        }
        if text == "__" || text.starts_with("__ ") {
            return Some(indented_end(lines, at + 1));
        }
        if is_line(text)
            && let Some(next) = self.line(lines, at, place)
        {
            return Some(next);
        }
        Some(self.text(lines, at, place))
    }

    /// A block ends with a blank line, unless the text ends there.
    fn expect_blank(&mut self, lines: &[Line], end: usize, what: &str) {
        if let Some(next) = lines.get(end)
            && !lines[end - 1].is_blank()
        {
            self.notes.sure(next.number, format!("{what} ends without a blank line; unexpected unindent"));
        }
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

    /// `.. something`: a directive, a target, a footnote, a substitution or a comment.
    fn explicit(&mut self, lines: &[Line], at: usize, place: Place) -> usize {
        let rest = lines[at].text.get(3..).unwrap_or_default().trim_start();
        if rest.is_empty() && lines.get(at + 1).is_none_or(Line::is_blank) {
            // An empty comment does not take what is indented below it.
            return at + 1;
        }
        let end = indented_end(lines, at + 1);
        let body = dedented(&lines[at + 1..end]);
        let number = lines[at].number;
        if let Some((name, argument)) = directive(rest) {
            self.directive(&name, argument, &body, number, place);
        } else if let Some(target) = rest.strip_prefix('_') {
            if let Some((name, address)) = explicit_target(target) {
                let more: String = body.iter().map(|line| line.text.trim()).collect();
                self.notes.target(&name, &format!("{address}{more}"), number);
            }
        } else if let Some(definition) = rest.strip_prefix('|')
            && let Some((name, what)) = definition.split_once('|')
            && !name.is_empty()
        {
            self.substitution(name, what.trim(), &body, number);
        } else if rest.starts_with('[')
            && let Some((label, text)) = rest.split_once(']')
            && (text.is_empty() || text.starts_with(' '))
            && !label[1..].contains(' ')
        {
            let mut content = vec![Line { number, text: text.trim_start().to_owned() }];
            content.extend(body);
            self.nested(&content, place);
        }
        let next = lines.get(end);
        if next.is_some_and(|line| !(line.text == ".." || line.text.starts_with(".. ") || line.text.starts_with("__ ")))
        {
            self.expect_blank(lines, end, "explicit markup");
        }
        end
    }

    fn substitution(&mut self, name: &str, what: &str, body: &[Line], number: usize) {
        if !self.notes.defined_substitutions.insert(name.to_owned()) {
            self.notes.sure(number, format!("duplicate substitution definition name {name:?}"));
        }
        match directive(what) {
            Some((name, argument)) => self.known_directive(&name, argument, body, number),
            None => self.notes.add(Certainty::Likely, number, "substitution definition without a directive"),
        }
    }

    fn known_directive(&mut self, name: &str, argument: &str, body: &[Line], number: usize) {
        if !words::DIRECTIVES.contains(&name) {
            self.notes.sure(number, format!("unknown directive type {name:?}"));
            return;
        }
        let options: Vec<&str> = options(body).collect();
        let mut unknown = |known: &[&str]| {
            for option in options.iter().filter(|option| !known.contains(option)) {
                self.notes.sure(number, format!("error in {name:?} directive: unknown option {option:?}"));
            }
        };
        match name {
            "raw" | "include" => self.notes.sure(number, format!("{name:?} directive disabled")),
            "image" | "figure" => {
                unknown(&words::IMAGE_OPTIONS);
                if argument.is_empty() && body.first().is_none_or(|line| line.is_blank() || line.text.starts_with(':'))
                {
                    self.notes.sure(number, format!("error in {name:?} directive: 1 argument required, none supplied"));
                }
            }
            "code" | "code-block" | "sourcecode" => {
                unknown(&words::CODE_OPTIONS);
                if body.iter().all(Line::is_blank) {
                    self.notes.sure(number, format!("content block expected for the {name:?} directive; none found"));
                } else if !argument.is_empty() && !argument.contains(' ') && !data::is_lexer(argument) {
                    self.notes.sure(number, format!("no Pygments lexer found for {argument:?}"));
                }
            }
            "csv-table" if options.iter().any(|option| matches!(*option, "file" | "url")) => {
                self.notes.sure(number, "file and URL access deactivated; ignoring \"csv-table\" directive");
            }
            _ => {}
        }
    }

    fn directive(&mut self, name: &str, argument: &str, body: &[Line], number: usize, place: Place) {
        self.known_directive(name, argument, body, number);
        if !words::ADMONITIONS.contains(&name) {
            return;
        }
        if argument.is_empty() && body.iter().all(Line::is_blank) {
            self.notes.sure(number, format!("content block expected for the {name:?} directive; none found"));
        } else if options(body).next().is_none() {
            let mut content = vec![Line { number, text: argument.to_owned() }];
            content.extend(body.iter().cloned());
            self.nested(&content, place);
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
            return (!short).then_some(at + 1);
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
                inline::check(&[title], self.notes);
                Some(at + 3)
            }
        }
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
