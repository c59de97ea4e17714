/* Keep Alive by the clock of a capture [3.1.1:MQTT-3.1.2-23, -24] [5.0:MQTT-3.1.2-20, -22].
 *
 * Packets are later in the capture than they were sent, and the two ends are not where it was made, so both
 * get more than the standard gives them:
 *
 *	client    |<------ 1 ------>|<-- 0.5, at least 1 s -->| accused, once it sends again
 *	server    |<----------- 1.5 ----------->|<-- 0.1 and 1 s -->| accused, once it sends or ends then
 *
 * Who is silent to the end of the capture is accused of nothing: it may have gone.
 */
#ifndef CHECK_KEEP_ALIVE_H
#define CHECK_KEEP_ALIVE_H

#include <stdbool.h>
#include <stdint.h>

/* All 0: no Keep Alive, nobody is accused. */
struct keep_alive {
	uint32_t seconds;
	int64_t heard_us;   /* the last bytes of the client */
	int64_t silence_us; /* of the client, the longest that the server may not have noticed yet */
	int64_t longest_us; /* silence of the client at all */
	bool server_told;   /* once for each silence */
	bool excused;       /* the server, for the silence at hand */
};

void keep_alive_begin(struct keep_alive *k, uint32_t seconds, int64_t at_us);

/* What was sent and is not in the capture may have been a packet. */
void keep_alive_missed(struct keep_alive *k, int64_t at_us);

/* Bytes of the client. Returns how long it was silent, if that was too long, else 0. `troubled`: packets were lost
 * on their way meanwhile, which explains any silence.
 */
int64_t keep_alive_client(struct keep_alive *k, int64_t at_us, bool troubled);

/* The server sends, or ends the connection. Returns how long the client had been silent, if the server had to end
 * the connection before, else 0.
 */
int64_t keep_alive_server(struct keep_alive *k, int64_t at_us);

/* What the client sent may lie unread at the server, or what the server sends may wait for the client to make room:
 * who knows when its clock began, or when it ended the connection.
 */
void keep_alive_excuse_server(struct keep_alive *k);

#endif
