//! Sessions have an owner. rmcp makes and serves them; whoever knows an id could use it with any good token. Here an id
//! works for the person and the client that began it, and is unknown to everybody else.
//!
//! Only 2025-11-25 has sessions. An id is no credential: each request is judged by its token first.
//!
//! Spec: MCP 2025-11-25 Transports, Session Management; Security Best Practices, Session Hijacking.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode};
use protocol::clause::Clause;
use protocol::ids::UnixTime;
use protocol::mcp::SESSION_ID_HEADER;
use protocol::observation::MASK;
use protocol::revision::Revision;
use rmcp::transport::streamable_http_server::session::SessionManager as _;
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, SessionConfig};

use server_kit::witness::{checked, stored};

use crate::budget::{Caller, Exhausted, SESSION_IDLE_SECONDS, SESSION_SECONDS, SESSIONS, SESSIONS_OF_ONE};
use crate::denial::Denial;
use crate::protected::Service;
use crate::scope_gate::Judged;
use crate::server::Server;

/// The sessions, and whose they are.
pub(crate) struct Sessions {
    /// rmcp's part: the conversation itself.
    pub(crate) manager: Arc<LocalSessionManager>,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    sessions: HashMap<String, Session>,
    /// Sessions that are being begun.
    begun: usize,
}

struct Session {
    owner: Caller,
    since: UnixTime,
    last_used: UnixTime,
}

impl Session {
    /// A clock that goes back makes nothing live longer than it did.
    fn is_over(&self, now: UnixTime) -> bool {
        now.since(self.since) >= SESSION_SECONDS || now.since(self.last_used) >= SESSION_IDLE_SECONDS
    }
}

/// Answers a request by the service behind. Sessions are looked up before, and noted when the service has begun one.
pub(crate) async fn answer<S: Service>(
    server: &Server,
    caller: Caller,
    judged: Judged,
    request: Request,
    service: S,
) -> Result<Response, Denial> {
    if judged.revision == Revision::V2026_07_28 {
        Ok(service.answer(request).await)
    } else if judged.initializes {
        begin(server, caller, request, service).await
    } else {
        go_on(server, caller, request, service).await
    }
}

async fn begin<S: Service>(
    server: &Server,
    caller: Caller,
    mut request: Request,
    service: S,
) -> Result<Response, Denial> {
    // A session id would have rmcp add the request to that session.
    request.headers_mut().remove(SESSION_ID_HEADER);
    let sessions = &server.sessions;
    let (_place, ended) = sessions.make_room(caller, server.clock.now())?;
    sessions.close(ended);
    let response = service.answer(request).await;
    if let Ok(Some(id)) = session_id(response.headers()) {
        sessions.note(id, caller, server.clock.now());
        stored("a session, of this person and this client alone", || [("id", MASK.to_owned())]);
    }
    Ok(response)
}

async fn go_on<S: Service>(
    server: &Server,
    caller: Caller,
    request: Request,
    service: S,
) -> Result<Response, Denial> {
    // Without an id, rmcp says that one is needed.
    let Some(id) = session_id(request.headers())?.map(str::to_owned) else {
        return Ok(service.answer(request).await);
    };
    let sessions = &server.sessions;
    let used = sessions.use_by(&id, caller, server.clock.now());
    let found = || if used.is_ok() { "such a session" } else { "none that this caller may use" };
    let expected = || "begun by the same person and client, not over";
    checked(Clause::SessionOwner, "session", used.is_ok(), expected, found);
    if let Err(over) = used {
        sessions.close(over);
        return Err(Denial::UnknownSession);
    }
    let ends = request.method() == Method::DELETE;
    let response = service.answer(request).await;
    // rmcp ends sessions too: when their client asks, and when they rest for long.
    if ends && response.status().is_success() || response.status() == StatusCode::NOT_FOUND {
        sessions.forget(&id);
        stored("the end of the session", || [("id", MASK.to_owned())]);
    }
    Ok(response)
}

/// The session id that a request or an answer names.
fn session_id(headers: &HeaderMap) -> Result<Option<&str>, Denial> {
    let mut values = headers.get_all(SESSION_ID_HEADER).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Denial::UnknownSession),
        (Some(_), Some(_)) => Err(Denial::UnknownSession),
    }
}

impl Sessions {
    pub(crate) fn new() -> Self {
        let mut manager = LocalSessionManager::default();
        let mut config = SessionConfig::default();
        config.keep_alive = Some(Duration::from_secs(SESSION_IDLE_SECONDS));
        manager.session_config = config;
        Self { manager: Arc::new(manager), table: Mutex::default() }
    }

    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more session, and the ids of those that have to go for it.
    fn make_room(&self, caller: Caller, now: UnixTime) -> Result<(Place<'_>, Vec<String>), Denial> {
        let mut table = self.table();
        let mut ended: Vec<_> =
            table.sessions.extract_if(|_, session| session.is_over(now)).map(|(id, _)| id).collect();
        let own = table.sessions.iter().filter(|(_, session)| session.owner == caller);
        let mut own: Vec<_> = own.map(|(id, session)| (session.last_used, id.clone())).collect();
        if own.len() >= SESSIONS_OF_ONE {
            own.sort_unstable();
            let (_, unused) = own.swap_remove(0);
            table.sessions.remove(&unused);
            ended.push(unused);
        }
        if table.sessions.len() + table.begun >= SESSIONS {
            return Err(Exhausted::Everybodys.into());
        }
        table.begun += 1;
        Ok((Place(self), ended))
    }

