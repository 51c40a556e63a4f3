//! A command taken apart as a shell does it, without the shell.

/// Words between blanks. Quotes of either kind hold a word together, and outside
/// of single ones a backslash makes the next character an ordinary one. Nothing
/// else has a meaning.
pub fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match (c, quote) {
            (c, Some(end)) if c == end => quote = None,
            ('\\', None | Some('"')) => {
                let next = rest.next().ok_or("nothing follows the last backslash")?;
                word.get_or_insert_default().push(next);
            }
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    if let Some(quote) = quote {
        return Err(format!("the closing {quote} is missing"));
    }
    words.extend(word);
    if words.is_empty() {
        return Err("expected a program and its arguments".to_string());
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn blanks_part_words_and_quotes_hold_them() {
        for (text, expected) in [
            (
                "php artisan  config:cache ",
                &["php", "artisan", "config:cache"][..],
            ),
            (
                r#"sh -c 'echo "$1"; exit 1'"#,
                &["sh", "-c", r#"echo "$1"; exit 1"#],
            ),
            (
                r#"a "b \" c"d e\ f '' '\'"#,
                &["a", "b \" cd", "e f", "", "\\"],
            ),
        ] {
            assert_eq!(words(text).unwrap(), expected, "{text}");
        }
        for text in ["", "  ", "'a", "a\\", "\"a'"] {
            assert!(words(text).is_err(), "{text}");
        }
    }
}
