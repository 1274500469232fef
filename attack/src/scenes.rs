//! A plot, scene by scene.

use flow::http::Request;
use flow::lessons::attacks::{Moment, Scene};
use flow::lessons::steps::Step;
use flow::tamper::{self, Changed, Edit, Slot};
use flow::trace::{Answer, Entry, Event};
use flow::{Action, Config, Env, Flow};
use protocol::observation::Observation;
use protocol::party::Party;
use protocol::revision::Revision;
use record::{HopId, Record, merge};
use serde_json::Value;
use walker::person::{Decision, Person, PersonError};

use crate::attacker::{AttackError, Attacker, account};
use crate::outcome::{Found, Refused};

/// A client and a person in the middle of a plot.
pub(crate) struct Stage<'a, E> {
    attacker: &'a Attacker<E>,
    flow: Flow,
    person: Person,
    /// How often the browser was sent away.
    departures: usize,
    /// With what it came back; the client has not seen it yet.
    returned: Option<String>,
    /// Requests beside the flow, each behind so many of its entries.
    asides: Vec<(usize, Entry)>,
    /// What was changed.
    pub(crate) changes: Vec<Changed>,
    /// The place of the attack among all entries.
    at: Option<usize>,
}

impl<'a, E: Fn() -> Env> Stage<'a, E> {
    pub(crate) fn new(attacker: &'a Attacker<E>, config: Config) -> Self {
        Self {
            attacker,
            flow: Flow::new(config),
            person: Person::new(attacker.http.clone(), account(), Decision::Allow),
            departures: 0,
            returned: None,
            asides: Vec::new(),
            changes: Vec::new(),
            at: None,
        }
    }

    /// Plays all scenes. What comes of the last one is what came of the attack.
    pub(crate) async fn play(&mut self, scenes: &[Scene]) -> Result<Found, AttackError> {
        let mut found = Found::Accepted;
        for scene in scenes {
            match scene {
                Scene::Until(moment) => self.until(*moment).await?,
                Scene::Change(edits) => found = self.change(edits).await?,
                Scene::Again(step, edits) => found = self.again(*step, edits).await?,
            }
        }
        Ok(found)
    }

    /// The client goes its way, to the end or until it refuses.
    pub(crate) async fn walk(&mut self) -> Result<Found, AttackError> {
        match self.until(Moment::Rests).await {
            Err(AttackError::Stopped(_)) | Ok(()) => Ok(self.clients_verdict()),
            Err(error) => Err(error),
        }
    }

    /// The client introduces itself to the authorization server.
    pub(crate) async fn introduce(&mut self) -> Result<Found, AttackError> {
        self.until(Moment::Departs(1)).await?;
        self.change(&[]).await
    }

    /// Goes on until something is about to happen.
    async fn until(&mut self, moment: Moment) -> Result<(), AttackError> {
        loop {
            if let Some(callback) = self.returned.take() {
                if moment == Moment::Returns(self.departures) {
                    self.returned = Some(callback);
                    return Ok(());
                }
                self.flow.handle_callback(&self.env(), &callback)?;
                continue;
            }
            match self.flow.poll() {
                Action::Send(outgoing) if moment == Moment::Sends(outgoing.step) => return Ok(()),
                Action::Send(_) => {
                    self.send().await?;
                }
                Action::Navigate if moment == Moment::Departs(self.departures + 1) => return Ok(()),
                Action::Navigate | Action::AwaitCallback => {
                    let url = self.flow.depart(&self.env())?;
                    self.departures += 1;
                    self.returned = Some(self.browse(&url).await?);
                }
                Action::Rest if moment == Moment::Rests => return Ok(()),
                Action::Failed(failure) => return Err(AttackError::Stopped(failure.title.clone())),
                Action::Rest | Action::Finished | Action::Sign(_) | Action::AskCredentials(_) => {
                    return Err(AttackError::NeverCame);
                }
            }
        }
    }

    /// Lets happen what is about to happen, changed.
    async fn change(&mut self, edits: &[Edit]) -> Result<Found, AttackError> {
        if let Some(callback) = self.returned.take() {
            let (url, changes) = tamper::url(&callback, edits, &|slot| self.known(slot))?;
            self.begin(changes);
            self.flow.handle_callback(&self.env(), &url)?;
            return Ok(self.clients_verdict());
        }
        if let Some(url) = self.flow.destination() {
            let (url, changes) = tamper::url(&url, edits, &|slot| self.known(slot))?;
            self.begin(changes);
            self.flow.depart_to(&self.env(), &url)?;
            return self.ask_person(&url).await;
        }
        let Action::Send(outgoing) = self.flow.poll() else { return Err(AttackError::NeverCame) };
        let (request, changes) = tamper::request(outgoing.request.clone(), edits, &|slot| self.known(slot))?;
        self.begin(changes);
        self.flow.edit(&self.env(), request)?;
        self.send().await
    }

    /// Sends a message of an earlier step once more, changed.
    async fn again(&mut self, step: Step, edits: &[Edit]) -> Result<Found, AttackError> {
        let is_it = |entry: &&Entry| {
            entry.step == step && entry.from == Party::Client && matches!(entry.event, Event::Exchange { .. })
        };
        let earlier = self.flow.trace().entries().iter().rev().find(is_it).ok_or(AttackError::NeverCame)?;
        let Event::Exchange { request, .. } = &earlier.event else { return Err(AttackError::NeverCame) };
        let (to, title) = (earlier.to, format!("{}, again", earlier.title));
        let (request, changes) = tamper::request(request.clone(), edits, &|slot| self.known(slot))?;
        self.begin(changes);
        self.aside(step, to, title, request).await
    }

