//! The source of a crate, and the few ways in which it is edited.
//!
//! Each way fails where there is nothing to edit, so that no edit is lost when the source changes.
//! Brackets in literals are taken for brackets: an edit that goes wrong by that does not compile.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The files of a crate, by their paths under `src`.
pub(crate) struct Source(BTreeMap<String, String>);

impl Source {
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let mut files = BTreeMap::new();
        collect(root, "", &mut files)?;
        Ok(Self(files))
    }

    pub(crate) fn write(&self, root: &Path) -> Result<(), String> {
        for (path, text) in &self.0 {
            let path = root.join(path);
            path.parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&path, text))
                .map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }

    /// One file.
    pub(crate) fn file(&mut self, path: &str) -> Result<&mut String, String> {
        self.0.get_mut(path).ok_or_else(|| format!("no {path}"))
    }

    /// Every file of which the path begins with this.
    pub(crate) fn files<'a>(&'a mut self, prefix: &'a str) -> impl Iterator<Item = &'a mut String> {
        let all = self.0.iter_mut();
        all.filter(move |(path, _)| path.starts_with(prefix))
            .map(|(_, text)| text)
    }

    /// Drops every file of which the path begins with this.
    pub(crate) fn drop_files(&mut self, prefix: &str) -> Result<(), String> {
        let before = self.0.len();
        self.0.retain(|path, _| !path.starts_with(prefix));
        at_least_one(before - self.0.len(), prefix)
    }

    /// Puts one text in place of another, wherever it stands in a file.
    pub(crate) fn replace(&mut self, path: &str, from: &str, to: &str) -> Result<(), String> {
        let text = self.file(path)?;
        at_least_one(text.matches(from).count(), from).map_err(|why| format!("{path}: {why}"))?;
        *text = text.replace(from, to);
        Ok(())
    }

    /// Drops the item, the method or the arm that begins with `head`, with what belongs to it.
    pub(crate) fn drop_block(&mut self, path: &str, head: &str) -> Result<(), String> {
        let text = self.file(path)?;
        let before_block = head.trim_end_matches('{').len();
        let found = text
            .find(head)
            .and_then(|at| Some((at, block_end(text, at + before_block)?)));
        let (start, end) = found.ok_or_else(|| format!("{path}: no `{head}`"))?;
        text.replace_range(with_attributes(text, start)..end, "");
        Ok(())
    }

    /// Puts another body in place of that of the function that begins with `head`.
    pub(crate) fn replace_body(
        &mut self,
        path: &str,
        head: &str,
        body: &str,
    ) -> Result<(), String> {
        let text = self.file(path)?;
        let found = text.find(head).and_then(|at| {
            let open = at + text.get(at..)?.find('{')?;
            Some((open, closing(text, at)?))
        });
        let (open, close) = found.ok_or_else(|| format!("{path}: no `{head}`"))?;
        text.replace_range(open + 1..close, &format!("\n        {body}\n    "));
        Ok(())
    }
}

/// Drops every function of a name, and says how many.
pub(crate) fn drop_functions(text: &mut String, name: &str) -> usize {
    let mut dropped = 0;
    while let Some((start, end)) = function(text, name) {
        text.replace_range(with_attributes(text, start)..end, "");
        dropped += 1;
    }
    dropped
}

/// The extents of the blocks that begin, unindented, with `impl` and have `part` in their head.
pub(crate) fn implementations(text: &str, part: &str) -> Vec<(usize, usize)> {
    let starts = text.match_indices("\nimpl").map(|(at, _)| at + 1);
    starts
        .filter_map(|start| {
            let head = text.get(start..)?.split_once('{')?.0;
            head.contains(part).then_some(())?;
            Some((start, block_end(text, start)?))
        })
        .collect()
}

/// Puts one path in place of another, where it stands as a whole.
pub(crate) fn replace_path(text: &mut String, from: &str, to: &str) -> usize {
    let is_part = |next: Option<char>| next.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut places: Vec<usize> = text.match_indices(from).map(|(at, _)| at).collect();
    places.retain(|&at| {
        let before = text[..at].chars().next_back();
        !is_part(before) && before != Some(':') && !is_part(text[at + from.len()..].chars().next())
    });
    for at in places.iter().rev() {
        text.replace_range(*at..at + from.len(), to);
    }
    places.len()
}

/// `Ok` where an edit found something.
pub(crate) fn at_least_one(found: usize, what: &str) -> Result<(), String> {
    if found == 0 {
        return Err(format!("no `{what}`"));
    }
    Ok(())
}

fn collect(root: &Path, under: &str, files: &mut BTreeMap<String, String>) -> Result<(), String> {
    let folder = root.join(under);
    let failed = |error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = format!("{under}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(root, &format!("{path}/"), files)?;
        } else {
            let text = fs::read_to_string(entry.path()).map_err(failed)?;
            files.insert(path, text);
        }
    }
    Ok(())
}

/// Where the first function of a name, that has a body, starts and ends.
fn function(text: &str, name: &str) -> Option<(usize, usize)> {
    let head = format!("fn {name}");
    let mut places = text.match_indices(&head).map(|(at, _)| at);
    places.find_map(|at| {
        let rest = text.get(at + head.len()..)?;
        rest.starts_with(['<', '(']).then_some(())?;
        let start = line_start(text, at);
        text.get(start..at)?.trim().is_empty().then_some(())?;
        let body = rest.find('{')?;
        if rest.find(';').is_some_and(|end| end < body) {
            return None;
        }
        Some((start, block_end(text, at)?))
    })
}

/// Where the block closes that opens behind a place.
fn closing(text: &str, from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, octet) in text.bytes().enumerate().skip(from) {
        match octet {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at),
            b'}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

/// The end of that block, with the rest of its line.
fn block_end(text: &str, from: usize) -> Option<usize> {
    let close = closing(text, from)?;
    let rest = text.get(close..)?;
    Some(rest.find('\n').map_or(text.len(), |end| close + end + 1))
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// Where the attributes and the documentation of what stands at a place begin.
fn with_attributes(text: &str, at: usize) -> usize {
    let mut start = line_start(text, at);
    while start > 0 {
        let above = line_start(text, start - 1);
        let line = text[above..start].trim_start();
        if !line.starts_with("#[") && !line.starts_with("///") {
            break;
        }
        start = above;
    }
    start
}
