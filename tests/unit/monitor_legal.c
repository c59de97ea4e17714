/* Long legal exchanges, and answers to nonsense of the other side: nothing is to be found. */
#include "tests/unit/exchange.h"

#define S SIDE_SERVER
#define C SIDE_CLIENT

#define RESUMED_BY_SERVER "---\n" KEPT "< 20 r 01 00 p{}\n"

const struct legal_row legal_rows[] = {
	{ "QoS 2 both ways, interleaved, with the same identifiers", S, 0,
		HELLO SUBSCRIBED("#",
			"02") "> 34 r s'a' m1 p{}\n< 34 r s'b' m1 p{}\n> 34 r s'a' m2 p{}\n< 50 r "
			      "m1\n"
			      "> 50 r m1\n< 34 r s'c' m2 p{}\n> 62 r m1\n< 50 r m2\n< 62 r m1\n< "
			      "70 r m1\n"
			      "> 50 r m2\n> 62 r m2\n< 62 r m2\n> 70 r m1\n> 70 r m2\n< 70 r m2\n"
			      "> 34 r s'a' m1 p{}\n< 34 r s'b' m1 p{}\n> 50 r m1\n< 50 r m1\n" },
	{ "the same, of a client", C, 0,
		HELLO "> 82 r m3 p{} s'#' 02\n< 90 r m3 p{} 02\n"
		      "> 34 r s'a' m1 p{}\n< 34 r s'b' m1 p{}\n> 34 r s'a' m2 p{}\n< 50 r m1\n"
		      "> 50 r m1\n< 34 r s'c' m2 p{}\n> 62 r m1\n< 50 r m2\n< 62 r m1\n< 70 r m1\n"
		      "> 50 r m2\n> 62 r m2\n< 62 r m2\n> 70 r m1\n> 70 r m2\n< 70 r m2\n"
		      "> E0 r\n>close\n" },
	{ "a session goes on: PUBLISH, PUBREL and the rest are sent again", S, 0,
		KEPT WELCOME SUBSCRIBED("#",
			"02") "< 32 r s'a' m1 p{} b'1'\n< 34 r s'a' m2 p{} b'2'\n< 34 r s'a' m3 "
			      "p{} b'3'\n"
			      "> 50 r m3\n< 62 r m3\n< 34 r s'a' m4 p{} b'4'\n> 50 r "
			      "m4\n<close\n" RESUMED_BY_SERVER
			      "< 3A r s'a' m1 p{} b'1'\n< 3C r s'a' m2 p{} b'2'\n< 62 r m3\n< 62 r "
			      "m4\n"
			      "> 40 r m1\n> 50 r m2\n> 70 r m3\n> 70 r m4\n< 62 r m2\n> 70 r m2\n"
			      "< 34 r s'a' m3 p{} b'5'\n> 50 r m3\n< 62 r m3\n" },
	{ "an acknowledgement did not reach the server before the connection broke", S, 0,
		KEPT WELCOME SUBSCRIBED(
			"#", "02") "< 32 r s'a' m1 p{} b'1'\n< 34 r s'a' m2 p{} b'2'\n> 40 r m1\n> "
				   "50 r m2\n>close\n" RESUMED_BY_SERVER
				   "< 3A r s'a' m1 p{} b'1'\n< 3C r s'a' m2 p{} b'2'\n" },
	{ "an acknowledgement was sent after the end, and may have been read", S, 0,
		KEPT WELCOME SUBSCRIBED(
			"#", "02") "< 32 r s'a' m1 p{} b'1'\n<close\n> 40 r m1\n" RESUMED_BY_SERVER
				   "< 32 r s'a' m1 p{} b'2'\n" },
	{ "a client goes on with its session", C, 0,
		KEPT WELCOME
		"> 32 r s'a' m7 p{} b'1'\n> 34 r s'a' m3 p{} b'2'\n> 34 r s'a' m1 p{} b'3'\n"
		"< 50 r m1\n> 62 r m1\n< 34 r s'b' m1 p{}\n>close\n" RESUMED_BY_SERVER
		"> 3A r s'a' m7 p{} b'1'\n> 3C r s'a' m3 p{} b'2'\n> 62 r m1\n< 40 r m7\n"
		"> 50 r m1\n< 70 r m1\n< 50 r m3\n< 62 r m1\n> 62 r m3\n> 70 r m1\n" },
	{ "three connections of one session", S, 0,
		KEPT WELCOME SUBSCRIBED("a",
			"01") "< 32 r s'a' m1 p{} b'1'\n>close\n" RESUMED_BY_SERVER
			      "<close\n" RESUMED_BY_SERVER
			      "< 3A r s'a' m1 p{} b'1'\n> 40 r m1\n< 32 r s'a' m1 p{} b'2'\n" },
	{ "a refused connection and one of another ClientId in between", S, 0,
		KEPT WELCOME SUBSCRIBED(
			"a", "01") "---\n" KEPT "3< 20 r 00 05\n5< 20 r 00 87 p{}\n<close\n"
				   "---\n> 10 r s'MQTT' @ 00 n0 p{} s'you'\n< 20 r 00 00 "
				   "p{}\n" RESUMED_BY_SERVER "< 32 r s'a' m1 p{}\n" },
	{ "a session that began before the monitor", S, 0,
		KEPT "< 20 r 01 00 p{}\n"
		     "< 3A r s'a' m1 p{}\n< 34 r s'b' m2 p{}\n< 62 r m3\n< 50 r m4\n< 70 r m5\n" },
	{ "a session that is there though CONNACK does not say so: it alone is wrong", S, MQTT_311,
		KEPT WELCOME SUBSCRIBED("a", "01") "< 32 r s'a' m1 b'1'\n---\n" KEPT WELCOME
						   "< 3A r s'a' m1 b'1'\n" },
	{ "the same, in 5.0", S, MQTT_50,
		"> 10 r s'MQTT' @ 00 n0 p{11 w9} s'me'\n" WELCOME SUBSCRIBED(
			"a", "01") "< 32 r s'a' m1 p{} b'1'\n---\n" KEPT WELCOME
				   "< 3A r s'a' m1 p{} b'1'\n" },
	{ "a session of which a SUBSCRIBE without an answer is part", S, 0,
		KEPT WELCOME "> 82 r m1 p{} s'a' 02\n>close\n" RESUMED_BY_SERVER
			     "< 34 r s'a' m1 p{}\n" },
	{ "overlapping subscriptions: one copy with all identifiers", S, MQTT_50,
		HELLO "> 82 r m1 p{0B 01} s'a/#' 02\n< 90 r m1 p{} 02\n"
		      "> 82 r m2 p{0B 02} s'a/+' 01\n< 90 r m2 p{} 01\n"
		      "< 34 r s'a/b' m1 p{0B 01 0B 02}\n< 34 r s'a/b' m2 p{0B 02 0B 01}\n" },
	{ "overlapping subscriptions: one copy each", S, MQTT_50,
		HELLO "> 82 r m1 p{0B 01} s'a/#' 02\n< 90 r m1 p{} 02\n"
		      "> 82 r m2 p{0B 02} s'a/+' 01\n< 90 r m2 p{} 01\n"
		      "< 34 r s'a/b' m1 p{0B 01}\n< 32 r s'a/b' m2 p{0B 02}\n" },
	{ "retained messages before SUBACK", S, 0,
		HELLO "> 82 r m1 p{} s'a' 02\n< 35 r s'a' m1 p{}\n< 90 r m1 p{} 01\n"
		      "> 50 r m1\n< 62 r m1\n> 70 r m1\n< 32 r s'a' m2 p{}\n" },
	{ "messages that were on their way when the client unsubscribed, or asked for less", S, 0,
		HELLO SUBSCRIBED("a", "02") "> A2 r m3 p{} s'a'\n3< B0 r m3\n5< B0 r m3 p{} 00\n< "
					    "34 r s'a' m1 p{}\n" SUBSCRIBED(
						    "a", "00") "< 34 r s'a' m2 p{}\n" },
	{ "a subscription gets a new identifier, and the old one still comes", S, MQTT_50,
		HELLO "> 82 r m1 p{0B 01} s'a' 00\n< 90 r m1 p{} 00\n"
		      "> 82 r m1 p{0B 02} s'a' 00\n< 30 r s'a' p{0B 02}\n< 90 r m1 p{} 00\n"
		      "< 30 r s'a' p{0B 01}\n" },
	{ "retransmission on a live connection, which crosses the answer", S, MQTT_311,
		HELLO SUBSCRIBED("a", "02") "< 32 r s'a' m1 b'1'\n< 3A r s'a' m1 b'1'\n> 40 r "
					    "m1\n< 3A r s'a' m1 b'1'\n> 40 r m1\n"
					    "< 32 r s'a' m1 b'2'\n< 34 r s'a' m2 b'3'\n> 50 r "
					    "m2\n< 3C r s'a' m2 b'3'\n"
					    "< 62 r m2\n< 62 r m2\n> 50 r m2\n> 70 r m2\n< 62 r "
					    "m2\n> 70 r m2\n" },
	{ "PUBREC again", S, MQTT_311,
		HELLO "> 34 r s'a' m1\n< 50 r m1\n< 50 r m1\n> 62 r m1\n< 50 r m1\n< 70 r m1\n" },
	{ "negative acknowledgements free identifier and quota", S, MQTT_50,
		HELLO_AS("21 n1") SUBSCRIBED("a",
			"02") "< 32 r s'a' m1 p{}\n> 40 r m1 80\n< 34 r s'a' m1 p{}\n> 50 r m1 97\n"
			      "< 34 r s'a' m1 p{}\n> 50 r m1 10\n< 62 r m1\n> 70 r m1 92\n< 32 r "
			      "s'a' m1 p{}\n" },
	{ "the quota begins anew; only what is sent again counts", S, MQTT_50,
		"> 10 r s'MQTT' 05 00 n0 p{21 n2} s'me'\n" WELCOME SUBSCRIBED(
			"a", "02") "< 34 r s'a' m1 p{} b'1'\n> 50 r m1\n< 62 r m1\n< 32 r s'a' m2 "
				   "p{} b'2'\n<close\n---\n"
				   "> 10 r s'MQTT' 05 00 n0 p{21 n1} s'me'\n< 20 r 01 00 p{}\n"
				   "< 62 r m1\n< 3A r s'a' m2 p{} b'2'\n> 40 r m2\n< 32 r s'a' m3 "
				   "p{} b'3'\n" },
	{ "a PUBCOMP of an earlier connection's exchange may raise the quota", S, MQTT_50,
		"> 10 r s'MQTT' 05 00 n0 p{21 n2} s'me'\n" WELCOME SUBSCRIBED("a",
			"02") "< 34 r s'a' m1 p{}\n> 50 r m1\n< 62 r m1\n<close\n---\n"
			      "> 10 r s'MQTT' 05 00 n0 p{21 n1} s'me'\n< 20 r 01 00 p{}\n"
			      "< 62 r m1\n< 32 r s'a' m2 p{}\n> 70 r m1\n< 32 r s'a' m3 p{}\n" },
	{ "a ClientId is assigned although there was one", S, MQTT_50,
		"> 10 r s'MQTT' 05 02 n0 p{} s'me'\n< 20 r 00 00 p{12 s'x1'}" },
	{ "an assigned ClientId is used again", S, MQTT_50,
		"> 10 r s'MQTT' 05 00 n0 p{} s''\n< 20 r 00 00 p{12 s'x1'}\n" SUBSCRIBED(
			"a", "00") "---\n> 10 r s'MQTT' 05 00 n0 p{} s'x1'\n< 20 r 01 00 p{}\n< 30 "
				   "r s'a' p{}\n" },
	{ "enhanced authentication, then once more", S, MQTT_50,
		"> 10 r s'MQTT' 05 02 n0 p{15 s'K' 16 s'1'} s'me'\n< F0 r 18 p{15 s'K' 16 s'2'}\n"
		"> F0 r 18 p{15 s'K' 16 s'3'}\n< 20 r 00 00 p{15 s'K' 16 s'4'}\n"
		"> F0 r 19 p{15 s'K'}\n< F0 r 18 p{15 s'K'}\n> F0 r 18 p{15 s'K'}\n< F0 r\n" },
	{ "pipelining: what a client sends before CONNACK", C, 0,
		GREET "> 82 r m1 p{} s'a' 00\n> 32 r s'b' m2 p{}\n> C0 r\n" WELCOME
		      "< 90 r m1 p{} 00\n< 40 r m2\n< D0 r\n> E0 r\n" },
	{ "aliases are set and changed", S, MQTT_50,
		HELLO_AS("22 n1")
			SUBSCRIBED("#", "00") "< 30 r s'a' p{23 n1}\n< 30 r s'' p{23 n1}\n< 30 r "
					      "s'b' p{23 n1}\n< 30 r s'' p{23 n1}\n" },
	{ "shared subscriptions", S, MQTT_50,
		HELLO SUBSCRIBED("$share/g/a/#", "01") "< 32 r s'a/b' m1 p{}\n" },
	{ "a share takes a message back from a member that is gone, and its identifier is free", S,
		MQTT_50,
		KEPT WELCOME SUBSCRIBED("$share/g/a", "01") "< 32 r s'a' m1 p{} b'1'\n" RESUME
							    "< 32 r s'a' m1 p{} b'2'\n" },
	{ "a share takes a message back, and gives it to the same member", S, MQTT_50,
		KEPT WELCOME SUBSCRIBED("$share/g/a", "01") "< 32 r s'a' m1 p{} b'1'\n" RESUME
							    "< 32 r s'a' m1 p{} b'1'\n" },
	{ "limits that are against the rules limit nothing", S, MQTT_50,
		HELLO_AS("21 n0 27 w0")
			SUBSCRIBED("a", "01") "< 32 r s'a' m1 p{}\n< 32 r s'a' m2 p{}\n" },

	{ "nonsense: acknowledgements of nothing", S, 0,
		HELLO SUBSCRIBED("a", "02") "> 62 r m5\n< 70 r m5\n> 50 r m6\n< 62 r m6\n> 70 r "
					    "m7\n> 40 r m8\n< D0 r\n" },
	{ "nonsense: the wrong acknowledgement", S, 0,
		HELLO SUBSCRIBED("a", "02") "< 34 r s'a' m1 p{} b'1'\n> 40 r m1\n< 34 r s'a' m1 "
					    "p{} b'2'\n< 62 r m1\n"
					    "< 32 r s'a' m2 p{} b'1'\n> 50 r m2\n< 62 r m2\n< 32 r "
					    "s'a' m2 p{} b'3'\n"
					    "< 34 r s'a' m3 p{} b'1'\n> 70 r m3\n< 62 r m3\n" },
	{ "nonsense: acknowledgements of nothing may raise the quota", S, MQTT_50,
		HELLO_AS("21 n1") SUBSCRIBED(
			"a", "02") "> 40 r m77\n< 32 r s'a' m1 p{}\n< 32 r s'a' m2 p{}\n" },
	{ "nonsense: identifiers that are in use", S, 0,
		HELLO "> 32 r s'a' m1 p{}\n> 34 r s'a' m1 p{}\n> 82 r m1 p{} s'a' 00\n"
		      "> 82 r m1 p{} s'b' 00 s'c' 00\n< 90 r m1 p{} 00 00\n< 90 r m1 p{} 00\n"
		      "< 50 r m1\n< 40 r m1\n> 34 r s'a' m1 p{}\n< 50 r m1\n> 62 r m1\n> 62 r m1\n"
		      "< 70 r m1\n< 70 r m1\n" },
	{ "nonsense: a client that takes a refusal for nothing answers what follows it", C, 0,
		GREET "3< 20 r 00 05\n5< 20 r 00 87 p{}\n< 32 r s'a' m1 p{}\n> 40 r m1\n"
		      "< 34 r s'a' m2 p{}\n> 50 r m2\n< 62 r m2\n> 70 r m2\n" },
	{ "nonsense: a repeated PUBLISH is refused", S, MQTT_50,
		HELLO "> 34 r s'a' m1 p{}\n< 50 r m1\n> 34 r s'b' m1 p{}\n< 50 r m1 91\n"
		      "> 62 r m1\n< 70 r m1 92\n" },
	{ "nonsense: something that cannot be read, and answers to it", S, 0,
		HELLO "> 82 r m1 p{} s'a' 00 00\n< 90 r m1 p{} 00\n< 30 r s'a' p{}\n"
		      "> 52 r2 m1 00\n< 62 r m1\n" },
	{ "nonsense: a filter that is none is taken up", S, 0,
		HELLO "> 82 r m1 p{} s'a#' 00\n< 90 r m1 p{} 00\n< 30 r s'ab' p{}\n" },
	{ "nonsense: a CONNECT that cannot be read", S, 0,
		"> 10 r s'MQTT'\n< 20 r 00 81\n<close\n" },
	{ "nonsense: another protocol", S, 0,
		"> 10 r s'MQIsdp' 03 02 n0 s'me'\n< 20 r 00 00\n< 40 r m1\n< F0 r\n" },
	{ "nonsense: another version, refused in its own form", S, 0,
		"> 10 r s'MQTT' 09 02 n0 s'me'\n< 20 r 00 01\n<close\n" },
	{ "a server that knows no 5.0", S, MQTT_50, GREET "< 20 r 00 01\n<close\n" },
	{ "nonsense: QoS 3", S, 0, HELLO "> 36 r s'a' m1 p{}\n< 50 r m1\n" },
	{ "nonsense: QoS 3 from a server", C, 0,
		HELLO "< 36 r s'a' m1 p{}\n< 34 r s'a' m2 p{}\n> 50 r m2\n> E0 r\n>close\n" },
	{ "what came after the end counts for nothing", S, 0,
		HELLO "<close\n> 32 r s'a' m1 p{}\n" },
	{ "acknowledgements sent after DISCONNECT may have been read", S, MQTT_50,
		KEPT WELCOME SUBSCRIBED(
			"#", "02") "< 32 r s'a' m1 p{} b'1'\n< E0 r 8B\n> 40 r m1\n" RESUME
				   "< 32 r s'a' m1 p{} b'2'\n" },
	{ "a filter with a meaning of the server's own, in a session that goes on", S, 0,
		KEPT WELCOME SUBSCRIBED("$queue/a", "00")
			RESUME SUBSCRIBED("b", "00") "< 30 r s'a' p{}\n" },
	{ "a client lost its session, and uses the identifiers again", C, 0,
		KEPT WELCOME "> 32 r s'a' m1 p{} b'1'\n> 82 r m2 p{} s'a' 00\n" RESUME
			     "> 32 r s'b' m1 p{} b'2'\n> 32 r s'b' m2 p{} b'3'\n" },
	{ "answers that come on the next connection", S, 0,
		KEPT WELCOME
		"> 32 r s'a' m1 p{}\n> 34 r s'a' m2 p{}\n> 34 r s'a' m3 p{}\n< 50 r m3\n"
		"> 62 r m4\n" RESUME "< 40 r m1\n< 50 r m2\n< 50 r m3\n< 70 r m4\n" },
	{ "nonsense: the wrong acknowledgement, on the connection before", S, 0,
		KEPT WELCOME SUBSCRIBED("a", "02") "< 34 r s'a' m1 p{} b'1'\n> 40 r m1\n" RESUME
						   "< 34 r s'a' m1 p{} b'2'\n" },
	{ "nonsense: the wrong answer to a request", C, 0,
		HELLO
		"> 82 r m1 p{} s'a' 00\n3< B0 r m1\n5< B0 r m1 p{} 00\n> 82 r m1 p{} s'a' 00\n" },
	{ "nonsense: PUBREC before CONNACK does not show that CONNACK was read", C, MQTT_50,
		GREET "> 34 r s'a' m1 p{}\n< 50 r m1\n< 20 r 00 00 p{24 01}\n> 62 r m1\n"
		      "> 34 r s'a' m2 p{}\n" },
	{ "nonsense: what a malformed SUBSCRIBE may have asked for", S, 0,
		HELLO SUBSCRIBED("b",
			"00") "> 82 r m1 p{} s'a' 00 00\n< 90 r m1 p{} 00\n< 30 r s'a' p{}\n" },
	{ "the same, on the connection before", S, 0,
		KEPT WELCOME SUBSCRIBED("b", "00") "> 82 r m1 p{} s'a' 00 00\n" RESUME
						   "< 30 r s'a' p{}\n" },
	{ "nonsense: a second CONNECT, by which the server may have begun anew", S, 0,
		HELLO SUBSCRIBED("b", "00") KEPT "< 30 r s'a' p{}\n< 40 r m1\n< 90 r m1 p{} 00\n" },
	{ "a session from before the monitor has subscriptions of its own", S, 0,
		KEPT "< 20 r 01 00 p{}\n" SUBSCRIBED("b", "00") "< 34 r s'a' m1 p{}\n" },
	{ "nonsense: a protocol name that is none", S, 0,
		"> 10 r s'MQTX' @ 02 n0 p{} s'me'\n< D0 r\n< 40 r m1\n" },
	{ "nonsense: a PUBREC of nothing that refuses may raise the quota", S, MQTT_50,
		HELLO_AS("21 n1") SUBSCRIBED(
			"a", "02") "> 50 r m77 80\n< 32 r s'a' m1 p{}\n< 32 r s'a' m2 p{}\n" },
	{ "nonsense: a client passes over a PUBREC of nothing, or one that comes again", C, 0,
		HELLO "> 34 r s'a' m1 p{}\n> 34 r s'a' m2 p{}\n< 50 r m9\n< 50 r m1\n> 62 r m1\n< "
		      "50 r m1\n"
		      "< 50 r m2\n> 62 r m2\n" },
	{ "nonsense: a client passes over a PUBLISH with a property that is wrong", C, MQTT_50,
		HELLO "< 32 r s'a' m1 p{03 s'\\x80'}\n< 32 r s'a' m2 p{}\n> 40 r m2\n" },
	{ "nonsense: a client releases what a PUBREC has refused", C, MQTT_50,
		HELLO "> 34 r s'a' m1 p{}\n< 50 r m1 80\n> 62 r m1\n" },
	{ "nonsense: a client sends CONNACK, and the server accepts it all the same", S, 0,
		GREET "> 20 r 00 00 p{}\n" WELCOME },
	{ "nonsense: a CONNECT with an error, which nobody need read up to its Maximum Packet Size",
		S, MQTT_50, "> 10 r s'MQTT' @ 1A n0 p{27 w5} s'me'\n< 20 r 00 81 p{1F s'no'}\n" },
	{ "nonsense: a client answers what it was sent earlier, oddly, before CONNACK", S, 0,
		KEPT WELCOME SUBSCRIBED(
			"a", "01") "< 32 r s'a' m1 p{} b'1'\n>close\n---\n" KEPT
				   "> 50 r m1\n> 50 r m1\n< 20 r 01 00 p{}\n"
				   "< 3A r s'a' m1 p{} b'1'\n< 62 r m1\n< 62 r m1\n" },
	{ "between two connections of a session: one without CONNECT, one that cannot be read", S,
		0,
		KEPT WELCOME SUBSCRIBED("a", "00") "---\n> 10 r n4\n" RESUME SUBSCRIBED(
			"b", "00") "< 34 r s'a' m1 p{}\n" },
};
const size_t legal_row_count = sizeof(legal_rows) / sizeof(*legal_rows);
