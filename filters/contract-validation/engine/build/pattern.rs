/// A pattern in the syntax of Rust, compiled. Most are a few classes of characters one after the
/// other; a machine for regular expressions takes ten times as long for those.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    Runs(Runs),
    Other(regex_lite::Regex),
}

impl Pattern {
    /// `None` for what is no pattern, or does not run in linear time.
    pub(crate) fn new(pattern: &str) -> Option<Self> {
        if let Some(runs) = Runs::of(pattern) {
            return Some(Self::Runs(runs));
        }
        regex_lite::Regex::new(&flat_classes(pattern))
            .ok()
            .map(Self::Other)
    }
}

impl RegexEngine for Pattern {
    type Error = LiteralMatchError;

    fn is_match(&self, text: &str) -> Result<bool, Self::Error> {
        Ok(match self {
            Self::Runs(runs) => runs.is_match(text),
            Self::Other(regex) => regex.is_match(text),
        })
    }
}

/// What follows the start of a text, up to its end or not.
#[derive(Debug, Clone)]
pub(crate) struct Runs {
    runs: Vec<Run>,
    to_end: bool,
}

/// Characters of one class, at least and at most so many.
#[derive(Debug, Clone)]
struct Run {
    class: Characters,
    least: u32,
    most: u32,
}

impl Runs {
    /// `None` where the pattern is more than that, or would have to try again with a shorter run.
    fn of(pattern: &str) -> Option<Self> {
        let mut rest = pattern.strip_prefix('^')?.chars().peekable();
        let mut runs: Vec<Run> = Vec::new();
        let mut to_end = false;
        while let Some(next) = rest.next() {
            if next == '$' && rest.peek().is_none() {
                to_end = true;
                break;
            }
            let class = match next {
                '[' => Characters::class(&mut rest)?,
                _ => Characters::of(literal(next, &mut rest)?, None)?,
            };
            let (least, most) = repeats(&mut rest)?;
            runs.push(Run { class, least, most });
        }
        let runs = Self { runs, to_end };
        runs.is_unambiguous().then_some(runs)
    }

    /// Whether each run ends where no run that may follow it could go on, so that the longest is
    /// the only one to try.
    fn is_unambiguous(&self) -> bool {
        self.runs.iter().enumerate().all(|(place, run)| {
            run.least == run.most || {
                let after = &self.runs[place + 1..];
                let skipped = after.iter().take_while(|own| own.least == 0).count();
                let mut may_follow = after.iter().take(skipped + 1);
                may_follow.all(|own| !own.class.meets(&run.class))
            }
        })
    }

    fn is_match(&self, text: &str) -> bool {
        let mut rest = text.chars();
        for run in &self.runs {
            let mut taken = 0;
            while taken < run.most {
                let mut ahead = rest.clone();
                if !ahead.next().is_some_and(|next| run.class.has(next)) {
                    break;
                }
                rest = ahead;
                taken += 1;
            }
            if taken < run.least {
                return false;
            }
        }
        !self.to_end || rest.as_str().is_empty()
    }
}

/// Some of the characters of ASCII, and all others or none.
#[derive(Debug, Clone, Default)]
struct Characters {
    /// A bit for each.
    ascii: [u32; 4],
    others: bool,
}

impl Characters {
    fn has(&self, character: char) -> bool {
        let code = character as usize;
        self.ascii
            .get(code / 32)
            .map_or(self.others, |bits| bits >> (code % 32) & 1 == 1)
    }

    fn meets(&self, other: &Self) -> bool {
        let mut bits = self.ascii.iter().zip(other.ascii);
        self.others && other.others || bits.any(|(own, other)| own & other != 0)
    }

    /// One character, or all from it to another.
    fn of(first: char, last: Option<char>) -> Option<Self> {
        let mut characters = Self::default();
        characters.add(first, last.unwrap_or(first))?;
        Some(characters)
    }

    fn add(&mut self, first: char, last: char) -> Option<()> {
        if !first.is_ascii() || !last.is_ascii() || first > last {
            return None;
        }
        for code in first as usize..=last as usize {
            self.ascii[code / 32] |= 1 << (code % 32);
        }
        Some(())
    }

    /// What stands behind `[`, up to its end. The empty class, and one in another, are left alone.
    fn class(rest: &mut Rest<'_>) -> Option<Self> {
        let mut characters = Self::default();
        let negated = rest.next_if_eq(&'^').is_some();
        let mut is_empty = true;
        loop {
            let next = rest.next()?;
            if next == ']' && !is_empty {
                break;
            }
            let first = member(next, rest)?;
            let last = match rest.next_if_eq(&'-') {
                None => first,
                Some(_) if rest.peek() == Some(&']') => {
                    characters.add('-', '-')?;
                    first
                }
                Some(_) => {
                    let next = rest.next()?;
                    member(next, rest)?
                }
            };
            characters.add(first, last)?;
            is_empty = false;
        }
        if negated {
            characters.ascii = characters.ascii.map(|bits| !bits);
            characters.others = true;
        }
        Some(characters)
    }
}

type Rest<'p> = std::iter::Peekable<std::str::Chars<'p>>;

/// A character that stands for itself outside classes.
fn literal(next: char, rest: &mut Rest<'_>) -> Option<char> {
    match next {
        '\\' => escaped(rest),
        '^' | '$' | '.' | '|' | '?' | '*' | '+' | '(' | ')' | ']' | '{' | '}' => None,
        _ => Some(next),
    }
}

/// A character that stands for itself in classes.
fn member(next: char, rest: &mut Rest<'_>) -> Option<char> {
    match next {
        '\\' => escaped(rest),
        '[' | ']' => None,
        // Two of these are an operation.
        '&' | '~' | '-' if rest.peek() == Some(&next) => None,
        _ => Some(next),
    }
}

/// A character that stands for itself behind a backslash. `\<` and `\>` are places in words.
fn escaped(rest: &mut Rest<'_>) -> Option<char> {
    let next = rest.next()?;
    (next.is_ascii_punctuation() && !matches!(next, '<' | '>')).then_some(next)
}

/// How often what stands before may be there: once where nothing says so.
fn repeats(rest: &mut Rest<'_>) -> Option<(u32, u32)> {
    let repeats = match rest.peek() {
        Some('?') => (0, 1),
        Some('*') => (0, u32::MAX),
        Some('+') => (1, u32::MAX),
        Some('{') => counts(rest)?,
        _ => return Some((1, 1)),
    };
    rest.next();
    // What follows asks for the shortest one, or is a mistake.
    match rest.peek() {
        Some('?' | '*' | '+' | '{') => None,
        _ => Some(repeats),
    }
}

/// Reads `{n}`, `{n,}` or `{n,m}` up to its last bracket.
fn counts(rest: &mut Rest<'_>) -> Option<(u32, u32)> {
    rest.next();
    let mut text = String::new();
    while let Some(next) = rest.next_if(|next| *next != '}') {
        text.push(next);
    }
    rest.peek()?;
    let number = |digits: &str| {
        let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
        digits.parse().ok().filter(|_| is_number)
    };
    let (least, most) = match text.split_once(',') {
        None => (number(&text)?, number(&text)?),
        Some((least, "")) => (number(least)?, u32::MAX),
        Some((least, most)) => (number(least)?, number(most)?),
    };
    (least <= most).then_some((least, most))
}
