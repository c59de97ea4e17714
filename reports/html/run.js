/* The report of a run. */

const data = load();
const state = readState(data.cases.some(c => isFailure(c)) ? "failures" : "statements");
let pending = null;

function load() {
	const head = JSON.parse(byId("head").textContent);
	const fields = ["id", "chapter", "version", "transport", "segmentation", "repeat", "level", "verdict", "expected",
		"durationUs", "source", "label", "remark", "note", "foreseenAs", "reason", "link", "statements", "measurements", "cause"];
	head.cases = JSON.parse(byId("index").textContent).map((row, index) => {
		const c = {index};
		fields.forEach((name, i) => { c[name] = row[i]; });
		c.level = LEVELS[c.level];
		c.verdict = VERDICTS[c.verdict];
		c.expected = Boolean(c.expected);
		c.statements = c.statements.map(([name, verdict]) =>
			[typeof name === "number" ? head.catalogue[name][0] : name, VERDICTS[verdict]]);
		c.haystack = [c.label, c.chapter, c.verdict, c.level, c.remark, c.note, c.reason,
			c.cause < 0 ? "" : head.causes[c.cause][1],
			...c.statements.map(s => s[0])].join("\n").toLowerCase();
		return c;
	});
	head.causes = head.causes.map(([verdict, name, statement, sentence], number) =>
		({number, verdict: VERDICTS[verdict], name, statement, sentence}));
	head.statements = statementsOf(head);
	return head;
}

/* Every statement of the catalogue, and those that the record knows besides, with its findings. */
function statementsOf(head) {
	const all = new Map(head.catalogue.map(([name, level, section, title, summary, actor, testable, note]) => [name,
		{name, version: name.split(":")[0], level, section, title, summary, actor, testable, note, counts: {}, cases: [],
			verdict: "untested"}]));
	for (const c of head.cases)
		for (const [name, verdict] of c.statements) {
			if (!all.has(name))
				all.set(name, {name, version: name.split(":")[0], level: c.level, section: "", title: "", actor: "",
					summary: "Not in the catalogue of the mqttspec that made this page.", testable: 0, note: "",
					counts: {}, cases: [], verdict: "untested"});
			const s = all.get(name);
			s.counts[verdict] = (s.counts[verdict] || 0) + 1;
			s.verdict = s.verdict === "untested" ? verdict : worse(s.verdict, verdict);
			if (s.cases[s.cases.length - 1] !== c)
				s.cases.push(c);
		}
	return all;
}

function isFailure(c) {
	return !c.expected || !GOOD.has(c.verdict);
}

/* ---- what passes the filters ---- */

const words = () => state.q.toLowerCase().split(/\s+/).filter(Boolean);

function matches(haystack) {
	return words().every(word => haystack.includes(word));
}

function passes(c) {
	return (!state.verdicts.size || state.verdicts.has(c.verdict)) &&
		(!state.version || c.version === state.version) &&
		(!state.level || c.level === state.level) &&
		(!state.which || (state.which === "unexpected" ? !c.expected : c.expected && !GOOD.has(c.verdict))) &&
		matches(c.haystack);
}

function passesStatement(s) {
	return (!state.verdicts.size || state.verdicts.has(s.verdict)) &&
		(!state.version || s.version === state.version) &&
		(!state.level || s.level.includes(state.level)) &&
		(!state.which || s.cases.some(c => state.which === "unexpected" ? !c.expected : c.expected && !GOOD.has(c.verdict))) &&
		matches((s.name + "\n" + s.section + " " + s.title + "\n" + s.summary + "\n" + s.actor + "\n" +
			s.cases.map(c => c.id).join("\n")).toLowerCase());
}

/* ---- lists that grow while one scrolls ---- */

const BATCH = 100;
let observer = null, remaining = [];

