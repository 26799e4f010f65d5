//! The tables of a folder as Parquet files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rulepack_audit::table_writer::TableWriter;
use rulepack_contract::schema;

/// The rows of every table but those whose order is their key, in Parquet, split and turned about.
pub fn write_parquet(data: &Path, to: &Path) {
    for entry in fs::read_dir(data).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let Some(table) = schema::table(&name) else {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
            continue;
        };
        let mut reader = csv::Reader::from_path(&path).unwrap();
        let columns: Vec<String> = reader
            .headers()
            .unwrap()
            .iter()
            .map(str::to_owned)
            .collect();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let mut rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        if table.table().key().is_some() {
            // 7 shares no factor with the number of rows of any table: every row comes once.
            let count = rows.len();
            rows = (0..count)
                .map(|row| rows[(row * 7 + 3) % count].clone())
                .collect();
            let distinct: BTreeSet<_> = rows.iter().map(|row| row[0].to_owned()).collect();
            if distinct.len() != count {
                rows.reverse();
            }
        }
        for (part, rows) in rows.chunks(rows.len().div_ceil(3).max(1)).enumerate() {
            let path = to.join(format!("{name}-{part}.parquet"));
            let mut writer = TableWriter::create(&path, table, &columns).unwrap();
            for row in rows {
                writer.push(row.iter()).unwrap();
            }
            writer.finish().unwrap();
        }
    }
}

/// The bytes of an Arrow stream up to its first rows: a schema without any.
pub fn first_message(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    let length = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
    bytes[..8 + length].to_vec()
}
