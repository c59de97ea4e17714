/* Failures as they are read: by severity, then by the statement that they break, then by cause. */

/* What accuses no statement. */
const NAMELESS = {crash: "The target died", inconclusive: "The set-up failed", error: "mqttspec is at fault"};

/* What no statement of the standard says, but every user wants. */
const AS_ASKED = "UALL-AS-ASKED";

const asAsked = c => c.verdict === "fail" && (c.cause.statement || "").endsWith(":" + AS_ASKED);

/* MUST failures first. */
const GROUPS = [
	["Broken MUSTs and crashes", c => c.verdict === "crash" || (c.verdict === "fail" && c.level === "MUST" && !asAsked(c))],
	["Sends or tells something else than its user asked for", asAsked],
	["Other broken rules", c => c.verdict === "fail"],
	["Nothing learned", c => c.verdict === "inconclusive" || c.verdict === "error"],
	["Better than foreseen", () => true],
];

function grouped(list, key) {
	const groups = new Map();
	for (const each of list) {
		if (!groups.has(key(each)))
			groups.set(key(each), []);
		groups.get(key(each)).push(each);
	}
	return [...groups.values()];
}

/* Lists of case runs, one for each cause: the largest first, unexpected ones before the known. */
function byCause(cases) {
	const sorted = [...cases].sort((a, b) => a.expected - b.expected || a.index - b.index);
	return grouped(sorted, c => c.cause).sort((a, b) => b.length - a.length || a[0].expected - b[0].expected ||
		(b[0].verdict === "crash") - (a[0].verdict === "crash") || a[0].index - b[0].index);
}

/* [heading, case runs, causes] of each statement, and of what accuses none; those with an unexpected verdict first. */
function byStatement(cases) {
	return grouped(cases, c => c.cause.statement || NAMELESS[c.verdict] || "Remove these entries from the target's file")
		.map(group => [group[0].cause.statement || NAMELESS[group[0].verdict] || "Remove these entries from the target's file",
			group, byCause(group)])
		.sort(([, a], [, b]) => a.every(c => c.expected) - b.every(c => c.expected) || b.length - a.length ||
			a[0].index - b[0].index);
}

function statementHeading(name, cases, data) {
	const s = data.statements.get(name);
	return make("h4", {class: "rule"}, s ? [
		make("a", {class: "name", href: "#view=statements&q=" + encodeURIComponent(name)}, visible(name)), " ",
		make("span", {class: "chip"}, s.level), " ", make("span", {class: "demand"}, s.summary), " ", sectionLink(s, data),
	] : visible(name), " ", make("span", {class: "count"}, plural(cases.length, "case run")));
}

function causeRow(cause, cases, data, state) {
	const key = "cause " + cause.number;
	const known = cases.filter(c => c.expected).length;
	const titles = [...new Set(cases.map(c => c.title))];
	const row = make("details", {class: "cause" + (known < cases.length ? " unexpected" : "")},
		make("summary", {}, badge(cause.verdict, known === cases.length),
			make("span", {class: "name"}, visible(cause.name || NAMELESS[cause.verdict] || "better than foreseen")),
			make("span", {class: "chips"}, make("span", {class: "chip"}, cases.length + " case runs"),
				known ? make("span", {class: "chip"}, known + " known") : null),
			make("span", {class: "title"}, visible(titles[0]) + (titles.length > 1 ? ", and " + plural(titles.length - 1, "other case") : "")),
			make("span", {class: "remark"}, visible(cause.sentence))));
	if (cases.some(c => state.open.has(c.label))) /* a link leads to it */
		state.open.add(key);
	return foldable(row, key, state, () =>
		row.append(make("div", {class: "body"}, cases.map(c => caseRow(c, data, state, cause.statement)))));
}
