/* The report of a run. */

let data, state, pending = null;

async function load() {
	const head = JSON.parse(byId("head").textContent);
	const fields = ["id", "title", "chapter", "version", "transport", "segmentation", "repeat", "level", "verdict", "expected",
		"durationUs", "source", "label", "remark", "note", "foreseenAs", "reason", "link", "statements", "measurements", "cause"];
	Object.assign(head, JSON.parse(await unpacked(byId("index").textContent)));
	head.causes = head.causes.map(([verdict, name, statement, sentence], number) =>
		({number, verdict: VERDICTS[verdict], name, statement, sentence}));
	head.cases = head.cases.map((row, index) => {
		const c = {index};
		fields.forEach((name, i) => { c[name] = row[i]; });
		c.level = LEVELS[c.level];
		c.verdict = VERDICTS[c.verdict];
		c.expected = Boolean(c.expected);
		c.cause = c.cause < 0 ? null : head.causes[c.cause];
		c.statements = c.statements.map(([name, verdict]) =>
			[typeof name === "number" ? head.catalogue[name][0] : name, VERDICTS[verdict]]);
		c.haystack = [c.label, c.title, c.chapter, c.verdict, c.level, c.remark, c.note, c.reason,
			c.cause ? c.cause.name : "", ...c.statements.map(s => s[0])].join("\n").toLowerCase();
		return c;
	});
	[...head.cases.filter(isFailure), ...head.cases.filter(c => !isFailure(c))].forEach((c, place) => { c.place = place; });
	head.details = new Details(byId("details").textContent, head.block);
	head.statements = statementsOf(head);
	return head;
}

/* Every statement of the catalogue, and those that the record knows besides, with its findings. */
function statementsOf(head) {
	const all = new Map(head.catalogue.map(([name, level, section, title, summary, actor, anchor, testable, note]) => [name,
		{name, version: name.split(":")[0], level, section, title, summary, actor, anchor, testable, note, counts: {}, cases: [],
			verdict: "untested"}]));
	for (const c of head.cases)
		for (const [name, verdict] of c.statements) {
			if (!all.has(name))
				all.set(name, {name, version: name.split(":")[0], level: c.level, section: "", title: "", actor: "", anchor: "",
					summary: "Not in the catalogue of the mqttspec that made this page.", testable: 0, note: "",
					counts: {}, cases: [], verdict: "untested"});
			const s = all.get(name);
			s.counts[verdict] = (s.counts[verdict] || 0) + 1;
			s.verdict = worstOf(s.counts);
			if (s.cases[s.cases.length - 1] !== c)
				s.cases.push(c);
		}
	return all;
}

/* What the case runs say of a statement itself: that one of them could not look at it hides nothing that another saw. */
function worstOf(counts) {
	const found = VERDICTS.filter(v => counts[v]);
	const telling = found.filter(v => !SILENT.has(v));
	return (telling.length ? telling : found).reduce(worse, found.length ? "pass" : "untested");
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

/* On paper nothing can be opened: all rows are there, what was broken is open, of each cause one case run. */
let printed = [];

function openForPaper() {
	const more = byId("more");
	if (more)
		grow(more, Infinity);
	const open = row => {
		if (!row.open)
			printed.push(row);
		unfold(row, true);
	};
	for (const row of document.querySelectorAll("header details"))
		open(row);
	for (const row of document.querySelectorAll("#list > .cause")) {
		open(row);
		open(row.querySelector(".case"));
	}
	for (const row of document.querySelectorAll("#list > .case"))
		if (isFailure(row.record))
			open(row);
}

function closeAfterPaper() {
	for (const row of printed)
		unfold(row, false);
	printed = [];
}

/* ---- the views ---- */

const TITLES = {failures: "Failures", statements: "By statement", cases: "By case", timing: "Timing"};

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
		for (const [name, cases, causes] of byStatement(group)) {
			items.push(() => statementHeading(name, cases, data));
			for (const list of causes)
				items.push(() => list.length > 1 ? causeRow(list[0].cause, list, data, state) : caseRow(list[0], data, state, name));
		}
	}
	const accused = new Set(found.map(c => c.cause.statement).filter(Boolean));
	announce(found.length, all.length, "failure or surprise", "failures and surprises",
		": " + plural(accused.size, "statement") + ", " + plural(new Set(found.map(c => c.cause)).size, "cause"));
	showList(items);
	if (!all.length)
		byId("list").prepend(make("p", {class: "empty"}, "Every verdict was expected, and none is a failure."));
}

