//! Names with values: queries, cookies and forms.

use std::borrow::Cow;

use super::delimited::{List, Members};
use super::percent::{self, Plus};
use super::shape::Kind;
use super::{Found, Malformed, Style, Styled};

/// Names with values, in the order in which they came. Values are as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairs<'a> {
    pairs: Vec<(Cow<'a, str>, &'a str)>,
    encoding: Encoding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// Percent-encoding in which a plus is a space.
    Form,
    /// Percent-encoding where the style asks for it.
    Cookie,
}

impl<'a> Pairs<'a> {
    /// The parameters of a query, which comes without its question mark, or the fields of a form.
    pub fn query(raw: &'a str) -> Result<Self, Malformed> {
        let pairs = raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((percent::decode(name, Plus::Space)?, value))
        });
        Ok(Self {
            pairs: pairs.collect::<Result<_, _>>()?,
            encoding: Encoding::Form,
        })
    }

    /// The cookies of all lines of `Cookie` (RFC 6265 section 4.2.1; HTTP/2 may cut the field into
    /// several lines, RFC 9113 section 8.2.3). What has no name is none.
    pub fn cookies(lines: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, Malformed> {
        let mut pairs = Vec::new();
        for line in lines {
            let line = super::text(line)?;
            let named = line.split(';').filter_map(|pair| pair.split_once('='));
            pairs.extend(named.map(|(name, value)| {
                (
                    Cow::Borrowed(name.trim_matches([' ', '\t'])),
                    value.trim_matches([' ', '\t']),
                )
            }));
        }
        Ok(Self {
            pairs,
            encoding: Encoding::Cookie,
        })
    }

    /// The names, in the order in which they came.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(name, _)| name.as_ref())
    }

    /// The one value of a name, decoded.
    pub fn text_of(&self, name: &str) -> Result<Option<String>, Malformed> {
        let raw = self.one(name)?;
        raw.map(|raw| self.decode(raw).map(Cow::into_owned))
            .transpose()
    }

    /// The names with their values, as they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.pairs.iter().map(|(name, raw)| (name.as_ref(), *raw))
    }

    /// The values of a name, as they came.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let named = self.pairs.iter().filter(move |(own, _)| own == name);
        named.map(|(_, value)| *value)
    }

    /// The one value of a name, as it came.
    pub(super) fn one(&self, name: &str) -> Result<Option<&'a str>, Malformed> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(Malformed::Repeated),
        }
    }

    /// A value as it was before it was encoded.
    pub(super) fn decode<'r>(&self, raw: &'r str) -> Result<Cow<'r, str>, Malformed> {
        percent::decode(raw, self.plus())
    }

    fn plus(&self) -> Plus {
        match self.encoding {
            Encoding::Form => Plus::Space,
            Encoding::Cookie => Plus::Itself,
        }
    }

    /// A value as its style wrote it: `cookie` encodes nothing.
    fn text<'r>(&self, raw: &'r str, style: Style) -> Result<Cow<'r, str>, Malformed> {
        match style {
            Style::Cookie => Ok(Cow::Borrowed(raw)),
            _ => self.decode(raw),
        }
    }
}

/// Reads a parameter from pairs.
pub(super) fn read(
    name: &str,
    styled: &Styled,
    pairs: &Pairs<'_>,
    claims: &dyn Fn(&str) -> bool,
) -> Result<Found, Malformed> {
    let Styled {
        style,
        explode,
        shape,
        ..
    } = styled;
    match (style, shape.kind()) {
        (Style::DeepObject, _) => deep_object(name, styled, pairs),
        (Style::Form | Style::Cookie, Kind::Object) if *explode => alone(styled, pairs, claims),
        (Style::Form | Style::Cookie, kind) if *explode => repeated(name, styled, pairs, kind),
        _ => match pairs.one(name)? {
            None => Ok(Found::Absent),
            Some("") if styled.allow_empty => Ok(Found::Empty),
            Some(raw) if *style == Style::Cookie => {
                let list = List::Header { explode: false };
                list.read(raw, shape).map(Found::Value)
            }
            Some(raw) => {
                let list = List::Pair {
                    between: between(*style),
                    plus: pairs.plus(),
                };
                list.read(raw, shape).map(Found::Value)
            }
        },
    }
}

