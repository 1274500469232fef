//! Two accounts become one.
//!
//! The client's entries stay in their order. Each of its requests is recognized among the observations by the correlation
//! that both sides work out, and by the time; what only servers saw comes between:
//!
//! - what the browser did at the authorization server, behind the entry that sent it there;
//! - what a server asked another one, behind the request that it did that for.

use std::borrow::Cow;

use flow::http::Request;
use flow::lessons::steps::Step;
use flow::trace::{Answer, Entry, Event};
use protocol::observation::{Finding, Observation, correlation};
use protocol::party::Party;

use crate::hop::{Hop, HopId};
use crate::words;

/// How far the clocks of page and servers may differ, and how much a measurement may be off, in milliseconds. All of them
/// read the same machine's clock; some browsers make it coarser.
const SLACK_MS: u64 = 250;

/// Merges the client's entries with what the servers reported, in whichever order that came.
///
/// The same input makes the same hops. More observations add hops, or what the other side saw of a hop; they take nothing
/// away, and no hop gets another id.
#[must_use]
pub fn merge(entries: &[Entry], observations: &[Observation]) -> Vec<Hop> {
    let mut seen = Seen::new(observations);
    let own: Vec<_> =
        entries.iter().enumerate().map(|(at, entry)| seen.of_entry(entries, at, entry)).collect();
    let mut visits = seen.visits(entries, &own).into_iter().peekable();

    let mut hops = Vec::with_capacity(entries.len() + observations.len());
    for (at, (entry, seen_of_it)) in entries.iter().zip(own).enumerate() {
        while let Some(visit) = visits.next_if(|visit| visit.before <= at) {
            seen.push(&mut hops, visit.hop(&seen), Some(visit.observation));
        }
        seen.push(&mut hops, of_client(at, entry), seen_of_it);
    }
    for visit in visits {
        seen.push(&mut hops, visit.hop(&seen), Some(visit.observation));
    }
    hops
}

/// Puts an item where it belongs in a list that is in order, behind its equals. A sort would be thirty times the code.
fn insert<T, K: Ord>(list: &mut Vec<T>, item: T, key: impl Fn(&T) -> K) {
    let place = list.partition_point(|known| key(known) <= key(&item));
    list.insert(place, item);
}

/// All observations by their numbers, and which of them have their place already.
struct Seen<'a> {
    all: Vec<&'a Observation>,
    taken: Vec<bool>,
    /// For each observation, what was seen of each of its questions to others.
    fetches: Vec<Vec<Option<usize>>>,
}

/// A hop of a browser that only the authorization server saw.
struct Visit {
    /// The entry that it stands in front of.
    before: usize,
    step: Step,
    observation: usize,
}

impl<'a> Seen<'a> {
    /// Sorts them. What was reported twice counts once. What servers asked each other is set aside: a server's request for a
    /// document looks like the client's.
    fn new(observations: &'a [Observation]) -> Self {
        let mut all = Vec::new();
        for observation in observations.iter().rev() {
            insert(&mut all, observation, |observation| observation.seq);
        }
        all.dedup_by_key(|observation| observation.seq);
        let taken = vec![false; all.len()];
        let mut seen = Self { all, taken, fetches: Vec::new() };
        seen.fetches = (0..seen.all.len()).map(|parent| seen.fetched_by(parent)).collect();
        seen
    }

    /// What the others saw of an observation's questions: while it was answered, and, of several, what is next to it in the
    /// count of all.
    fn fetched_by(&mut self, parent: usize) -> Vec<Option<usize>> {
        let of = self.all[parent];
        let (began, ended) = interval(of);
        let mut found = Vec::new();
        for fetch in fetches(of) {
            let answered = |other: &Observation| {
                other.correlation == *fetch.correlation
                    && other.at_ms >= began
                    && other.at_ms <= ended.saturating_add(SLACK_MS)
            };
            let others =
                (0..self.all.len()).filter(|index| *index != parent && self.is_free(*index, answered));
            let child = others.min_by_key(|index| index.abs_diff(parent));
            found.push(child.inspect(|child| self.taken[*child] = true));
        }
        found
    }

    fn is_free(&self, index: usize, fits: impl Fn(&Observation) -> bool) -> bool {
        !self.taken[index] && fits(self.all[index])
    }

