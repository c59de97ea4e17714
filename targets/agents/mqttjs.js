// The agent of MQTT.js 5, as docs/AGENT.md wants it.
"use strict";
const { readFileSync } = require("node:fs");
const mqtt = require("mqtt");
const { propertiesTypes: TYPES } = require("mqtt-packet/constants");
const NUMBER = "integer", FLAG = "boolean", TEXT = "string", LIST = "list";
const NEEDED = {
	__proto__: null, sync: {}, disconnect: {}, authenticate: {},
	connect: { host: TEXT, port: NUMBER, version: TEXT, client_id: TEXT, clean_start: FLAG, keep_alive: NUMBER },
	subscribe: { filters: LIST }, unsubscribe: { filters: LIST },
	publish: { topic: TEXT, qos: NUMBER, retain: FLAG },
};
const FIVE = { properties: "object", code: NUMBER, no_local: FLAG, retain_as_published: FLAG, retain_handling: NUMBER };
const OPTIONAL = { will: "object", user_name: TEXT, password: TEXT, payload: TEXT, payload_hex: TEXT, transport: TEXT,
	path: TEXT, ca: TEXT, cert: TEXT, key: TEXT, server_name: TEXT, ...FIVE };
const PROTOCOLS = { __proto__: null, tcp: "mqtt", tls: "mqtts", ws: "ws", wss: "wss" };
const WANTED = { string: TEXT, binary: TEXT, pair: LIST }; // of properties; else numbers
const ODD = { userProperties: "user_property", maximumQoS: "maximum_qos",
	subscriptionIdentifiersAvailable: "subscription_identifier_available" };
const snake = (name) => ODD[name] ?? name.replace(/[A-Z]/g, (letter) => "_" + letter.toLowerCase());
const NAMES = new Map(Object.keys(TYPES).map((name) => [snake(name), name]));
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
let client, first, five, open, connecting, leaving, left, sentDisconnect, ended, lastError, lastPacket, challenged;
const unsent = new Map(); // callbacks of messages at QoS 0: the ids of their commands

class Unsupported extends Error {}
const no = (text, type = Error) => { throw new type(text); };
const say = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + "\n");
const fail = (id, error) => say("error", { id, text: error.message });
const kind = (v) => Array.isArray(v) ? LIST : v === null ? "null" : Number.isInteger(v) ? NUMBER : typeof v;

function check(fields, needed) {
	for (const [name, type] of Object.entries({ ...OPTIONAL, ...needed })) {
		if ((name in needed || Object.hasOwn(fields, name)) && kind(fields[name]) !== type)
			no(`${name} is missing or of the wrong type`);
		if (name in FIVE && fields[name] && five === false)
			no(`${name} in 3.1.1`, Unsupported);
	}
}

const bytes = (hex) => /^([0-9a-f]{2})*$/i.test(hex) ? Buffer.from(hex, "hex") : no("no hexadecimal digits");
const content = (fields) => "payload" in fields ? Buffer.from(fields.payload) : bytes(fields.payload_hex);
// The library keeps user properties by name: their order is lost unless it is that of the names.
const pairs = (o) => Object.entries(o).flatMap(([key, v]) => [v].flat().map((text) => [key, text]));
const ordered = (o) => !Object.keys(o).some((key) => /^\d+$/.test(key))
	&& (Object.keys(o).length < 2 || !Object.values(o).some(Array.isArray));

function userProperties(list) {
	const made = {};
	for (const [key, text] of list)
		made[key] = Object.hasOwn(made, key) ? [made[key], text].flat() : text;
	return JSON.stringify(pairs(made)) === JSON.stringify(list) ? made : no("user_property in this order", Unsupported);
}

const properties = (fields) => fields.properties
	&& Object.fromEntries(Object.entries(fields.properties).map(([name, v]) => {
	const own = NAMES.get(name) ?? no(name, Unsupported), type = TYPES[own];
	if (kind(v) !== (WANTED[type] ?? NUMBER) || type === "pair" && v.some((p) => p.length !== 2 || kind(p[1]) !== TEXT))
		no(`${name} is of the wrong type`);
	if (type === "byte" && v !== 0 && v !== 1)
		no(`${name} ${v}`, Unsupported);
	return [own, type === "byte" ? v === 1 : type === "binary" ? bytes(v) : type === "pair" ? userProperties(v) : v];
}));

