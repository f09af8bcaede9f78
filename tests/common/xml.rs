//! Reads answers the way Cyberduck reads its errors: by the plain text of the elements. That holds
//! the server to attribute-free `<Code>…</Code>`, which a real parser would not.

/// The inner text, still escaped, of every `<name>` in document order.
pub fn elements<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut found = Vec::new();
    let mut rest = xml;
    while let Some(start) = rest.find(&open) {
        rest = &rest[start + open.len()..];
        let Some(end) = rest.find(&close) else { break };
        found.push(&rest[..end]);
        rest = &rest[end + close.len()..];
    }
    found
}

/// The text of the first `<name>`.
pub fn text(xml: &str, name: &str) -> Option<String> {
    elements(xml, name).first().map(|inner| unescape(inner))
}

/// Of every `<outer>`, the text of its first `<inner>`.
pub fn texts(xml: &str, outer: &str, inner: &str) -> Vec<String> {
    elements(xml, outer).into_iter().filter_map(|element| text(element, inner)).collect()
}

/// The name of the root element, without attributes.
pub fn root(xml: &str) -> &str {
    let body = xml.split_once("?>").map_or(xml, |(_, body)| body).trim_start();
    let name = body.strip_prefix('<').unwrap_or("");
    name.split([' ', '>', '/']).next().unwrap_or("")
}

/// Undoes XML's escapes.
pub fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        let Some((name, after)) = rest.split_once(';') else { break };
        out.push(entity(name).unwrap_or('\u{fffd}'));
        rest = after;
    }
    out + rest
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

/// Escapes text for an element; control characters as references, which AWS reads too.
pub fn escape(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() => out.push_str(&format!("&#x{:x};", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Undoes `encoding-type=url`: percent signs, and `+` for a space, as Cyberduck reads it.
pub fn url_decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let pair = glassbucket::types::unhex(&[*high, *low]).expect("two hex digits");
                bytes.extend(pair);
                rest = tail;
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}