/// Whether a pair of the name `other` belongs to the parameter `name`.
pub(super) fn owns(name: &str, styled: &Styled, other: &str) -> bool {
    match styled.style {
        Style::DeepObject => member_of(name, other).is_some(),
        Style::Form | Style::Cookie if styled.explode && styled.shape.is_object() => {
            styled.shape.member(other).is_some()
        }
        _ => name == other,
    }
}

/// `color=blue&color=black`, or one value where a name may stand once or several times.
fn repeated(
    name: &str,
    styled: &Styled,
    pairs: &Pairs<'_>,
    kind: Kind<'_>,
) -> Result<Found, Malformed> {
    let raws: Vec<&str> = pairs.all(name).collect();
    match (raws.as_slice(), kind, styled.shape.items()) {
        ([], _, _) => Ok(Found::Absent),
        ([""], _, _) if styled.allow_empty => Ok(Found::Empty),
        ([raw], Kind::Scalar, _) => {
            let text = pairs.text(raw, styled.style)?;
            Ok(Found::Value(styled.shape.scalar(&text)))
        }
        (_, Kind::Array(item), _) | (_, _, Some(item)) => {
            let items = raws.iter().map(|raw| {
                let text = pairs.text(raw, styled.style)?;
                Ok(item.scalar(&text))
            });
            items.collect::<Result<_, _>>().map(Found::Value)
        }
        (_, Kind::Scalar | Kind::Object, None) => Err(Malformed::Repeated),
    }
}

/// `R=100&G=200`: the members stand for themselves. Where the object has members of any name, it
/// has all that no other parameter claims.
fn alone(
    styled: &Styled,
    pairs: &Pairs<'_>,
    claims: &dyn Fn(&str) -> bool,
) -> Result<Found, Malformed> {
    let mut members = Members::new(&styled.shape);
    for (name, raw) in &pairs.pairs {
        let shape = styled.shape.member(name);
        if shape.is_some() && (styled.shape.declares(name) || !claims(name)) {
            members.add(name, &pairs.text(raw, styled.style)?)?;
        }
    }
    Ok(present(members))
}

/// `color[R]=100&color[G]=200`.
fn deep_object(name: &str, styled: &Styled, pairs: &Pairs<'_>) -> Result<Found, Malformed> {
    let mut members = Members::new(&styled.shape);
    for (own, raw) in &pairs.pairs {
        match member_of(name, own) {
            // `color[a][b]` is undefined, and no reader takes it for a member of this name.
            Some(member) if member.contains(['[', ']']) => return Err(Malformed::Members),
            Some(member) => members.add(member, &pairs.decode(raw)?)?,
            None => {}
        }
    }
    Ok(present(members))
}

fn member_of<'a>(name: &str, pair: &'a str) -> Option<&'a str> {
    let member = pair.strip_prefix(name)?;
    member.strip_prefix('[')?.strip_suffix(']')
}

fn present(members: Members<'_>) -> Found {
    if members.is_empty() {
        Found::Absent
    } else {
        Found::Value(members.value())
    }
}

/// What stands between the parts of a value. The delimiters of the last two are no characters of a
/// query (RFC 3986 section 3.4), so they come encoded, and as themselves from clients that do not
/// encode them (OAS 3.2.0 section 4.12.2.3).
fn between(style: Style) -> &'static [&'static str] {
    match style {
        Style::SpaceDelimited => &["%20", "+"],
        Style::PipeDelimited => &["|", "%7C", "%7c"],
        _ => &[","],
    }
}
