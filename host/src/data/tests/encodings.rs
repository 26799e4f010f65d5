//! Files in GBK, and files that are not what was said of them.

use std::fs;

use super::*;

#[test]
fn what_is_not_in_the_declared_encoding_is_named_with_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("patients.csv");
    for (bytes, encoding, line, column, hint) in [
        (
            &b"patient,genders\nP1,1\nP2,\xc4\xd0\n"[..],
            Encoding::Utf8,
            3,
            "genders",
            "it could be in GBK (ANSI)",
        ),
        (
            b"\xff\xfep\0a\0t\0",
            Encoding::Utf8,
            1,
            "1",
            "it is in UTF-16",
        ),
        (
            b"patient,genders\nP\xc3,\xff1\n",
            Encoding::Utf8,
            2,
            "patient",
            "a part of it is damaged",
        ),
        (
            b"patient,genders\n\xc4\xd0,1\n\n\"P\n2\",\xff\n",
            Encoding::Gbk,
            4,
            "genders",
            "a part of it is damaged",
        ),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = read_directory_in(folder.path(), encoding).unwrap_err();
        let expected = format!(
            "`{}` line {line}, column `{column}` is not in {encoding}, which all of the file must be",
            path.display()
        );
        assert_eq!(error.to_string(), expected);
        let told = error.hint().unwrap();
        assert!(told.starts_with(hint), "{told}");
        assert_eq!(to_utf8(&path, encoding).unwrap_err().to_string(), expected);
    }
}

#[test]
fn what_was_exported_as_gbk_reads_as_what_was_exported_as_utf_8() {
    let [utf8, gbk] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    // Characters of GB 2312, of GBK and of GB 18030 alone, and one whose second byte is a backslash.
    let text =
        "encounter,patients,departments,doctors\r\nE1,P1,内科,镕\r\nE2,P1,\"骨,㐂\",𠮷誠\r\n";
    for (folder, mark) in [
        (&utf8, "\u{feff}"),
        (&gbk, "\u{feff}"),
        (&utf8, ""),
        (&gbk, ""),
    ] {
        let write = |name: &str, text: String| {
            let bytes = match folder.path() == gbk.path() {
                true => encoding_rs::GB18030.encode(&text).0.into_owned(),
                false => text.into_bytes(),
            };
            fs::write(folder.path().join(name), bytes).unwrap();
        };
        write("patients.csv", format!("{mark}patient\r\nP1\r\n"));
        write("encounters.csv", format!("{mark}{text}"));
    }
    let read = |folder: &tempfile::TempDir, encoding| {
        let loaded = read_directory_in(folder.path(), encoding).unwrap();
        assert!(loaded.rejected.is_empty(), "{:?}", loaded.rejected);
        let texts: Vec<String> = ["内科", "骨,㐂"]
            .iter()
            .filter(|text| loaded.data.codes().number(text).is_some())
            .map(|text| (*text).to_owned())
            .collect();
        texts
    };
    assert_eq!(read(&utf8, Encoding::Utf8), ["内科", "骨,㐂"]);
    assert_eq!(read(&gbk, Encoding::Gbk), ["内科", "骨,㐂"]);
    let path = gbk.path().join("encounters.csv");
    assert_eq!(to_utf8(&path, Encoding::Gbk).unwrap(), text.as_bytes());
}

#[test]
fn utf_8_is_never_read_as_gbk_into_other_characters() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("patients.csv");
    // Each of these would decode as GBK without any fault.
    for text in ["patient\n患者\n", "\u{feff}patient\nP1\n"] {
        fs::write(&path, text).unwrap();
        let error = read_directory_in(folder.path(), Encoding::Gbk).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "`{}` is in UTF-8, and was declared to be in GBK",
                path.display()
            )
        );
        assert_eq!(error.hint().unwrap(), "leave `--encoding gbk` out");
    }
    fs::write(&path, "patient\nP1\n").unwrap();
    assert!(read_directory_in(folder.path(), Encoding::Gbk).is_ok());
}
