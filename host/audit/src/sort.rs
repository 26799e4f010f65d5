//! Rows in order, by DataFusion's sort, which goes on disk when the memory of all sorts is spent.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion_common::config::SpillCompression;
use datafusion_common::{DataFusionError, Result as SortResult};
use datafusion_execution::config::SessionConfig;
use datafusion_execution::memory_pool::FairSpillPool;
use datafusion_execution::runtime_env::RuntimeEnvBuilder;
use datafusion_execution::{SendableRecordBatchStream, TaskContext};
use datafusion_physical_expr::expressions::col;
use datafusion_physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion_physical_plan::ExecutionPlan as _;
use datafusion_physical_plan::sorts::sort::SortExec;
use datafusion_physical_plan::stream::RecordBatchStreamAdapter;
use datafusion_physical_plan::streaming::{PartitionStream, StreamingTableExec};
use futures::StreamExt as _;
use tokio::runtime::{Builder, Runtime};

use crate::error::AuditError;

/// Rows that a sort hands on at once: few, so that many sorts fit beside each other.
const ROWS: usize = 1_024;
/// The least memory of a run for each of its threads: every table of the contract is sorted beside the others.
pub const MEMORY_BYTES_MIN: u64 = 64 << 20;
/// Of the memory of all sorts, what each keeps to read back what it spilled.
const SHARE_TO_READ_BACK: usize = 1_024;

/// The memory of all sorts of a run, and where they go when it is spent.
#[derive(Debug, Clone)]
pub(crate) struct Sorter {
    context: Arc<TaskContext>,
    scratch: PathBuf,
}

/// Rows in order. Of one thread.
pub(crate) struct Sorted {
    stream: SendableRecordBatchStream,
    runtime: Arc<Runtime>,
    scratch: PathBuf,
    files: Vec<Arc<Counted>>,
}

/// A file of rows, and how many were written to it: where there are none, there is no file.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) path: PathBuf,
    pub(crate) rows: u64,
}

/// Such a file, and how many rows were read from it.
#[derive(Debug)]
struct Counted {
    written: Written,
    read: AtomicU64,
}

/// Files of rows, one after the other, as DataFusion reads them.
#[derive(Debug)]
struct Files {
    files: Vec<Arc<Counted>>,
    schema: SchemaRef,
}

impl Sorter {
    /// # Errors
    /// [`AuditError`] where the folder cannot be used.
    pub(crate) fn new(memory_bytes: u64, scratch: &Path) -> Result<Self, AuditError> {
        let bytes = usize::try_from(memory_bytes).unwrap_or(usize::MAX);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(bytes)))
            .with_temp_file_path(scratch)
            .with_max_temp_directory_size(u64::MAX)
            .build_arc()?;
        let config = SessionConfig::new()
            .with_batch_size(ROWS)
            .with_target_partitions(1)
            .with_spill_compression(SpillCompression::Lz4Frame)
            .with_sort_spill_reservation_bytes(bytes / SHARE_TO_READ_BACK)
            .with_sort_in_place_threshold_bytes(bytes / SHARE_TO_READ_BACK);
        let nothing = (
            HashMap::new(),
            HashMap::new(),
            HashMap::new(),
            HashMap::new(),
        );
        let context = TaskContext::new(
            None,
            "audit".to_owned(),
            config,
            nothing.0,
            nothing.1,
            nothing.2,
            nothing.3,
            runtime,
        );
        Ok(Sorter {
            context: Arc::new(context),
            scratch: scratch.to_owned(),
        })
    }

    /// The rows of files in the order of some columns.
    ///
    /// # Errors
    /// [`AuditError::Sort`].
    pub(crate) fn sorted(
        &self,
        files: impl IntoIterator<Item = Written>,
        (schema, by): (&SchemaRef, &[&str]),
        runtime: &Arc<Runtime>,
    ) -> Result<Sorted, AuditError> {
        let counted = |written| {
            Arc::new(Counted {
                written,
                read: AtomicU64::new(0),
            })
        };
        let files: Vec<Arc<Counted>> = files.into_iter().map(counted).collect();
        let partition = Files {
            files: files.clone(),
            schema: Arc::clone(schema),
        };
        let scan = StreamingTableExec::try_new(
            Arc::clone(schema),
            vec![Arc::new(partition)],
            None,
            [],
            false,
            None,
        )?;
        let by = by
            .iter()
            .map(|name| Ok(PhysicalSortExpr::new_default(col(name, schema)?)));
        let order = LexOrdering::new(by.collect::<SortResult<Vec<_>>>()?);
        let order = order.ok_or_else(|| DataFusionError::Plan("nothing to sort by".to_owned()))?;
        let sort = SortExec::new(order, Arc::new(scan));
        let _entered = runtime.enter();
        Ok(Sorted {
            stream: sort.execute(0, Arc::clone(&self.context))?,
            runtime: Arc::clone(runtime),
            scratch: self.scratch.clone(),
            files,
        })
    }
}

/// What drives the sorts of one thread.
///
/// # Errors
/// [`AuditError::Io`] where the system gives no more of what it needs.
pub(crate) fn runtime() -> Result<Arc<Runtime>, AuditError> {
    let runtime = Builder::new_current_thread().build();
    Ok(Arc::new(runtime.map_err(AuditError::io(Path::new(".")))?))
}

