//! The command `connect`: where to, by what transport, with what.
use std::sync::Arc;

use mqtt5::transport::tls::TlsConfig;
use mqtt5::{ConnectOptions, MqttClient, MqttError, ProtocolVersion};
use serde_json::Number;

use crate::fields::{self, needed, unsupported, wrong, Fields, Taken};
use crate::{told, Agent, Authentication, Call};

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

pub fn connect(agent: &Arc<Agent>, id: Number, c: &mut Fields) -> Taken<Call> {
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
