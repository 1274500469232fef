//! A run without its secrets.

use flow::http::Request;
use flow::trace::{Answer, Decoded, Event, Trace};
use protocol::check::Check;
use protocol::observation::{Finding, Observation, SeenRequest, SeenResponse};

use crate::hop::Hop;
use crate::run::Record;

impl Record {
    /// The same run, with everything masked that its trace knows to be secret, wherever it stands.
    ///
    /// What servers report is masked by them; here it is masked by what the client knows, too.
    #[must_use]
    pub fn masked(mut self, trace: &Trace) -> Self {
        let mut mask = |text: &mut String| {
            let masked = trace.mask(text);
            if masked != text.as_str() {
                *text = masked.into_owned();
            }
        };
        self.hops.iter_mut().for_each(|hop| hop_texts(hop, &mut mask));
        self
    }
}

impl Hop {
    /// The same hop with each of its texts as `mask` has it.
    #[must_use]
    pub fn masked(mut self, mask: &dyn Fn(&str) -> String) -> Self {
        hop_texts(&mut self, &mut |text| *text = mask(text));
        self
    }
}

// Whoever adds a member decides here whether it is a text: each pattern names all of them.

fn hop_texts(hop: &mut Hop, mask: &mut dyn FnMut(&mut String)) {
    let Hop {
        id: _,
        step: _,
        from: _,
        to: _,
        title,
        answer,
        at_ms: _,
        event,
        checks,
        decoded,
        seen,
        edited: _,
    } = hop;
    mask(title);
    answer.iter_mut().for_each(&mut *mask);
    if let Some(event) = event {
        event_texts(event, mask);
    }
    for check in checks {
        check_texts(check, mask);
    }
    for Decoded { title, rows } in decoded {
        mask(title);
        for (name, value, meaning) in rows {
            [name, value, meaning].into_iter().for_each(&mut *mask);
        }
    }
    if let Some(seen) = seen {
        observation_texts(seen, mask);
    }
}

fn event_texts(event: &mut Event, mask: &mut dyn FnMut(&mut String)) {
    match event {
        Event::Exchange { request: Request { method: _, url, headers, body }, answer, summary } => {
            mask(url);
            mask(summary);
            pairs(headers, mask);
            body.iter_mut().for_each(&mut *mask);
            match answer {
                Answer::Response(response) => {
                    pairs(&mut response.headers, mask);
                    mask(&mut response.body);
                }
                Answer::Unreachable(reason) => mask(reason),
            }
        }
        Event::Local => {}
        Event::Navigation { url } | Event::Callback { url } => mask(url),
    }
}

fn check_texts(check: &mut Check, mask: &mut dyn FnMut(&mut String)) {
    let Check { title, clause: _, outcome: _, expected, found } = check;
    [title.to_mut(), expected, found].into_iter().for_each(mask);
}

fn observation_texts(observation: &mut Observation, mask: &mut dyn FnMut(&mut String)) {
    let Observation {
        seq: _,
        at_ms: _,
        elapsed_us: _,
        party: _,
        correlation: _,
        visit: _,
        request: SeenRequest { method: _, url, headers: asked, body: sent },
        response: SeenResponse { status: _, headers: answered, body: got },
        findings,
    } = observation;
    mask(url);
    pairs(asked, mask);
    pairs(answered, mask);
    sent.iter_mut().chain(got).for_each(&mut *mask);
    for finding in findings {
        match finding {
            Finding::Checked(check) => check_texts(check, mask),
            Finding::Refused { name, clause: _, says } => [name, says].into_iter().for_each(&mut *mask),
            Finding::Fetched { what, url, correlation: _, outcome, elapsed_us: _ } => {
                [what, url].into_iter().for_each(&mut *mask);
                outcome.as_mut().err().into_iter().for_each(&mut *mask);
            }
            Finding::FromCache { what, url, age_seconds: _ } => [what, url].into_iter().for_each(&mut *mask),
            Finding::Stored { what, values } => {
                mask(what);
                pairs(values, mask);
            }
        }
    }
}

fn pairs(pairs: &mut [(String, String)], mask: &mut dyn FnMut(&mut String)) {
    for (name, value) in pairs {
        mask(name);
        mask(value);
    }
}
