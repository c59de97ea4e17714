//! The agent of mqtt5, a client for Rust, as docs/AGENT.md wants it. All of it runs in one thread: a call is polled
//! once before the next command is read, so that calls are made in the order of the commands; its outcome is waited
//! for beside the others.
mod fields;
mod told;

use std::collections::HashMap;
use std::future::{poll_fn, Future};
use std::io::BufRead;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Poll;

use fields::{needed, unsupported, wrong, Fault, Fields, Taken};
use mqtt5::transport::tls::TlsConfig;
use mqtt5::{
	AuthHandler, AuthResponse, ConnectOptions, ConnectionEvent, Delivery, DisconnectReason, Message, MqttClient,
	MqttError, ProtocolVersion, PublishOptions, PublishOutcome, PublishRejection, QoS, RetainHandling,
	SubscribeOptions,
};
use serde_json::{json, Map, Number, Value};
use tokio::sync::{mpsc, oneshot};

const VERSION: &str = "0.49.0";

type Call = Pin<Box<dyn Future<Output = ()> + Send>>;
type Answer<'a, T> = Pin<Box<dyn Future<Output = mqtt5::Result<T>> + Send + 'a>>;

/// Which callback of the library this is, in the order in which it calls those of one message: exact filters first.
type Rank = (bool, usize);

#[derive(Default)]
struct State {
	waiting: HashMap<Number, bool>, // commands without an answer: whether they end with the connection
	connecting: Option<Number>,
	leaving: Option<Number>,
	unnamed: bool,    // the client has no identifier of its own
	keep_alive: u64,  // that of the command
	subscribed: usize, // how often
	last: Option<(Rank, String, Vec<u8>)>, // the last callback, and what it was called with
	method: Option<String>,
	data: Option<Vec<u8>>, // of the next CONNECT or AUTH
	challenge: Option<oneshot::Sender<Vec<u8>>>,
}

#[derive(Default)]
struct Agent {
	client: OnceLock<MqttClient>,
	five: OnceLock<bool>, // the version of MQTT: 5.0
	state: Mutex<State>,
}

/// What the library is to say in AUTH, as the user's commands have it.
struct Authentication(Arc<Agent>);

impl AuthHandler for Authentication {
	fn initial_response<'a>(&'a self, _method: &'a str) -> Answer<'a, Option<Vec<u8>>> {
		Box::pin(async { Ok(self.0.state.lock().unwrap().data.take()) })
	}

	fn handle_challenge<'a>(&'a self, method: &'a str, data: Option<&'a [u8]>) -> Answer<'a, AuthResponse> {
		let (answer, answered) = oneshot::channel();
		self.0.state.lock().unwrap().challenge = Some(answer);
		told::challenge(method, data);
		Box::pin(async {
			Ok(answered.await.map_or_else(|_| AuthResponse::Abort("no answer".into()), AuthResponse::Continue))
		})
	}
}

impl Agent {
	/// Answers a command, once: what comes later is about one that has been given up.
	fn answer(&self, id: &Number, event: &str, mut fields: Value) {
		if self.state.lock().unwrap().waiting.remove(id).is_some() {
			fields["id"] = Value::Number(id.clone());
			told::say(event, fields);
		}
	}

	fn failed(&self, id: &Number, error: &impl ToString) {
		self.answer(id, "error", json!({"text": error.to_string()}));
	}

	fn five(&self) -> bool {
		*self.five.get().unwrap_or(&false)
	}

	fn client(&self) -> Taken<MqttClient> {
		self.client.get().cloned().map_or_else(|| wrong("there is no client yet"), Ok)
	}