/* `items`: functions that make a node each. */
function showList(items) {
	const list = byId("list");
	list.replaceChildren();
	if (observer)
		observer.disconnect();
	remaining = items;
	const more = make("button", {type: "button", id: "more", onclick: () => grow(more)});
	observer = new IntersectionObserver(entries => {
		if (entries.some(entry => entry.isIntersecting))
			grow(more);
	}, {rootMargin: "600px"});
	list.append(more);
	grow(more);
	observer.observe(more);
}

function grow(more, count = BATCH) {
	const batch = remaining.splice(0, count);
	more.before(...batch.map(item => item()));
	more.hidden = !remaining.length;
	more.textContent = "Show more (" + remaining.length + " left)";
}

function showRest() {
	const more = byId("more");
	if (more)
		grow(more, Infinity);
	for (const row of document.querySelectorAll("#list > .cause"))
		row.open = true;
}

/* ---- the views ---- */

const TITLES = {failures: "Failures", statements: "By statement", cases: "By case", timing: "Timing"};

/* MUST failures first; in each group the causes of most case runs. */
const GROUPS = [
	["Broken MUSTs and crashes", c => c.verdict === "crash" || (c.verdict === "fail" && c.level === "MUST")],
	["Other broken rules", c => c.verdict === "fail"],
	["Nothing learned", c => c.verdict === "inconclusive" || c.verdict === "error"],
	["Better than foreseen", () => true],
];

function showFailures() {
	const all = data.cases.filter(isFailure);
	const found = all.filter(passes);
	const items = [];
	let rest = found;
	for (const [title, belongs] of GROUPS) {
		const group = rest.filter(belongs);
		rest = rest.filter(c => !belongs(c));
		if (group.length)
			items.push(() => make("h3", {}, title + " ", make("span", {class: "count"}, group.length)));
		for (const cases of byCause(group))
			items.push(() => cases.length > 1 ? causeRow(data.causes[cases[0].cause], cases, data, state)
				: caseRow(cases[0], data, state));
	}
	announce(found.length, all.length, "failure or surprise", "failures and surprises",
		", " + plural(new Set(found.map(c => c.cause)).size, "cause"));
	showList(items);
	if (!all.length)
		byId("list").prepend(make("p", {class: "empty"}, "Every verdict was expected, and none is a failure."));
}

function showCases() {
	const found = data.cases.filter(passes);
	const items = [];
	let chapter = null;
	if (state.sort === "duration")
		found.sort((a, b) => b.durationUs - a.durationUs);
	if (state.sort === "verdict")
		found.sort((a, b) => a.expected - b.expected || BADNESS.indexOf(b.verdict) - BADNESS.indexOf(a.verdict));
	for (const c of found) {
		if (state.sort === "chapter" && c.chapter !== chapter)
			items.push(() => make("h3", {}, visible(c.chapter)));
		chapter = c.chapter;
		items.push(() => caseRow(c, data, state));
	}
	announce(found.length, data.cases.length, "case run");
	showList(items);
}

/* Statements that this run could have judged, and those that it could not, apart. */
const UNTESTED = ["Not judged: no case run looked at it", "Not judged: only with a target set up for it",
	"Not judged: binds the other side", "Not judged: cannot be seen from outside"];

function whyUntested(s) {
	if (s.testable & (data.role === "client" ? 2 : 1))
		return 0;
	return s.testable & 3 ? 2 : s.testable ? 1 : 3;
}

function showStatements() {
	const found = [...data.statements.values()].filter(passesStatement);
	const judged = found.filter(s => s.verdict !== "untested");
	const items = [];
	let heading = null;
	judged.sort((a, b) => isBad(b) - isBad(a));
	for (const s of judged) {
		const title = isBad(s) ? "Broken" : "MQTT " + s.version;
		if (title !== heading)
			items.push(() => make("h3", {}, title));
		heading = title;
		items.push(() => statementRow(s));
	}
	UNTESTED.forEach((title, why) => {
		const group = found.filter(s => s.verdict === "untested" && whyUntested(s) === why);
		if (group.length)
			items.push(() => make("h3", {}, title + " ", make("span", {class: "count"}, group.length)));
		for (const s of group)
			items.push(() => statementRow(s));
	});
	announce(found.length, data.statements.size, "statement", null, ", " + judged.length + " of them judged");
	showList(items);
}

