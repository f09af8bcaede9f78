//! `*`, `?` and `${...}`: the patterns of a policy.
//!
//! `*` is any run of characters, `/` included, `?` is one. Under Version 2012-10-17 `${key}` is
//! the value of a condition key, taken by the letter, and `${*}`, `${?}`, `${$}` are the characters
//! themselves. A variable that has no value, or more than one, matches nothing.
//!
//! Matching is linear in the text, whatever the pattern (security class M: `a*a*a*b` takes
//! exponential time by recursion, and by going back to the last `*` the product of the lengths).
//! A pattern is cut at its `*` into stretches. The first must begin the text and the last end it;
//! each between is looked for once, from where the one before ended, and the first place is the
//! best one, as it leaves the most to the next. Plain characters are found by `memmem`, which is
//! linear; UTF-8 lets bytes be compared for characters. A stretch with `?` is found by Shift-And:
//! 64 of its characters a step, and it is no longer than the text, so in a key at most 17 steps a
//! character. Every step is counted ([`Facts::spend`]), as a policy has many patterns.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>

use super::super::Facts;
use memchr::memmem;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Char(char),
    One,
    Any,
    /// A condition key in lower case, and what holds if it has no value.
    Fact(String, Option<String>),
}

/// A text with wildcards, and perhaps variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    tokens: Vec<Token>,
    /// The case of letters does not matter; those of `tokens` are lower case.
    fold: bool,
}

impl Pattern {
    /// Reads a pattern; `None` where a variable has no end or no name.
    pub(super) fn compile(text: &str, variables: bool) -> Option<Pattern> {
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some(char) = rest.chars().next() {
            match rest.strip_prefix("${").filter(|_| variables) {
                Some(variable) => {
                    let (name, after) = variable.split_once('}')?;
                    tokens.push(Pattern::variable(name)?);
                    rest = after;
                    continue;
                }
                None if char == '*' => tokens.push(Token::Any),
                None if char == '?' => tokens.push(Token::One),
                None => tokens.push(Token::Char(char)),
            }
            rest = &rest[char.len_utf8()..];
        }
        Some(Pattern { tokens, fold: false })
    }

    /// A text in which no character stands for others, but variables may stand.
    pub(super) fn literal(text: &str, variables: bool) -> Option<Pattern> {
        let mut pattern = Pattern::compile(text, variables)?;
        for token in &mut pattern.tokens {
            match token {
                Token::Any => *token = Token::Char('*'),
                Token::One => *token = Token::Char('?'),
                Token::Char(_) | Token::Fact(..) => {}
            }
        }
        Some(pattern)
    }

    /// The same without regard to case.
    pub(super) fn folded(self) -> Pattern {
        let lower = |token| match token {
            Token::Char(char) => char.to_lowercase().map(Token::Char).collect(),
            token => vec![token],
        };
        Pattern { tokens: self.tokens.into_iter().flat_map(lower).collect(), fold: true }
    }

    /// `key`, or `key, 'default'`, or an escaped character.
    fn variable(name: &str) -> Option<Token> {
        if let "*" | "?" | "$" = name {
            return name.chars().next().map(Token::Char);
        }
        let (key, default) = match name.split_once(',') {
            Some((key, quoted)) => {
                let default = quoted.trim().strip_prefix('\'')?.strip_suffix('\'')?;
                (key, Some(default.to_owned()))
            }
            None => (name, None),
        };
        let key = key.trim().to_ascii_lowercase();
        (!key.is_empty()).then_some(Token::Fact(key, default))
    }

    /// Whether it names one text and no other, whatever the request.
    pub(super) fn is_fixed(&self) -> bool {
        self.tokens.iter().all(|token| matches!(token, Token::Char(_)))
    }

    /// Whether no text with that character is of this pattern, save by a wildcard or a variable.
    pub(super) fn names(&self, char: char) -> bool {
        self.tokens.contains(&Token::Char(char))
    }

    /// Whether it has a `*`.
    pub(super) fn has_star(&self) -> bool {
        self.tokens.contains(&Token::Any)
    }

