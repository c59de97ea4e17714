/* Elements, text and numbers. Nothing that comes from a record is ever read as HTML. */

const VERDICTS = ["pass", "fail", "nonstrict", "info", "inapplicable", "inconclusive", "crash", "error"];
const GOOD = new Set(["pass", "nonstrict", "info", "inapplicable"]);
const BADNESS = ["pass", "info", "inapplicable", "inconclusive", "error", "nonstrict", "fail", "crash"];
const SILENT = new Set(["inapplicable", "inconclusive", "error"]); /* tell nothing of the statement */
const LEVELS = ["MUST", "STATED", "SHOULD", "MAY"];

const byId = id => document.getElementById(id);

/* make("p", {class: "x", onclick: f}, "text", child, null, [more]) */
function make(tag, attributes, ...children) {
	const node = document.createElement(tag);
	fill(node, attributes);
	node.append(...children.flat(3).filter(child => child !== null && child !== undefined && child !== ""));
	return node;
}

function draw(tag, attributes, ...children) {
	const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
	fill(node, attributes);
	node.append(...children.flat(3).filter(child => child !== null));
	return node;
}

function fill(node, attributes) {
	for (const [name, value] of Object.entries(attributes || {})) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name.startsWith("on"))
			node.addEventListener(name.slice(2), value);
		else
			node.setAttribute(name, value === true ? "" : value);
	}
}

/* Control characters, and those that turn the direction of writing, as \xHH or \u{HHHH}. */
function visible(text) {
	return text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, c => {
		const code = c.codePointAt(0).toString(16).toUpperCase();
		return code.length < 3 ? "\\x" + code.padStart(2, "0") : "\\u{" + code + "}";
	});
}

const lines = text => text.split("\n").map(visible).join("\n");

function number(value) {
	return String(Math.round(value * 1000) / 1000);
}

function duration(us) {
	if (us < 1000)
		return us + " µs";
	if (us < 999500)
		return Math.round(us / 1000) + " ms";
	if (us < 59950000)
		return (us / 1e6).toFixed(1) + " s";
	return Math.floor(us / 6e7) + " min " + Math.round(us % 6e7 / 1e6) + " s";
}

const milliseconds = us => (us / 1000).toFixed(3);

function plural(count, one, many) {
	return count + " " + (count === 1 ? one : many || one + "s");
}

function worse(a, b) {
	return BADNESS.indexOf(a) >= BADNESS.indexOf(b) ? a : b;
}

/* A verdict as a word on its colour; the word alone must do for those who see no colours. */
function badge(verdict, expected) {
	return make("span", {class: "badge v-" + verdict},
		verdict === "untested" ? "not judged" : expected === false ? verdict.toUpperCase() : verdict);
}

/* Copies the text, or selects it where the browser allows no copying. */
function copier(text, source) {
	const button = make("button", {type: "button", class: "copy", onclick: async () => {
		let said = "Copied";
		try {
			await navigator.clipboard.writeText(text);
		} catch {
			getSelection().selectAllChildren(source);
			said = "Selected: press Ctrl+C";
		}
		button.textContent = said;
		setTimeout(() => { button.textContent = "Copy"; }, 2000);
	}}, "Copy");
	return button;
}
