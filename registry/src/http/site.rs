//! `/`: a page for people, without any script.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{Html, IntoResponse};
use rulepack_protocol::tuf::{Channel, Status};

use super::api::{Search, index_failed};
use super::problem::Problem;
use super::{Service, blocking};
use crate::index::Entry;

/// `GET /?query=…`
pub(super) async fn page(
    State(service): State<Arc<Service>>,
    search: Result<Query<Search>, QueryRejection>,
) -> Result<Html<String>, Problem> {
    let query = search.map(|Query(search)| search.query).unwrap_or_default();
    let sought = query.clone();
    let found = blocking(move || service.registry.index().search(&sought)).await?;
    let entries = found.map_err(|error| index_failed(&error))?;
    Ok(Html(render(&query, &entries)))
}

/// `GET /style.css`
pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css")], STYLE)
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;\
padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;\
border-bottom:1px solid #ccc}code{font-size:.85em}.yanked{text-decoration:line-through}\n";

fn render(query: &str, entries: &[Entry]) -> String {
    let mut rows = String::new();
    for entry in entries {
        row(&mut rows, entry);
    }
    let empty = if entries.is_empty() {
        "<p>没有找到规则包。</p>"
    } else {
        ""
    };
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>规则包登记中心\
         </title><link rel=\"stylesheet\" href=\"/style.css\"></head><body><h1>规则包登记中心</h1>\
         <form><input name=\"query\" value=\"{}\" aria-label=\"名称或标题\"> <button>查找</button>\
         </form><table><thead><tr><th>规则包</th><th>标题</th><th>版本</th><th>施行</th><th>发布</th>\
         <th>状态</th><th>sha256</th></tr></thead><tbody>{rows}</tbody></table>{empty}\
         <p>此页由索引生成，仅供查阅；可信内容以签名元数据为准。</p></body></html>\n",
        escape(query)
    )
}

fn row(rows: &mut String, entry: &Entry) {
    let class = match entry.status {
        Status::Active => "",
        Status::Yanked => " class=\"yanked\"",
    };
    let until = entry.effective_to.map(|day| format!(" 至 {day}"));
    let state = match (entry.status, entry.channel) {
        (Status::Yanked, _) => "已撤回",
        (Status::Active, Channel::Canary) => "灰度",
        (Status::Active, Channel::Stable) => "正式",
    };
    let written = write!(
        rows,
        "<tr{class}><td>{}</td><td>{}</td><td>{}</td><td>{}{}</td><td>{}</td><td>{state}</td>\
         <td><code>{}</code></td></tr>",
        escape(&entry.name.to_string()),
        escape(&entry.title),
        escape(&entry.version.to_string()),
        entry.effective_from,
        until.unwrap_or_default(),
        entry.published,
        entry.digest,
    );
    debug_assert!(written.is_ok(), "a text can always grow");
}

/// The text with every character that means something to HTML replaced.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_and_queries_cannot_become_markup() {
        let entry = Entry {
            name: "37/vbp-quota".parse().unwrap(),
            version: "1.2.0".parse().unwrap(),
            title: "<script>alert('1')</script>".to_owned(),
            digest: rulepack_protocol::digest::Digest::of(b""),
            length: 1,
            effective_from: "2024-01-04".parse().unwrap(),
            effective_to: None,
            channel: Channel::Stable,
            status: Status::Active,
            published: "2026-11-22".parse().unwrap(),
        };
        let page = render("\"><script>", &[entry]);
        assert!(!page.contains("<script"));
        assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;\""));
        assert!(page.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"));
    }
}