    /// Whether the whole text is of this pattern.
    pub(super) fn matches(&self, text: &str, facts: &Facts) -> bool {
        let copied = if self.fold { text.len() } else { 0 };
        if !facts.spend(1 + copied) {
            return false;
        }
        let text = if self.fold { Cow::from(lower(text)) } else { Cow::from(text) };
        let variable = |token: &Token| matches!(token, Token::Fact(..));
        if !self.tokens.iter().any(variable) {
            return glob(&self.tokens, &text, facts);
        }
        self.resolve(text.len(), facts).is_some_and(|tokens| glob(&tokens, &text, facts))
    }

    /// Whether the request has no value for one of its variables.
    pub(super) fn is_unknown(&self, facts: &Facts) -> bool {
        self.tokens.iter().any(|token| match token {
            Token::Fact(key, default) => {
                let mut values = facts.of(key);
                let value = values.next().or(default.as_deref());
                value.is_none() || values.next().is_some()
            }
            Token::Char(_) | Token::One | Token::Any => false,
        })
    }

    /// The tokens with each variable's value in its place; `None` also where they have become more
    /// than a text of that many bytes can match.
    fn resolve(&self, text_len: usize, facts: &Facts) -> Option<Vec<Token>> {
        let most = self.tokens.len() + text_len;
        facts.spend(self.tokens.len()).then_some(())?;
        let mut tokens = Vec::with_capacity(self.tokens.len());
        for token in &self.tokens {
            let Token::Fact(key, default) = token else {
                tokens.push(token.clone());
                continue;
            };
            let mut values = facts.of(key);
            let value = values.next().or(default.as_deref())?;
            if values.next().is_some() || !facts.spend(value.len()) {
                return None;
            }
            match self.fold {
                true => tokens.extend(lower(value).chars().map(Token::Char)),
                false => tokens.extend(value.chars().map(Token::Char)),
            }
            if tokens.len() > most {
                return None;
            }
        }
        Some(tokens)
    }
}

/// Character by character, as the tokens are: `str::to_lowercase` ends a Greek word in another
/// sigma, and a text would not match itself.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn glob(tokens: &[Token], text: &str, facts: &Facts) -> bool {
    let mut stretches = tokens.split(|token| *token == Token::Any);
    let first = stretches.next().unwrap_or_default();
    let Some(rest) = strip_first(first, text, facts) else { return false };
    let Some(last) = stretches.next_back() else { return rest.is_empty() };
    let Some(rest) = strip_last(last, rest, facts) else { return false };
    stretches.try_fold(rest, |rest, stretch| after(stretch, rest, facts)).is_some()
}

/// One token of a stretch and a character.
fn fits(token: &Token, char: char) -> bool {
    *token == Token::One || *token == Token::Char(char)
}

/// What follows the stretch that the text begins with.
fn strip_first<'t>(stretch: &[Token], text: &'t str, facts: &Facts) -> Option<&'t str> {
    let mut chars = text.chars();
    let all = stretch
        .iter()
        .all(|token| facts.spend(1) && chars.next().is_some_and(|char| fits(token, char)));
    all.then_some(chars.as_str())
}

/// What comes before the stretch that the text ends with.
fn strip_last<'t>(stretch: &[Token], text: &'t str, facts: &Facts) -> Option<&'t str> {
    let mut chars = text.chars();
    let all = stretch
        .iter()
        .rev()
        .all(|token| facts.spend(1) && chars.next_back().is_some_and(|char| fits(token, char)));
    all.then_some(chars.as_str())
}

/// What follows the first place in the text where the stretch stands.
fn after<'t>(stretch: &[Token], text: &'t str, facts: &Facts) -> Option<&'t str> {
    if stretch.len() > text.len() {
        return None;
    }
    let plain: Option<String> = stretch
        .iter()
        .map(|token| if let Token::Char(char) = token { Some(*char) } else { None })
        .collect();
    let Some(plain) = plain else { return after_wild(stretch, text, facts) };
    let end = memmem::find(text.as_bytes(), plain.as_bytes()).map(|at| at + plain.len());
    facts.spend(plain.len() + end.unwrap_or(text.len())).then_some(())?;
    text.get(end?..)
}

