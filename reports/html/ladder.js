/* What happened, as a ladder: a line for each party, the peers on the left, the target on the right.
 *
 *	 ms      publisher       subscriber      target
 *	 0.311   |-- CONNECT -------------------->|
 *	                         |-- CONNECT ---->|
 */

function ladder(transcript, version, facts) {
	const peers = [...new Set(transcript.map(event => event[1]).filter(Boolean))];
	const tracks = "minmax(0, 1fr) ".repeat(Math.max(peers.length, 1));
	const list = make("ol", {class: "ladder"});
	list.style.setProperty("--tracks", tracks);
	const head = make("li", {class: "parties", "aria-hidden": "true"}, make("span", {class: "at"}, "ms"),
		peers.map((peer, i) => place(make("span", {class: "party"}, visible(peer)), i + 2, i + 3)),
		place(make("span", {class: "party"}, "target"), peers.length + 2 + !peers.length, -1));
	list.append(head, ...transcript.map(event => rung(event, peers, version, facts)));
	return list;
}

function place(node, from, to) {
	node.style.gridColumn = from + " / " + to;
	return node;
}

const DIRECTIONS = {">": "to the target", "<": "from the target", "-": "remark"};

function rung([at, peer, direction, text, hex], peers, version, facts) {
	const lane = Math.max(peers.indexOf(peer), 0) + 2;
	const target = Math.max(peers.length, 1) + 2;
	const kind = direction === ">" ? "out" : direction === "<" ? "in" : "note";
	const words = [make("span", {class: "hidden"}, (peer ? visible(peer) + " " : "") + DIRECTIONS[direction] + ": "),
		visible(text)];
	const label = hex ? packetButton(words, hex, version, facts) : make("span", {class: "label"}, words);
	place(label, peer ? lane : 2, target);
	const lines = [...Array(Math.max(peers.length, 1)).keys()].map(i => place(make("i", {class: "life"}), i + 2, i + 3));
	const arrow = kind === "note" ? null : place(make("i", {class: "arrow"}), lane, target);
	return make("li", {class: "rung " + kind}, make("span", {class: "at"}, milliseconds(at)), lines,
		place(make("i", {class: "life"}), target, target + 1), label, arrow);
}

function packetButton(words, hex, version, facts) {
	const button = make("button", {type: "button", class: "label", "aria-expanded": "false", onclick: () => {
		const row = button.parentNode;
		const open = row.querySelector(".packet");
		button.setAttribute("aria-expanded", String(!open));
		if (open)
			open.remove();
		else
			row.append(packetView(hex, version, facts));
	}}, words);
	return button;
}

/* The same as text, for reports of bugs. */
function ladderText(transcript) {
	const width = Math.max(0, ...transcript.map(event => visible(event[1]).length));
	return transcript.map(([at, peer, direction, text]) =>
		milliseconds(at).padStart(10) + " " + visible(peer).padEnd(width) + " " + direction + " " + visible(text)).join("\n");
}
