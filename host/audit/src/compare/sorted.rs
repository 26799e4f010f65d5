//! The findings of a run in the order in which two runs are compared, whatever order they lie in: parts that
//! fit in memory are sorted and put on disk, and read together.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Seek as _, Write as _};
use std::path::Path;

use super::order;
use crate::finding::{AuditFinding, AuditRow};

/// Findings in the order of [`order`].
pub struct Sorted {
    /// Its first is the next finding; the rest of every part follows its own.
    heads: BinaryHeap<Head>,
    parts: Vec<Box<dyn Iterator<Item = std::io::Result<AuditFinding>>>>,
}

/// Findings that could not be sorted.
#[derive(Debug, thiserror::Error)]
pub enum SortedError<E: std::error::Error + 'static> {
    /// A finding could not be read.
    #[error(transparent)]
    Finding(E),
    /// A temporary file.
    #[error("findings cannot be sorted on disk: {0}")]
    Disk(#[from] std::io::Error),
}

struct Head {
    finding: AuditFinding,
    part: usize,
}

/// What a finding and a row take beside their texts.
const FINDING_BYTES: usize = size_of::<AuditFinding>();
const ROW_BYTES: usize = size_of::<AuditRow>();
/// Files that are open at once: fewer than any system allows.
const PARTS_MAX: usize = 256;

/// Sorts findings. About `memory_bytes` of them are held at once; what is more lies in temporary files in
/// `folder`, which have no name and are gone with the result. With more than 256 such parts each grows, so
/// that memory is held for 256 × `memory_bytes` of findings.
///
/// # Errors
/// The first error of the findings, and where a temporary file cannot be written.
pub fn sorted<E: std::error::Error + 'static>(
    findings: impl IntoIterator<Item = Result<AuditFinding, E>>,
    memory_bytes: usize,
    folder: &Path,
) -> Result<Sorted, SortedError<E>> {
    let mut parts: Vec<Box<dyn Iterator<Item = std::io::Result<AuditFinding>>>> = Vec::new();
    let (mut held, mut bytes) = (Vec::new(), 0_usize);
    for finding in findings {
        let finding = finding.map_err(SortedError::Finding)?;
        bytes += size(&finding);
        held.push(finding);
        if bytes >= memory_bytes && parts.len() < PARTS_MAX {
            parts.push(Box::new(on_disk(&mut held, folder)?));
            bytes = 0;
        }
    }
    held.sort_by(order);
    parts.push(Box::new(held.into_iter().map(Ok)));
    let mut sorted = Sorted {
        heads: BinaryHeap::new(),
        parts,
    };
    for part in 0..sorted.parts.len() {
        sorted.advance(part)?;
    }
    Ok(sorted)
}

/// Puts a part on disk, a finding a line, and gives it back to be read.
fn on_disk(
    held: &mut Vec<AuditFinding>,
    folder: &Path,
) -> std::io::Result<impl Iterator<Item = std::io::Result<AuditFinding>> + use<>> {
    held.sort_by(order);
    let mut out = BufWriter::new(tempfile::tempfile_in(folder)?);
    for finding in held.drain(..) {
        serde_json::to_writer(&mut out, &finding)?;
        out.write_all(b"\n")?;
    }
    let mut file: File = out
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    file.rewind()?;
    let lines = BufReader::new(file).lines();
    Ok(lines.map(|line| Ok(serde_json::from_str(&line?)?)))
}

fn size(finding: &AuditFinding) -> usize {
    let texts = finding.texts();
    let rows = finding.offending.iter().chain(&finding.related);
    let rows = rows
        .map(|row| ROW_BYTES + row.table.len() + row.key.len() + row.item.len() + row.name.len());
    FINDING_BYTES + texts.iter().map(|text| text.len()).sum::<usize>() + rows.sum::<usize>()
}

impl Sorted {
    fn advance(&mut self, part: usize) -> std::io::Result<()> {
        let next = self.parts.get_mut(part).and_then(Iterator::next);
        if let Some(finding) = next.transpose()? {
            self.heads.push(Head { finding, part });
        }
        Ok(())
    }
}

impl Iterator for Sorted {
    type Item = std::io::Result<AuditFinding>;

    fn next(&mut self) -> Option<Self::Item> {
        let Head { finding, part } = self.heads.pop()?;
        Some(self.advance(part).map(|()| finding))
    }
}

impl std::fmt::Debug for Sorted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = self.parts.len();
        f.debug_struct("Sorted").field("parts", &parts).finish()
    }
}

/// The heap gives out its largest: the first in order has to be that.
impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        order(&other.finding, &self.finding).then(other.part.cmp(&self.part))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}
