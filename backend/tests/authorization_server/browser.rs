//! A browser of a lab, the forms that it finds in pages, and the verifiers of what it asked for.

use std::collections::HashMap;
use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{Request, StatusCode};
use protocol::pkce::CodeVerifier;
use scraper::{Html, Selector};

use super::{Answered, Lab, encode, post_form, verifier};

/// A browser: keeps the cookie, submits the forms that it finds.
pub(crate) struct Browser<'a> {
    pub(crate) lab: &'a Lab,
    pub(crate) cookie: Option<String>,
    /// Where it connects from; without a socket it is this machine.
    pub(crate) peer: Option<SocketAddr>,
}

/// A form as it stands in a page.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Form {
    /// The form of a page that posts to this path, with its hidden fields and ticked boxes.
    pub(crate) fn find(page: &str, action: &str) -> Self {
        let html = Html::parse_document(page);
        let form = html
            .select(&Selector::parse(&format!("form[action={action:?}]")).unwrap())
            .next()
            .unwrap_or_else(|| panic!("no form {action} in {page}"));
        assert_eq!(form.attr("method"), Some("post"));
        let fields = form
            .select(&Selector::parse("input").unwrap())
            .filter(|input| input.attr("type") != Some("checkbox") || input.attr("checked").is_some())
            .map(|input| {
                (input.attr("name").unwrap().to_owned(), input.attr("value").unwrap_or_default().to_owned())
            })
            .collect();
        Self { action: action.to_owned(), fields }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// Types into a field that is there.
    #[track_caller]
    pub(crate) fn fill(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|(known, _)| known == name);
        value.clone_into(&mut field.unwrap_or_else(|| panic!("no field {name}")).1);
        self
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

impl Browser<'_> {
    pub(crate) async fn send(&mut self, mut request: Request<Body>) -> Answered {
        if let Some(cookie) = &self.cookie {
            request.headers_mut().insert(COOKIE, cookie.parse().unwrap());
        }
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        let answer = self.lab.send(request).await;
        if let Some(set) = answer.headers.get(SET_COOKIE) {
            self.cookie = Some(set.to_str().unwrap().split(';').next().unwrap().to_owned());
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answered {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn submit(&mut self, form: &Form) -> Answered {
        let answer = self.send(post_form(&form.action, &encode(&form.fields))).await;
        let mut pkce = self.lab.pkce.lock().unwrap();
        let request = form.fields.iter().find(|(name, _)| name == "request");
        let challenge = request.and_then(|(_, id)| pkce.challenges.get(id).cloned());
        pkce.follow(challenge.as_deref(), &answer);
        answer
    }

    pub(crate) async fn authorize(&mut self, parameters: &[(String, String)]) -> Answered {
        let answer = self.get(&format!("/authorize?{}", encode(parameters))).await;
        let challenge = parameters.iter().find(|(name, _)| name == "code_challenge");
        self.lab.pkce.lock().unwrap().follow(challenge.map(|(_, challenge)| challenge.as_str()), &answer);
        answer
    }

    /// Follows a redirect within the server.
    pub(crate) async fn follow(&mut self, answer: &Answered) -> Answered {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        let location = answer.header(LOCATION.as_str()).to_owned();
        assert!(location.starts_with('/'), "{location}");
        self.get(&location).await
    }

    /// From `/authorize` through sign-in; gives what the sign-in form was answered.
    pub(crate) async fn sign_in(&mut self, parameters: &[(String, String)], person: &str) -> Answered {
        let answer = self.authorize(parameters).await;
        let page = self.follow(&answer).await;
        self.submit(&Form::find(&page.body, "/sign-in").with("person", person)).await
    }

    /// To the sign-in page of a request.
    pub(crate) async fn sign_in_page(&mut self, parameters: &[(String, String)]) -> Answered {
        let answer = self.authorize(parameters).await;
        let page = self.follow(&answer).await;
        page.is_page(StatusCode::OK, "action=\"/sign-in\"");
        page
    }

    /// To the consent page, signing in on the way if need be.
    pub(crate) async fn consent_page(&mut self, parameters: &[(String, String)], person: &str) -> Answered {
        let answer = self.authorize(parameters).await;
        let mut page = self.follow(&answer).await;
        if page.body.contains("action=\"/sign-in\"") {
            let answer = self.submit(&Form::find(&page.body, "/sign-in").with("person", person)).await;
            page = self.follow(&answer).await;
        }
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        page
    }

    /// Does what the pages ask for until the browser is sent back to the client; that may be at once.
    pub(crate) async fn allow(&mut self, parameters: &[(String, String)], person: &str) -> Answered {
        let mut answer = self.authorize(parameters).await;
        while answer.header(LOCATION.as_str()).starts_with('/') {
            let page = self.follow(&answer).await;
            let form = if page.body.contains("action=\"/sign-in\"") {
                Form::find(&page.body, "/sign-in").with("person", person)
            } else {
                Form::find(&page.body, "/consent").with("decision", "allow")
            };
            answer = self.submit(&form).await;
        }
        answer
    }
}

/// Which verifier belongs to which code, followed through the requests and forms of a lab's browsers.
#[derive(Default)]
pub(super) struct Pkce {
    verifiers: Vec<CodeVerifier>,
    /// Challenges by the ids of pending requests, and by codes.
    challenges: HashMap<String, String>,
}

impl Pkce {
    pub(super) fn new_challenge(&mut self) -> String {
        let mut entropy = [7; 32];
        entropy[..8].copy_from_slice(&self.verifiers.len().to_le_bytes());
        self.verifiers.push(CodeVerifier::from_entropy(&entropy));
        self.verifiers.last().unwrap().challenge().as_str().to_owned()
    }

    /// What was asked with this challenge goes on under the name that the answer gives it.
    fn follow(&mut self, challenge: Option<&str>, answer: &Answered) {
        let (_, query) = answer.header(LOCATION.as_str()).split_once('?').unwrap_or_default();
        let names = url::form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| matches!(&**name, "request" | "code"))
            .map(|(_, value)| value.into_owned());
        self.challenges.extend(names.filter_map(|name| Some((name, challenge?.to_owned()))));
    }

    pub(super) fn verifier(&self, code: &str) -> CodeVerifier {
        let challenge = self.challenges.get(code);
        let fits =
            |verifier: &&CodeVerifier| Some(verifier.challenge().as_str()) == challenge.map(String::as_str);
        self.verifiers.iter().find(fits).cloned().unwrap_or_else(verifier)
    }
}