	fn on_event(&self, event: ConnectionEvent) {
		match event {
			ConnectionEvent::Connected { session_present, keep_alive } => {
				let mut state = self.state.lock().unwrap();
				let Some(id) = state.connecting.take() else { return };
				let mut properties = Map::new();
				if keep_alive.as_secs() != state.keep_alive {
					properties.insert("server_keep_alive".into(), keep_alive.as_secs().into());
				}
				if std::mem::take(&mut state.unnamed) {
					let name = told::at_once(self.client.get().unwrap().client_id()).unwrap_or_default();
					if !name.is_empty() {
						properties.insert("assigned_client_identifier".into(), name.into());
					}
				}
				drop(state);
				self.answer(&id, "connected", json!({"session_present": session_present, "properties": properties}));
			}
			ConnectionEvent::Disconnected { reason } => self.ended(reason),
			_ => {}
		}
	}

	/// First what waits, then the end. Messages of QoS 1 and 2 the library keeps for the next connection.
	fn ended(&self, reason: DisconnectReason) {
		let mut state = self.state.lock().unwrap();
		let mut fields = match &reason {
			DisconnectReason::ServerDisconnect(code) => json!({"code": u8::from(*code)}),
			other => json!({"text": format!("{other:?}")}),
		};
		if reason == DisconnectReason::ClientInitiated {
			if let Some(id) = state.leaving.take() {
				state.waiting.remove(&id);
				fields["id"] = Value::Number(id);
			}
		}
		let left: Vec<Number> = state.waiting.iter().filter(|(_, ends)| **ends).map(|(id, _)| id.clone()).collect();
		state.challenge = None;
		drop(state);
		for id in left {
			self.failed(&id, &"the connection has ended");
		}
		told::say("disconnected", fields);
	}

	/// The library calls each callback whose filter matches, one after the other, for one and the same message: it is
	/// told by the first of them.
	fn on_message(&self, rank: Rank, message: Message) {
		let mut state = self.state.lock().unwrap();
		let again = state.last.as_ref().is_some_and(|(last, topic, payload)| {
			*last < rank && *topic == message.topic && *payload == message.payload
		});
		state.last = Some((rank, message.topic.clone(), message.payload.clone()));
		drop(state);
		if !again {
			told::message(message);
		}
	}
}

fn url(scheme: &str, c: &mut Fields) -> Taken<String> {
	let (host, port) = (needed(c.text("host")?, "host")?, needed(c.number::<u16>("port")?, "port")?);
	Ok(format!("{scheme}://{host}:{port}{}", c.text("path")?.unwrap_or_default()))
}

fn read(path: Option<String>) -> Taken<Option<Vec<u8>>> {
	path.map(|path| std::fs::read(&path).or_else(|e| wrong(format!("{path}: {e}")))).transpose()
}

fn options(c: &mut Fields) -> Taken<ConnectOptions> {
	let five = match needed(c.text("version")?, "version")?.as_str() {
		"3.1.1" => false,
		"5.0" => true,
		other => return unsupported(format!("version {other}")),
	};
	let mut o = ConnectOptions::new(needed(c.text("client_id")?, "client_id")?)
		.with_protocol_version(if five { ProtocolVersion::V5 } else { ProtocolVersion::V311 })
		.with_clean_start(needed(c.yes("clean_start")?, "clean_start")?)
		.with_keep_alive(std::time::Duration::from_secs(needed(c.number::<u16>("keep_alive")?, "keep_alive")?.into()))
		.with_automatic_reconnect(false);
	o.username = c.text("user_name")?;
	o.password = c.text("password")?.map(String::into_bytes);
	o.will = c.object("will")?.map(|w| fields::will(w, five)).transpose()?;
	o.properties = fields::of_connect(c.properties(five)?)?;
	Ok(o)
}

/// Over TLS the library looks for the host of the URL in the certificate; for another name it takes an address.
async fn dial(client: &MqttClient, url: &str, name: Option<TlsConfig>, o: ConnectOptions) -> Result<(), MqttError> {
	match name {
		Some(config) => client.connect_with_tls_and_options(config, o).await,
		None => client.connect_with_options(url, o).await,
	}
	.map(|_| ())
}

