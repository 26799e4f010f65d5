//! The national example, and what is wrong with others.

use proptest::prelude::*;
use rulepack_contract::data::{Data, DataBuilder};
use rulepack_contract::schema::ids;
use rulepack_contract::units;

use super::*;
use crate::data::Call as _;

const EXAMPLE: &str = include_str!("testdata/3101.json");

fn request_of(text: &str) -> Result<Request, RequestError> {
    Request::parse(text, &Region::default())
}

fn data(text: &str) -> Result<Data, RequestError> {
    let mut builder = DataBuilder::new();
    request_of(text)?.fill(&mut builder)?;
    let (data, rejections) = builder.finish();
    assert!(rejections.is_empty(), "{rejections:?}");
    Ok(data)
}

/// The error of the example with one text replaced.
fn error(old: &str, new: &str) -> String {
    assert!(EXAMPLE.contains(old), "{old}");
    data(&EXAMPLE.replacen(old, new, 1))
        .unwrap_err()
        .to_string()
}

#[test]
fn the_envelope_of_the_example_is_read() {
    let request = request_of(EXAMPLE).unwrap();
    assert_eq!(request.transaction, Transaction::Before);
    assert_eq!(request.msgid, "H37030000001202611220930000001");
    assert_eq!(request.care_division, "370300");
    assert_eq!(request.institution, "H37030000001");
    assert_eq!(units::format_instant(request.made), "2026-11-22 09:30:00");
    assert_eq!(request.scenes, ["4"]);
    assert_eq!(request.patients().unwrap(), ["P1"]);
}

#[test]
fn the_example_becomes_its_rows() {
    let data = data(EXAMPLE).unwrap();
    let code = |table, column| data.text(table, column, 0).map(str::to_owned);
    let number = |table, column| data.number(table, column, 0);
    assert_eq!(
        code(ids::PATIENTS, "pooling-areas").as_deref(),
        Some("3703")
    );
    assert_eq!(code(ids::PATIENTS, "genders").as_deref(), Some("2"));
    assert_eq!(code(ids::INSTITUTIONS, "levels").as_deref(), Some("02"));
    assert_eq!(number(ids::ENCOUNTERS, "ages"), Some(46));
    assert_eq!(number(ids::ENCOUNTERS, "age-days"), None);
    assert_eq!(number(ids::ENCOUNTERS, "current"), Some(1));
    assert_eq!(number(ids::ENCOUNTERS, "total-amounts"), Some(120_000));
    assert_eq!(number(ids::ENCOUNTERS, "admission-days"), Some(20_777));
    assert_eq!(code(ids::DIAGNOSES, "codes").as_deref(), Some("C61.x00"));
    assert_eq!(number(ids::DIAGNOSES, "principal"), Some(1));
    assert_eq!(data.key(ids::ORDERS, 0), Some("O1"));
    assert_eq!(
        code(ids::ORDERS, "items").as_deref(),
        Some("XL02BBA326A001010102180")
    );
    assert_eq!(number(ids::ORDERS, "quantities"), Some(10_000));
    assert_eq!(number(ids::ORDERS, "unit-prices"), Some(100_000_000));
    assert_eq!(number(ids::ORDERS, "amounts"), Some(10_000));
    assert_eq!(number(ids::ORDERS, "days"), Some(20_779));
    assert_eq!(number(ids::ORDERS, "current"), Some(1));
    assert_eq!(number(ids::ORDERS, "charged"), Some(0));
    assert_eq!(number(ids::ORDERS, "counted"), Some(1));
    let supply_days = ids::ORDERS.table().column("supply-days").unwrap();
    assert!(data.values(ids::ORDERS, supply_days).is_none());
}

#[test]
fn numbers_are_exact_whether_texts_or_not() {
    let text = EXAMPLE.replacen("\"cnt\": \"1\"", "\"cnt\": 0.29", 1);
    let text = text.replacen(
        "\"medfee_sumamt\": \"1200.00\"",
        "\"medfee_sumamt\": 90071992547409.93",
        1,
    );
    let data = data(&text).unwrap();
    assert_eq!(data.number(ids::ORDERS, "quantities", 0), Some(2900));
    assert_eq!(
        data.number(ids::ENCOUNTERS, "total-amounts", 0),
        Some(9_007_199_254_740_993)
    );
}

