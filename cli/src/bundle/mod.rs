//! `treaty bundle`: a policy of one piece, as a proxy takes it, and whether Kubernetes takes it too.

mod layout;
mod size;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;

use kit::bundle;
use kit::policy::{Document, Findings, child};
use serde_json::Value;

pub use size::{Size, Target};

use crate::check::FileFinding;
use crate::contract::{self, IN_BUNDLE, KINDS, Placed, packed};
use crate::registry::{self, FILTERS};
use crate::yaml;

/// A policy of one piece.
#[derive(Debug)]
pub struct Bundled {
    /// The policy as JSON, laid out for people but for its contracts, each of which is one line.
    pub text: String,
    /// How large its contracts and the policy are.
    pub sizes: Vec<Size>,
}

/// Puts the contracts of a policy in place, without what is not checked, and packs them if asked to.
///
/// # Errors
/// Every mistake in the policy and in the files that it names, and a policy that is too large for its
/// target.
pub fn bundle(policy: &Path, is_packed: bool, target: Target) -> Result<Bundled, Vec<FileFinding>> {
    let fault = |findings| FileFinding::all(policy, "", findings);
    let mut value = read(policy).map_err(fault)?;
    let at = if value.get("filters").is_some() {
        IN_BUNDLE
    } else {
        ""
    };
    let placed = contract::put_in_place(&mut value, at, policy, "")?;
    load(&value, at).map_err(|findings| placed.origins.place(policy, "", findings))?;
    let mut sizes = Vec::new();
    for (index, contract) in contracts(&mut value, at).into_iter().enumerate() {
        sizes.extend(shrink(contract, index, &placed, is_packed));
    }
    let text = layout::lay_out(&value, &format!("{at}/contracts"));
    let size = Size::of_policy(&text, target);
    if let Some(message) = size.fault(is_packed) {
        return Err(fault(Findings::one("", message)));
    }
    sizes.push(size);
    Ok(Bundled { text, sizes })
}

fn read(policy: &Path) -> Result<Value, Findings> {
    let text =
        fs::read(policy).map_err(|error| Findings::one("", format!("cannot be read: {error}")))?;
    if policy.extension().is_none_or(|ending| ending == "json") {
        return Ok(Document::parse(&text)?.value().clone());
    }
    let text = String::from_utf8_lossy(&text);
    let value: Value = yaml::read_large(&text)
        .map_err(|error| Findings::one("", format!("is not YAML: {error}")))?;
    Ok(Document::parse(value.to_string().as_bytes())?
        .value()
        .clone())
}

/// Holds the policy to the rules of its filters.
fn load(value: &Value, at: &str) -> Result<bundle::Bundle, Findings> {
    let document = Document::from_value(value.clone());
    if at == IN_BUNDLE {
        return bundle::Bundle::of_many(&document, FILTERS);
    }
    let filter =
        registry::find(FILTERS, contract::FILTER).map_err(|message| Findings::one("", message))?;
    bundle::Bundle::of_one(document, filter)
}

fn contracts<'a>(value: &'a mut Value, at: &str) -> Vec<&'a mut Value> {
    let contracts = value
        .pointer_mut(at)
        .and_then(|policy| policy.get_mut("contracts")?.as_array_mut());
    contracts.into_iter().flatten().collect()
}

/// Makes a contract as small as it may be; how large it was and is.
fn shrink(contract: &mut Value, index: usize, placed: &Placed, is_packed: bool) -> Option<Size> {
    let name = contract.get("name").and_then(Value::as_str);
    let name = name.map_or_else(|| child("/contracts", index), str::to_owned);
    let kind = KINDS
        .into_iter()
        .find(|kind| contract.get(*kind).is_some())?;
    let held = contract.get_mut(kind)?;
    let in_files = placed.lens.iter().find(|(own, _)| *own == index);
    let before = in_files.map_or_else(|| held.to_string().len(), |(_, len)| *len);
    if held.is_object() {
        if kind == contract::OPENAPI {
            contract_validation::openapi::prune(held);
        }
        if is_packed {
            *held = packed::pack(held.to_string().as_bytes()).into();
        }
    } else if let Some(octets) = held.as_str().filter(|_| is_packed).and_then(packed::unpack) {
        *held = packed::pack(&octets).into();
    }
    Some(Size::of_contract(name, before, held.to_string().len()))
}
