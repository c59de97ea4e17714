// aedes: broker.js HOST PORT. One TCP listener, for everybody; nothing is kept over a stop.
"use strict";

const { createServer } = require("node:net");
const { Aedes } = require("aedes");

async function serve(host, port) {
	const broker = await Aedes.createBroker();

	createServer(broker.handle).listen(port, host);
}

serve(process.argv[2], Number(process.argv[3])).catch((e) => {
	console.error(e);
	process.exit(1);
});