impl Sorted {
    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// [`AuditError::Sort`]; at the end [`AuditError::PartRows`] of the first file whose rows are not as many as were written.
    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, AuditError> {
        let next = self.runtime.block_on(self.stream.next());
        if next.is_none() {
            for file in &self.files {
                let Written { path, rows } = &file.written;
                AuditError::unless_all(file.read.load(Ordering::Relaxed), *rows, path)?;
            }
        }
        next.transpose().map_err(AuditError::sort(&self.scratch))
    }
}

impl PartitionStream for Files {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = self.files.clone().into_iter().flat_map(read);
        let stream = futures::stream::iter(rows);
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            stream,
        ))
    }
}

/// The rows of a file. Read where they are polled: a thread has nothing else to do meanwhile.
fn read(file: Arc<Counted>) -> Box<dyn Iterator<Item = SortResult<RecordBatch>> + Send> {
    let opened = crate::cut::parts::open(&file.written.path)
        .map_err(|error| DataFusionError::External(error.into()));
    match opened {
        Ok(Some(reader)) => Box::new(reader.map(move |batch| {
            let batch = batch?;
            let rows = batch.num_rows() as u64;
            file.read.fetch_add(rows, Ordering::Relaxed);
            Ok(batch)
        })),
        Ok(None) => Box::new(std::iter::empty()),
        Err(error) => Box::new(std::iter::once(Err(error))),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray as _, Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};

    use super::*;
    use crate::cut::parts;

    const ROWS_OF_TEST: i64 = 60_000;

    /// Rows whose numbers are in no order, in two files.
    fn write(folder: &Path) -> ([PathBuf; 2], SchemaRef) {
        let schema = Arc::new(Schema::new(vec![
            Field::new("number", DataType::Int64, false),
            Field::new("text", DataType::Utf8, false),
        ]));
        let paths = [folder.join("a"), folder.join("b")];
        for (half, path) in (0_i64..).zip(&paths) {
            let mut writer = parts::create(path, &schema).unwrap();
            for first in (0..ROWS_OF_TEST / 2).step_by(500) {
                let numbers =
                    (first..first + 500).map(|row| (2 * row + half) * 7_919 % ROWS_OF_TEST);
                let numbers: Int64Array = numbers.map(Some).collect();
                let texts = numbers
                    .values()
                    .iter()
                    .map(|number| format!("{number:0100}"));
                let texts = StringArray::from_iter_values(texts);
                let columns = vec![Arc::new(numbers) as _, Arc::new(texts) as _];
                writer
                    .write(&RecordBatch::try_new(Arc::clone(&schema), columns).unwrap())
                    .unwrap();
            }
            writer.finish().unwrap();
        }
        (paths, schema)
    }

    /// With half of the rows in each.
    fn written(paths: &[PathBuf; 2]) -> [Written; 2] {
        paths.clone().map(|path| Written {
            path,
            rows: ROWS_OF_TEST as u64 / 2,
        })
    }

    #[test]
    fn what_memory_does_not_hold_is_sorted_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let (paths, schema) = write(folder.path());
        for (memory_bytes, spills) in [(1 << 20, true), (1 << 30, false)] {
            let sorter = Sorter::new(memory_bytes, folder.path()).unwrap();
            let by = (&schema, &["number"][..]);
            let mut sorted = sorter
                .sorted(written(&paths), by, &runtime().unwrap())
                .unwrap();
            let mut next = 0;
            let mut spilled = 0;
            while let Some(batch) = sorted.next().unwrap() {
                let disk = &sorter.context.runtime_env().disk_manager;
                spilled = spilled.max(disk.used_disk_space());
                for number in batch.column(0).as_primitive::<Int64Type>().values() {
                    assert_eq!(*number, next);
                    next += 1;
                }
            }
            assert_eq!(next, ROWS_OF_TEST);
            assert_eq!(spilled > 0, spills, "{memory_bytes} bytes");
        }
    }

    #[test]
    fn too_little_memory_is_told_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let (paths, schema) = write(folder.path());
        let sorter = Sorter::new(1_000, folder.path()).unwrap();
        let by = (&schema, &["number"][..]);
        let mut sorted = sorter
            .sorted(written(&paths), by, &runtime().unwrap())
            .unwrap();
        let error = sorted.next().unwrap_err();
        assert_eq!(
            error.to_string(),
            "rows cannot be sorted within the memory that was given"
        );
        assert_eq!(error.hint().unwrap(), "give more with `--memory`");
    }

    #[test]
    fn of_several_files_the_one_that_is_not_as_it_was_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (paths, schema) = write(folder.path());
        let sorter = Sorter::new(1 << 30, folder.path()).unwrap();
        let assert_named = |files: [Written; 2], expected: String| {
            let by = (&schema, &["number"][..]);
            let mut sorted = sorter.sorted(files, by, &runtime().unwrap()).unwrap();
            let error = loop {
                match sorted.next() {
                    Ok(batch) => assert!(batch.is_some(), "expected: {expected}"),
                    Err(error) => break error,
                }
            };
            assert_eq!(error.to_string(), expected);
            assert_eq!(
                error.hint().unwrap(),
                "files of a stopped run were lost or changed: begin a new one in another folder"
            );
        };
        let [first, second] = paths.each_ref().map(|path| path.display());
        // As many as were written to both together.
        let [mut less, mut more] = written(&paths);
        (less.rows, more.rows) = (29_993, 30_007);
        let told = format!("`{first}` holds 30000 rows, expected the 29993 that were written");
        assert_named([less, more], told);
        std::fs::remove_file(&paths[1]).unwrap();
        let told = format!("`{second}` holds 0 rows, expected the 30000 that were written");
        assert_named(written(&paths), told);
    }
}