fn named(name: String, c: &[Option<Vec<u8>>; 3], address: &str) -> Taken<TlsConfig> {
	let address = address.parse().or_else(|_| wrong(format!("{address} is no address")))?;
	let mut config = TlsConfig::new(address, name).with_system_roots(false);
	let [ca, cert, key] = c;
	let loaded = (|| {
		ca.as_ref().map_or(Ok(()), |pem| config.load_ca_cert_pem_bytes(pem))?;
		cert.as_ref().map_or(Ok(()), |pem| config.load_client_cert_pem_bytes(pem))?;
		key.as_ref().map_or(Ok(()), |pem| config.load_client_key_pem_bytes(pem))
	})();
	loaded.or_else(|e: MqttError| wrong(e.to_string()))?;
	Ok(config)
}

fn connect(agent: &Arc<Agent>, id: Number, c: &mut Fields) -> Taken<Call> {
	let scheme = match c.text("transport")?.as_deref() {
		None | Some("tcp") => "mqtt",
		Some("tls") => "mqtts",
		Some("ws") => "ws",
		Some("wss") => "wss",
		Some(other) => return unsupported(format!("transport {other}")),
	};
	let url = url(scheme, c)?;
	let pems = [read(c.text("ca")?)?, read(c.text("cert")?)?, read(c.text("key")?)?];
	let other_name = match c.text("server_name")? {
		Some(name) if scheme == "mqtts" => Some(named(name, &pems, &url["mqtts://".len()..])?),
		Some(_) => return unsupported("server_name"),
		None => None,
	};
	let o = options(c)?;
	let five = o.protocol_version == ProtocolVersion::V5;
	if *agent.five.get_or_init(|| five) != five {
		return wrong("another version");
	}
	let client = agent.client.get_or_init(|| MqttClient::with_options(o.clone())).clone();
	if told::at_once(client.is_connected()) == Some(true) {
		return wrong("there is a connection already");
	}
	let mut state = agent.state.lock().unwrap();
	let first = state.method.is_none() && o.properties.authentication_method.is_some();
	state.connecting = Some(id.clone());
	state.unnamed = o.client_id.is_empty();
	state.keep_alive = o.keep_alive.as_secs();
	state.method = o.properties.authentication_method.clone();
	state.data = o.properties.authentication_data.clone();
	drop(state);
	let agent = agent.clone();
	Ok(Box::pin(async move {
		let told = agent.clone();
		client.clear_connection_event_callbacks().await;
		let _ = client.on_connection_event(move |event| told.on_event(event)).await;
		if first {
			client.set_auth_handler(Authentication(agent.clone())).await;
		}
		let [ca, cert, key] = pems;
		client.set_tls_config(cert, key, ca).await;
		let outcome = dial(&client, &url, other_name, o).await;
		agent.state.lock().unwrap().connecting.take_if(|waiting| *waiting == id);
		match outcome {
			Ok(()) => {} // has been answered, by the event
			Err(MqttError::ConnectionRefused(code)) => agent.answer(&id, "refused", told::refusal(code, agent.five())),
			Err(e) => agent.failed(&id, &e),
		}
	}))
}

