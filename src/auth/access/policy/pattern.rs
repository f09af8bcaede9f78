//! `*`, `?` and `${...}`: the patterns of a policy.
//!
//! `*` is any run of characters, `/` included, `?` is one. Under Version 2012-10-17 `${key}` is
//! the value of a condition key, taken by the letter, and `${*}`, `${?}`, `${$}` are the characters
//! themselves. A variable that has no value, or more than one, matches nothing.
//!
//! A match never goes back beyond its last `*`: its time is at most the product of the two
//! lengths, and linear for patterns as people write them. Recursion, which takes exponential time
//! on `a*a*a*b`, is security class M; so is that product, where both are long, and every step is
//! counted ([`Facts::spend`]).
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>

use super::super::Facts;
use std::borrow::Cow;

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

    /// Whether the whole text is of this pattern.
    pub(super) fn matches(&self, text: &str, facts: &Facts) -> bool {
        if !facts.spend(text.len()) {
            return false;
        }
        let text = if self.fold { Cow::from(lower(text)) } else { Cow::from(text) };
        let variable = |token: &Token| matches!(token, Token::Fact(..));
        if !self.tokens.iter().any(variable) {
            return glob(&self.tokens, &text, facts);
        }
        self.resolve(facts).is_some_and(|tokens| glob(&tokens, &text, facts))
    }

    /// Whether the request has no value for one of its variables.
    pub(super) fn is_unknown(&self, facts: &Facts) -> bool {
        let variable = |token: &Token| matches!(token, Token::Fact(..));
        self.tokens.iter().any(variable) && self.resolve(facts).is_none()
    }

    /// The tokens with each variable's value in its place.
    fn resolve(&self, facts: &Facts) -> Option<Vec<Token>> {
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
    let (mut token, mut rest) = (0, text);
    // Where to go on after a mismatch: behind the last `*`, which takes one character more.
    let mut retry: Option<(usize, &str)> = None;
    while facts.spend(1) {
        let mut after = rest.chars();
        let char = after.next();
        match (tokens.get(token), char) {
            (None, None) => return true,
            (Some(Token::Any), _) => {
                token += 1;
                retry = Some((token, rest));
                continue;
            }
            (Some(Token::One), Some(_)) => {}
            (Some(Token::Char(wanted)), Some(char)) if *wanted == char => {}
            _ => {
                let Some((behind, from)) = retry else { return false };
                let mut longer = from.chars();
                if longer.next().is_none() {
                    return false;
                }
                (token, rest) = (behind, longer.as_str());
                retry = Some((token, rest));
                continue;
            }
        }
        token += 1;
        rest = after.as_str();
    }
    false
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
    fn class_m_a_pattern_of_many_stars_takes_no_exponential_time() {
        let text = "a".repeat(1024);
        assert!(!matches(&format!("{}b", "a*".repeat(500)), &text));
        assert!(matches(&format!("{}b", "a*".repeat(500)), &format!("{text}b")));
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
