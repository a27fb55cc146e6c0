/// A place in a text that moves forward.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// What lies between an earlier position and this one.
    pub(super) fn since(&self, position: usize) -> &'a str {
        &self.text[position..self.at]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character in front of this place.
    pub(super) fn before(&self) -> Option<char> {
        self.text[..self.at].chars().next_back()
    }

    /// Steps over the text if it stands here.
    pub(super) fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    /// Steps over ASCII letters if they stand here, in any case.
    pub(super) fn eat_letters(&mut self, expected: &str) -> bool {
        let found = self.rest().get(..expected.len()).is_some_and(|here| here.eq_ignore_ascii_case(expected));
        if found {
            self.at += expected.len();
        }
        found
    }

    /// Steps over one character of a kind.
    pub(super) fn eat_one(&mut self, is_kind: impl Fn(char) -> bool) -> Option<char> {
        let next = self.peek().filter(|c| is_kind(*c))?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Steps over all characters of a kind and returns them.
    pub(super) fn eat_all(&mut self, is_kind: impl Fn(char) -> bool) -> &'a str {
        let start = self.at;
        while self.eat_one(&is_kind).is_some() {}
        self.since(start)
    }

    pub(super) fn digits(&mut self) -> &'a str {
        self.eat_all(|c| c.is_ascii_digit())
    }

    /// Goes back to where a copy was taken.
    pub(super) fn back_to(&mut self, earlier: Self) {
        self.at = earlier.at;
    }
}

/// What Python's `str.isspace` and `\s` call white space.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\x1c'..='\x1f')
}

/// What Python's `\w` matches, near enough: letters, digits and the underscore.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
