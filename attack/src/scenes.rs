//! A plot, scene by scene.

use flow::http::{Request, Response};
use flow::identity::{Credentials, Proof};
use flow::lessons::attacks::{Deed, Moment, Publication, Question, Scene};
use flow::lessons::mistakes;
use flow::lessons::steps::Step;
use flow::tamper::{self, CannotTamper, Changed, Edit, Part, Slot};
use flow::trace::{Answer, Entry, Event, Trace};
use flow::{Action, Config, Env, Flow};
use protocol::ids::{ClientId, Issuer, ResourceUri};
use protocol::mcp::ToolCall;
use protocol::observation::{MASK, Observation};
use protocol::party::Party;
use protocol::query::Parameters;
use protocol::revision::Revision;
use protocol::secret::Secret;
use record::{HopId, Record, merge};
use serde_json::{Value, json};
use walker::person::{Decision, Person, PersonError, Station};

use crate::attacker::{AttackError, Attacker, OTHER_ACCOUNT, account};
use crate::outcome::{Found, Refused};
use crate::page::{Page, Unseen};
use crate::places::origin_of;

/// More than any run needs that comes to an end.
const MAX_STEPS: usize = 200;

/// A client and a person in the middle of a plot.
pub(crate) struct Stage<'a, E> {
    attacker: &'a Attacker<E>,
    flow: Flow,
    person: Person,
    /// The page that the client runs in; `None` if it is a program.
    page: Option<Page>,
    /// What the browser kept from it, if that was the last thing that happened.
    kept_back: Option<Refused>,
    /// How often the browser was sent away.
    departures: usize,
    /// What it sends when the person presses the button that decides.
    decision: Option<Request>,
    /// With what it came back; the client has not seen it yet.
    returned: Option<String>,
    /// The client id of the document that was published.
    published: Option<String>,
    /// Requests beside the flow, each behind so many of its entries.
    asides: Vec<(usize, Entry)>,
    /// What was changed.
    changes: Vec<Changed>,
    /// The place of the attack among all entries.
    at: Option<usize>,
    /// The run before this one.
    former: Option<Box<Self>>,
}

impl<'a, E: Fn() -> Env> Stage<'a, E> {
    pub(crate) fn new(attacker: &'a Attacker<E>, config: Config, page: Option<Page>) -> Self {
        Self {
            attacker,
            flow: Flow::new(config),
            person: Person::new(attacker.http.clone(), account(), Decision::Allow),
            page,
            kept_back: None,
            departures: 0,
            decision: None,
            returned: None,
            published: None,
            asides: Vec::new(),
            changes: Vec::new(),
            at: None,
            former: None,
        }
    }

    /// The same with this person.
    pub(crate) fn by(self, person: Person) -> Self {
        Self { person, ..self }
    }

    /// Plays all scenes. What comes of the last one is what came of the attack.
    pub(crate) async fn play(&mut self, scenes: &[Scene]) -> Result<Found, AttackError> {
        let mut found = Found::Accepted;
        for scene in scenes {
            match scene {
                Scene::Until(moment) => self.until(*moment).await?,
                Scene::Change(edits) => found = self.change(edits).await?,
                Scene::Again(step, edits) => found = self.again(*step, edits).await?,
                Scene::AsSomebodyElse => {
                    self.begin_anew(self.flow.config().clone());
                    let browser = self.attacker.http.clone();
                    self.person = Person::new(browser, OTHER_ACCOUNT, Decision::Allow);
                }
                Scene::AtUpstream => {
                    let config = self.flow.config().clone();
                    let server = ResourceUri::parse(&self.attacker.places.upstream(), config.loopback)?;
                    self.begin_anew(Config { server, ..config });
                }
                Scene::Do(deed) => self.undertake(*deed)?,
                Scene::Ask(question) => found = self.ask(question).await?,
                Scene::Publish(publication) => self.publish(publication).await?,
                Scene::Unharmed(deed) => {
                    self.undertake(*deed)?;
                    if let harmed @ Found::Refused(_) = self.send().await? {
                        found = harmed;
                    }
                }
            }
        }
        Ok(found)
    }