#[test]
fn a_newborn_has_an_age_in_days() {
    let data = data(&EXAMPLE.replacen("1980-01-01", "2026-11-01", 1)).unwrap();
    assert_eq!(data.number(ids::ENCOUNTERS, "ages", 0), Some(0));
    assert_eq!(data.number(ids::ENCOUNTERS, "age-days", 0), Some(19));
}

#[test]
fn at_settlement_every_line_is_charged() {
    let data = data(&EXAMPLE.replacen("3101", "3102", 1)).unwrap();
    assert_eq!(data.number(ids::ORDERS, "charged", 0), Some(1));
}

#[test]
fn faults_name_the_path_and_what_is_expected_but_no_value() {
    let patient = "input.data.patient_dtos[0]";
    let encounter = format!("{patient}.fsi_encounter_dtos[0]");
    for (old, new, expected) in [
        (
            "\"3101\"",
            "\"9999\"",
            "`infno` is something else, expected `3101`, `3102` or `3103` (or what the region calls them)".to_owned(),
        ),
        (
            "\"msgid\"",
            "\"x\"",
            "`msgid` is missing, expected the id of the message".to_owned(),
        ),
        (
            "2026-11-22 09:30:00",
            "noon",
            "`inf_time` is not a date and time, expected a time such as `2026-11-22 09:30:00`"
                .to_owned(),
        ),
        (
            "\"patn_id\"",
            "\"x\"",
            format!("`{patient}.patn_id` is missing, expected an id"),
        ),
        (
            "\"brdy\": \"1980-01-01\"",
            "\"brdy\": \"2027-01-01\"",
            format!(
                "`{patient}.brdy` is something else, expected a day such as `2026-11-22`, not after the \
                 admission"
            ),
        ),
        (
            "\"curr_mdtrt_id\": \"M1\"",
            "\"curr_mdtrt_id\": \"M7\"",
            format!(
                "`{patient}.curr_mdtrt_id` is something else, expected the mdtrt_id of one of the encounters"
            ),
        ),
        (
            "2026-11-20 08:00:00",
            "20.11.2026",
            format!(
                "`{encounter}.adm_date` is not a date and time, expected a time such as \
                 `2026-11-22 09:30:00`"
            ),
        ),
        (
            "\"dscg_date\": \"2026-11-22",
            "\"dscg_date\": \"2026-11-19",
            format!("`{encounter}` cannot be used: the discharge lies before the admission"),
        ),
    ] {
        assert_eq!(error(old, new), expected);
    }
}

#[test]
fn faults_of_a_line_name_its_path() {
    let order = "input.data.patient_dtos[0].fsi_encounter_dtos[0].fsi_order_dtos[0]";
    for (old, new, expected) in [
        (
            "\"sumamt\": \"100.00\"",
            "\"sumamt\": 1e2",
            format!(
                "`{order}.sumamt` is not a number, expected an amount in CNY with at most 2 decimals, \
                 such as `12.30`"
            ),
        ),
        (
            "\"cnt\": \"1\"",
            "\"cnt\": [1]",
            format!("`{order}.cnt` is something else, expected a text or a number"),
        ),
        (
            "\"hilist_code\"",
            "\"x\"",
            format!("`{order}.hilist_code` is missing, expected a code"),
        ),
    ] {
        assert_eq!(error(old, new), expected);
    }
}

#[test]
fn what_is_no_json_of_the_interface_is_refused_at_its_place() {
    let at = request_of("{\"infno\": ").unwrap_err().to_string();
    assert_eq!(at, "the body is not JSON: wrong at line 1, column 10");
    let deep = "[".repeat(40_000) + &"]".repeat(40_000);
    assert!(request_of(&deep).is_err());
    let deep = "[".repeat(100) + &"]".repeat(100);
    let error = request_of(&deep).unwrap_err().to_string();
    assert_eq!(error, "the body nests deeper than 16 levels");
    let list = request_of("[]").unwrap_err().to_string();
    assert_eq!(list, "`the request` is something else, expected an object");
}