/// The same of a stretch with `?`, by Shift-And: bit n of the state says that the last n + 1
/// characters are how the stretch begins.
fn after_wild<'t>(stretch: &[Token], text: &'t str, facts: &Facts) -> Option<&'t str> {
    let words = stretch.len().div_ceil(64);
    let bit = |at: usize| (at / 64, 1_u64 << (at % 64));
    // Bit n of a character's mask says that it may be the stretch's n-th; `others` is of those
    // that the stretch does not name.
    let mut others = vec![0; words];
    for (at, _) in stretch.iter().enumerate().filter(|(_, token)| **token == Token::One) {
        let (word, bit) = bit(at);
        others[word] |= bit;
    }
    let mut masks: BTreeMap<char, Vec<u64>> = BTreeMap::new();
    for (at, token) in stretch.iter().enumerate() {
        let Token::Char(char) = token else { continue };
        if !masks.contains_key(char) && !facts.spend(words) {
            return None;
        }
        let (word, bit) = bit(at);
        masks.entry(*char).or_insert_with(|| others.clone())[word] |= bit;
    }
    let (last, end) = bit(stretch.len() - 1);
    let mut state = vec![0; words];
    for (at, char) in text.char_indices() {
        if !facts.spend(words) {
            return None;
        }
        shift_and(&mut state, masks.get(&char).unwrap_or(&others));
        if state[last] & end != 0 {
            return text.get(at + char.len_utf8()..);
        }
    }
    None
}