fn publish(agent: &Arc<Agent>, id: Number, c: &mut Fields) -> Taken<Call> {
	let client = agent.client()?;
	let topic = needed(c.text("topic")?, "topic")?;
	let payload = c.payload()?;
	let options = PublishOptions {
		qos: c.qos()?,
		retain: needed(c.yes("retain")?, "retain")?,
		properties: fields::of_publish(c.properties(agent.five())?)?,
		..PublishOptions::default()
	};
	if options.qos != QoS::AtMostOnce {
		agent.state.lock().unwrap().waiting.insert(id.clone(), false);
	}
	let agent = agent.clone();
	Ok(Box::pin(async move {
		let outcome = match client.publish_with_options(topic, payload, options).await {
			Ok(result) => result.outcome().await,
			Err(MqttError::PublishFailed(code)) => PublishOutcome::Rejected(PublishRejection::Refused(code)),
			Err(e) => return agent.failed(&id, &e),
		};
		match outcome {
			PublishOutcome::Delivered(Delivery::Unconfirmed | Delivery::AtLeastOnce { .. } | Delivery::ExactlyOnce { .. }) => {
				agent.answer(&id, "acknowledged", json!({}));
			}
			PublishOutcome::Rejected(PublishRejection::Refused(code)) => {
				agent.answer(&id, "refused", json!({"code": u8::from(code)}));
			}
			other => agent.failed(&id, &format!("{other:?}")),
		}
	}))
}

fn subscribe(agent: &Arc<Agent>, id: Number, c: &mut Fields) -> Taken<Call> {
	let client = agent.client()?;
	let filters = c.list("filters")?;
	let [only] = filters.as_slice() else { return unsupported("several filters") };
	let mut f = Fields::new(only.clone())?;
	let filter = needed(f.text("filter")?, "filter")?;
	let five = agent.five();
	let mut p = c.properties(five)?;
	let options = SubscribeOptions {
		qos: f.qos()?,
		no_local: f.yes("no_local")?.unwrap_or(false),
		retain_as_published: f.yes("retain_as_published")?.unwrap_or(false),
		retain_handling: match f.number::<u8>("retain_handling")?.unwrap_or(0) {
			0 => RetainHandling::SendAtSubscribe,
			1 => RetainHandling::SendIfNew,
			2 => RetainHandling::DontSend,
			other => return unsupported(format!("retain_handling {other}")),
		},
		subscription_identifier: p.number("subscription_identifier")?,
	};
	p.end()?;
	let mut state = agent.state.lock().unwrap();
	state.subscribed += 1;
	let rank = (filter.contains(['+', '#']), state.subscribed);
	drop(state);
	let agent = agent.clone();
	Ok(Box::pin(async move {
		let told = agent.clone();
		let on_message = move |message| told.on_message(rank, message);
		match client.subscribe_with_options(filter, options, on_message).await {
			Ok((_, qos)) => agent.answer(&id, "acknowledged", json!({"codes": [qos as u8]})),
			Err(MqttError::SubscriptionDenied(code)) => agent.answer(&id, "acknowledged", json!({"codes": [code as u8]})),
			Err(e) => agent.failed(&id, &e),
		}
	}))
}

fn unsubscribe(agent: &Arc<Agent>, id: Number, c: &mut Fields) -> Taken<Call> {
	let client = agent.client()?;
	let filters = c.list("filters")?;
	let filter = match filters.as_slice() {
		[Value::String(filter)] => filter.clone(),
		[_] => return wrong("a filter is not what it should be"),
		_ => return unsupported("several filters"),
	};
	c.properties(agent.five())?.end()?;
	let agent = agent.clone();
	Ok(Box::pin(async move {
		match client.unsubscribe(filter).await {
			Ok(()) => agent.answer(&id, "acknowledged", json!({})),
			Err(MqttError::UnsubscriptionFailed(code)) => {
				agent.answer(&id, "acknowledged", json!({"codes": [u8::from(code)]}));
			}
			Err(e) => agent.failed(&id, &e),
		}
	}))
}

fn disconnect(agent: &Arc<Agent>, id: Number, c: &mut Fields) -> Taken<Call> {
	if c.number::<u8>("code")?.unwrap_or(0) != 0 {
		return unsupported("code");
	}
	c.properties(agent.five())?.end()?;
	let client = agent.client()?;
	agent.state.lock().unwrap().leaving = Some(id.clone());
	let agent = agent.clone();
	Ok(Box::pin(async move {
		if let Err(e) = client.disconnect().await {
			agent.failed(&id, &e);
		}
	}))
}

