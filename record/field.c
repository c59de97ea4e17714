#include "record/field.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>

#include "base/arena.h"

static const char *place(const struct reader *r, const char *key)
{
	if (!r->inside)
		return arena_printf(r->arena, "`%s`", key);
	if (r->index == SIZE_MAX)
		return arena_printf(r->arena, "`%s.%s`", r->inside, key);
	return arena_printf(r->arena, "`%s[%zu]%s%s`", r->inside, r->index, *key ? "." : "", key);
}

void field_fault(struct reader *r, const char *key, const char *format, ...)
{
	va_list args;

	if (r->error)
		return;
	va_start(args, format);
	r->error = arena_printf(
		r->arena, "%s%s", place(r, key), arena_vprintf(r->arena, format, args));
	va_end(args);
}

const char *json_type_name(json_type type)
{
	switch (type) {
	case JSON_OBJECT: return "an object";
	case JSON_ARRAY: return "an array";
	case JSON_STRING: return "a string";
	case JSON_INTEGER: return "an integer";
	case JSON_REAL: return "a number with a fraction";
	case JSON_TRUE:
	case JSON_FALSE: return "a truth value";
	case JSON_NULL: break;
	}
	return "null";
}

json_t *field_any(
	struct reader *r, const json_t *object, const char *key, json_type type, enum need need)
{
	json_t *value = json_object_get(object, key);

	if (!value && need == MANDATORY)
		field_fault(r, key, " is missing");
	if (!value || json_typeof(value) == type)
		return value;
	field_fault(r, key, ": must be %s, not %s", json_type_name(type),
		json_type_name(json_typeof(value)));
	return NULL;
}

const char *field_optional_text(struct reader *r, const json_t *object, const char *key)
{
	const json_t *value = field_any(r, object, key, JSON_STRING, OPTIONAL);

	return value ? arena_text(r->arena, json_string_value(value)) : NULL;
}

const char *field_text(struct reader *r, const json_t *object, const char *key)
{
	const json_t *value = field_any(r, object, key, JSON_STRING, MANDATORY);

	return value ? arena_text(r->arena, json_string_value(value)) : "";
}

int64_t field_number(
	struct reader *r, const json_t *object, const char *key, int64_t least, int64_t most)
{
	const json_t *value = field_any(r, object, key, JSON_INTEGER, MANDATORY);

	if (!value)
		return 0;
	int64_t n = json_integer_value(value);
	if (n >= least && n <= most)
		return n;
	field_fault(r, key, ": %" PRId64 " is out of range", n);
	return 0;
}

int field_int(struct reader *r, const json_t *object, const char *key)
{
	return (int)field_number(r, object, key, 0, INT_MAX);
}

int64_t field_us(struct reader *r, const json_t *object, const char *key)
{
	return field_number(r, object, key, 0, INT64_MAX);
}

size_t field_count(struct reader *r, const json_t *object, const char *key)
{
	return (size_t)field_number(r, object, key, 0, INT64_MAX);
}

bool field_flag(struct reader *r, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!value)
		field_fault(r, key, " is missing");
	else if (!json_is_boolean(value))
		field_fault(r, key, ": must be true or false, not %s",
			json_type_name(json_typeof(value)));
	return json_is_true(value);
}

bool field_optional_flag(struct reader *r, const json_t *object, const char *key)
{
	return json_object_get(object, key) && field_flag(r, object, key);
}

enum verdict field_verdict(struct reader *r, const json_t *object, const char *key)
{
	enum verdict v = VERDICT_ERROR;
	const char *name = field_text(r, object, key);

	if (!verdict_parse(name, &v))
		field_fault(r, key, ": no verdict is called \"%s\"", name);
	return v;
}

enum level field_level(struct reader *r, const json_t *object, const char *key)
{
	enum level l = MUST;
	const char *name = field_text(r, object, key);

	if (!level_parse(name, &l))
		field_fault(r, key, ": no level is called \"%s\"", name);
	return l;
}

double field_limit(struct reader *r, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_number(value))
		field_fault(
			r, key, ": must be a number, not %s", json_type_name(json_typeof(value)));
	return json_is_number(value) ? json_number_value(value) : NAN;
}

json_t *field_enter(
	struct reader *r, const json_t *object, const char *key, json_type type, enum need need)
{
	json_t *inner = field_any(r, object, key, type, need);

	if (!inner)
		return NULL;
	r->inside = key;
	r->index = SIZE_MAX;
	return inner;
}

void field_leave(struct reader *r)
{
	r->inside = NULL;
}

const json_t *field_element(struct reader *r, const json_t *array, size_t index)
{
	const json_t *value = json_array_get(array, index);

	r->index = index;
	if (!json_is_object(value))
		field_fault(
			r, "", ": must be an object, not %s", json_type_name(json_typeof(value)));
	return value;
}