    /// Another run begins. The one before is kept, with all that it brought up.
    fn begin_anew(&mut self, config: Config) {
        let former = std::mem::replace(self, Self::new(self.attacker, config, None));
        self.former = Some(Box::new(former));
    }

    /// The client goes its way, to the end or until it refuses. One that would leave the lab, or go on for ever, has refused
    /// nothing; it is held there.
    pub(crate) async fn walk(&mut self) -> Result<Found, AttackError> {
        for _ in 0..MAX_STEPS {
            if self.destination().is_some_and(|url| !self.attacker.places.have(&url)) {
                return Ok(Found::Accepted);
            }
            match self.advance().await {
                Ok(()) => {}
                Err(AttackError::Stopped(_) | AttackError::NeverCame) => return Ok(self.clients_verdict()),
                Err(error) => return Err(error),
            }
        }
        Ok(Found::Accepted)
    }

    /// Where the client, or the browser for it, is about to go.
    fn destination(&self) -> Option<String> {
        match self.flow.poll() {
            Action::Send(outgoing) => Some(outgoing.request.url.clone()),
            Action::Navigate => self.flow.destination(),
            _ => None,
        }
    }

    /// The client introduces itself to the authorization server.
    pub(crate) async fn introduce(&mut self) -> Result<Found, AttackError> {
        self.until(Moment::Departs(1)).await?;
        self.change(&[]).await
    }

    /// Goes on until something is about to happen, and says what came in between.
    pub(crate) async fn reach(&mut self, moment: Moment) -> Result<(), AttackError> {
        let reached = self.until(moment).await;
        match self.flow.poll() {
            Action::Failed(failure) => {
                Err(AttackError::Stopped(format!("{}: {}", failure.title, failure.found)))
            }
            _ => reached,
        }
    }

    /// Who the client is, if it has registered itself.
    pub(crate) fn registered(&self) -> Option<Credentials> {
        let entries = self.flow.trace().entries();
        let entry = entries.iter().rev().find(|entry| entry.step == Step::Registration)?;
        let body: Value = serde_json::from_str(&response(&entry.event)?.body).ok()?;
        let secret = body.get("client_secret").and_then(Value::as_str);
        Some(Credentials {
            issuer: Some(Issuer::parse(&self.found("issuer")?, self.flow.config().loopback).ok()?),
            client_id: ClientId::parse(body.get("client_id")?.as_str()?).ok()?,
            proof: secret.map_or(Proof::Nothing, |secret| Proof::Secret(Secret::new(secret), None)),
        })
    }

    /// The latest value of a name that the client took apart.
    pub(crate) fn found(&self, name: &str) -> Option<String> {
        let trace = self.flow.trace();
        trace.value(name, trace.entries().len()).map(str::to_owned)
    }

    /// Goes on until something is about to happen.
    async fn until(&mut self, moment: Moment) -> Result<(), AttackError> {
        while !self.is_at(moment) {
            self.advance().await?;
        }
        Ok(())
    }

    fn is_at(&self, moment: Moment) -> bool {
        if self.returned.is_some() {
            return moment == Moment::Returns(self.departures);
        }
        if self.decision.is_some() {
            return moment == Moment::Decides(self.departures);
        }
        match self.flow.poll() {
            Action::Send(outgoing) => moment == Moment::Sends(outgoing.step),
            Action::Navigate => moment == Moment::Departs(self.departures + 1),
            Action::Rest => moment == Moment::Rests,
            _ => false,
        }
    }

