// Match addresses by ipnet: reads "rules RANGE …" and "ask ADDRESS" lines and answers each with a line.
use ipnet::Ipv4Net;
use std::io::{self, BufRead, Write};
use std::net::Ipv4Addr;

fn read<'a>(words: impl Iterator<Item = &'a str>) -> Result<Vec<Ipv4Net>, String> {
    let whole = words.map(|word| if word.contains('/') { word.to_string() } else { format!("{word}/32") });
    whole.map(|word| word.parse::<Ipv4Net>().map_err(|error| error.to_string())).collect()
}

fn main() {
    let mut ranges = Vec::new();
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line.expect("a line of UTF-8");
        let mut words = line.split_whitespace();
        let answer = match words.next() {
            Some("ask") => {
                let address: Ipv4Addr = words.next().expect("an address").parse().expect("an IPv4 address");
                let held = ranges.iter().any(|range: &Ipv4Net| range.contains(&address));
                String::from(if held { "yes" } else { "no" })
            }
            _ => match read(words) {
                Ok(new) => {
                    ranges = new;
                    String::from("ok")
                }
                Err(error) => format!("refused: {error}"),
            },
        };
        writeln!(out, "{answer}").and_then(|()| out.flush()).expect("an output that is read");
    }
}
