/* A cause: a line that opens into the case runs that fail of it. */

/* What accuses no statement. */
const NAMELESS = {crash: "the target died", inconclusive: "the set-up failed", error: "mqttspec is at fault"};

/* Lists of case runs, one for each cause: the largest first, unexpected ones before the known. */
function byCause(cases) {
	const groups = new Map();
	for (const c of [...cases].sort((a, b) => a.expected - b.expected || a.index - b.index)) {
		if (!groups.has(c.cause))
			groups.set(c.cause, []);
		groups.get(c.cause).push(c);
	}
	return [...groups.values()].sort((a, b) => b.length - a.length || a[0].expected - b[0].expected ||
		(b[0].verdict === "crash") - (a[0].verdict === "crash") || a[0].index - b[0].index);
}

function causeRow(cause, cases, data, state) {
	const key = "cause " + cause.number;
	const known = cases.filter(c => c.expected).length;
	const statement = data.statements.get(cause.statement);
	const row = make("details", {class: "cause" + (known < cases.length ? " unexpected" : "")},
		make("summary", {}, badge(cause.verdict, known === cases.length),
			make("span", {class: "name"}, visible(cause.name || NAMELESS[cause.verdict] || "better than foreseen")),
			make("span", {class: "chips"}, make("span", {class: "chip"}, cases.length + " case runs"),
				known ? make("span", {class: "chip"}, known + " known") : null),
			make("span", {class: "remark"}, visible(cause.sentence))));
	const fill = () => row.append(make("div", {class: "body"},
		statement ? make("p", {class: "title"}, statement.summary) : null,
		cases.map(c => caseRow(c, data, state))));
	row.addEventListener("toggle", () => {
		if (row.open && row.children.length === 1)
			fill();
		const changed = row.open ? !state.open.has(key) : state.open.delete(key);
		if (row.open)
			state.open.add(key);
		if (changed)
			writeState(state);
	});
	if (cases.some(c => state.open.has(c.label))) /* a link leads to it */
		state.open.add(key);
	row.open = state.open.has(key);
	return row;
}
