/// A pattern in which no class stands in another, as `regex-lite` has it. The translation from
/// ECMA-262 writes `\d`, `\w`, `\s` and their opposites as classes, and does so inside classes
/// too; every other bracket in a class is escaped by then.
fn flat_classes(translated: &str) -> String {
    let mut flat = String::with_capacity(translated.len());
    let mut rest = translated.chars();
    let mut is_in_class = false;
    while let Some(next) = rest.next() {
        match next {
            '\\' => {
                flat.push(next);
                flat.extend(rest.next());
            }
            '[' if is_in_class => {
                let nested: String = rest.by_ref().take_while(|&own| own != ']').collect();
                flat.push_str(match nested.as_str() {
                    "^0-9" => r"\D",
                    "^A-Za-z0-9_" => r"\W",
                    negated if negated.starts_with('^') => NO_WHITESPACE,
                    ranges => ranges,
                });
            }
            _ => {
                is_in_class = next == '[' || is_in_class && next != ']';
                flat.push(next);
            }
        }
    }
    flat
}

/// `\S` of ECMA-262 as ranges: all but `WhiteSpace` and `LineTerminator` (section 22.2.2.9).
const NO_WHITESPACE: &str = r"\x{0}-\x{8}\x{e}-\x{1f}!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}";
