/* A case run: a line that opens into all that is known of it. What is inside is made when it is
 * opened, since thousands of transcripts would take their time. A statement that it stands `under`
 * need not be named again.
 */

function caseRow(c, data, state, under) {
	const row = make("details", {class: "case" + (c.expected ? "" : " unexpected")},
		make("summary", {}, badge(c.verdict, c.expected),
			make("span", {class: "name"}, visible(c.id)),
			make("span", {class: "chips"}, chips(c).map(text => make("span", {class: "chip"}, visible(text)))),
			make("span", {class: "title"}, visible(c.title)),
			make("span", {class: "remark"}, visible(under && c.remark.startsWith(under + ": ")
				? c.remark.slice(under.length + 2) : c.remark)),
			make("span", {class: "time"}, duration(c.durationUs))));
	row.record = c;
	return foldable(row, c.label, state, () => {
		const details = data.details.at(c.place);
		if (details)
			row.append(caseBody(c, details, data));
		else
			data.details.open(c.place).then(d => row.append(caseBody(c, d, data)));
	});
}

function chips(c) {
	const list = ["MQTT " + c.version, c.level];
	if (c.transport !== "tcp")
		list.push(c.transport);
	if (c.segmentation !== "whole" && c.segmentation)
		list.push(c.segmentation);
	if (c.repeat)
		list.push("run " + (c.repeat + 1));
	if (!c.expected)
		list.push("unexpected");
	else if (!GOOD.has(c.verdict))
		list.push("known");
	return list;
}

function field(name, ...value) {
	return value.some(each => each !== null && each !== "" && each !== undefined)
		? [make("dt", {}, name), make("dd", {}, value)] : [];
}

/* What is kept of what the target wrote to stderr. */
function said(d) {
	return d.death ? d.death.stderr : d.said;
}

function caseBody(c, d, data) {
	const demands = statementList(c, data);
	const failure = d.failure || {};
	return make("div", {class: "body"},
		make("dl", {},
			field("expected", failure.expected ? make("code", {class: "want"}, visible(failure.expected)) : null),
			field("actual", failure.actual ? make("code", {class: "got"}, visible(failure.actual)) : null),
			field("step", failure.step ? make("code", {}, visible(failure.step)) : null,
				failure.file ? make("span", {class: "where"}, " " + visible(failure.file) +
					(failure.line ? ":" + failure.line : "")) : null),
			field("note", c.note === failure.actual ? null : c.note && visible(c.note)),
			field("foreseen", foreseen(c)),
			field("statements", demands),
			field("target died", d.death ? deathText(d.death) : null)),
		said(d) ? make("pre", {class: "stderr", tabindex: 0, "aria-label": "stderr of the target"},
			lines(said(d))) : null,
		c.measurements.map(m => make("section", {}, make("h4", {}, visible(m.name)), plot(m))),
		d.transcript.length ? make("section", {}, make("h4", {}, "What happened"),
			make("p", {class: "hint"}, "A packet opens into its bytes and fields."),
			ladder(d.transcript, c.version, data)) : null,
		make("dl", {class: "ways"},
			field("capture", captureLink(c, d.pcap, data)),
			field("real bytes", captureLink(c, d.wire, data)),
			field("run again", commandView(d.again)),
			field("other targets", siteLink(data, "cases/" + c.id.split("/")[0] + ".html", "this case, by target"))),
		bugReport(c, d, data));
}

function foreseen(c) {
	if (!c.foreseenAs)
		return null;
	const link = /^https?:\/\//.test(c.link || "")
		? make("a", {href: c.link, rel: "noreferrer"}, visible(c.link)) : c.link && visible(c.link);
	return [c.foreseenAs + ", by the target's file", c.reason ? ": " + visible(c.reason) : "", link ? [" (", link, ")"] : "",
		!c.expected && GOOD.has(c.verdict) ? make("strong", {}, " It is out of date: remove that entry.") : ""];
}

