//! The events: what the library tells its user, a line each.
use std::future::Future;
use std::io::Write;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use mqtt5::protocol::v5::reason_codes::ReasonCode;
use mqtt5::Message;
use serde_json::{json, Map, Value};

pub fn say(event: &str, mut fields: Value) {
	fields["event"] = event.into();
	let mut out = std::io::stdout().lock();
	let _ = writeln!(out, "{fields}").and_then(|()| out.flush());
}

/// The value of what does not wait; nothing, if it would.
pub fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
	match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
		Poll::Ready(value) => Some(value),
		Poll::Pending => None,
	}
}

fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The code of CONNACK; that of 3.1.1 comes from the library as the reason code which means the same.
pub fn refusal(code: ReasonCode, five: bool) -> Value {
	let number = match code {
		ReasonCode::UnsupportedProtocolVersion if !five => 1,
		ReasonCode::ClientIdentifierNotValid if !five => 2,
		ReasonCode::ServerUnavailable if !five => 3,
		ReasonCode::BadUsernameOrPassword if !five => 4,
		ReasonCode::NotAuthorized if !five => 5,
		other => u8::from(other),
	};
	json!({"code": number})
}

pub fn challenge(method: &str, data: Option<&[u8]>) {
	let mut properties = json!({"authentication_method": method});
	if let Some(data) = data {
		properties["authentication_data"] = hex(data).into();
	}
	say("challenge", json!({"code": 24, "properties": properties}));
}

pub fn message(message: Message) {
	let p = message.properties;
	let mut properties = Map::new();
	let mut tell = |name: &str, value: Option<Value>| {
		if let Some(value) = value {
			properties.insert(name.into(), value);
		}
	};
	tell("payload_format_indicator", p.payload_format_indicator.map(|text| u8::from(text).into()));
	tell("message_expiry_interval", p.message_expiry_interval.map(Value::from));
	tell("response_topic", p.response_topic.map(Value::from));
	tell("correlation_data", p.correlation_data.map(|data| hex(&data).into()));
	tell("user_property", (!p.user_properties.is_empty()).then(|| json!(p.user_properties)));
	tell("subscription_identifier", (!p.subscription_identifiers.is_empty()).then(|| json!(p.subscription_identifiers)));
	tell("content_type", p.content_type.map(Value::from));
	say("message", json!({"topic": message.topic, "payload_hex": hex(&message.payload), "qos": message.qos as u8,
		"retain": message.retain, "properties": properties}));
}