#[test]
fn a_line_twice_is_refused_without_its_id() {
    let mut request: serde_json::Value = serde_json::from_str(EXAMPLE).unwrap();
    let orders =
        &mut request["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][0]["fsi_order_dtos"];
    let line = orders[0].clone();
    orders.as_array_mut().unwrap().push(line);
    assert_eq!(
        data(&request.to_string()).unwrap_err().to_string(),
        "`input.data.patient_dtos[0].fsi_encounter_dtos[0].fsi_order_dtos[1].rx_id` cannot be used: its \
         id is the id of an earlier one too"
    );
}

#[test]
fn bodies_are_utf_8_or_gbk() {
    let gbk = Charset::Gbk.encode("{\"a\":\"测试\"}");
    assert_eq!(
        decode(&gbk, None).unwrap(),
        ("{\"a\":\"测试\"}".to_owned(), Charset::Gbk)
    );
    let named = decode(&gbk, Some("application/json; Charset=\"GBK\"")).unwrap();
    assert_eq!(named.1, Charset::Gbk);
    assert_eq!(
        decode("测".as_bytes(), Some("application/json")).unwrap().1,
        Charset::Utf8
    );
    let error = decode(&gbk, Some("application/json; charset=utf-8")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the body is neither in UTF-8 nor in GBK, expected one of them"
    );
}

#[test]
fn an_answer_has_the_shape_of_the_interface() {
    let response = Response::found(vec![]).stamped("370300", 0, 86_399_045, 7);
    assert_eq!(
        serde_json::to_string(&response).unwrap(),
        "{\"infcode\":0,\"inf_refmsgid\":\"370300197001012359590000000007\",\
         \"refmsg_time\":\"19700101000000000\",\"respond_time\":\"19700101235959045\",\
         \"enctype\":\"\",\"signtype\":\"\",\
         \"err_msg\":\"\",\"output\":{\"result\":[]}}"
    );
    assert_eq!(serde_json::to_string(&Amount(-1230)).unwrap(), "-12.30");
    assert_eq!(serde_json::to_string(&ItemType::Related).unwrap(), "\"2\"");
    assert_eq!(
        Response::failure(&"长".repeat(300)).err_msg.chars().count(),
        200
    );
}

#[test]
fn a_region_changes_what_it_names() {
    let region = Region::parse("text_characters_max = 3\nprefix = { block = \"!\" }").unwrap();
    assert_eq!(region.prefix.block, "!");
    assert_eq!(region.prefix.remind, "【提醒】");
    assert_eq!(region.cut("一二三"), "一二三");
    assert_eq!(region.cut("一二三四"), "一二…");
    assert_eq!(region.behaviour("项目类"), "2");
    let error = Region::parse("colour = 1").unwrap_err().to_string();
    assert!(
        error.starts_with("the region file is not as expected: "),
        "{error}"
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok((text, _)) = decode(&bytes, None) {
            let _ = data(&text);
        }
    }

    #[test]
    fn no_change_of_the_example_panics(at in 0..EXAMPLE.len(), length in 0_usize..20, put in "[-0-9\\[\\]{}\",:a ]{0,6}") {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, put.bytes());
        if let Ok(text) = String::from_utf8(bytes)
            && let Ok(request) = request_of(&text)
        {
            let mut builder = DataBuilder::new();
            let _ = request.fill(&mut builder);
            let _ = builder.finish();
        }
    }
}

/// The example as the region of the second file writes it.
fn hunan() -> (Region, String) {
    let region = include_str!("../../../../examples/region-hunan.toml");
    let renamed = [
        ("\"3101\"", "\"3660\""),
        ("\"patn_id\"", "\"psn_no\""),
        ("\"patn_name\"", "\"psn_name\""),
        ("\"fsi_encounter_dtos\"", "\"encounterDtos\""),
        ("\"trig_scen\"", "\"trigScen\""),
    ];
    let text = renamed
        .iter()
        .fold(EXAMPLE.to_owned(), |text, (national, name)| {
            assert!(text.contains(national), "{national}");
            text.replace(national, name)
        });
    (Region::parse(region).unwrap(), text)
}