fn authenticate(agent: &Arc<Agent>, id: Number, c: &mut Fields) -> Taken<Call> {
	let client = agent.client()?;
	let code = c.number::<u8>("code")?.unwrap_or(24);
	let (method, data) = fields::of_auth(c.properties(agent.five())?)?;
	let mut state = agent.state.lock().unwrap();
	if method.is_some() && method != state.method {
		return unsupported("another authentication_method");
	}
	match code {
		24 => {
			let Some(data) = data else { return unsupported("AUTH without authentication_data") };
			let Some(challenge) = state.challenge.take() else { return wrong("there is no challenge") };
			let _ = challenge.send(data);
		}
		25 => state.data = data,
		other => return unsupported(format!("code {other}")),
	}
	drop(state);
	let agent = agent.clone();
	Ok(Box::pin(async move {
		match if code == 25 { client.reauthenticate().await } else { Ok(()) } {
			Ok(()) => agent.answer(&id, "acknowledged", json!({})),
			Err(e) => agent.failed(&id, &e),
		}
	}))
}

fn obey(agent: &Arc<Agent>, what: &str, id: Number, c: &mut Fields) -> Taken<Option<Call>> {
	// While the library connects it has no ear for anything else: what it is told then, it refuses, keeps or forgets,
	// as the moment has it.
	let busy = agent.state.lock().unwrap().connecting.is_some();
	if busy && matches!(what, "publish" | "subscribe" | "unsubscribe" | "disconnect") {
		return unsupported(format!("{what} while connect waits"));
	}
	match what {
		"connect" if busy => wrong("there is a connection already"),
		"connect" => connect(agent, id, c).map(Some),
		"publish" => publish(agent, id, c).map(Some),
		"subscribe" => subscribe(agent, id, c).map(Some),
		"unsubscribe" => unsubscribe(agent, id, c).map(Some),
		"disconnect" => disconnect(agent, id, c).map(Some),
		"authenticate" => authenticate(agent, id, c).map(Some),
		"sync" => {
			agent.answer(&id, "synced", json!({}));
			Ok(None)
		}
		other => unsupported(other),
	}
}

/// Answers a line, or gives back the call that will.
fn take(agent: &Arc<Agent>, line: &[u8]) -> Option<Call> {
	let mut number = None;
	let obeyed = (|| {
		let value = serde_json::from_slice(line).or_else(|e| wrong(e.to_string()))?;
		let mut c = Fields::new(value)?;
		number = c.id();
		let what = needed(c.text("do")?, "do")?;
		let id = needed(number.clone(), "id")?;
		agent.state.lock().unwrap().waiting.insert(id.clone(), true);
		obey(agent, &what, id, &mut c)
	})();
	let (event, text) = match obeyed {
		Ok(call) => return call,
		Err(Fault::Wrong(text)) => ("error", text),
		Err(Fault::Unsupported(text)) => ("unsupported", text),
	};
	match number {
		Some(id) => {
			agent.state.lock().unwrap().waiting.insert(id.clone(), true);
			agent.answer(&id, event, json!({"text": text}));
		}
		None => told::say("error", json!({"text": text})),
	}
	None
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
	told::say("hello", json!({"contract": 1, "name": "mqtt5", "version": VERSION, "versions": ["3.1.1", "5.0"],
		"transports": ["tcp", "tls", "ws", "wss"]}));
	let (sender, mut lines) = mpsc::unbounded_channel();
	std::thread::spawn(move || {
		for line in std::io::stdin().lock().split(b'\n').map_while(Result::ok) {
			let _ = sender.send(line);
		}
		std::process::exit(0);
	});
	let agent = Arc::new(Agent::default());
	while let Some(line) = lines.recv().await {
		if let Some(mut call) = take(&agent, &line) {
			let ready = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_ready())).await;
			if !ready {
				tokio::spawn(call);
			}
		}
	}
}