function isBad(s) {
	return s.verdict === "fail" || s.verdict === "crash";
}

function statementRow(s) {
	const key = s.name;
	const counts = VERDICTS.filter(v => s.counts[v]).map(v => s.counts[v] + " " + v).join(", ");
	const row = make("details", {class: "statement"}, make("summary", {}, badge(s.verdict),
		make("span", {class: "name"}, s.name),
		make("span", {class: "chips"}, make("span", {class: "chip"}, s.level),
			s.actor ? make("span", {class: "chip"}, "binds " + s.actor) : null),
		make("span", {class: "remark demand"}, s.summary), make("span", {class: "time"}, counts)));
	row.addEventListener("toggle", () => {
		if (row.open && row.children.length === 1)
			row.append(make("div", {class: "body"}, make("dl", {},
				field("section", (s.section + " " + s.title).trim()),
				field("how to see it", s.note)),
			s.cases.length ? s.cases.map(c => caseRow(c, data, state)) : make("p", {}, "No case run judged it.")));
		const changed = row.open ? !state.open.has(key) : state.open.delete(key);
		if (row.open)
			state.open.add(key);
		if (changed)
			writeState(state);
	});
	row.open = state.open.has(key);
	return row;
}

function showTiming() {
	const found = data.cases.filter(c => c.measurements.length && passes(c));
	const all = data.cases.filter(c => c.measurements.length);
	announce(found.length, all.length, "case run with measurements", "case runs with measurements");
	showList(found.map(c => () => make("section", {class: "timing"},
		make("h3", {}, badge(c.verdict, c.expected), " ", make("a", {href: hashOf({...state, view: "cases", q: c.id, open: new Set([c.label])})},
			visible(c.label))),
		c.measurements.map(m => make("div", {}, make("h4", {}, visible(m.name)), plot(m))))));
	if (!all.length)
		byId("list").prepend(make("p", {class: "empty"}, "Nothing was measured in this run."));
}

function announce(found, all, one, many, more) {
	const text = found === all ? plural(all, one, many) : found + " of " + plural(all, one, many);
	byId("found").textContent = text + (more || "");
}

/* ---- the controls ---- */

function select(id, label, options, change) {
	return make("label", {}, label + " ", make("select", {id, onchange: change},
		options.map(([value, text]) => make("option", {value}, text))));
}

function addControls() {
	const versions = [...new Set(data.cases.map(c => c.version))].sort();
	byId("views").append(...VIEWS.map(view => make("a", {"data-view": view, href: "#view=" + view}, TITLES[view])));
	byId("views").addEventListener("click", event => {
		const view = event.target.dataset.view;
		if (!view || event.ctrlKey || event.metaKey || event.shiftKey)
			return;
		event.preventDefault();
		state.view = view;
		state.open.clear();
		render(true);
	});
	byId("tools").append(
		make("label", {class: "search"}, make("span", {class: "hidden"}, "Search "), make("input", {id: "q", type: "search",
			placeholder: "Search: id, statement, words ( / )", autocomplete: "off", spellcheck: "false", oninput: event => {
				state.q = event.target.value;
				clearTimeout(pending);
				pending = setTimeout(() => render(false), 60);
			}})),
		make("div", {class: "verdicts", role: "group", "aria-label": "verdicts"}),
		select("version", "version", [["", "all"], ...versions.map(v => [v, v])], event => choose("version", event)),
		select("level", "level", [["", "all"], ...LEVELS.map(v => [v, v])], event => choose("level", event)),
		select("which", "show", [["", "all"], ["unexpected", "unexpected"], ["known", "known failures"]],
			event => choose("which", event)),
		select("sort", "sort by", SORTS.map(v => [v, v]), event => choose("sort", event)),
		make("button", {type: "button", id: "clear", onclick: clear}, "Clear"));
}

