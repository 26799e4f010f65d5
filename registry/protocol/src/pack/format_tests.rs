use proptest::prelude::*;

use super::*;
use crate::pack::columnar::tests::small_table;
use crate::pack::testing::{Recipe, manifest};
use rulepack_contract::knowledge::KnowledgeColumn;

fn case() -> Case {
    serde_json::from_str(
        r#"{"name": "nothing", "stage": "after", "scope": "patient", "today": "2026-11-22",
            "jurisdiction": "370303", "tables": {}, "expected": {}}"#,
    )
    .unwrap()
}

fn tables() -> BTreeMap<String, KnowledgeTable> {
    [("limits".to_owned(), small_table())].into()
}

fn sealed() -> Vec<u8> {
    seal(
        &Recipe::default().component(),
        &manifest(),
        &tables(),
        &[case()],
    )
    .unwrap()
}

fn opened(bytes: &[u8]) -> Result<Pack, OpenError> {
    open(bytes, &Bounds::NATIVE)
}

fn refusal(bytes: &[u8]) -> String {
    opened(bytes).unwrap_err().to_string()
}

/// The sections of ours: name, and where each begins.
fn starts(bytes: &[u8]) -> Vec<(String, usize)> {
    let mut sections = Sections::new(bytes, PREAMBLE.len());
    let mut found = Vec::new();
    loop {
        let at = sections.at();
        match sections.next().unwrap() {
            None => return found,
            Some(section) if section.name.is_some_and(|name| name.starts_with(PREFIX)) => {
                found.push((section.label(), at));
            }
            Some(_) => {}
        }
    }
}

#[test]
fn what_is_sealed_opens_as_the_same() {
    let component = Recipe::default().component();
    let bytes = sealed();
    let pack = opened(&bytes).unwrap();
    assert_eq!(&bytes[pack.component.clone()], component);
    assert_eq!(pack.component_digest, Digest::of(&component));
    assert_eq!(pack.digest, Digest::of(&bytes));
    assert_eq!(pack.tables, tables());
    assert_eq!(pack.cases, [case()]);
    assert_eq!(pack.manifest.table_digests.len(), 1);
    assert!(pack.imports.reads("orders", "days"));
    let mut manifest = pack.manifest;
    manifest.table_digests.clear();
    assert_eq!(manifest, crate::pack::testing::manifest());
}

#[test]
fn sealing_twice_gives_the_same_bytes_and_new_knowledge_the_same_code() {
    let bytes = sealed();
    assert_eq!(bytes, sealed());
    let mut other = tables();
    let rows = small_table().rows;
    let prices = KnowledgeColumn::Integers(vec![7; rows as usize]);
    other
        .get_mut("limits")
        .unwrap()
        .columns
        .insert("price".to_owned(), prices);
    let again = seal(&bytes, &manifest(), &other, &[case()]).unwrap();
    let (old, new) = (opened(&bytes).unwrap(), opened(&again).unwrap());
    assert_eq!(old.component_digest, new.component_digest);
    assert_ne!(old.digest, new.digest);
}

#[test]
fn stripping_a_pack_is_truncation() {
    let bytes = sealed();
    let component = component_of(&bytes).unwrap();
    assert_eq!(component, Recipe::default().component());
    assert_eq!(
        refusal(component),
        "the file is a component, but not a sealed pack: it has no section `rulepack:manifest`"
    );
    assert_eq!(crate::pack::strip(&bytes).unwrap(), component);
}

#[test]
fn sections_stand_once_in_their_order_with_nothing_after() {
    let bytes = sealed();
    let starts = starts(&bytes);
    let names: Vec<&str> = starts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "rulepack:manifest",
            "rulepack:table/limits",
            "rulepack:cases"
        ]
    );
    let (table, cases) = (starts[1].1, starts[2].1);

    let swapped = [&bytes[..table], &bytes[cases..], &bytes[table..cases]].concat();
    assert_eq!(
        refusal(&swapped),
        "found the section `rulepack:cases`, expected `rulepack:table/limits`"
    );
    let twice = [&bytes[..cases], &bytes[table..]].concat();
    assert_eq!(
        refusal(&twice),
        "found the section `rulepack:table/limits`, expected `rulepack:cases`"
    );
    assert_eq!(
        refusal(&bytes[..cases]),
        "the pack ends where the section `rulepack:cases` is expected"
    );
    let mut longer = bytes.clone();
    write_section(&mut longer, "name", b"");
    assert_eq!(
        refusal(&longer),
        "found the section `name`, expected `the end`"
    );
    let code = [bytes.as_slice(), b"\x01\0"].concat();
    assert_eq!(
        refusal(&code),
        "found the section `number 1`, expected `the end`"
    );
}

#[test]
fn a_longer_spelling_of_a_length_is_refused() {
    let bytes = sealed();
    let at = starts(&bytes)[2].1;
    let (body, content) = leb_of(&bytes[at + 1..]);
    let padded = [&bytes[..=at], &[body[0] | 0x80, body[1], 0x00], content].concat();
    assert_eq!(
        body.len(),
        2,
        "the section of cases has a length of two bytes"
    );
    let padded_fully = [&bytes[..=at], &[body[0], body[1] | 0x80, 0x00], content].concat();
    assert!(opened(&padded).is_err());
    assert_eq!(
        refusal(&padded_fully),
        format!("the section at byte {at} is truncated or malformed")
    );
}

fn leb_of(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    bytes.split_at(end)
}

