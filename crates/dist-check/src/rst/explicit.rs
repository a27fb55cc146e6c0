//! Explicit markup blocks: directives, targets, footnotes, substitutions and comments.

use super::{
    Certainty, Line,
    blocks::{Blocks, Part, Place},
    directives::{Directive, Parts, are_class_names},
    inline,
    marks::{bullet, cut, dedented, directive, explicit_target, field_marker, indented_end, is_marked},
    tables::table_end,
    words,
};

impl Blocks<'_> {
    /// `.. something`
    pub(super) fn explicit(&mut self, lines: &[Line], at: usize, place: Place) -> usize {
        let rest = lines[at].text.get(3..).unwrap_or_default().trim_start();
        if rest.is_empty() && lines.get(at + 1).is_none_or(Line::is_blank) {
            // An empty comment does not take what is indented below it.
            return at + 1;
        }
        // A target ends with its paragraph, the others with what is indented.
        let is_target = rest.starts_with('_');
        let end = if is_target { paragraph_end(lines, at + 1) } else { indented_end(lines, at + 1) };
        let body = dedented(&lines[at + 1..end]);
        let number = lines[at].number;
        if let Some((name, argument)) = directive(rest) {
            let argument = Line { number, text: argument.to_owned() };
            self.directive(&name, &argument, &body, place);
        } else if let Some(target) =
            rest.strip_prefix('_').filter(|target| !target.starts_with(' ') && !target.is_empty())
        {
            self.target(target, &body, number);
        } else if let Some(definition) =
            rest.strip_prefix('|').filter(|definition| !definition.starts_with(' ') && !definition.is_empty())
        {
            match definition.split_once('|') {
                Some((name, what)) => self.substitution(name, what.trim(), &body, number),
                None if body.iter().all(Line::is_blank) => self.notes.sure(number, "malformed substitution definition"),
                None => self.notes.add(Certainty::Unsure, number, "a substitution definition over several lines"),
            }
        } else if rest.starts_with('[')
            && let Some((label, text)) = rest.split_once(']')
            && (text.is_empty() || text.starts_with(' '))
            && label.len() > 1
            && !label[1..].contains(' ')
        {
            self.notes.footnote(&label[1..], number);
            if text.is_empty() && body.iter().all(Line::is_blank) {
                self.notes.sure(number, "footnote or citation content expected");
            }
            let mut content = vec![Line { number, text: text.trim_start().to_owned() }];
            content.extend(body);
            self.nested(&content, place);
            self.part(place, Part::Body);
        }
        self.expect_end(lines, end);
        end
    }

    /// `__ address`
    pub(super) fn anonymous(&mut self, lines: &[Line], at: usize) -> usize {
        let end = paragraph_end(lines, at + 1);
        let more: String = lines[at + 1..end].iter().map(|line| line.text.trim()).collect();
        let address = lines[at].text.get(2..).unwrap_or_default().trim();
        self.notes.anonymous_target(&format!("{address}{more}"), lines[at].number);
        self.expect_end(lines, end);
        end
    }

    /// Explicit markup ends with a blank line or with more of it.
    fn expect_end(&mut self, lines: &[Line], end: usize) {
        let goes_on = |line: &Line| {
            matches!(line.text.as_str(), ".." | "__") || line.text.starts_with(".. ") || line.text.starts_with("__ ")
        };
        if lines.get(end).is_some_and(|line| !line.is_blank() && !goes_on(line)) {
            self.expect_blank(lines, end, "explicit markup");
        }
    }

    fn target(&mut self, target: &str, body: &[Line], number: usize) {
        let more = || body.iter().map(|line| line.text.trim()).collect::<String>();
        if let Some(address) = target.strip_prefix("_:") {
            self.notes.anonymous_target(&format!("{}{}", address.trim(), more()), number);
        } else if let Some((name, address)) = explicit_target(target) {
            let address = format!("{address}{}", more());
            // One without an address is a place of its own.
            self.is_visible |= address.is_empty();
            self.notes.target(&name, &address, number);
        } else if body.iter().all(Line::is_blank) {
            self.notes.sure(number, "malformed hyperlink target");
        } else {
            self.notes.add(Certainty::Unsure, number, "a hyperlink target over several lines");
        }
    }

    fn substitution(&mut self, name: &str, what: &str, body: &[Line], number: usize) {
        if !self.notes.defined_substitutions.insert(name.to_owned()) {
            self.notes.sure(number, format!("duplicate substitution definition name {name:?}"));
        }
        let Some((kind, argument)) = directive(what) else {
            if what.is_empty() && !body.iter().all(Line::is_blank) {
                self.notes.add(Certainty::Unsure, number, "a substitution definition over several lines");
            } else {
                self.notes.sure(number, format!("substitution definition {name:?} empty or invalid"));
            }
            return;
        };
        let argument = Line { number, text: argument.to_owned() };
        let Some(parts) = self.parts(&kind, &argument, body) else {
            return;
        };
        if !words::SUBSTITUTIONS.contains(&kind.as_str()) {
            self.notes.sure(number, format!("substitution definition {name:?} empty or invalid"));
        }
        match kind.as_str() {
            "replace" => {
                if parts.content.iter().any(Line::is_blank) {
                    self.notes.sure(number, "error in \"replace\" directive: may contain a single paragraph only");
                }
                inline::check(&parts.content, self.notes);
                if parts.content.iter().any(|line| line.text.contains('|')) {
                    self.notes.add(Certainty::Unsure, number, "a substitution within a substitution");
                }
            }
            "image" => self.image(&parts, number, &["top", "middle", "bottom"]),
            _ => {}
        }
    }

    /// A directive's block, unless something is wrong with it.
    fn parts(&mut self, name: &str, argument: &Line, body: &[Line]) -> Option<Parts> {
        let number = argument.number;
        let Some(directive) = Directive::named(name) else {
            self.notes.sure(number, format!("unknown directive type {name:?}"));
            return None;
        };
        if matches!(name, "raw" | "include") {
            self.notes.sure(number, format!("{name:?} directive disabled"));
            return None;
        }
        match directive.parts(argument, body) {
            Err(why) => {
                self.notes.sure(number, format!("error in {name:?} directive: {why}"));
                None
            }
            Ok(parts) if parts.content.is_empty() && directive.demands_content() => {
                self.notes.sure(number, format!("content block expected for the {name:?} directive; none found"));
                None
            }
            Ok(parts) => {
                for name in ["name", "figname"].into_iter().filter_map(|option| parts.option(option)) {
                    self.notes.define(name);
                }
                Some(parts)
            }
        }
    }

    fn directive(&mut self, name: &str, argument: &Line, body: &[Line], place: Place) {
        let Some(parts) = self.parts(name, argument, body) else {
            self.part(place, Part::Body);
            return;
        };
        let number = argument.number;
        let waits = matches!(name, "class" | "rst-class") && parts.content.is_empty();
        if waits {
            self.waiting_class = Some(number).filter(|_| place == Place::Top);
            if place != Place::Top {
                self.notes.add(Certainty::Unsure, number, "a class for what follows it; only docutils can judge it");
            }
        } else if !words::INVISIBLE.contains(&name) {
            self.part(place, Part::Body);
        }
        match name {
            "date" | "replace" | "unicode" => {
                let message = format!(
                    "invalid context: the {name:?} directive can only be used within a substitution definition"
                );
                self.notes.sure(number, message);
            }
            "image" => self.image(&parts, number, &["left", "center", "right"]),
            "figure" => self.figure(&parts, number, place),
            "class" | "rst-class" | "container" => {
                if !are_class_names(&parts.argument_text()) {
                    self.notes.sure(number, format!("invalid class attribute value for {name:?} directive"));
                }
                self.nested(&parts.content, place);
            }
            "contents" | "topic" | "sidebar" if place != Place::Top && !self.in_sidebar => {
                let message = format!("the {name:?} directive may not be used within topics or body elements");
                self.notes.sure(number, message);
            }
            "sidebar" => {
                inline::check(&parts.argument, self.notes);
                self.in_sidebar = true;
                self.nested(&parts.content, place);
                self.in_sidebar = false;
            }
            "admonition" | "topic" => {
                inline::check(&parts.argument, self.notes);
                self.nested(&parts.content, place);
            }
            "contents" | "rubric" => inline::check(&parts.argument, self.notes),
            "parsed-literal" => inline::check(&parts.content, self.notes),
            "line-block" => {
                for line in &parts.content {
                    inline::check(std::slice::from_ref(line), self.notes);
                }
            }
            "list-table" => self.list_table(&parts, number, place),
            "csv-table" => self.csv_table(&parts, number),
            "table" => self.table(&parts, number, place),
            "default-role" => {
                let role = parts.argument_text();
                if !role.is_empty() {
                    self.notes.role(&role, "", number);
                }
            }
            "role" => self.role(&parts, argument),
            "meta" if !parts.content.iter().all(|line| line.is_blank() || line.is_indented() || is_field(line)) => {
                self.notes.sure(number, "invalid meta directive");
            }
            "compound" | "epigraph" | "footer" | "header" | "highlights" | "pull-quote" => {
                self.nested(&parts.content, place);
            }
            _ if words::ADMONITIONS.contains(&name) => self.nested(&parts.content, place),
            _ => {}
        }
    }

    fn image(&mut self, parts: &Parts, number: usize, places: &[&str]) {
        if let Some(align) = parts.option("align").filter(|align| !places.contains(&align.to_lowercase().as_str())) {
            let message =
                format!("error in \"image\" directive: {align:?} is not a valid value for the \"align\" option");
            self.notes.sure(number, message);
        }
        self.image_target(parts, number);
    }

    /// An image may lead to a target by its name.
    fn image_target(&mut self, parts: &Parts, number: usize) {
        let Some(name) = parts.option("target").and_then(|target| target.strip_suffix('_')) else {
            return;
        };
        let quoted = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
        let is_simple = name.chars().all(|c| c.is_alphanumeric() || "-._+:".contains(c)) && !name.ends_with('_');
        if let Some(name) = quoted.or(Some(name).filter(|_| is_simple)) {
            self.notes.reference(name, number);
        }
    }

    fn figure(&mut self, parts: &Parts, number: usize, place: Place) {
        self.image_target(parts, number);
        let caption = parts.content.first().map(|line| line.text.as_str());
        let is_term = parts.content.get(1).is_some_and(|line| line.is_indented() && !line.is_blank());
        if caption.is_some_and(|caption| caption != ".." && (is_marked(caption) || caption.starts_with(' ') || is_term))
        {
            let message = "figure caption must be a paragraph or empty comment";
            self.notes.add(Certainty::Likely, number, message);
        }
        self.nested(&parts.content, place);
    }

    /// `.. role:: name(base)`, of which the name is known already.
    fn role(&mut self, parts: &Parts, argument: &Line) {
        let number = argument.number;
        let text = argument.text.trim();
        let (name, base) = match text.split_once('(') {
            Some((name, base)) => (name.trim(), base.strip_suffix(')').map(str::trim)),
            None => (text, Some("")),
        };
        let is_name = |name: &str| name.chars().all(|c| c.is_alphanumeric() || "-._+:".contains(c));
        match base {
            _ if name.is_empty() => self.notes.sure(number, "\"role\" directive requires arguments on the first line"),
            Some(base) if is_name(name) && is_name(base) => {
                if !base.is_empty() && base != "raw" {
                    self.notes.role(base, "", number);
                }
                self.notes.defined_roles.insert(name.to_lowercase());
            }
            _ => self.notes.sure(number, format!("\"role\" directive arguments not valid role names: {text:?}")),
        }
        for line in parts.content.iter().skip(1).filter(|line| !line.is_blank() && !line.is_indented()) {
            if !line.text.starts_with(':') {
                self.notes.add(Certainty::Unsure, line.number, "what stands below a role; only docutils can judge it");
                continue;
            }
            let option = line.text[1..].split(':').next().unwrap_or_default();
            if !matches!(option, "class" | "format" | "language") {
                self.notes.sure(line.number, format!("error in \"role\" directive: unknown option {option:?}"));
            }
        }
    }

    /// A bullet list of bullet lists, all of the same length.
    fn list_table(&mut self, parts: &Parts, number: usize, place: Place) {
        inline::check(&parts.argument, self.notes);
        self.nested(&parts.content, place);
        let Some(rows) = items(&parts.content) else {
            let message =
                "error parsing content block for the \"list-table\" directive: exactly one bullet list expected";
            self.notes.add(Certainty::Likely, number, message);
            return;
        };
        let lengths: Option<Vec<usize>> = rows.iter().map(|row| Some(items(row)?.len())).collect();
        let uneven =
            "error parsing content block for the \"list-table\" directive: uniform two-level bullet list expected";
        match lengths {
            None => self.notes.add(Certainty::Likely, number, uneven),
            Some(lengths) if lengths.iter().any(|length| *length != lengths[0]) => self.notes.sure(number, uneven),
            Some(lengths) => {
                let count = |option: &str| parts.option(option).and_then(|text| text.parse().ok()).unwrap_or(0);
                if count("header-rows") >= lengths.len() || count("stub-columns") >= lengths[0] {
                    self.notes.sure(number, "insufficient data supplied, required by \"list-table\" directive");
                }
                self.widths(parts, "list-table", Some(lengths[0]), number);
            }
        }
    }

    /// Holds `:widths:` against the number of columns, if that is known.
    fn widths(&mut self, parts: &Parts, name: &str, columns: Option<usize>, number: usize) {
        let Some(widths) = parts.option("widths").filter(|widths| !matches!(*widths, "auto" | "grid")) else {
            return;
        };
        let given = widths.split([',', ' ', '\n']).filter(|width| !width.is_empty()).count();
        match columns {
            Some(columns) if columns == given => {}
            Some(_) => {
                self.notes.sure(number, format!("{name:?} widths do not match the number of columns in table"));
            }
            None => self.notes.add(Certainty::Unsure, number, "a table with widths; only docutils can judge it"),
        }
    }

    fn csv_table(&mut self, parts: &Parts, number: usize) {
        if parts.has("file") || parts.has("url") {
            self.notes.sure(number, "file and URL access deactivated; ignoring \"csv-table\" directive");
            return;
        }
        if parts.content.is_empty() {
            self.notes.sure(number, "the \"csv-table\" directive requires content; none supplied");
            return;
        }
        inline::check(&parts.argument, self.notes);
        let counted = ["header-rows", "stub-columns", "widths", "delim", "quote", "escape"];
        let quotes: usize = parts.content.iter().map(|line| line.text.matches('"').count()).sum();
        if counted.iter().any(|option| parts.has(option)) || quotes % 2 == 1 {
            self.notes.add(Certainty::Unsure, number, "a table of comma-separated values; only docutils can judge it");
        }
        self.notes.softly(|notes| {
            for line in &parts.content {
                for cell in line.text.split(',') {
                    let cell = Line { number: line.number, text: cell.trim().trim_matches('"').trim().to_owned() };
                    inline::check(&[cell], notes);
                }
            }
        });
    }

    fn table(&mut self, parts: &Parts, number: usize, place: Place) {
        inline::check(&parts.argument, self.notes);
        match table_end(&parts.content) {
            Some(end) if parts.content[end..].iter().all(Line::is_blank) => {
                self.widths(parts, "table", None, number);
                self.nested(&parts.content, place);
            }
            end => {
                let message = "error parsing content block for the \"table\" directive: exactly one table expected";
                let certainty = if end.is_none() { Certainty::Sure } else { Certainty::Likely };
                self.notes.add(certainty, number, message);
            }
        }
    }
}

fn is_field(line: &Line) -> bool {
    field_marker(&line.text).is_some()
}

/// Where the lines end that are indented, without a blank one between them.
fn paragraph_end(lines: &[Line], at: usize) -> usize {
    at + lines.get(at..).unwrap_or_default().iter().take_while(|line| line.is_indented() && !line.is_blank()).count()
}

/// The contents of the items of a bullet list, if the lines are one.
fn items(lines: &[Line]) -> Option<Vec<Vec<Line>>> {
    let mut items: Vec<Vec<Line>> = Vec::new();
    let mut indent = 0;
    let (sign, _) = bullet(&lines.iter().find(|line| !line.is_blank())?.text)?;
    for line in lines {
        if line.is_blank() || (line.is_indented() && line.indent() >= indent) {
            items.last_mut()?.push(cut(line, indent));
        } else {
            let (found, width) = bullet(&line.text)?;
            if found != sign {
                return None;
            }
            indent = width;
            let text = line.text.chars().skip(width).collect();
            items.push(vec![Line { number: line.number, text }]);
        }
    }
    Some(items)
}