function told(given) {
	// Of what ends too soon in its packet the library makes null.
	const found = Object.entries(given ?? {}).map(([name, v]) => [snake(name), v === null ? undefined : name === "userProperties"
		? ordered(v) ? pairs(v).filter(([, text]) => kind(text) === TEXT) : undefined : name === "subscriptionIdentifier" ? [v].flat()
		: Buffer.isBuffer(v) ? v.toString("hex") : kind(v) === FLAG ? +v : kind(v) === LIST ? undefined : v]);
	return found.length ? { properties: Object.fromEntries(found) } : {};
}

const store = () => new mqtt.Store({ clean: false }); // as the library's own, but not emptied by end()
const commands = {
	connect(id, c) {
		const other = (name) => first && c.properties?.[name] !== first.properties?.[name];
		if (open || first && (c.version !== first.version || c.client_id !== first.client_id))
			no("there is a connection already, or this is another client");
		if (!["3.1.1", "5.0"].includes(c.version) || c.port === 0) // the library takes port 0 for 1883
			no("no such version, or no such port");
		five = c.version === "5.0";
		check(c, c.will ? check(c.will, NEEDED.publish) ?? {} : {});
		if (other("receive_maximum") || other("topic_alias_maximum") || "password" in c && !("user_name" in c))
			no("another receive_maximum or topic_alias_maximum, password without user_name", Unsupported);
		const transport = c.transport ?? "tcp", file = (path) => path && readFileSync(path);
		if (!PROTOCOLS[transport] || (first && transport !== (first.transport ?? "tcp")))
			no(`transport ${transport}, or another than before`, Unsupported);
		const fresh = !client || left && c.clean_start, options = { hostname: c.host, port: c.port,
			path: c.path, ca: file(c.ca), cert: file(c.cert), key: file(c.key), servername: c.server_name,
			wsOptions: { servername: c.server_name }, keepalive: c.keep_alive, clean: c.clean_start, username: c.user_name, password: c.password,
			incomingStore: fresh ? store() : client.incomingStore, outgoingStore: fresh ? store() : client.outgoingStore,
			properties: properties(c), will: c.will && { topic: c.will.topic, payload: content(c.will),
				qos: c.will.qos, retain: c.will.retain, properties: properties(c.will) } };
		lastError = undefined;
		if (client)
			Object.assign(client.options, options) && client.reconnect(options);
		else
			listen(client = mqtt.connect({ protocol: PROTOCOLS[transport], protocolVersion: five ? 5 : 4, clientId: c.client_id,
				reconnectPeriod: 0, resubscribe: false, ...options }));
		[first, open, connecting] = [first ?? c, true, id];
	},
	subscribe(id, c) {
		const filters = c.filters.map((f) => check(f, { filter: TEXT, qos: NUMBER }) ?? f.filter);
		const options = c.filters.map((f) => ({ qos: f.qos, ...five && { nl: f.no_local ?? false,
			rap: f.retain_as_published ?? false, rh: f.retain_handling ?? 0 } }));
		const alike = options.every((o) => JSON.stringify(o) === JSON.stringify(options[0]));
		const each = Object.fromEntries(filters.map((filter, i) => [filter, options[i]]));
		if (!alike && ("resubscribe" in each || Object.keys(each).join("\0") !== filters.join("\0")))
			no("these filters in this order", Unsupported);
		client.subscribe(alike ? filters : each, { ...alike && options[0], properties: properties(c) }, (error, _, p) =>
			p?.granted?.length !== filters.length ? fail(id, error ?? new Error("no SUBACK"))
				: say("acknowledged", { id, codes: p.granted, ...told(p.properties) }));
	},
	unsubscribe(id, c) {
		client.unsubscribe(c.filters, { properties: properties(c) }, (error, p) => error ? fail(id, error)
			: say("acknowledged", { id, codes: p.granted, ...told(p.properties) }));
	},
	publish(id, c) {
		const options = { qos: c.qos, retain: c.retain, properties: properties(c) }, payload = content(c);
		const done = (error) => {
			unsent.delete(done);
			if (error)
				return typeof error.code === "number" ? say("refused", { id, code: error.code }) : fail(id, error);
			const ack = five && c.qos && { code: lastPacket.reasonCode, ...told(lastPacket.properties) };
			say("acknowledged", { id, ...ack });
		};
		if (!c.qos && client)
			unsent.set(done, id);
		client.publish(c.topic, payload, options, done);
	},
	disconnect(id, c) {
		if (!open || leaving !== undefined || !client.connected) // it lingers until the server closes, too
			no("disconnect without a connection, or before CONNACK", open && leaving === undefined ? Unsupported : Error);
		client.end(false, five ? { reasonCode: c.code ?? 0, properties: properties(c) } : {});
		leaving = id;
		client.stream.once("finish", closed); // "close" waits for the server, too
	},
	authenticate(id, c) {
		if (!challenged || (c.code ?? 24) !== 24)
			no("authenticate, but to answer a challenge", Unsupported);
		challenged = challenged(null, { cmd: "auth", reasonCode: 24, properties: properties(c) });
		say("acknowledged", { id });
	},
	sync: (id) => say("synced", { id }),
};

