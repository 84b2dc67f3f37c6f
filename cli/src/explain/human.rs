//! An explanation for people: a line for everything that holds, with the place where it was said.

use std::io::{self, Write};

use super::outcome::{Outcome, Seen};
use super::policy::Explained;
use super::rule::{RuleExplained, Said};
use super::taken::Taken;
use super::{Explanation, Module};
use crate::case::{Fields, Octets};

/// What of a value still reads well on one line, in characters.
const SHORT: usize = 60;

pub(super) fn write(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let file = explanation.file.display().to_string();
    for (index, module) in explanation.modules.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        write_module(&file, module, out)?;
    }
    Ok(())
}

fn write_module(file: &str, module: &Module, out: &mut dyn Write) -> io::Result<()> {
    for policy in &module.policies {
        let at = match policy.at.as_str() {
            "" => String::new(),
            at => format!(":{at}"),
        };
        write!(out, "{file}{at} · {}", policy.filter)?;
        match &policy.revision {
            Some(revision) => writeln!(out, " · revision {revision}")?,
            None => writeln!(out)?,
        }
        match &policy.taken {
            Some(taken) => write_taken(policy, taken, out)?,
            None => {
                for rule in &policy.rules {
                    writeln!(out, "  rule {} at {}", rule.name, rule.at)?;
                    write_rule(rule, out)?;
                }
            }
        }
    }
    match &module.outcome {
        Some(outcome) => write_outcome(outcome, out),
        None => Ok(()),
    }
}

fn write_taken(policy: &Explained, taken: &Taken, out: &mut dyn Write) -> io::Result<()> {
    if !taken.is_reached {
        return writeln!(out, "  it does not come so far");
    }
    if let Some(service) = &taken.off {
        return writeln!(out, "  it is left alone: {service} is switched off");
    }
    for (rule, against) in policy.rules.iter().zip(&taken.against) {
        let parts = against.join(" and ");
        writeln!(
            out,
            "  rule {} at {} is not for it, by its {parts}",
            rule.name, rule.at
        )?;
    }
    match taken.rule.and_then(|index| policy.rules.get(index)) {
        Some(rule) => {
            writeln!(out, "  rule {} at {} takes it", rule.name, rule.at)?;
            write_rule(rule, out)
        }
        None => writeln!(out, "  no rule is for it"),
    }
}

fn write_rule(rule: &RuleExplained, out: &mut dyn Write) -> io::Result<()> {
    let service = match rule.runtime {
        Some(runtime) => format!("{} ({})", rule.service, runtime.name()),
        None => rule.service.clone(),
    };
    let mut rows = vec![
        row(&rule.mode),
        ["service".to_owned(), service, String::new()],
        row(&rule.matches),
    ];
    rows.extend(rule.settings.iter().map(row));
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let (names, values) = (widest(0), widest(1));
    for [name, value, place] in &rows {
        let line = format!("    {name:names$}  {value:values$}  {place}");
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A name, its value, and where it was said.
fn row(said: &Said) -> [String; 3] {
    let value = match &said.value {
        serde_json::Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let place = match (said.at.as_str(), said.over.join(", ")) {
        ("", _) => "unless said".to_owned(),
        (at, over) if over.is_empty() => at.to_owned(),
        (at, over) => format!("{at}, over {over}"),
    };
    [said.name.clone(), cut(&value), place]
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn write_outcome(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    match outcome {
        Outcome::Seen(seen) => write_seen(seen, out),
        Outcome::Open(call) => writeln!(
            out,
            "what becomes of it hangs on the answer to {call}; a case can give one (`treaty test`)"
        ),
    }
}

fn write_seen(seen: &Seen, out: &mut dyn Write) -> io::Result<()> {
    let observed = &seen.observed;
    match &observed.upstream {
        Some(request) => {
            let [method, host, path] = [&request.method, &request.authority, &request.path]
                .map(|octets| String::from_utf8_lossy(octets));
            writeln!(out, "the service gets {method} {host}{path}")?;
            write_fields("- ", &seen.gone, out)?;
            write_fields("+ ", &seen.new, out)?;
        }
        None => writeln!(out, "the service gets nothing")?,
    }
    let because = match &observed.details {
        Some(details) => format!(", {details}"),
        None => String::new(),
    };
    writeln!(out, "the client gets {}{because}", observed.response.status)?;
    write_fields("  ", &observed.response.headers, out)?;
    match observed.response.body.as_slice() {
        [] => {}
        body => match std::str::from_utf8(body) {
            Ok(text) => writeln!(out, "    {text}")?,
            Err(_) => writeln!(out, "    {} octets", body.len())?,
        },
    }
    for (heading, told) in [
        ("told", pairs(&observed.facts)),
        ("counted", pairs(&observed.metrics)),
    ] {
        if !told.is_empty() {
            writeln!(out, "{heading}")?;
        }
        for line in told {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}

fn pairs<T: std::fmt::Display>(map: &std::collections::BTreeMap<String, T>) -> Vec<String> {
    map.iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect()
}

fn write_fields(sign: &str, fields: &Fields, out: &mut dyn Write) -> io::Result<()> {
    for (name, value) in fields {
        match std::str::from_utf8(value) {
            Ok(value) => writeln!(out, "  {sign}{name}: {value}")?,
            Err(_) => writeln!(out, "  {sign}{name}: {}", Octets(value.clone()))?,
        }
    }
    Ok(())
}