    /// Sends a request that the client knows nothing of.
    async fn aside(
        &mut self,
        step: Step,
        to: Party,
        title: String,
        request: Request,
    ) -> Result<Found, AttackError> {
        let answer = self.attacker.http.send(&request).await;
        let found = judged(to, &request, answer.as_ref());
        let (answer, summary) = match answer {
            Ok(response) => {
                let summary = response.status.to_string();
                (Answer::Response(response), summary)
            }
            Err(reason) => (Answer::Unreachable(reason), "no answer".to_owned()),
        };
        let entry = Entry {
            step,
            from: Party::Client,
            to,
            title,
            at_ms: self.env().now_ms,
            event: Event::Exchange { request, answer, summary },
            checks: Vec::new(),
            decoded: Vec::new(),
            edited: true,
        };
        self.asides.push((self.flow.trace().entries().len(), entry));
        Ok(found)
    }

    /// Sends what the client wants to be sent.
    async fn send(&mut self) -> Result<Found, AttackError> {
        let Action::Send(outgoing) = self.flow.poll() else { return Err(AttackError::NeverCame) };
        let outgoing = outgoing.clone();
        let answer = self.attacker.http.perform(&outgoing).await;
        let found = judged(outgoing.to, &outgoing.request, answer.as_ref());
        match answer {
            Ok(response) => self.flow.handle_response(&self.env(), response)?,
            Err(reason) => self.flow.handle_unreachable(&self.env(), &reason)?,
        }
        Ok(found)
    }

    /// The person goes to a changed address, and does there what there is to do.
    async fn ask_person(&mut self, url: &str) -> Result<Found, AttackError> {
        match self.browse(url).await {
            Ok(target) => Ok(Refused::by_redirect(&target).map_or(Found::Accepted, Found::Refused)),
            Err(PersonError::Page { status, heading, .. }) => {
                Ok(Found::Refused(Refused::by_page(status, heading)))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Wherever the authorization server sends the browser away from itself, that is the way back: nobody goes there.
    async fn browse(&mut self, url: &str) -> Result<String, PersonError> {
        let origin = origin_of(url);
        self.person.visit_until(url, |target| origin_of(target) != origin).await
    }

    /// Whether the client stopped.
    fn clients_verdict(&self) -> Found {
        match self.flow.poll() {
            Action::Failed(failure) => Found::Refused(Refused::by_client(failure)),
            _ => Found::Accepted,
        }
    }

    /// From here on it is the attack.
    fn begin(&mut self, changes: Vec<Changed>) {
        self.at = Some(self.flow.trace().entries().len() + self.asides.len());
        self.changes = changes;
    }

    fn env(&self) -> Env {
        (self.attacker.env)()
    }

    /// What a run has brought up so far.
    fn known(&self, slot: Slot) -> Option<String> {
        let places = &self.attacker.places;
        match slot {
            Slot::Resource => Some(places.mcp_server.clone()),
            Slot::Issuer => Some(places.authorization_server.clone()),
            Slot::Page => Some(places.page.clone()),
            Slot::Rogue => Some(places.rogue.clone()),
            Slot::AccessToken => self.issued("access_token", 0),
            Slot::FormerAccessToken => self.issued("access_token", 1),
            Slot::RefreshToken => self.issued("refresh_token", 0),
            Slot::FormerRefreshToken => self.issued("refresh_token", 1),
            Slot::SessionId => {
                self.responses().find_map(|response| response.header("mcp-session-id").map(str::to_owned))
            }
        }
    }

    /// The latest token of a kind, or one before it.
    fn issued(&self, member: &str, back: usize) -> Option<String> {
        let mut tokens = self.responses().filter_map(|response| {
            let body: Value = serde_json::from_str(&response.body).ok()?;
            Some(body.get(member)?.as_str()?.to_owned())
        });
        tokens.nth(back)
    }

    /// What came back, the latest first.
    fn responses(&self) -> impl Iterator<Item = &flow::http::Response> {
        self.flow.trace().entries().iter().rev().filter_map(|entry| match &entry.event {
            Event::Exchange { answer: Answer::Response(response), .. } => Some(response),
            _ => None,
        })
    }

    /// The run from both sides, and the row of the attack.
    pub(crate) fn record(&self, revision: Revision, seen: &[Observation]) -> (Record, Option<HopId>) {
        let mut entries = self.flow.trace().entries().to_vec();
        for (inserted, (place, entry)) in self.asides.iter().enumerate() {
            entries.insert((place + inserted).min(entries.len()), entry.clone());
        }
        let last = entries.len().checked_sub(1);
        let hops = merge(&entries, seen);
        (Record::new(revision, "cimd", hops), self.at.or(last).map(HopId::Entry))
    }

    /// The same without secrets.
    pub(crate) fn masked(&self, record: Record) -> Record {
        record.masked(self.flow.trace())
    }
}

/// What a server's answer, or its absence, comes to.
fn judged(by: Party, request: &Request, answer: Result<&flow::http::Response, &String>) -> Found {
    let refused = match answer {
        Ok(response) => Refused::by_answer(by, request, response),
        Err(reason) => Some(Refused {
            by,
            status: None,
            error: None,
            name: None,
            clause: None,
            says: Some(reason.clone()),
        }),
    };
    refused.map_or(Found::Accepted, Found::Refused)
}

/// Scheme, host and port.
fn origin_of(url: &str) -> String {
    url::Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}