    /// What the other side saw of an entry.
    fn of_entry(&mut self, entries: &[Entry], at: usize, entry: &Entry) -> Option<usize> {
        let found = match &entry.event {
            Event::Exchange { request, answer, .. } => {
                let authorization = request.headers.iter().find(|(name, _)| name == "authorization");
                let authorization = authorization.map(|(_, value)| value.as_str());
                let body = request.body.as_deref().unwrap_or_default();
                let url = addressed(request);
                let same = correlation(request.method.as_str(), &url, authorization, body.as_bytes());
                let sent = match answer {
                    Answer::Response(_) => began(entry),
                    // Nobody says how long it was waited; but one request goes after the other.
                    Answer::Unreachable(_) => {
                        at.checked_sub(1).map_or(entry.at_ms, |before| entries[before].at_ms)
                    }
                };
                self.nearest(&same, sent, entry.at_ms)
            }
            Event::Navigation { url } => {
                let departure = Departure::new(entries, at, url);
                (0..self.all.len()).find(|index| self.is_free(*index, |of| departure.is_arrival(of)))
            }
            Event::Local | Event::Callback { .. } => None,
        };
        found.inspect(|found| self.taken[*found] = true)
    }

    /// The observation of a request that was sent and answered at these times. Where several fit, because the same was sent
    /// before, or by another page: the one that is least outside of that time, of equal ones the first.
    fn nearest(&self, correlation: &str, sent: u64, answered: u64) -> Option<usize> {
        let distance = |of: &Observation| {
            let (began, ended) = interval(of);
            sent.saturating_sub(began).saturating_add(ended.saturating_sub(answered))
        };
        let fits = |of: &Observation| {
            of.correlation == correlation
                && of.at_ms.saturating_add(SLACK_MS) >= sent
                && of.at_ms <= answered.saturating_add(SLACK_MS)
        };
        let free = (0..self.all.len()).filter(|index| self.is_free(*index, fits));
        free.min_by_key(|index| distance(self.all[*index]))
    }

    /// All that browsers did on the way through the authorization server, by the entries that it stands in front of.
    fn visits(&mut self, entries: &[Entry], own: &[Option<usize>]) -> Vec<Visit> {
        let mut visits = Vec::new();
        for (after, entry) in entries.iter().enumerate() {
            let Event::Navigation { url } = &entry.event else { continue };
            let departure = Departure::new(entries, after, url);
            let arrival = own[after].and_then(|index| self.all[index].visit.as_deref());
            let mut names: Vec<_> = arrival.into_iter().collect();
            for index in 0..self.all.len() {
                let of = self.all[index];
                if self.taken[index] {
                    continue;
                }
                let name = of.visit.as_deref();
                // Somebody may go to the same address again by the browser's own means, which begins another visit.
                let arrives_again = departure.is_arrival(of);
                if arrives_again {
                    names.extend(name);
                }
                if arrives_again || name.is_some_and(|name| names.contains(&name)) {
                    self.taken[index] = true;
                    let before = place(entries, after, of.at_ms);
                    let visit = Visit { before, step: entry.step, observation: index };
                    insert(&mut visits, visit, |visit| (visit.before, visit.observation));
                }
            }
        }
        visits
    }

    /// Adds a hop with what the other side saw of it, and then what that one asked others for it.
    fn push(&self, hops: &mut Vec<Hop>, mut hop: Hop, seen: Option<usize>) {
        let Some(index) = seen else { return hops.push(hop) };
        let of = self.all[index];
        if hop.answer.is_none() {
            hop.answer = Some(words::answer(of));
        }
        hop.seen = Some(of.clone());
        let step = hop.step;
        hops.push(hop);
        for (nth, (fetch, child)) in fetches(of).zip(&self.fetches[index]).enumerate() {
            let asked = Hop {
                id: HopId::Fetched(of.seq, nth),
                step,
                from: of.party,
                to: child.map_or_else(|| asked_by(of.party), |child| self.all[child].party),
                title: words::question(fetch.correlation, fetch.url),
                answer: Some(words::outcome(fetch.outcome)),
                at_ms: child.map_or(of.at_ms, |child| self.all[child].at_ms),
                event: None,
                checks: Vec::new(),
                decoded: Vec::new(),
                seen: None,
                edited: false,
            };
            self.push(hops, asked, *child);
        }
    }
}

impl Visit {
    fn hop(&self, seen: &Seen<'_>) -> Hop {
        let of = seen.all[self.observation];
        Hop {
            id: HopId::Seen(of.seq),
            step: self.step,
            from: Party::You,
            to: of.party,
            title: words::title(of),
            answer: Some(words::answer(of)),
            at_ms: of.at_ms,
            event: None,
            checks: Vec::new(),
            decoded: Vec::new(),
            seen: None,
            edited: false,
        }
    }
}

