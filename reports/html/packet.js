/* A Control Packet taken apart: fields with the bytes that they stand in. Reads what it can; of what
 * breaks the rules it says so and goes on.
 */

const PACKETS = ["type 0", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP",
	"SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"];

class Ends extends Error {}

/* Bytes with a place in them; every field that is read is noted. */
class Reader {
	constructor(bytes, facts) {
		this.bytes = bytes;
		this.facts = facts;
		this.at = 0;
		this.end = bytes.length;
		this.depth = 0;
		this.fields = [];
	}

	note(from, name, value, bad) {
		this.fields.push({from, to: this.at, name, value, depth: this.depth, bad});
	}

	/* `since`: where the field begins, if not here. */
	take(name, count, since = this.at) {
		const from = this.at;
		if (this.at + count > this.end) {
			this.at = this.end;
			this.note(since, name, "cut off: " + (this.at - from) + " of " + count + " bytes", true);
			throw new Ends();
		}
		this.at += count;
		return this.bytes.slice(from, this.at);
	}

	number(name, size, words) {
		const value = this.take(name, size).reduce((sum, byte) => sum * 256 + byte, 0);
		const [text, bad] = words ? words(value) : [String(value), false];
		this.note(this.at - size, name, text, bad);
		return value;
	}

	variable(name) {
		const from = this.at;
		let value = 0, factor = 1, byte;
		do {
			if (this.at - from === 4) {
				this.note(from, name, "a fifth byte: malformed", true);
				throw new Ends();
			}
			byte = this.take(name, 1)[0];
			value += (byte & 0x7f) * factor;
			factor *= 128;
		} while (byte & 0x80);
		const long = this.at - from > 1 && byte === 0;
		this.note(from, name, value + (long ? ", in more bytes than it needs" : ""), long);
		return value;
	}

	string(name) {
		this.counted(name, data => {
			try {
				return [JSON.stringify(new TextDecoder("utf-8", {fatal: true, ignoreBOM: true})
					.decode(Uint8Array.from(data))), false];
			} catch {
				return ["not UTF-8: " + hexOf(data), true];
			}
		});
	}

	data(name) {
		this.counted(name, data => [textOrHex(data), false]);
	}

	counted(name, words) {
		const from = this.at;
		const prefix = this.take(name + ", length", 2);
		const data = this.take(name, prefix[0] * 256 + prefix[1], from);
		const [text, bad] = words(data);
		this.note(from, name, text, bad);
	}

	rest(name) {
		const data = this.take(name, this.end - this.at);
		this.note(this.at - data.length, name, data.length ? textOrHex(data) : "empty");
	}

	reason(name, packet) {
		this.number(name, 1, code => {
			const known = this.facts.reasons.filter(r => r[0] === code);
			const fits = known.find(r => r[2] & 1 << packet);
			const text = (fits || known[0] || [0, "unknown"])[1];
			return ["0x" + code.toString(16).padStart(2, "0").toUpperCase() + " " + text, !fits];
		});
	}

	/* One field each, indented below their length. `place` is the bit of the packet. */
	properties(name, place) {
		const length = this.variable(name);
		this.fields[this.fields.length - 1].value += " bytes";
		const end = this.end;
		const stop = this.at + length;
		if (stop > end) {
			this.note(this.at, name, "said to be longer than the packet", true);
			throw new Ends();
		}
		this.end = stop;
		this.depth++;
		while (this.at < stop)
			this.property(place);
		this.depth--;
		this.end = end;
	}

	property(place) {
		const from = this.at;
		const id = this.variable("Property");
		const known = this.facts.properties.find(p => p[0] === id);
		if (!known) {
			Object.assign(this.fields[this.fields.length - 1], {value: id + ", unknown", bad: true});
			this.rest("after it");
			return;
		}
		const identifier = this.fields.pop();
		const name = known[1];
		[() => this.number(name, 1), () => this.number(name, 2), () => this.number(name, 4),
			() => this.variable(name), () => this.data(name), () => this.string(name),
			() => { this.string(name); this.string(name + ", value"); }][known[2]]();
		const field = this.fields[this.fields.length - 1];
		field.from = known[2] === 6 ? field.from : from;
		if (known[2] === 6)
			this.fields[this.fields.length - 2].from = from;
		if (!(known[3] & place) || identifier.bad) {
			field.bad = true;
			field.value += identifier.bad ? ", identifier too long" : ", not for this packet";
		}
	}
}

function hexOf(data) {
	return Array.from(data, byte => byte.toString(16).padStart(2, "0").toUpperCase()).join(" ");
}

