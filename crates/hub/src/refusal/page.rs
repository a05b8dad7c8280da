//! The page for a person whose browser finds no room: what happened, what to do, and it comes again by itself.
//!
//! Small enough for the empty buffer of a new socket, since nobody waits for it to be read, and whole: there is no room for the
//! connections that a script, a style or an icon of its own would take. It asks with `HEAD` until there is room, so that nothing
//! blinks and a hub that is away for a moment does not leave the browser's own page of errors. Without a script it is loaded anew.
//!
//! Refuses to say anything that came from outside.

use http::HeaderMap;
use http::header::{ACCEPT, ACCEPT_LANGUAGE};
use tailcast_fdguard::Reason;

const PAGE: &str = include_str!("page.html");

/// Headers of its answer: nothing but what is in it, and the address that it asks again.
pub(super) const HEADERS: &str = "Cache-Control: no-store\r\nVary: Accept, Accept-Language\r\nReferrer-Policy: no-referrer\r\n\
     X-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'; script-src 'unsafe-inline'; \
     style-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n";

/// What it says in one language.
struct Words {
    lang: &'static str,
    full: [&'static str; 3],
    crowded: [&'static str; 3],
    now: &'static str,
    tried: &'static str,
}

const ENGLISH: Words = Words {
    lang: "en",
    full: [
        "This hub is full",
        "There is no room for one more viewer now; those who are here stay. This page goes on by itself as soon as there is room.",
        "If the hub is yours: <code>tailcast doctor</code> on its machine says which limit it has met, who has set it, and how to raise it.",
    ],
    crowded: [
        "Too many connections come from your address",
        "The hub keeps its last places for others. This page goes on by itself as soon as there is room.",
        "Close views that you do not need. Where all come by one proxy, its address belongs into <code>trusted_proxies</code> of the hub.",
    ],
    now: "Try now",
    tried: "Last tried at {}",
};

const CHINESE: Words = Words {
    lang: "zh-CN",
    full: [
        "hub 已满",
        "hub 目前没有空位再接纳一位；已连接的不受影响。一有空位，此页面会自动继续。",
        "如果 hub 由您管理：在它的机器上运行 <code>tailcast doctor</code>，可知道触及了哪个限制、由谁设置、如何调高。",
    ],
    crowded: [
        "来自您的网络地址的连接过多",
        "hub 把余下的位置留给其他人。一有空位，此页面会自动继续。",
        "请关闭不需要的视图。若大家都经由同一个代理访问，请把它的地址写入 hub 的 <code>trusted_proxies</code>。",
    ],
    now: "立即重试",
    tried: "上次尝试：{}",
};

/// Whether a person's browser asks for a page: it names HTML, and nothing of ours before it. `*/*` names nothing.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    let best = |kinds: &[&str]| wishes(headers, ACCEPT).filter(|(kind, _)| kinds.contains(kind)).map(|(_, q)| q).max();
    let page = best(&["text/html", "application/xhtml+xml"]).unwrap_or(0);
    page > 0 && Some(page) >= best(&["application/json", "application/problem+json"])
}

/// The page, which comes again after so many milliseconds.
pub(super) fn page(headers: &HeaderMap, reason: Reason, wait_ms: u64) -> String {
    let said = language(headers);
    let [title, words, remedy] = match reason {
        Reason::Full | Reason::Exhausted => said.full,
        Reason::Crowded => said.crowded,
    };
    let (wait, seconds) = (wait_ms.to_string(), wait_ms.div_ceil(1000).to_string());
    [
        ("{lang}", said.lang),
        ("{title}", title),
        ("{words}", words),
        ("{remedy}", remedy),
        ("{now}", said.now),
        ("{tried}", said.tried),
        ("{wait}", &wait),
        ("{seconds}", &seconds),
    ]
    .into_iter()
    .fold(PAGE.to_owned(), |page, (name, value)| page.replace(name, value))
}

/// That of ours that is wished for most.
fn language(headers: &HeaderMap) -> Words {
    let ours = |tag: &str| match tag.split('-').next() {
        Some("zh") => Some(CHINESE),
        Some("en") => Some(ENGLISH),
        _ => None,
    };
    // Of equal ones the first: `max_by_key` would take the last.
    let wished = wishes(headers, ACCEPT_LANGUAGE).filter(|(_, q)| *q > 0);
    let best = wished
        .filter_map(|(tag, q)| Some((ours(tag)?, q)))
        .reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map_or(ENGLISH, |(words, _)| words)
}

/// What a header wishes for, in its order, each with its weight in thousandths (RFC 9110, section 12.4.2).
fn wishes(headers: &HeaderMap, name: http::HeaderName) -> impl Iterator<Item = (&str, u16)> {
    let lines = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(|wish| {
        let mut parts = wish.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
        (kind, (weight.clamp(0.0, 1.0) * 1000.0) as u16)
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(of: &[(HeaderName, &'static str)]) -> HeaderMap {
        of.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn browsers_want_a_page_and_programs_do_not() {
        let wanted = |accept| is_wanted(&headers(&[(ACCEPT, accept)]));
        assert!(wanted("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"));
        assert!(wanted("text/html") && wanted("application/json;q=0.5, text/html;q=0.9"));
        for program in [
            "*/*",
            "",
            "application/json",
            "text/*",
            "text/html;q=0",
            "text/html;q=0.5, application/problem+json",
            "q=1",
        ] {
            assert!(!wanted(program), "{program}");
        }
        assert!(!is_wanted(&HeaderMap::new()));
    }

    #[test]
    fn it_speaks_the_language_that_is_wished_for_most_and_english_else() {
        let lang = |wish| language(&headers(&[(ACCEPT_LANGUAGE, wish)])).lang;
        assert_eq!([lang("zh-CN,zh;q=0.9,en;q=0.8"), lang("de, zh;q=0.7, en;q=0.3"), lang("zh")], ["zh-CN"; 3]);
        assert_eq!(
            [lang("en-GB, zh"), lang("de"), lang(""), lang("zh;q=0"), lang("zh;q=x;q=0.1, en;q=0.5")],
            ["en"; 5]
        );
    }

    #[test]
    fn it_is_whole_small_and_of_the_same_colours_as_the_page() {
        let tokens = include_str!("../../../../web/src/tokens.css");
        for (reason, lang) in
            [(Reason::Full, "en"), (Reason::Crowded, "en"), (Reason::Exhausted, "zh"), (Reason::Crowded, "zh")]
        {
            let page = page(&headers(&[(ACCEPT_LANGUAGE, lang)]), reason, 2345);
            assert!(page.len() < 4096, "{}", page.len());
            assert!(page.contains(r#"data-wait="2345""#) && page.contains(r#"content="3""#), "{page}");
            let names = ["{lang}", "{title}", "{words}", "{remedy}", "{now}", "{tried}", "{wait}", "{seconds}"];
            assert!(names.iter().all(|name| !page.contains(name)), "{page}");
            for colour in page.split("light-dark(").skip(1).map(|rest| rest.split(')').next().unwrap_or_default()) {
                assert!(tokens.contains(&format!("light-dark({colour})")), "{colour}");
            }
        }
    }
}