/// The row of an entry.
fn of_client(at: usize, entry: &Entry) -> Hop {
    let answer = match &entry.event {
        Event::Exchange { summary, .. } => Some(summary.clone()),
        Event::Local | Event::Navigation { .. } | Event::Callback { .. } => None,
    };
    Hop {
        id: HopId::Entry(at),
        step: entry.step,
        from: entry.from,
        to: entry.to,
        title: entry.title.clone(),
        answer,
        at_ms: began(entry),
        event: Some(entry.event.clone()),
        checks: entry.checks.clone(),
        decoded: entry.decoded.clone(),
        seen: None,
        edited: entry.edited,
    }
}

/// When what an entry tells of began: it is written down at the end.
fn began(entry: &Entry) -> u64 {
    match &entry.event {
        Event::Exchange { answer: Answer::Response(response), .. } => {
            entry.at_ms.saturating_sub(response.elapsed_ms.into())
        }
        _ => entry.at_ms,
    }
}

/// The URL of a request as its server sees it: who calls the server by another name says so in `Host`.
fn addressed(request: &Request) -> Cow<'_, str> {
    let host = request.headers.iter().find(|(name, _)| name == "host");
    let parts = request.url.split_once("://");
    let (Some((_, host)), Some((scheme, rest))) = (host, parts) else { return Cow::Borrowed(&request.url) };
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    Cow::Owned([scheme, "://", host, path].concat())
}

/// From when to when a server was busy with a request.
fn interval(of: &Observation) -> (u64, u64) {
    (of.at_ms, of.at_ms.saturating_add(of.elapsed_us / 1000))
}

/// That the browser was sent to an address: what its arrival looks like, and when it can have been.
struct Departure {
    correlation: String,
    at_ms: u64,
    /// When the browser was sent to the same address once more.
    until: u64,
}

impl Departure {
    fn new(entries: &[Entry], at: usize, address: &str) -> Self {
        let mut later = entries.iter().skip(at + 1);
        let again = later
            .find(|entry| matches!(&entry.event, Event::Navigation { url } if url == address))
            .map_or(u64::MAX, |entry| entry.at_ms);
        let correlation = correlation("GET", address, None, b"");
        Self { correlation, at_ms: entries[at].at_ms, until: again }
    }

    fn is_arrival(&self, of: &Observation) -> bool {
        of.correlation == self.correlation
            && of.at_ms.saturating_add(SLACK_MS) >= self.at_ms
            && of.at_ms <= self.until
    }
}

/// In front of which entry something belongs that happened at that time, after the browser was sent away: of the callback
/// that ended the visit, else of the first that is later.
fn place(entries: &[Entry], after: usize, at_ms: u64) -> usize {
    let later = entries.iter().skip(after + 1).position(|entry| match entry.event {
        Event::Callback { .. } => entry.at_ms.saturating_add(SLACK_MS) >= at_ms,
        _ => began(entry) > at_ms,
    });
    later.map_or(entries.len(), |later| after + 1 + later)
}

/// What a server says about a question of its own.
struct Fetch<'a> {
    correlation: &'a str,
    url: &'a str,
    outcome: &'a Result<u16, String>,
}

fn fetches(of: &Observation) -> impl Iterator<Item = Fetch<'_>> {
    of.findings.iter().filter_map(|finding| match finding {
        Finding::Fetched { correlation, url, outcome, .. } => Some(Fetch { correlation, url, outcome }),
        _ => None,
    })
}