    fn note(&self, id: &str, owner: Caller, now: UnixTime) {
        let session = Session { owner, since: now, last_used: now };
        self.table().sessions.insert(id.to_owned(), session);
    }

    /// Notes that a session is used by its owner. Otherwise gives what has to be closed.
    fn use_by(&self, id: &str, caller: Caller, now: UnixTime) -> Result<(), Vec<String>> {
        let mut table = self.table();
        match table.sessions.get_mut(id) {
            Some(session) if session.owner != caller => Err(Vec::new()),
            Some(session) if !session.is_over(now) => {
                session.last_used = now;
                Ok(())
            }
            Some(_) => {
                table.sessions.remove(id);
                Err(vec![id.to_owned()])
            }
            None => Err(Vec::new()),
        }
    }

    fn forget(&self, id: &str) {
        self.table().sessions.remove(id);
    }

    /// Ends rmcp's part of these. Nobody waits for it: a session whose client reads nothing may take its time.
    fn close(&self, ids: Vec<String>) {
        for id in ids {
            let manager = Arc::clone(&self.manager);
            tokio::spawn(async move {
                if let Err(reason) = manager.close_session(&id.into()).await {
                    tracing::debug!(%reason, "a session could not be closed");
                }
            });
        }
    }
}

/// The place of a session that is being begun.
struct Place<'a>(&'a Sessions);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.table().begun -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(name: &str) -> Caller {
        Caller::of(name, "c")
    }

    fn begin(sessions: &Sessions, id: &str, owner: &str, now: u64) -> Vec<String> {
        let (_place, ended) = sessions.make_room(caller(owner), UnixTime(now)).unwrap();
        sessions.note(id, caller(owner), UnixTime(now));
        ended
    }

    /// Req: RS-38, RS-41
    #[test]
    fn a_session_is_its_owners_alone() {
        let sessions = Sessions::new();
        begin(&sessions, "s", "ada", 0);
        assert_eq!(sessions.use_by("s", caller("ada"), UnixTime(1)), Ok(()));
        assert_eq!(sessions.use_by("s", caller("eve"), UnixTime(1)), Err(Vec::new()));
        let other_client = Caller::of("ada", "d");
        assert_eq!(sessions.use_by("s", other_client, UnixTime(1)), Err(Vec::new()));
        assert_eq!(sessions.use_by("s", caller("ada"), UnixTime(2)), Ok(()), "a stranger ends nothing");
    }

    #[test]
    fn it_ends_by_age_and_by_rest() {
        let sessions = Sessions::new();
        begin(&sessions, "rests", "ada", 0);
        let over = |id: &str, now| sessions.use_by(id, caller("ada"), UnixTime(now));
        assert_eq!(over("rests", SESSION_IDLE_SECONDS - 1), Ok(()));
        assert_eq!(over("rests", 2 * SESSION_IDLE_SECONDS - 1), Err(vec!["rests".into()]));
        assert_eq!(over("rests", 0), Err(Vec::new()), "and is gone for good");
        begin(&sessions, "busy", "ada", 0);
        let mut now = 0;
        while now + 3000 < SESSION_SECONDS {
            now += 3000;
            assert_eq!(over("busy", now), Ok(()));
        }
        assert_eq!(over("busy", SESSION_SECONDS), Err(vec!["busy".into()]));
    }

    #[test]
    fn of_one_callers_sessions_the_one_unused_for_longest_makes_room() {
        let sessions = Sessions::new();
        for n in 0..SESSIONS_OF_ONE {
            assert!(begin(&sessions, &n.to_string(), "ada", n as u64).is_empty());
        }
        sessions.use_by("0", caller("ada"), UnixTime(100)).unwrap();
        assert_eq!(begin(&sessions, "new", "ada", 101), ["1"]);
        assert!(begin(&sessions, "graces", "grace", 101).is_empty());
    }

    #[test]
    fn all_together_there_are_so_many_and_those_that_are_over_make_room() {
        let sessions = Sessions::new();
        for n in 0..SESSIONS - 1 {
            begin(&sessions, &n.to_string(), &(n / SESSIONS_OF_ONE).to_string(), 0);
        }
        let place = sessions.make_room(caller("last"), UnixTime(1)).unwrap();
        assert_eq!(sessions.make_room(caller("late"), UnixTime(1)).err(), Some(Denial::Busy));
        drop(place);
        assert!(sessions.make_room(caller("late"), UnixTime(1)).is_ok());
        let (_place, ended) = sessions.make_room(caller("next"), UnixTime(SESSION_IDLE_SECONDS)).unwrap();
        assert_eq!(ended.len(), SESSIONS - 1);
    }
}