/* To the text of the standard; null where no place in it is known. */
function sectionLink(s, data) {
	return s.anchor ? make("a", {class: "section", href: data.documents[s.version] + "#" + s.anchor, rel: "noreferrer",
		title: (s.section + " " + s.title).trim() + ", in the text of the standard"},
		"MQTT " + s.version + ", " + s.section) : null;
}

/* To a page of the site that this one is part of; null where it is part of none. */
function siteLink(data, way, text) {
	return data.site && /^[\w./-]+$/.test(way) ? make("a", {href: data.site + way}, text) : null;
}

function statementList(c, data) {
	return c.statements.length ? make("ul", {class: "demands"}, c.statements.map(([name, verdict]) => {
		const s = data.statements.get(name);
		return make("li", {}, badge(verdict), " ", make("a", {href: "#view=statements&q=" + encodeURIComponent(name)}, name),
			s ? [": " + s.summary + " ", sectionLink(s, data)] : "");
	})) : null;
}

function deathText(death) {
	return (death.note ? death.note : death.signal ? "of signal " + death.signal : "it exited with status " + death.exit) +
		(death.during ? ", during " + visible(death.during) : "");
}

/* A path can hold what an address cannot. */
function captureLink(c, name, data) {
	const folder = data.folders[c.source];
	if (!name)
		return null;
	const path = name.startsWith("/") || !folder ? name : folder + "/" + name;
	const href = (path.startsWith("/") ? "file://" : "./") + path.split("/").map(encodeURIComponent).join("/");
	return make("a", {href}, visible(name));
}

function commandView(command) {
	const code = make("code", {}, visible(command));
	return make("span", {class: "command"}, code, " ", copier(command, code));
}

/* ---- a text for whoever maintains the target ---- */

function bugReport(c, d, data) {
	if (["pass", "info", "inapplicable", "error"].includes(c.verdict))
		return null;
	const text = bugText(c, d, data);
	const area = make("pre", {class: "bug", tabindex: 0, "aria-label": "text for a bug report"}, text);
	return make("details", {class: "bugreport"}, make("summary", {}, "Text for a bug report"),
		copier(text, area), area);
}

function bugText(c, d, data) {
	const target = visible(data.targetName + (data.targetVersion ? " " + data.targetVersion : ""));
	const failure = d.failure || {};
	const blamed = c.statements.filter(([, verdict]) => verdict === c.verdict).map(([name]) => name);
	const names = failure.statement ? [failure.statement, ...blamed.filter(name => name !== failure.statement)] : blamed;
	const transcript = ladderText(d.transcript);
	const fence = "`".repeat(Math.max(3, ...(transcript.match(/`+/g) || [""]).map(run => run.length + 1)));
	const parts = [
		"# " + visible(c.title) + ": " + (c.verdict === "crash" ? "the " + data.role + " dies" : "not so in " + target),
		target + ", judged as MQTT " + c.version + " " + data.role + " over " + visible(c.transport) + ".",
		...names.map(name => {
			const s = data.statements.get(name);
			return "- " + name + (s ? " (section " + s.section + ", " + s.level + "): " + s.summary +
				(s.anchor ? " <" + data.documents[s.version] + "#" + s.anchor + ">" : "") : "");
		}),
		failure.expected ? "Expected: " + visible(failure.expected) : "",
		failure.actual ? "Actual: " + visible(failure.actual) : c.note ? visible(c.note) : "",
		d.death ? "The target died: " + deathText(d.death) : "",
		said(d) ? "Its last words on stderr:\n\n" + fence + "\n" + lines(said(d)).trimEnd() + "\n" + fence : "",
		d.transcript.length ? "What happened (milliseconds, peer, > to the " + data.role + ", < from it):\n\n" + fence + "\n" +
			transcript + "\n" + fence : "",
		"To see it again: `" + visible(d.again) + "`",
		d.pcap ? "The capture for Wireshark is attached: " + visible(d.pcap.split("/").pop()) : "",
		"Found with mqttspec " + visible(data.tool) + ", seed " + data.seed + ".",
	];
	return parts.filter(Boolean).join("\n\n") + "\n";
}
