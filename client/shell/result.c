#include "client/engine/engine.h"
#include "client/mqttspec_client.h"
#include "spec/spec.h"

_Static_assert((int)MQTTSPEC_INVALID == ENGINE_INVALID, "the engine's results are handed on");
_Static_assert((int)MQTTSPEC_NOT_CONNECTED == ENGINE_NOT_CONNECTED, "as they are");
_Static_assert((int)MQTTSPEC_FULL == ENGINE_FULL, "as they are");
_Static_assert((int)MQTTSPEC_NO_MEMORY == ENGINE_NO_MEMORY, "as they are");
_Static_assert((int)MQTTSPEC_DROPPED == ENGINE_DROPPED, "as they are");
_Static_assert((int)MQTTSPEC_EXPIRED == ENGINE_EXPIRED, "as they are");
_Static_assert((int)MQTTSPEC_SESSION_LOST == ENGINE_SESSION_LOST, "as they are");
_Static_assert((int)MQTTSPEC_LOST == ENGINE_LOST, "as they are");
_Static_assert((int)MQTTSPEC_AUTH_DONE == ENGINE_AUTH_DONE, "and the phases too");
_Static_assert((int)MQTTSPEC_DROP_OLDEST == ENGINE_DROP_OLDEST, "and the policy");
_Static_assert((int)MQTTSPEC_SHARED_SUBSCRIPTION_AVAILABLE == MQTT_SHARED_SUBSCRIPTION_AVAILABLE,
	"and the properties");

static const char *const texts[] = { "not allowed by the standard", "not connected",
	"the queue is full", "out of memory", "dropped for a newer message",
	"expired while it waited", "the server lost the session", "the connection was given up",
	"no answer in time", "no server could be reached", "the server broke the rules",
	"the server did not prove who it is" };

const char *mqttspec_result_text(int result)
{
	if (result >= MQTTSPEC_INVALID && result <= MQTTSPEC_UNTRUSTED)
		return texts[result - MQTTSPEC_INVALID];
	if (result > 0 && result <= 5)
		return spec_return_code_name((uint8_t)result);
	if (result < 0 || result > 0xff)
		return "unknown";
	for (unsigned type = CONNACK; result && type <= DISCONNECT; type++)
		if (spec_reason_code((uint8_t)result, type))
			return spec_reason_name((uint8_t)result, type);
	return result ? "unknown" : "success";
}