function connacked(p) {
	const code = five ? p.reasonCode : p.returnCode;
	if (code === undefined) // a CONNACK that was cut off, about which the library tells its user nothing
		return;
	if (connecting !== undefined)
		say(client.connected ? "connected" : "refused", { id: connecting, ...client.connected
			? { session_present: p.sessionPresent, ...told(p.properties) } : { code } });
	connecting = undefined;
}

function closed() {
	if (connecting !== undefined)
		fail(connecting, lastError ?? new Error("the connection has ended before CONNACK"));
	for (const [done, id] of unsent)
		if (!client.queue.some((entry) => entry.cb === done) && unsent.delete(done))
			fail(id, new Error("the connection has ended"));
	if (leaving !== undefined && !sentDisconnect)
		fail(leaving, new Error("the connection has ended before DISCONNECT"));
	if (lastError?.syscall !== "connect")
		say("disconnected", { id: sentDisconnect ? leaving : undefined, ...ended });
	left = leaving !== undefined;
	open = connecting = leaving = ended = sentDisconnect = challenged = undefined;
}

function listen() {
	client.handleAuth = (p, answer) => {
		say("challenge", { code: p.reasonCode, ...told(p.properties) });
		challenged = p.reasonCode === 24 ? answer : answer();
	};
	client.on("packetsend", (p) => { sentDisconnect ||= p.cmd === "disconnect"; left &&= p.cmd !== "connect"; });
	client.on("packetreceive", (p) => (lastPacket = p).cmd === "connack" && process.nextTick(connacked, p));
	client.on("message", (topic, payload, { qos, retain, dup, properties: p }) => {
		const text = payload.toString(), what = Buffer.from(text).equals(payload) && !text.includes("\0")
			? { payload: text } : { payload_hex: payload.toString("hex") };
		say("message", { topic, ...what, qos, retain, dup, ...told(p) });
	});
	client.on("disconnect", (p) => { ended = { code: p.reasonCode, ...told(p.properties) }; });
	client.on("error", (error) => (lastError = error) && connecting === undefined && fail(undefined, error));
	// Behind the answers to subscriptions, which are promises of the library.
	client.on("close", () => left || queueMicrotask(() => process.nextTick(closed)));
}

function obey(line) {
	let id;
	try {
		const c = JSON.parse(utf8.decode(line));
		id = Number.isFinite(c.id) ? c.id : undefined;
		check(c, { id: NUMBER, do: TEXT, ...NEEDED[c.do] });
		NEEDED[c.do] ? commands[c.do](id, c) : no(c.do, Unsupported);
	} catch (error) {
		say(error instanceof Unsupported ? "unsupported" : "error", { id, text: error.message });
	}
}
// What the library throws would end a program, and its connection with it.
process.on("uncaughtException", (error) => client?.stream.destroy() && fail(undefined, error));
mqtt.connect({ protocol: "mqtt", host: "127.0.0.1", manualConnect: true }); // loads what connecting needs
say("hello", { contract: 1, name: "MQTT.js", version: mqtt.MqttClient.VERSION, versions: ["3.1.1", "5.0"],
	transports: Object.keys(PROTOCOLS) });
const begun = [];
process.stdin.on("data", (chunk) => {
	for (let end; (end = chunk.indexOf("\n")) >= 0; chunk = chunk.subarray(end + 1))
		obey(Buffer.concat([...begun.splice(0), chunk.subarray(0, end)]));
	begun.push(chunk);
});
process.stdin.on("end", () => process.exit(0));
