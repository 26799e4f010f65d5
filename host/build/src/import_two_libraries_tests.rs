use super::*;

const POINTS: &str =
    "kp_id\trule_name\tgz_code_v1\tbatch\titem_name\tparam\tbasis\tdetect_logic\tcodes
K1\t药品区分性别使用\tG\t01\t甲\t男\t限男\t不符\tXA1 XA2
K2\t药品区分性别使用\tG\tupd2026-01\t乙\t\t限前列腺癌\t不符\tXA3
K3\t药品限医疗机构级别\tG\t05\t丙\t\t限二级及以上\t不符\tXA4
K4\t药品限就医方式\t\t04\t丁\t\t住院方可支付\t不符\tXA5
K5\t药品限支付疗程\tG\t06\t戊\t14天\t支付不超过14天。\t不符\tXA6 XA7
K6\t药品限支付疗程\tG\t06\t己\t15天\t单次住院最多支付14天\t不符\tXA8
K7\t药品限适应症\tG\t12\t庚\t\t限\"放化疗\"。\t不符\tXA9
K8\t医疗服务项目限年龄\t\t08\t辛\t\t限法定就业年龄段患者\t不符\t0031
";

fn published(points: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = "seq\ttier1\ttier2\trule_name\n67\t\t\t药品区分性别使用\n12\t\t\t药品限医疗机构级别\n\
        13\t\t\t药品限就医方式\n10\t\t\t药品限支付疗程\n8\t\t\t药品限适应症\n29\t\t\t医疗服务项目限年龄\n";
    for (name, text) in [
        (CATALOGUE, catalogue),
        ("knowledge_points.tsv", points),
        (
            "service_item_duplicate_pairs.tsv",
            "scope\tmain_name\tmain_code\tother_name\tother_code\tbasis\n单日\t\tA\t\tB\t含\n6小时\t\tA\t\tC\t\n",
        ),
        (
            "service_item_frequency.tsv",
            "item_name\tmax_cnt\tunit\tcode\n甲\t24\t小时\tA\n乙\t1\t日\tB\n",
        ),
        (
            "service_item_period_frequency.tsv",
            "item_name\tmax_cnt\tperiod_days\tbasis\tcode\n甲\t1\t14\t间隔\tA\n",
        ),
        (
            "service_item_course_limit.tsv",
            "item_name\tlimit_text\tcode\n甲\t支付不超过30天。\tA\n乙\t支付不超过一年，每周最多支付一次。\tB\n",
        ),
        (
            "surgery_same_incision_discount_groups.tsv",
            "item_name\tcode\tgroup\n甲\tA\t胃肠手术组\n",
        ),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn every_published_file_becomes_rows_of_the_tables() {
    let imported = import(published(POINTS).path()).unwrap();
    let texts: Vec<&str> = imported
        .files
        .iter()
        .map(|file| std::str::from_utf8(&file.csv).unwrap())
        .collect();
    assert_eq!(
        texts,
        [
            "rule,code,value,minimum,maximum,valid_from,valid_to,basis\n\
             NL-67,XA1,1,,,2025-05-23,,限男\nNL-67,XA2,1,,,2025-05-23,,限男\n\
             NL-12,XA4,,2,,2025-08-14,,限二级及以上\nNL-13,XA5,2,,,2025-08-08,,住院方可支付\n\
             NL-29,0031,,16,,2026-01-06,,限法定就业年龄段患者\n",
            "rule,code,alternative,source,needed,valid_from,valid_to,basis\n\
             NL-08,XA9,1,diagnosis,,2026-05-23,,\"限\"\"放化疗\"\"。\"\n",
            "rule,code,subject,measure,maximum,window,span,valid_from,valid_to,basis\n\
             NL-10,XA6,K5,days,14,course,,2025-08-26,,支付不超过14天。\n\
             NL-10,XA7,K5,days,14,course,,2025-08-26,,支付不超过14天。\n\
             NL-10,XA8,K6,days,15,visit,,2025-08-26,,单次住院最多支付14天\n\
             NL-27,A,A,quantity,24,days,1,,,\nNL-27,B,B,quantity,1,days,1,,,\n\
             NL-31,A,A,quantity,1,days,14,,,间隔\n\
             NL-23,A,A,days,30,course,,,,支付不超过30天。\n\
             NL-23,B,B,days,365,course,,,,支付不超过一年，每周最多支付一次。\n",
            "rule,code,measure,maximum,unit,valid_from,valid_to,basis\n",
            "rule,main,other,scope,span,valid_from,valid_to,basis\n\
             NL-25,A,B,day,,,,含\nNL-25,A,C,hours,6,,,\n",
            "rule,group,code,valid_from,valid_to,basis\nNL-15,胃肠手术组,A,,,\n",
        ]
    );
    assert_eq!(imported.left_out, 1, "a sex that is not told");
}

#[test]
fn what_the_tables_cannot_express_is_refused() {
    let refusal = |old: &str, new: &str| {
        let folder = published(&POINTS.replacen(old, new, 1));
        import(folder.path()).unwrap_err().to_string()
    };
    assert_eq!(
        refusal("\t男\t", "\t成人\t"),
        "`knowledge_points.tsv[K1].param` is `成人`, expected `男` or `女`"
    );
    assert_eq!(
        refusal("\t01\t", "\t99\t"),
        "`knowledge_points.tsv[K1].batch` is `99`, expected a batch whose day is known"
    );
    assert_eq!(
        refusal("14天\t", "十四天\t"),
        "`knowledge_points.tsv[K5].param` is `十四`, expected a whole number"
    );
    assert_eq!(
        refusal("药品限适应症", "药品限天气"),
        "`knowledge_points.tsv[K7].rule_name` is `药品限天气`, expected a rule of the catalogue"
    );
    assert_eq!(
        refusal("basis\tdetect", "reason\tdetect"),
        "`knowledge_points.tsv` is `basis`, expected a column of the header"
    );
}

#[test]
fn the_published_library_is_imported_whole() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("RULEPACK_SHARED_DATA").map_or_else(beside, Into::into);
    let folder = data.join("nhsa_two_libraries");
    if !folder.is_dir() {
        println!("skipped: the published two libraries are not at hand");
        return;
    }
    let imported = import(&folder).unwrap();
    let rows = |name: &str| {
        let file = imported.files.iter().find(|file| file.file_name == name);
        file.unwrap().rows
    };
    assert_eq!(rows("pairs.csv"), 900);
    assert_eq!(rows("groups.csv"), 378);
    // 2,317 codes with a course, 67 frequencies, 14 periods and 11 courses of services.
    assert_eq!(rows("window-limits.csv"), 2_317 + 67 + 14 + 11);
    assert_eq!(rows("limits.csv") + rows("evidence.csv"), 20_008 + 5_665);
    // Three medicines without a sex, and a remark that names no item.
    assert_eq!(imported.left_out, 4);
}