/* What is broken first, whatever its chapter. */
function showCases() {
	const found = data.cases.filter(passes);
	const items = [];
	let heading = null;
	const headingOf = c => isFailure(c) ? "Broken, or not as expected" : c.chapter;
	if (state.sort === "chapter")
		found.sort((a, b) => isFailure(b) - isFailure(a));
	if (state.sort === "duration")
		found.sort((a, b) => b.durationUs - a.durationUs);
	if (state.sort === "verdict")
		found.sort((a, b) => a.expected - b.expected || BADNESS.indexOf(b.verdict) - BADNESS.indexOf(a.verdict));
	for (const c of found) {
		if (state.sort === "chapter" && headingOf(c) !== heading)
			items.push(() => make("h3", {}, visible(headingOf(c))));
		heading = headingOf(c);
		items.push(() => caseRow(c, data, state));
	}
	announce(found.length, data.cases.length, "case run");
	showList(items);
}

/* Statements that bind the role and were not judged: those that could have been, and those that could not. */
const UNTESTED = ["Not judged: no case run looked at it", "Not judged: only with a target set up for it",
	"Not judged: cannot be seen from outside"];

const mine = () => data.role === "server" ? {bit: 1, other: "client"} : {bit: 2, other: "server"};

function whyUntested(s) {
	return s.testable & mine().bit ? 0 : s.testable ? 1 : 2;
}

/* What binds only the other side, or is seen only there, is none of this target's business. */
function concerns(s) {
	if (s.cases.length || s.testable & mine().bit)
		return true;
	return !(s.testable & 3) && s.actor !== mine().other;
}

function showStatements() {
	const all = [...data.statements.values()].filter(concerns);
	const found = all.filter(passesStatement);
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
	announce(found.length, all.length, "statement", null, ", " + judged.length + " of them judged");
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
	return foldable(row, key, state, () => row.append(make("div", {class: "body"}, make("dl", {},
		field("section", s.anchor ? [sectionLink(s, data), " " + s.title] : s.section),
		field("how to see it", s.note),
		field("other targets", s.anchor ? siteLink(data, "statements/" + s.name.replace(":", "/") + ".html",
			"this statement, by target") : null)),
	s.cases.length ? brokenFirst(s).map(c => caseRow(c, data, state, s.name)) : make("p", {}, "No case run judged it."))));
}

/* By what the case runs found of this statement. */
function brokenFirst(s) {
	const badness = c => BADNESS.indexOf((c.statements.find(([name]) => name === s.name) || [])[1]);
	return [...s.cases].sort((a, b) => a.expected - b.expected || badness(b) - badness(a) || a.index - b.index);
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
		select("version", "version", [["", "all"], ...versions.map(v => [v, v])], event => choose("version", event)),
		select("level", "level", [["", "all"], ...LEVELS.map(v => [v, v])], event => choose("level", event)),
		select("which", "show", [["", "all"], ["unexpected", "unexpected"], ["known", "known failures"]],
			event => choose("which", event)),
		select("sort", "sort by", SORTS.map(v => [v, v]), event => choose("sort", event)),
		make("button", {type: "button", id: "clear", onclick: clear}, "Clear"),
		make("div", {class: "verdicts", role: "group", "aria-label": "verdicts"}));
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
	const subjects = state.view === "statements" ? [...data.statements.values()].filter(concerns)
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

/* The first failure is open from the start: its cause, its transcript, and the last packet of the target. */
function openFirst() {
	const first = document.querySelector("#list > details");
	if (!first)
		return;
	unfold(first, true);
	const row = first.matches(".case") ? first : first.querySelector(".case");
	unfold(row, true);
	const packets = [...row.querySelectorAll(".ladder button.label")];
	const last = packets.filter(button => button.parentNode.matches(".in")).pop() || packets.pop();
	if (last)
		last.click();
}

async function start() {
	data = await load();
	const failures = data.cases.filter(isFailure).length;
	const fresh = !location.hash.includes("view=");
	await data.details.openAll(Math.min(failures, data.block));
	state = readState(failures ? "failures" : "statements");
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
	addEventListener("beforeprint", openForPaper);
	addEventListener("afterprint", closeAfterPaper);
	render(false);
	if (fresh && state.view === "failures")
		openFirst();
	document.documentElement.classList.add("ready");
	await data.details.openAll(failures); /* paper does not wait */
	document.documentElement.classList.add("complete");
}

start().catch(error => {
	byId("found").textContent = typeof DecompressionStream === "undefined"
		? "This page needs a browser of 2023 or later." : "This page is damaged: " + error.message;
});