function choose(name, event) {
	state[name] = event.target.value;
	render(true);
}

function clear() {
	Object.assign(state, {q: "", verdicts: new Set(), version: "", level: "", which: ""});
	render(true);
}

/* The verdicts that the view has, each a switch with its count. */
function showVerdicts() {
	const counts = {};
	const subjects = state.view === "statements" ? [...data.statements.values()]
		: data.cases.filter(c => state.view === "cases" || (state.view === "timing" ? c.measurements.length : isFailure(c)));
	for (const each of subjects)
		counts[each.verdict] = (counts[each.verdict] || 0) + 1;
	const focused = document.activeElement && document.activeElement.dataset.verdict;
	const group = document.querySelector("#tools .verdicts");
	group.replaceChildren(...[...VERDICTS, "untested"].filter(v => counts[v] || state.verdicts.has(v)).map(v =>
		make("button", {type: "button", class: "switch v-" + v, "data-verdict": v,
			"aria-pressed": String(state.verdicts.has(v)), onclick: () => {
				if (!state.verdicts.delete(v))
					state.verdicts.add(v);
				render(true);
			}}, (v === "untested" ? "not judged" : v) + " " + (counts[v] || 0))));
	if (focused)
		(group.querySelector("[data-verdict=" + focused + "]") || group).focus();
}

function render(step) {
	clearTimeout(pending);
	writeState(state, step);
	for (const link of byId("views").children)
		link.dataset.view === state.view ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
	for (const name of ["q", "version", "level", "which", "sort"])
		if (byId(name).value !== state[name])
			byId(name).value = state[name];
	byId("sort").parentNode.hidden = state.view !== "cases";
	byId("clear").disabled = !(state.q || state.verdicts.size || state.version || state.level || state.which);
	byId("heading").textContent = TITLES[state.view];
	showVerdicts();
	({failures: showFailures, statements: showStatements, cases: showCases, timing: showTiming})[state.view]();
}

/* ---- the keyboard ---- */

function rowsShown() {
	return [...document.querySelectorAll("#list > details > summary, #list > .cause[open] > .body > details > summary")];
}

/* The line that has the focus, itself or in what it opens into; -1: none has. */
function rowFocused(rows) {
	let at = -1;
	for (let row = document.activeElement.closest("details"); row && at < 0; row = row.parentElement.closest("details"))
		at = rows.indexOf(row.querySelector(":scope > summary"));
	return at;
}

function move(step) {
	const rows = rowsShown();
	const focused = rowFocused(rows);
	const at = focused < 0 && step < 0 ? 0 : focused;
	if (at + step >= rows.length - 1 && remaining.length)
		grow(byId("more"));
	const next = rowsShown()[at + step];
	if (next) {
		next.focus();
		next.scrollIntoView({block: "nearest"});
	}
}

function onKey(event) {
	const typing = event.target.matches("input, select, textarea");
	if (event.ctrlKey || event.metaKey || event.altKey)
		return;
	if (event.key === "Escape" && event.target.id === "q") {
		state.q = "";
		event.target.blur();
		render(false);
		return;
	}
	if (typing) {
		if (event.key === "Enter" && event.target.id === "q")
			move(1);
		return;
	}
	const view = VIEWS[Number(event.key) - 1];
	if (event.key === "/")
		byId("q").select();
	else if (event.key === "j" || event.key === "k")
		move(event.key === "j" ? 1 : -1);
	else if (view) {
		state.view = view;
		state.open.clear();
		render(true);
	} else
		return;
	event.preventDefault();
}

addControls();
document.addEventListener("keydown", onKey);
const follow = () => {
	if (!location.hash.includes("view=")) /* the link to the results */
		return;
	Object.assign(state, readState(state.view));
	render(false);
};
addEventListener("hashchange", follow);
addEventListener("popstate", follow);
addEventListener("beforeprint", showRest);
render(false);
document.documentElement.classList.add("ready");