/// One character more: what began before goes on, and the stretch may begin here.
fn shift_and(state: &mut [u64], mask: &[u64]) {
    let mut carry = 1;
    for (word, mask) in state.iter_mut().zip(mask) {
        let out = *word >> 63;
        *word = ((*word << 1) | carry) & mask;
        carry = out;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::compile(pattern, true).unwrap().matches(text, &Facts::default())
    }

    /// The definition of a match, in exponential time.
    fn oracle(pattern: &[char], text: &[char]) -> bool {
        match (pattern.first(), text.first()) {
            (None, None) => true,
            (Some('*'), _) if oracle(&pattern[1..], text) => true,
            (Some('*'), Some(_)) => oracle(pattern, &text[1..]),
            (Some('?'), Some(_)) => oracle(&pattern[1..], &text[1..]),
            (Some(wanted), Some(char)) if wanted == char => oracle(&pattern[1..], &text[1..]),
            _ => false,
        }
    }

    /// All texts of at most `length` of these characters.
    fn all(alphabet: &[char], length: usize) -> Vec<Vec<char>> {
        let mut texts = vec![vec![]];
        let mut from = 0;
        for _ in 0..length {
            let until = texts.len();
            for text in from..until {
                for char in alphabet {
                    let mut longer = texts[text].clone();
                    longer.push(*char);
                    texts.push(longer);
                }
            }
            from = until;
        }
        texts
    }

    #[test]
    fn patterns_match_as_their_definition_says() {
        let texts = all(&['a', 'é'], 5);
        for pattern in all(&['a', 'é', '*', '?'], 5) {
            let text: String = pattern.iter().collect();
            let compiled = Pattern::compile(&text, true).unwrap();
            for candidate in &texts {
                let string: String = candidate.iter().collect();
                let found = compiled.matches(&string, &Facts::default());
                assert_eq!(found, oracle(&pattern, candidate), "{text} {string}");
            }
        }
    }

    #[test]
    fn a_long_stretch_with_question_marks_is_found_as_its_definition_says() {
        for length in [1, 2, 63, 64, 65, 127, 128, 129, 200] {
            let stretch: String = (0..length).map(|n| if n % 3 == 1 { '?' } else { 'é' }).collect();
            let there: String = (0..length).map(|n| if n % 3 == 1 { 'x' } else { 'é' }).collect();
            let mut wrong: Vec<char> = there.chars().collect();
            *wrong.last_mut().unwrap() = if length % 3 == 2 { 'é' } else { 'y' };
            let wrong: String = wrong.into_iter().collect();
            let pattern = format!("a*{stretch}*b");
            assert!(matches(&pattern, &format!("a{there}b")), "{length}");
            assert!(matches(&pattern, &format!("aéé{there}{there}éb")), "{length}");
            assert!(!matches(&pattern, &format!("a{}b", &there[2..])), "{length}");
            if length % 3 != 2 {
                assert!(!matches(&pattern, &format!("a{wrong}{wrong}b")), "{length}");
            }
        }
    }

    fn steps(pattern: &str, text: &str) -> usize {
        let facts = Facts::default();
        Pattern::compile(pattern, true).unwrap().matches(text, &facts);
        assert!(!facts.are_spent(), "{pattern}");
        facts.steps()
    }

    #[test]
    fn class_m_twice_the_text_takes_at_most_twice_the_steps() {
        for pattern in [
            "a*a*a*a*a*a*a*a*b",
            &format!("{}b", "a*".repeat(500)),
            &format!("*{}b*", "a".repeat(500)),
            &format!("*{}b", "a".repeat(500)),
            "*aaaa?aaa*",
            &format!("*{}?b*", "a".repeat(500)),
            &format!("{}b", "?*".repeat(500)),
            &format!("*{}*b", "?".repeat(500)),
            &format!("*{}*", "a?b*".repeat(200)),
            "*",
            "a*é",
        ] {
            for unit in ["a", "b", "ab", "aab", "é"] {
                let of = |length| steps(pattern, &unit.repeat(length));
                for length in [1024, 2048, 4096] {
                    assert!(of(2 * length) <= 2 * of(length), "{pattern} {unit} {length}");
                }
            }
        }
    }

    /// With no `?` the pattern's length only adds to the text's.
    #[test]
    fn class_m_plain_patterns_take_as_many_steps_as_pattern_and_text_are_long() {
        let text = "a".repeat(4000);
        for count in [1, 10, 100, 1000, 4000] {
            for pattern in [
                format!("{}b", "a*".repeat(count)),
                format!("*{}b*", "a".repeat(count)),
                format!("*{}", "aa*".repeat(count)),
                format!("{}*", "*".repeat(count)),
            ] {
                let found = steps(&pattern, &text);
                assert!(found <= pattern.len() + text.len() + 2, "{found} {count}");
            }
        }
    }

    #[test]
    fn a_variable_is_its_value_by_the_letter() {
        let mut facts = Facts::default();
        facts.add("aws:UserID", "a*".to_owned());
        let home = |text: &str| {
            Pattern::compile("home/${aws:userid}/*", true).unwrap().matches(text, &facts)
        };
        assert!(home("home/a*/x"));
        assert!(!home("home/abc/x"));
        assert!(!matches("home/${aws:userid}/*", "home//x"));
        assert!(matches("home/${aws:userid, 'all'}/*", "home/all/x"));
        assert!(matches("${*}${?}${$}", "*?$"));
        assert!(!matches("${*}", "a"));
        let old = Pattern::compile("${aws:userid}", false).unwrap();
        assert!(old.matches("${aws:userid}", &facts));
        for bad in ["${aws:userid", "${}", "${ }", "${a, b}"] {
            assert_eq!(Pattern::compile(bad, true), None, "{bad}");
        }
    }

    #[test]
    fn case_may_be_said_not_to_matter() {
        let mut facts = Facts::default();
        facts.add("aws:username", "Ann".to_owned());
        let pattern = Pattern::compile("S3:Get*/${aws:username}", true).unwrap().folded();
        assert!(pattern.matches("s3:gETObject/aNN", &facts));
        assert!(!pattern.matches("s3:Put/ann", &facts));
        let greek = Pattern::compile("ΟΔΟΣ", true).unwrap().folded();
        assert!(greek.matches("ΟΔΟΣ", &Facts::default()));
    }

    #[test]
    fn a_variable_of_several_values_matches_nothing() {
        let mut facts = Facts::default();
        facts.add("s3:requestobjecttagkeys", "a".to_owned());
        facts.add("s3:requestobjecttagkeys", "b".to_owned());
        let pattern = Pattern::compile("${s3:RequestObjectTagKeys}", true).unwrap();
        assert!(!pattern.matches("a", &facts));
    }
}