#[test]
fn every_truncation_is_refused() {
    let bytes = sealed();
    for end in 0..bytes.len() {
        assert!(opened(&bytes[..end]).is_err(), "{end}");
    }
}

#[test]
fn every_changed_byte_is_refused_or_changes_the_digest() {
    let bytes = sealed();
    let digest = Digest::of(&bytes);
    for at in 0..bytes.len() {
        for change in [0x01, 0x20, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            if let Ok(pack) = opened(&changed) {
                assert_ne!(pack.digest, digest, "byte {at}");
            }
        }
    }
}

#[test]
fn a_table_under_another_digest_is_refused() {
    let bytes = sealed();
    let starts = starts(&bytes);
    let mut changed = bytes.clone();
    changed[starts[2].1 - 1] ^= 1;
    let text = refusal(&changed);
    assert!(
        text.starts_with("table `limits` has the digest `")
            && text.contains("but the manifest says"),
        "{text}"
    );
}

#[test]
fn bounds_are_kept() {
    let bytes = sealed();
    let bounds = |change: fn(&mut Bounds)| {
        let mut bounds = Bounds::NATIVE;
        change(&mut bounds);
        open(&bytes, &bounds).unwrap_err().to_string()
    };
    assert_eq!(
        bounds(|bounds| bounds.pack_bytes = 100),
        format!(
            "the pack is {} bytes long, expected at most 100",
            bytes.len()
        )
    );
    assert_eq!(
        bounds(|bounds| bounds.table_rows = 3),
        "table `limits` brings the tables of the pack to 4 rows, expected at most 3"
    );
    assert!(bounds(|bounds| bounds.cases = 0).starts_with(
        "the sealed cases are malformed: invalid length 1, expected a list of at most 0 cases"
    ));
}

#[test]
fn rows_of_one_key_are_neither_sealed_nor_opened() {
    let mut with_key = manifest();
    with_key.tables[0].key = vec!["item".to_owned()];
    let component = Recipe::default().component();
    let refused = "table `limits` has the same key in rows 0 and 2, counted from 0";
    let mut doubled = tables();
    let table = doubled.get_mut("limits").unwrap();
    let KnowledgeColumn::Texts { dictionary, rows } = table.columns.get_mut("item").unwrap() else {
        panic!("codes are texts");
    };
    (*dictionary, *rows) = (vec!["A".to_owned(), "B".to_owned()], vec![0, 1, 0, 1]);
    let sealing = seal(&component, &with_key, &doubled, &[]);
    assert_eq!(sealing.unwrap_err().to_string(), refused);
    // Whoever seals with another tool is refused where the pack is opened.
    let free = opened(&seal(&component, &manifest(), &doubled, &[]).unwrap()).unwrap();
    with_key.table_digests = free.manifest.table_digests;
    let content = crate::pack::columnar::encode(&doubled["limits"]).unwrap();
    let mut forged = component;
    write_section(&mut forged, MANIFEST, &with_key.to_sealed().unwrap());
    write_section(&mut forged, "rulepack:table/limits", &content);
    write_section(&mut forged, CASES, &cases::to_bytes(&[]).unwrap());
    assert_eq!(refusal(&forged), refused);
}

#[test]
fn a_gap_in_a_required_column_is_neither_sealed_nor_opened() {
    let mut strict = manifest();
    strict.tables[0].required = vec!["price".to_owned()];
    let component = Recipe::default().component();
    let refused =
        "table `limits` has no `price` in row 1, counted from 0, which the manifest requires";
    let sealing = seal(&component, &strict, &tables(), &[]);
    assert_eq!(sealing.unwrap_err().to_string(), refused);
    // Whoever seals with another tool is refused where the pack is opened.
    let lax = opened(&seal(&component, &manifest(), &tables(), &[]).unwrap()).unwrap();
    strict.table_digests = lax.manifest.table_digests;
    let content = crate::pack::columnar::encode(&tables()["limits"]).unwrap();
    let mut forged = component;
    write_section(&mut forged, MANIFEST, &strict.to_sealed().unwrap());
    write_section(&mut forged, "rulepack:table/limits", &content);
    write_section(&mut forged, CASES, &cases::to_bytes(&[]).unwrap());
    assert_eq!(refusal(&forged), refused);
}

#[test]
fn sealing_says_what_is_missing() {
    let component = Recipe::default().component();
    let refusal = |tables| {
        seal(&component, &manifest(), &tables, &[])
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refusal(BTreeMap::new()),
        "table `limits` is declared, but has no rows to seal"
    );
    let mut more = tables();
    more.insert("standards".to_owned(), small_table());
    assert_eq!(
        refusal(more),
        "table `standards` is not one that the manifest lets the pack bring"
    );
    let mut other = tables();
    other.get_mut("limits").unwrap().columns.remove("item");
    assert_eq!(
        refusal(other),
        "table `limits` does not have the columns and types that the manifest declares"
    );
    assert_eq!(
        seal(b"text", &manifest(), &tables(), &[])
            .unwrap_err()
            .to_string(),
        "the file is not a WebAssembly component"
    );
}

#[test]
fn cases_have_one_spelling() {
    assert_eq!(
        cases::parse(b"[ ]", 10).unwrap_err().to_string(),
        "the sealed cases are not in their canonical spelling"
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(tail in proptest::collection::vec(any::<u8>(), 0..80)) {
        let bytes = [PREAMBLE.as_slice(), &tail].concat();
        prop_assert!(opened(&bytes).is_err());
        let component = Recipe::default().component();
        prop_assert!(opened(&[component, tail].concat()).is_err());
    }
}