/// Whom a server asks, where that one says nothing about it.
fn asked_by(party: Party) -> Party {
    match party {
        Party::AuthorizationServer => Party::ClientHost,
        Party::You | Party::Client | Party::McpServer | Party::ClientHost => Party::AuthorizationServer,
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::samples::{
        self, Browser, callback, document, exchange, local, navigation, observed, unreachable,
    };

    /// From whom to whom, what, and what came back; seen by the other side (●) or not (○).
    fn drawn(hops: &[Hop]) -> Vec<String> {
        let line = |hop: &Hop| {
            let seen = if hop.seen.is_some() { '●' } else { '○' };
            let answer = hop.answer.as_deref().unwrap_or("-");
            format!("{seen} {} → {}: {} ← {answer}", hop.from.name(), hop.to.name(), hop.title)
        };
        hops.iter().map(line).collect()
    }

    fn ids(hops: &[Hop]) -> Vec<HopId> {
        hops.iter().map(|hop| hop.id).collect()
    }

    #[test]
    fn what_both_sides_saw_is_one_hop_and_what_servers_alone_saw_comes_between() {
        let (entries, observations) = samples::run();
        let hops = merge(&entries, &observations);
        assert_eq!(
            drawn(&hops),
            [
                "● Client → MCP server: initialize ← 401",
                "● Client → Metadata host: GET the document ← 200",
                "○ Client → Client: authorization request ← -",
                "● You → Authorization server: the browser goes to /authorize ← 303 · to the sign-in page",
                "● Authorization server → Metadata host: GET /client.json ← 200",
                "● You → Authorization server: GET /sign-in ← sign-in page",
                "● You → Authorization server: signs in as ada ← 303 · to the consent page",
                "● You → Authorization server: GET /consent ← consent page",
                "● You → Authorization server: allows mcp:connect weather:read ← 303 · code, state, iss",
                "○ You → Client: the browser comes back ← -",
                "● Client → Authorization server: POST /token ← 200",
                "● Client → MCP server: initialize with the token ← 200",
                "● MCP server → Authorization server: GET /jwks ← 200",
                "○ MCP server → Authorization server: POST /introspect ← refused",
            ]
        );
        assert_eq!(hops[5].step, Step::Consent, "what a browser does belongs to the step that sent it there");
        assert_eq!(hops[12].step, Step::Handshake, "a question belongs to the step it was asked for");
        assert_eq!(hops[13].id, HopId::Fetched(hops[11].seen.as_ref().unwrap().seq, 1));
    }

    #[test]
    fn a_hop_tells_whether_its_request_was_changed() {
        let (mut entries, observations) = samples::run();
        entries[0].edited = true;
        let edited = merge(&entries, &observations).into_iter().filter(|hop| hop.edited);
        assert_eq!(edited.map(|hop| hop.id).collect::<Vec<_>>(), [HopId::Entry(0)]);
    }

    #[test]
    fn a_server_that_is_called_by_another_name_is_found_by_that_name() {
        let request = samples::message("{}", None).header("host", "evil.example");
        let seen = Request { url: "http://evil.example/mcp".into(), ..request.clone() };
        let hops = merge(&[exchange(&request, 1_010, 10, 403)], &[observed(1, 1_005, &seen)]);
        assert!(hops.len() == 1 && hops[0].seen.is_some());
    }

    #[test]
    fn the_order_of_arrival_does_not_matter_and_nothing_counts_twice() {
        let (entries, mut observations) = samples::run();
        let expected = merge(&entries, &observations);
        observations.reverse();
        observations.extend(observations.clone());
        assert_eq!(merge(&entries, &observations), expected);
    }

    /// Whether a lab counts requests as they come, or as they are answered: then a question comes before its reason.
    #[test]
    fn both_ways_of_counting_lead_to_the_same_order() {
        let (entries, mut observations) = samples::run();
        let expected = drawn(&merge(&entries, &observations));
        for (seq, observation) in (1..).zip(&mut observations) {
            observation.seq = seq;
        }
        assert_eq!(drawn(&merge(&entries, &observations)), expected);
        // Where the clock stands still, too.
        for observation in &mut observations {
            observation.at_ms = 1_000;
        }
        let still: Vec<_> = entries.into_iter().map(|entry| Entry { at_ms: 1_000, ..entry }).collect();
        assert_eq!(drawn(&merge(&still, &observations)), expected);
    }

    #[test]
    fn what_comes_late_only_adds() {
        let (entries, observations) = samples::run();
        let all = ids(&merge(&entries, &observations));
        let mut before = Vec::new();
        for count in 0..=observations.len() {
            let now = merge(&entries, &observations[..count]);
            let now_ids = ids(&now);
            assert!(before.iter().all(|id| now_ids.contains(id)), "{count}: {before:?} {now_ids:?}");
            let mut rest = all.iter();
            assert!(now_ids.iter().all(|id| rest.any(|other| other == id)), "{count}: in the same order");
            before = now_ids;
        }
        for count in 0..entries.len() {
            let own = merge(&entries[..count], &[]);
            assert_eq!(ids(&own), (0..count).map(HopId::Entry).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_another_run_or_page_did_is_not_taken_for_this_runs_own() {
        let request = document("http://localhost:9000/metadata");
        let entries = [exchange(&request, 10_000, 20, 200)];
        let earlier = observed(1, 9_000, &request);
        let later = observed(2, 10_400, &request);
        assert_eq!(merge(&entries, &[earlier.clone(), later])[0].seen, None);
        // Shortly before: the one within the time of the request is nearer.
        let shortly_before = observed(1, 9_900, &request);
        let own = observed(2, 9_985, &request);
        let hops = merge(&entries, &[shortly_before, own.clone()]);
        assert_eq!(hops.len(), 1);
        assert_eq!(hops[0].seen, Some(own));
    }

    #[test]
    fn the_order_decides_among_equal_ones() {
        let request = document("http://localhost:9000/metadata");
        let entries = [exchange(&request, 1_000, 0, 200), exchange(&request, 1_000, 0, 200)];
        let observations = [observed(7, 1_000, &request), observed(8, 1_000, &request)];
        let hops = merge(&entries, &observations);
        let seqs: Vec<_> = hops.iter().map(|hop| hop.seen.as_ref().unwrap().seq).collect();
        assert_eq!(seqs, [7, 8]);
    }

    #[test]
    fn a_server_has_seen_what_the_browser_hides_from_the_page() {
        let request = document("http://localhost:9000/metadata");
        let entries = [local("before", 1_000), unreachable(&request, 9_000)];
        let hops = merge(&entries, &[observed(1, 1_100, &request)]);
        assert!(hops[1].seen.is_some());
    }

    #[test]
    fn a_servers_own_question_is_never_the_clients() {
        let document = document("http://localhost:3000/client.json");
        let address = "http://localhost:9000/authorize?state=1";
        // The client's own request for the document was never seen.
        let entries = [exchange(&document, 1_000, 5, 200), navigation(address, 1_001)];
        let mut browser = Browser::new("v", 1, 1_002);
        let mut arrival = browser.goes(address, 303, Some("/sign-in?request=1"));
        let fetched = observed(2, 1_002, &document);
        arrival.findings.push(samples::fetched(&fetched));
        let hops = merge(&entries, &[fetched, arrival]);
        assert_eq!(hops[0].seen, None);
        assert_eq!(hops[2].id, HopId::Fetched(1, 0));
        assert!(hops[2].seen.is_some());
    }

    #[test]
    fn a_page_loaded_again_and_a_second_departure_are_neither_lost_nor_doubled() {
        let address = "http://localhost:9000/authorize?state=1";
        let entries = [
            navigation(address, 1_000),
            navigation(address, 5_000),
            callback("http://localhost:3000/callback?code=1", 9_000),
            local("after", 9_001),
        ];
        let mut first = Browser::new("first", 1, 1_010);
        let mut observations = vec![
            first.goes(address, 303, Some("/sign-in?request=1")),
            first.goes("http://localhost:9000/sign-in?request=1", 200, None),
            first.goes("http://localhost:9000/sign-in?request=1", 200, None),
        ];
        // The browser's own way to the same address.
        let mut again = Browser::new("again", 4, 2_000);
        observations.push(again.goes(address, 303, Some("/sign-in?request=2")));
        let mut second = Browser::new("second", 5, 5_010);
        observations.push(second.goes(address, 303, Some("/consent?request=3")));
        observations.push(second.posts(
            "http://localhost:9000/consent",
            "decision=deny",
            "/callback?error=access_denied",
        ));
        // Long after the callback somebody goes back in the history.
        let mut late = Browser::new("second", 7, 99_000);
        observations.push(late.goes("http://localhost:9000/consent?request=3", 409, None));

        let hops = merge(&entries, &observations);
        assert_eq!(
            drawn(&hops),
            [
                "● You → Authorization server: the browser goes to /authorize ← 303 · to the sign-in page",
                "● You → Authorization server: GET /sign-in ← sign-in page",
                "● You → Authorization server: GET /sign-in ← sign-in page",
                "● You → Authorization server: GET /authorize ← 303 · to the sign-in page",
                "● You → Authorization server: the browser goes to /authorize ← 303 · to the consent page",
                "● You → Authorization server: denies ← 303 · access_denied",
                "○ You → Client: the browser comes back ← -",
                "○ Client → Client: after ← -",
                "● You → Authorization server: GET /consent ← 409",
            ]
        );
        let mut unique = ids(&hops);
        unique.sort_by_key(|id| format!("{id:?}"));
        unique.dedup();
        assert_eq!(unique.len(), hops.len());
    }

    #[test]
    fn nonsense_does_no_harm() {
        let (mut entries, mut observations) = samples::run();
        for entry in &mut entries {
            entry.at_ms = u64::MAX;
        }
        for (nth, observation) in observations.iter_mut().enumerate() {
            observation.at_ms = u64::MAX - 1;
            observation.elapsed_us = u64::MAX;
            observation.seq = if nth % 2 == 0 { u64::MAX } else { 0 };
            observation.request.url = "://?#".into();
            observation.request.body = Some("%&=%ff".into());
            observation.response.headers = vec![("location".into(), "://".into())];
            // It fetches itself.
            let itself = samples::fetched(observation);
            observation.findings.push(itself);
        }
        assert!(merge(&entries, &observations).len() >= entries.len());
        assert!(merge(&[], &observations).is_empty());
        assert!(merge(&[], &[]).is_empty());
    }
}