    /// Lets the client do one thing as it should.
    async fn advance(&mut self) -> Result<(), AttackError> {
        if let Some(callback) = self.returned.take() {
            self.flow.handle_callback(&self.env(), &callback)?;
            return Ok(());
        }
        if let Some(pressed) = self.decision.take() {
            let is_away = self.is_away(&pressed.url);
            let station = self.person.press(pressed, is_away).await?;
            self.arrive(station);
            return Ok(());
        }
        match self.flow.poll() {
            Action::Send(_) => {
                self.send().await?;
            }
            Action::Navigate | Action::AwaitCallback => {
                let url = self.flow.depart(&self.env())?;
                self.departures += 1;
                let is_away = self.is_away(&url);
                let station = self.person.visit_until_decision(&url, is_away).await?;
                self.arrive(station);
            }
            Action::Failed(failure) => return Err(AttackError::Stopped(failure.title.clone())),
            Action::Rest | Action::Finished | Action::Sign(_) | Action::AskCredentials(_) => {
                return Err(AttackError::NeverCame);
            }
        }
        Ok(())
    }

    /// Lets happen what is about to happen, changed.
    async fn change(&mut self, edits: &[Edit]) -> Result<Found, AttackError> {
        if let Some(callback) = self.returned.take() {
            let (url, changes) = tamper::url(&callback, edits, &|slot| self.known(slot))?;
            self.begin(changes);
            self.flow.handle_callback(&self.env(), &url)?;
            return Ok(self.clients_verdict());
        }
        if let Some(decision) = self.decision.take() {
            let step = if self.departures > 1 { Step::StepUpConsent } else { Step::Consent };
            let ends = (Party::You, Party::AuthorizationServer);
            let found = self.tampered(step, ends, "the decision".to_owned(), decision, edits).await?;
            let answer = self.asides.last().and_then(|(_, entry)| response(&entry.event));
            self.returned = answer.and_then(|answer| answer.header("location")).map(str::to_owned);
            return Ok(found);
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
        let entries = self.own_entries();
        let sent =
            entries.iter().rev().filter(|entry| entry.step == step).find_map(|entry| match &entry.event {
                Event::Exchange { request, .. } => Some((entry, request.clone())),
                _ => None,
            });
        let (earlier, request) = sent.ok_or(AttackError::NeverCame)?;
        let title = format!("{}, again", earlier.title);
        self.tampered(step, (earlier.from, earlier.to), title, request, edits).await
    }

    /// Sends a request that is made of its edits.
    async fn ask(&mut self, question: &Question) -> Result<Found, AttackError> {
        let Question { step, to, title, method, at: (place, path), edits } = *question;
        let place = self.known(place).ok_or(CannotTamper::Missing(place))?;
        let has = |wanted| edits.iter().any(|edit| matches!(edit, Edit::Set(part, ..) if *part == wanted));
        let url = [&place, path].concat();
        let blank = match (has(Part::Form), has(Part::Json)) {
            (true, _) => Request::post_form(url, &[]),
            (false, true) => Request::post_json(url, &json!({})),
            (false, false) => Request::get_json(url),
        };
        let blank = Request { method, ..blank };
        self.tampered(step, (Party::Client, to), title.to_owned(), blank, edits).await
    }

    /// The client at rest is asked for something. What it wants to be sent is not sent yet.
    fn undertake(&mut self, deed: Deed) -> Result<(), AttackError> {
        let env = self.env();
        match deed {
            Deed::Refresh => self.flow.refresh(&env)?,
            Deed::ReuseRefreshToken => self.flow.reuse_refresh_token(&env)?,
            Deed::Revoke(kind) => self.flow.revoke(&env, kind)?,
            Deed::Call(tool, arguments) => {
                let arguments =
                    serde_json::from_str(arguments).map_err(|_| CannotTamper::Nothing("argument"))?;
                self.flow.call_tool(&env, ToolCall::new(tool, arguments))?;
            }
        }
        Ok(())
    }

    /// Somebody publishes a document.
    async fn publish(&mut self, publication: &Publication) -> Result<(), AttackError> {
        let Publication { name, redirect_uri } = *publication;
        self.published = Some(self.attacker.publish(&mistakes::GOOD, redirect_uri, name).await?);
        Ok(())
    }

    /// Changes a request that the client knows nothing of, and sends it.
    async fn tampered(
        &mut self,
        step: Step,
        (from, to): (Party, Party),
        title: String,
        request: Request,
        edits: &[Edit],
    ) -> Result<Found, AttackError> {
        let (request, changes) = tamper::request(request, edits, &|slot| self.known(slot))?;
        self.begin(changes);
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
            from,
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
        let http = &self.attacker.http;
        let answer = match &self.page {
            Some(page) => page.perform(http, &outgoing).await,
            None => http.perform(&outgoing).await.map_err(Unseen::Unreachable),
        };
        self.kept_back = match &answer {
            Err(Unseen::KeptBack(header)) => Some(Refused::by_browser(header)),
            Ok(_) | Err(Unseen::Unreachable(_)) => None,
        };
        let answer = answer.map_err(|reason| reason.to_string());
        let found = judged(outgoing.to, &outgoing.request, answer.as_ref());
        match answer {
            Ok(response) => self.flow.handle_response(&self.env(), response)?,
            Err(reason) => self.flow.handle_unreachable(&self.env(), &reason)?,
        }
        Ok(found)
    }

    /// The person goes to a changed address, and does there what there is to do.
    async fn ask_person(&mut self, url: &str) -> Result<Found, AttackError> {
        let is_away = self.is_away(url);
        match self.person.visit_until(url, is_away).await {
            Ok(target) => {
                let found = Refused::by_redirect(&target).map_or(Found::Accepted, Found::Refused);
                self.departures += 1;
                self.returned = Some(target);
                Ok(found)
            }
            Err(PersonError::Page { status, heading, .. }) => {
                Ok(Found::Refused(Refused::by_page(status, heading)))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Wherever the browser is sent away from the authorization servers, that is the way back: nobody goes there.
    fn is_away(&self, url: &str) -> impl Fn(&str) -> bool + use<E> {
        let servers = [origin_of(url), origin_of(&self.attacker.places.authorization_server)];
        move |target| !servers.contains(&origin_of(target))
    }

    fn arrive(&mut self, station: Station) {
        match station {
            Station::Back(target) => self.returned = Some(target),
            Station::Decision(pressed) => self.decision = Some(pressed),
        }
    }

    /// Whether the client stopped, of itself or because the browser keeps from it what it needs.
    fn clients_verdict(&self) -> Found {
        match self.flow.poll() {
            Action::Failed(failure) => {
                Found::Refused(self.kept_back.clone().unwrap_or_else(|| Refused::by_client(failure)))
            }
            _ => Found::Accepted,
        }
    }

    /// From here on it is the attack.
    fn begin(&mut self, changes: Vec<Changed>) {
        self.at = Some(self.entries().len());
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
            Slot::Upstream => Some(places.upstream()),
            Slot::Victims(slot) => self.former.as_ref()?.known(*slot),
            Slot::AccessToken => self.issued("access_token", 0),
            Slot::FormerAccessToken => self.issued("access_token", 1),
            Slot::RefreshToken => self.issued("refresh_token", 0),
            Slot::FormerRefreshToken => self.issued("refresh_token", 1),
            Slot::SessionId => {
                self.latest(|event| response(event)?.header("mcp-session-id").map(str::to_owned), 0)
            }
            Slot::CodeChallenge => self.latest(|event| parameter(navigation(event)?, "code_challenge"), 0),
            Slot::FormerCallback => self.latest(|event| callback(event).map(str::to_owned), 0),
            Slot::Published => self.published.clone(),
        }
    }

    /// The latest token of a kind, or one before it.
    fn issued(&self, member: &str, back: usize) -> Option<String> {
        let token = |event: &Event| {
            let body: Value = serde_json::from_str(&response(event)?.body).ok()?;
            Some(body.get(member)?.as_str()?.to_owned())
        };
        self.latest(token, back)
    }

    /// What the latest event of the client's says that says it, or one before it.
    fn latest<T>(&self, says: impl Fn(&Event) -> Option<T>, back: usize) -> Option<T> {
        self.own_entries().iter().rev().filter_map(|entry| says(&entry.event)).nth(back)
    }

    /// All that was written down in this run, in order: by the client, and beside it.
    fn own_entries(&self) -> Vec<Entry> {
        let mut entries = self.flow.trace().entries().to_vec();
        for (inserted, (place, entry)) in self.asides.iter().enumerate() {
            entries.insert((place + inserted).min(entries.len()), entry.clone());
        }
        entries
    }

    /// The same behind that of the run before.
    fn entries(&self) -> Vec<Entry> {
        let mut entries = self.former.as_ref().map(|former| former.entries()).unwrap_or_default();
        entries.append(&mut self.own_entries());
        entries
    }

    /// The run from both sides, and the row of the attack.
    pub(crate) fn record(&self, revision: Revision, seen: &[Observation]) -> (Record, Option<HopId>) {
        let entries = self.entries();
        let last = entries.len().checked_sub(1);
        let mut hops = merge(&entries, seen);
        // What a person's browser sends holds secrets that the client never knew, so it is told as the server saw it.
        for hop in hops.iter_mut().filter(|hop| hop.from == Party::You) {
            hop.event.take_if(|event| matches!(event, Event::Exchange { .. }));
        }
        (Record::new(revision, "cimd", hops), self.at.or(last).map(HopId::Entry))
    }

    /// The run without secrets.
    pub(crate) fn masked(&self, record: Record) -> Record {
        self.knowing().iter().fold(record, Record::masked)
    }

    /// What was changed, without secrets. What stands in the place of a secret is made of it, and tells nearly as much.
    pub(crate) fn masked_changes(&self) -> Vec<Changed> {
        let knowing = self.knowing();
        let masked = |text: &str| {
            let mask = |text: String, trace: &Trace| trace.mask(&text).into_owned();
            knowing.iter().fold(text.to_owned(), mask)
        };
        let changed = |changed: &Changed| {
            // These are the browser's own, which no client ever knew.
            let is_the_browsers = matches!(changed.name.as_str(), "cookie" | "csrf");
            let mask = |text: &str| if is_the_browsers { MASK.to_owned() } else { masked(text) };
            let was = changed.was.as_deref().map(mask);
            let hides = was != changed.was;
            let is = changed.is.as_deref().map(|is| match mask(is) {
                shown if hides && shown == is => MASK.to_owned(),
                shown => shown,
            });
            Changed { was, is, ..changed.clone() }
        };
        self.changes.iter().map(changed).collect()
    }

    /// Who knows what is secret: the client, what it never saw, and the same of the run before.
    fn knowing(&self) -> Vec<Trace> {
        let mut knowing = vec![self.flow.trace().clone(), Trace::of(self.own_entries())];
        knowing.extend(self.former.iter().flat_map(|former| former.knowing()));
        knowing
    }
}

/// What a server's answer, or its absence, comes to.
fn judged(by: Party, request: &Request, answer: Result<&Response, &String>) -> Found {
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

fn response(event: &Event) -> Option<&Response> {
    match event {
        Event::Exchange { answer: Answer::Response(response), .. } => Some(response),
        _ => None,
    }
}

fn navigation(event: &Event) -> Option<&str> {
    match event {
        Event::Navigation { url } => Some(url),
        _ => None,
    }
}

fn callback(event: &Event) -> Option<&str> {
    match event {
        Event::Callback { url } => Some(url),
        _ => None,
    }
}

fn parameter(url: &str, name: &'static str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    Parameters::parse(query).get(name).ok()?.map(str::to_owned)
}
