/* Typed fields of a JSON object. The first fault is kept, as a sentence with its place within the
 * object ("`transcript[3].at_us`: must be an integer, not a string"), and from there on harmless
 * values are returned, so a reader need look at `error` only once, when it is done.
 */
#ifndef RECORD_FIELD_H
#define RECORD_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/verdict.h"

struct arena;

struct reader {
	struct arena *arena; /* of all texts and of the error */
	const char *error;   /* NULL while all is well */
	const char *inside;  /* the field whose object or array is being read; NULL at the top */
	size_t index;        /* of the element, when `inside` is an array; else SIZE_MAX */
};

enum need { OPTIONAL, MANDATORY };

/* "an object", "a string", ... */
const char *json_type_name(json_type type);

/* `format` follows the name of the field: ": must be even", " is missing". */
void field_fault(struct reader *r, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The field, if it is there and of this type; else NULL. */
json_t *field_any(
	struct reader *r, const json_t *object, const char *key, json_type type, enum need need);

const char *field_text(struct reader *r, const json_t *object, const char *key);
const char *field_optional_text(struct reader *r, const json_t *object, const char *key);
int64_t field_number(
	struct reader *r, const json_t *object, const char *key, int64_t least, int64_t most);
int field_int(struct reader *r, const json_t *object, const char *key);    /* from 0 */
int64_t field_us(struct reader *r, const json_t *object, const char *key); /* from 0 */
size_t field_count(struct reader *r, const json_t *object, const char *key);
bool field_flag(struct reader *r, const json_t *object, const char *key);
bool field_optional_flag(struct reader *r, const json_t *object, const char *key); /* else false */
enum verdict field_verdict(struct reader *r, const json_t *object, const char *key);
enum level field_level(struct reader *r, const json_t *object, const char *key);
double field_limit(struct reader *r, const json_t *object, const char *key); /* NAN: none */

/* The object or array under `key`, inside which faults are placed until field_leave; NULL, and
 * nothing to leave, when it is not there.
 */
json_t *field_enter(
	struct reader *r, const json_t *object, const char *key, json_type type, enum need need);
void field_leave(struct reader *r);

/* An element of the array that was entered; it must be an object. */
const json_t *field_element(struct reader *r, const json_t *array, size_t index);

#endif
