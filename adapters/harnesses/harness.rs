// A harness in Rust: it lets fencepost judge an implementation, one line of JSON in, one line out.
//
//     rustc -O harness.rs && fencepost check stdio:./harness
//
// Replace the four functions at the top by calls into your implementation, and leave the rest as it is. An Err becomes
// a JSON-RPC error, which the kit reports as a broken harness and not as a failed clause.
use std::io::{self, BufRead, Write};
use std::net::Ipv4Addr;

// --- The four functions to fill in: here a small vault that knows IP rules and the default action -------------------

struct Vault { is_open: bool, ranges: Vec<(u32, u32)> } // the base and the mask of each

const DESCRIPTION: &str = r#"{"protocol":1,"name":"vault in Rust","version":"1.0","profile":"keyvault","features":["ip-rules-only","decisions-only"]}"#;

impl Vault {
    fn describe(&self) -> String { DESCRIPTION.into() }

    fn reset(&mut self) { *self = Vault { is_open: true, ranges: Vec::new() } }

    fn put_rules(&mut self, acls: &Json) -> Result<String, String> {
        let mut ranges = Vec::new();
        for rule in acls.get("ipRules").entries() {
            let text = rule.get("value").text();
            let (base, length) = text.split_once('/').unwrap_or((text, "32"));
            let length: u32 = length.parse().map_err(|_| format!("no length: {text}"))?;
            let mask = if length == 0 { 0 } else { u32::MAX << (32 - length) };
            ranges.push((number(base)? & mask, mask));
        }
        *self = Vault { is_open: acls.get("defaultAction").text() != "Deny", ranges };
        Ok(r#"{"accepted":true}"#.into())
    }

    fn decide(&self, request: &Json) -> Result<&'static str, String> {
        let address = number(request.get("source").get("address").text())?;
        let is_in = self.ranges.iter().any(|(base, mask)| address & mask == *base);
        let is_let_in = self.is_open || is_in || request.get("plane").text() == "control";
        Ok(if is_let_in { "\"allow\"" } else { "\"deny\"" })
    }
}

fn number(address: &str) -> Result<u32, String> {
    address.parse::<Ipv4Addr>().map(u32::from).map_err(|error| format!("{address}: {error}"))
}

// --- The contract's loop --------------------------------------------------------------------------------------------

fn result(vault: &mut Vault, method: &str, params: &Json) -> Result<Option<String>, String> {
    Ok(Some(match method {
        "describe" => vault.describe(),
        "reset" => { vault.reset(); "{}".into() }
        "putRules" => vault.put_rules(params.get("networkAcls"))?,
        "decide" => {
            let decisions: Result<Vec<_>, _> = params.get("requests").entries().iter().map(|one| vault.decide(one)).collect();
            format!("{{\"decisions\":[{}]}}", decisions?.join(","))
        }
        "shutdown" => "{}".into(),
        _ => return Ok(None),
    }))
}

fn answer(vault: &mut Vault, line: &str) -> String {
    let error = |code: i32, why: &str| format!("\"error\":{{\"code\":{code},\"message\":{}}}", quoted(why));
    let call = value(&mut line.chars().peekable());
    let id = match call.as_ref().map_or(&NOTHING, |call| call.get("id")) {
        Json::Text(text) => quoted(text),
        Json::Word(word) if !word.is_empty() => word.clone(),
        _ => "null".into(),
    };
    let outcome = match call {
        Err(why) => error(-32700, &why),
        Ok(call) => match result(vault, call.get("method").text(), call.get("params")) {
            Ok(Some(found)) => format!("\"result\":{found}"),
            Ok(None) => error(-32601, &format!("no method {}", call.get("method").text())),
            Err(why) => error(-32000, &why),
        },
    };
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},{outcome}}}")
}

fn main() {
    let mut vault = Vault { is_open: true, ranges: Vec::new() };
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        println!("{}", answer(&mut vault, &line));
        io::stdout().flush().expect("an output that is read");
    }
}

// --- JSON, which Rust's own library does not read -------------------------------------------------------------------

enum Json { Text(String), Word(String), List(Vec<Json>), Object(Vec<(String, Json)>) } // a word: a number, true, null …
static NOTHING: Json = Json::Word(String::new());

impl Json {
    fn get(&self, name: &str) -> &Json {
        let members: &[_] = if let Json::Object(members) = self { members } else { &[] };
        members.iter().find(|(known, _)| known == name).map_or(&NOTHING, |(_, value)| value)
    }
    fn text(&self) -> &str { if let Json::Text(text) = self { text } else { "" } }
    fn entries(&self) -> &[Json] { if let Json::List(entries) = self { entries } else { &[] } }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn after(chars: &mut Chars, skipped: &[char]) -> Option<char> {
    while chars.next_if(|one| *one == ' ' || skipped.contains(one)).is_some() {}
    chars.peek().copied()
}

fn value(chars: &mut Chars) -> Result<Json, String> {
    let first = after(chars, &[]).ok_or("not JSON")?;
    if first == '"' { chars.next(); return string(chars).map(Json::Text); }
    if first != '{' && first != '[' {
        let word: String = std::iter::from_fn(|| chars.next_if(|one| !",]} ".contains(*one))).collect();
        return if word.is_empty() { Err("not JSON".into()) } else { Ok(Json::Word(word)) };
    }
    let (mut members, mut entries) = (Vec::new(), Vec::new());
    chars.next();
    while !matches!(after(chars, &[',']), Some('}' | ']')) {
        let entry = value(chars)?;
        if first == '[' { entries.push(entry); continue; }
        after(chars, &[':']);
        members.push((entry.text().into(), value(chars)?));
    }
    chars.next();
    Ok(if first == '{' { Json::Object(members) } else { Json::List(entries) })
}

fn string(chars: &mut Chars) -> Result<String, String> {
    let mut text = String::new();
    loop {
        text.push(match chars.next().ok_or("a string without an end")? {
            '"' => return Ok(text),
            '\\' => match chars.next().ok_or("a string without an end")? {
                'u' => {
                    let code: String = chars.take(4).collect();
                    u32::from_str_radix(&code, 16).ok().and_then(char::from_u32).unwrap_or('?')
                }
                one => "n\nt\tr\r".chars().skip_while(|known| *known != one).nth(1).unwrap_or(one),
            },
            one => one,
        });
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace(|one: char| one.is_control(), " "))
}
