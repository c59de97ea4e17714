//! The fields of a command, taken one by one: what is left at the end, the library has no way to do.
use mqtt5::types::PublishProperties;
use mqtt5::{ConnectProperties, QoS, WillMessage, WillProperties};
use serde_json::{Map, Number, Value};

/// Why a command is not carried out.
pub enum Fault {
	/// It is wrong: answered by `error`.
	Wrong(String),
	/// The library cannot do it: answered by `unsupported`.
	Unsupported(String),
}

pub type Taken<T> = Result<T, Fault>;

pub fn wrong<T>(text: impl Into<String>) -> Taken<T> {
	Err(Fault::Wrong(text.into()))
}

pub fn unsupported<T>(text: impl Into<String>) -> Taken<T> {
	Err(Fault::Unsupported(text.into()))
}

pub struct Fields(Map<String, Value>);

impl Fields {
	pub fn new(value: Value) -> Taken<Self> {
		match value {
			Value::Object(map) => Ok(Self(map)),
			_ => wrong("not an object"),
		}
	}

	/// A field that may be left out, but is of the type that `read` reads.
	fn optional<T>(&mut self, name: &str, read: impl Fn(Value) -> Option<T>) -> Taken<Option<T>> {
		match self.0.remove(name) {
			None => Ok(None),
			Some(value) => match read(value) {
				None => wrong(format!("{name} is not what it should be")),
				read => Ok(read),
			},
		}
	}

	/// The number of the command, if that is one.
	pub fn id(&self) -> Option<Number> {
		self.0.get("id").and_then(Value::as_number).cloned()
	}

	pub fn text(&mut self, name: &str) -> Taken<Option<String>> {
		self.optional(name, |value| match value {
			Value::String(text) => Some(text),
			_ => None,
		})
	}

	pub fn number<T: TryFrom<u64>>(&mut self, name: &str) -> Taken<Option<T>> {
		self.optional(name, |value| T::try_from(value.as_u64()?).ok())
	}

	pub fn yes(&mut self, name: &str) -> Taken<Option<bool>> {
		self.optional(name, |value| value.as_bool())
	}

	pub fn list(&mut self, name: &str) -> Taken<Vec<Value>> {
		let list = self.optional(name, |value| match value {
			Value::Array(list) => Some(list),
			_ => None,
		});
		needed(list?, name)
	}

	pub fn object(&mut self, name: &str) -> Taken<Option<Self>> {
		self.optional(name, |value| Self::new(value).ok())
	}

	/// Bytes, which come as hexadecimal digits.
	fn bytes(&mut self, name: &str) -> Taken<Option<Vec<u8>>> {
		self.optional(name, |value| {
			let digits = value.as_str()?;
			if digits.len() % 2 > 0 || !digits.is_ascii() {
				return None;
			}
			(0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
		})
	}

	/// Properties of one byte that is 0 or 1, which the library has as a bool.
	fn bit(&mut self, name: &str) -> Taken<Option<bool>> {
		match self.number::<u64>(name)? {
			None => Ok(None),
			Some(value @ 0..=1) => Ok(Some(value == 1)),
			Some(value) => unsupported(format!("{name} {value}")),
		}
	}

	pub fn payload(&mut self) -> Taken<Vec<u8>> {
		if let Some(text) = self.text("payload")? {
			return Ok(text.into_bytes());
		}
		needed(self.bytes("payload_hex")?, "payload")
	}

	pub fn qos(&mut self) -> Taken<QoS> {
		match needed(self.number::<u8>("qos")?, "qos")? {
			0 => Ok(QoS::AtMostOnce),
			1 => Ok(QoS::AtLeastOnce),
			2 => Ok(QoS::ExactlyOnce),
			qos => unsupported(format!("qos {qos}")),
		}
	}

	/// The properties of a command or of its will; in 3.1.1 there are none.
	pub fn properties(&mut self, five: bool) -> Taken<Self> {
		let properties = self.object("properties")?.unwrap_or(Self(Map::new()));
		match properties.0.keys().next() {
			Some(name) if !five => unsupported(name),
			_ => Ok(properties),
		}
	}

	/// Nothing may be left of `properties`: what is, the library has no place for.
	pub fn end(&self) -> Taken<()> {
		match self.0.keys().next() {
			Some(name) => unsupported(name),
			None => Ok(()),
		}
	}

	fn user_property(&mut self) -> Taken<Vec<(String, String)>> {
		let pairs = self.optional("user_property", |value| serde_json::from_value(value).ok())?;
		Ok(pairs.unwrap_or_default())
	}
}

pub fn needed<T>(value: Option<T>, name: &str) -> Taken<T> {
	value.map_or_else(|| wrong(format!("{name} is missing")), Ok)
}

pub fn of_connect(mut p: Fields) -> Taken<ConnectProperties> {
	let properties = ConnectProperties {
		session_expiry_interval: p.number("session_expiry_interval")?,
		receive_maximum: p.number("receive_maximum")?,
		maximum_packet_size: p.number("maximum_packet_size")?,
		topic_alias_maximum: p.number("topic_alias_maximum")?,
		request_response_information: p.bit("request_response_information")?,
		request_problem_information: p.bit("request_problem_information")?,
		user_properties: p.user_property()?,
		authentication_method: p.text("authentication_method")?,
		authentication_data: p.bytes("authentication_data")?,
	};
	p.end()?;
	Ok(properties)
}

pub fn of_publish(mut p: Fields) -> Taken<PublishProperties> {
	let properties = PublishProperties {
		payload_format_indicator: p.bit("payload_format_indicator")?,
		message_expiry_interval: p.number("message_expiry_interval")?,
		topic_alias: p.number("topic_alias")?,
		response_topic: p.text("response_topic")?,
		correlation_data: p.bytes("correlation_data")?,
		user_properties: p.user_property()?,
		subscription_identifiers: p.number("subscription_identifier")?.into_iter().collect(),
		content_type: p.text("content_type")?,
	};
	p.end()?;
	Ok(properties)
}

pub fn will(mut w: Fields, five: bool) -> Taken<WillMessage> {
	let mut p = w.properties(five)?;
	let properties = WillProperties {
		will_delay_interval: p.number("will_delay_interval")?,
		payload_format_indicator: p.bit("payload_format_indicator")?,
		message_expiry_interval: p.number("message_expiry_interval")?,
		content_type: p.text("content_type")?,
		response_topic: p.text("response_topic")?,
		correlation_data: p.bytes("correlation_data")?,
		user_properties: p.user_property()?,
	};
	p.end()?;
	Ok(WillMessage {
		topic: needed(w.text("topic")?, "topic")?,
		payload: w.payload()?,
		qos: w.qos()?,
		retain: needed(w.yes("retain")?, "retain")?,
		properties,
	})
}

/// The method and the data of an AUTH packet: more than them the library does not let its user say.
pub fn of_auth(mut p: Fields) -> Taken<(Option<String>, Option<Vec<u8>>)> {
	let both = (p.text("authentication_method")?, p.bytes("authentication_data")?);
	p.end()?;
	Ok(both)
}