function textOrHex(data) {
	try {
		const text = new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(Uint8Array.from(data));
		return /[\x00-\x08\x0b-\x1f]/.test(text) ? hexOf(data) : JSON.stringify(text);
	} catch {
		return hexOf(data);
	}
}

const bit = (value, n) => value >> n & 1;

function connectFlags(flags) {
	const names = [];
	const add = (n, name) => bit(flags, n) && names.push(name);
	add(7, "User Name");
	add(6, "Password");
	add(5, "Will Retain");
	if (flags >> 3 & 3)
		names.push("Will QoS " + (flags >> 3 & 3));
	add(2, "Will");
	add(1, "Clean");
	add(0, "reserved bit 0");
	const qos = flags >> 3 & 3;
	return [names.join(", ") || "none", bit(flags, 0) || qos === 3 || (!bit(flags, 2) && flags & 0x38)];
}

function filterOptions(options, five) {
	const text = "QoS " + (options & 3) + (!five ? "" : (bit(options, 2) ? ", No Local" : "") +
		(bit(options, 3) ? ", Retain As Published" : "") + ", Retain Handling " + (options >> 4 & 3));
	const bad = (options & 3) === 3 || options & (five ? 0xc0 : 0xfc) || (five && (options >> 4 & 3) === 3);
	return [text, bad];
}

/* What follows the fixed header, by type. `five`: MQTT 5.0. */
const BODIES = {
	CONNECT(r) {
		r.string("Protocol Name");
		const level = r.number("Protocol Level", 1, v => [v + (v === 5 ? ", MQTT 5.0" : v === 4 ? ", MQTT 3.1.1" : ""),
			v !== 4 && v !== 5]);
		const flags = r.number("Connect Flags", 1, connectFlags);
		r.number("Keep Alive", 2, v => [v + " s", false]);
		if (level === 5)
			r.properties("Properties", 1 << 1);
		r.string("Client Identifier");
		if (bit(flags, 2)) {
			if (level === 5)
				r.properties("Will Properties", 1 << 16);
			r.string("Will Topic");
			r.data("Will Payload");
		}
		if (bit(flags, 7))
			r.string("User Name");
		if (bit(flags, 6))
			r.data("Password");
	},
	CONNACK(r, five) {
		r.number("Acknowledge Flags", 1, v => [v & 1 ? "Session Present" : "no Session Present", v & 0xfe]);
		if (!five) {
			r.number("Return Code", 1, v => [v + " " + (r.facts.returns[v] || "reserved"), v >= r.facts.returns.length]);
			return;
		}
		r.reason("Reason Code", 2);
		r.properties("Properties", 1 << 2);
	},
	PUBLISH(r, five, flags) {
		r.string("Topic Name");
		if (flags >> 1 & 3)
			r.number("Packet Identifier", 2, v => [String(v), !v]);
		if (five)
			r.properties("Properties", 1 << 3);
		r.rest("Payload");
	},
	SUBSCRIBE(r, five) {
		identified(r, five, 8);
		do {
			r.string("Topic Filter");
			r.number("Options", 1, v => filterOptions(v, five));
		} while (r.at < r.end);
	},
	SUBACK(r, five) {
		identified(r, five, 9);
		while (r.at < r.end)
			five ? r.reason("Reason Code", 9) : r.number("Return Code", 1,
				v => [v === 0x80 ? "0x80 Failure" : "granted QoS " + v, v > 2 && v !== 0x80]);
	},
	UNSUBSCRIBE(r, five) {
		identified(r, five, 10);
		do {
			r.string("Topic Filter");
		} while (r.at < r.end);
	},
	UNSUBACK(r, five) {
		identified(r, five, 11);
		while (five && r.at < r.end)
			r.reason("Reason Code", 11);
	},
	PINGREQ() {},
	PINGRESP() {},
	DISCONNECT(r, five) {
		if (five)
			ending(r, 14);
	},
	AUTH(r, five) {
		if (five)
			ending(r, 15);
	},
};

for (const [type, name] of [[4, "PUBACK"], [5, "PUBREC"], [6, "PUBREL"], [7, "PUBCOMP"]])
	BODIES[name] = (r, five) => {
		r.number("Packet Identifier", 2, v => [String(v), !v]);
		if (five)
			ending(r, type);
	};

function identified(r, five, type) {
	r.number("Packet Identifier", 2, v => [String(v), !v]);
	if (five)
		r.properties("Properties", 1 << type);
}

/* A Reason Code and properties, both of which may be left out. */
function ending(r, type) {
	if (r.at < r.end)
		r.reason("Reason Code", type);
	if (r.at < r.end)
		r.properties("Properties", 1 << type);
}

