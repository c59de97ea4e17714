/* The options that say how a live target is reached; the commands that have one share them. */
#ifndef CLI_LIVE_OPTIONS_H
#define CLI_LIVE_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "cli/live_target.h"

enum live_option {
	LIVE_TRANSPORT = 512, /* beyond all that a command has of its own */
	LIVE_USER,
	LIVE_PASSWORD_FILE,
	LIVE_CA,
	LIVE_CERT,
	LIVE_KEY,
	LIVE_SNI,
	LIVE_INSECURE,
	LIVE_WS_PATH,
	LIVE_ANYWAY,
};

/* Rows of a table for getopt_long ... */
#define LIVE_OPTIONS_ROWS                                                         \
	{ "transport", required_argument, NULL, LIVE_TRANSPORT },                 \
		{ "user", required_argument, NULL, LIVE_USER },                   \
		{ "password-file", required_argument, NULL, LIVE_PASSWORD_FILE }, \
		{ "ca", required_argument, NULL, LIVE_CA },                       \
		{ "cert", required_argument, NULL, LIVE_CERT },                   \
		{ "key", required_argument, NULL, LIVE_KEY },                     \
		{ "sni", required_argument, NULL, LIVE_SNI },                     \
		{ "insecure", no_argument, NULL, LIVE_INSECURE },                 \
		{ "ws-path", required_argument, NULL, LIVE_WS_PATH },             \
	{                                                                         \
		"anyway", no_argument, NULL, LIVE_ANYWAY                          \
	}

/* ... and their lines of a help, but for --anyway. */
#define LIVE_OPTIONS_HELP                                                                         \
	"  --transport T        tcp, tls, ws, wss or unix, of a launched target (default: tcp)\n" \
	"  --user NAME          as for mqttspec run, and so are those up to --ws-path\n"          \
	"  --password-file FILE has its password\n"                                               \
	"  --ca FILE            the certificates to trust\n"                                      \
	"  --cert FILE          the certificate to show\n"                                        \
	"  --key FILE           its private key\n"                                                \
	"  --sni NAME           the name to ask for, and to find in the certificate\n"            \
	"  --insecure           take any certificate\n"                                           \
	"  --ws-path PATH       where the WebSocket is\n"

/* Of getopt's answer and optarg. False after a complaint. */
bool live_options_take(int option, struct live_options *o);

/* Whether they fit each other; the same. */
bool live_options_check(const struct live_options *o);

/* The first that makes no sense for a client ("--user"); NULL: none was given. */
const char *live_options_of_brokers(const struct live_options *o);

#endif