#[test]
fn a_region_with_names_of_its_own_sends_the_same_request() {
    let (region, text) = hunan();
    let request = Request::parse(&text, &region).unwrap();
    assert_eq!(request.transaction, Transaction::Before);
    assert_eq!(request.infno(), "3101");
    assert_eq!(request.scenes, request_of(EXAMPLE).unwrap().scenes);
    assert_eq!(request.patients().unwrap(), ["P1"]);
    let mut builder = DataBuilder::new();
    request.fill(&mut builder).unwrap();
    let (regional, national) = (builder.finish().0, data(EXAMPLE).unwrap());
    for table in rulepack_contract::schema::TableId::all() {
        assert_eq!(regional.rows(table), national.rows(table));
        for column in 0..table.table().columns.len() {
            let pair = (
                regional.values(table, column),
                national.values(table, column),
            );
            assert_eq!(pair.0, pair.1, "{} {column}", table.table().name);
        }
    }
    // The national name means nothing there, and a fault is told in the region's names.
    assert!(Request::parse(EXAMPLE, &region).is_err());
    let without = text.replace("\"psn_no\"", "\"patn_id\"");
    let request = Request::parse(&without, &region).unwrap();
    let error = request.patients().unwrap_err().to_string();
    let expected = "`input.data.patient_dtos[0].psn_no` is missing, expected an id";
    assert_eq!(error, expected);
}

#[test]
fn what_a_region_leaves_out_has_the_value_of_its_file() {
    let region = Region::parse("[defaults]\nmatn_stas = \"9\"").unwrap();
    let national = "\"matn_stas\": \"0\"";
    assert!(EXAMPLE.contains(national));
    for left_out in [
        "\"other\": \"0\"",
        "\"matn_stas\": \" \"",
        "\"matn_stas\": null",
    ] {
        let without = EXAMPLE.replace(national, left_out);
        assert!(data(&without).is_err());
        let request = Request::parse(&without, &region).unwrap();
        let mut builder = DataBuilder::new();
        request.fill(&mut builder).unwrap();
        let (data, _) = builder.finish();
        assert_eq!(data.text(ids::ENCOUNTERS, "maternity", 0), Some("9"));
    }
}

#[test]
fn an_answer_has_the_fields_of_its_region_and_every_digit() {
    let region =
        Region::parse("[answer]\njr_id = \"vola_id\"\nvola_cont = \"vola_content\"").unwrap();
    let national = r#"{"infcode":0,"output":{"result":[{"jr_id":"1","vola_cont":"jr_id 张","vola_amt":98.00}],"rulepack":{"findings":[{"jr_id":"1"}]}}}"#;
    assert_eq!(
        region.regional(national.to_owned()),
        r#"{"infcode":0,"output":{"result":[{"vola_id":"1","vola_content":"jr_id 张","vola_amt":98.00}],"rulepack":{"findings":[{"jr_id":"1"}]}}}"#
    );
    assert_eq!(Region::default().regional(national.to_owned()), national);
}

#[test]
fn a_region_file_that_is_ambiguous_is_refused() {
    for (text, expected) in [
        (
            "[transactions]\nbefore = \"3102\"",
            "the region file gives the number `3102` to two transactions",
        ),
        (
            "[transactions]\nduring = \"3103\"",
            "the region file gives the number `3103` to two transactions",
        ),
        (
            "[request]\npatn_id = \"\"",
            "the region file renames `patn_id` to nothing",
        ),
        (
            "[answer]\njr_id = \"rule_id\"",
            "the region file gives the name `rule_id` to two fields of an answer",
        ),
    ] {
        assert_eq!(Region::parse(text).unwrap_err().to_string(), expected);
    }
}