function flagsOf(type, flags) {
	if (type === 3)
		return ["QoS " + (flags >> 1 & 3) + (bit(flags, 3) ? ", DUP" : "") + (bit(flags, 0) ? ", RETAIN" : ""),
			(flags >> 1 & 3) === 3];
	const right = type === 6 || type === 8 || type === 10 ? 2 : 0;
	return ["flags " + flags.toString(2).padStart(4, "0"), flags !== right];
}

/* `total`: the bytes of the packet, of which `bytes` may be the first only. */
function decode(bytes, total, version, facts) {
	const r = new Reader(bytes, facts);
	const five = version === "5.0";
	try {
		let type, flags;
		r.number("Packet type", 1, v => {
			type = v >> 4;
			flags = v & 15;
			const [text, bad] = flagsOf(type, flags);
			const forbidden = type === 0 || (type === 15 && !five);
			return [PACKETS[type] + ", " + text, bad || forbidden];
		});
		const remaining = r.variable("Remaining Length");
		const missing = r.at + remaining - total;
		if (missing > 0)
			Object.assign(r.fields[1], {bad: true, value: remaining + ", but " + (missing === 1 ? "1 byte is" : missing + " bytes are") + " missing"});
		r.end = Math.min(r.end, r.at + remaining);
		if (BODIES[PACKETS[type]])
			BODIES[PACKETS[type]](r, five, flags);
		if (r.at < r.end)
			(r.rest("after the last field"), r.fields[r.fields.length - 1].bad = true);
		r.end = bytes.length;
		if (r.at < r.end)
			(r.rest("after the packet"), r.fields[r.fields.length - 1].bad = true);
	} catch (stopped) {
		if (!(stopped instanceof Ends))
			throw stopped;
		r.end = bytes.length;
		r.depth = 0;
		if (r.at < r.end)
			r.rest("not taken apart");
	}
	return r.fields;
}

/* "10 0C 00 ... (4000 bytes)" */
function parseHex(hex) {
	const more = /\((\d+) bytes\)/.exec(hex);
	const bytes = (more ? hex.slice(0, hex.indexOf(" ...")) : hex).split(" ").map(b => parseInt(b, 16));
	return {bytes, total: more ? Number(more[1]) : bytes.length};
}

/* The bytes, and beside them the fields; one shows the other. */
function packetView(hex, version, facts) {
	const {bytes, total} = parseHex(hex);
	const fields = decode(bytes, total, version, facts);
	const owner = new Array(bytes.length).fill(-1);
	fields.forEach((field, i) => { for (let n = field.from; n < field.to; n++) owner[n] = i; });
	const cells = bytes.map((byte, n) => make("span", {class: owner[n] < 0 ? "" : "c" + owner[n] % 6,
		"data-field": owner[n]}, byte.toString(16).padStart(2, "0").toUpperCase()));
	const rows = fields.map((field, i) => make("tr", {tabindex: 0, "data-field": i, class: field.bad ? "bad" : null},
		make("th", {scope: "row", class: "c" + i % 6 + " d" + field.depth}, field.name),
		make("td", {class: "range"}, field.to - field.from > 1 ? field.from + "–" + (field.to - 1)
			: field.to > field.from ? String(field.from) : "–"),
		make("td", {}, visible(String(field.value)), field.bad ? make("strong", {}, " (odd)") : null)));
	const all = [...cells, ...rows];
	const show = event => {
		const node = event.target.closest("[data-field]");
		const wanted = node && event.type !== "pointerleave" && event.type !== "focusout" ? node.dataset.field : null;
		for (const each of all)
			each.classList.toggle("lit", wanted !== null && wanted !== "-1" && each.dataset.field === wanted);
	};
	const handlers = {onpointerover: show, onpointerleave: show, onfocusin: show, onfocusout: show};
	const dump = [];
	for (let n = 0; n < cells.length; n += 16)
		dump.push(make("span", {class: "line"}, make("i", {}, n.toString(16).padStart(4, "0")), cells.slice(n, n + 16)));
	return make("div", {class: "packet", ...handlers},
		make("code", {class: "hex", "aria-label": "bytes"}, dump,
			total > bytes.length ? make("span", {class: "line"}, "… " + plural(total - bytes.length, "byte") + " more") : null),
		make("table", {class: "fields"}, make("thead", {}, make("tr", {}, make("th", {scope: "col"}, "field"),
			make("th", {scope: "col"}, "bytes"), make("th", {scope: "col"}, "value"))), make("tbody", {}, rows)));
}
